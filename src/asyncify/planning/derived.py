"""Classes of a project that derive from one of a library, and that the library calls by one method.

Their base changes, and what their method does with the object that it gets, where that means the same with
the object of the old library: whoever stays with that may go on to use them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from asyncify.model.facts import Class, ClassId, Expression, Function, FunctionId, Kind, Place, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Edit, Replace
from asyncify.planning.project import Project
from asyncify.planning.units import helper_edits
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Derived, Library

Edits = tuple[tuple[str, Edit], ...]
_WRITTEN = (Role.TARGET, Role.DELETED)


def outer_bases(project: Project, cls: ClassId) -> frozenset[str]:
    """The classes of others that a class of the project derives from."""
    bases = project.graph.bases
    return frozenset(bases.get(cls, ())) - bases.keys()


def derived_edits(project: Project, rules: Rules, reference: Reference) -> Edits | str | None:
    """What the class of an object needs to be one of the new library, or why it cannot be; None if it derives from none."""
    cls = project.graph.types.get(reference, "")
    if cls not in project.graph.bases:
        return None
    for base in sorted(outer_bases(project, cls)):
        found = rules.derived(base)
        if found is not None:
            library, entry = found
            find = partial(_edits, rules=rules, library=library, entry=entry)
            return project.memory(("derived", base), find)
    return None


def _edits(project: Project, rules: Rules, library: Library, entry: Derived) -> Edits | str:
    """The edits for all classes that derive from one of the library: any of them may be where one is seen."""
    for reference, name in project.graph.names.items():
        if rules.canonical(name) == entry.name and not _is_base(project, reference):
            return f"{entry.name.rpartition('.')[2]} is used as a value"
    edits: list[tuple[str, Edit]] = []
    for cls in sorted(project.graph.bases):
        if entry.name in outer_bases(project, cls):
            known = project.graph.classes[cls]
            path = project.graph.modules[known.module].path
            for made in _of_class(project, rules, library, entry, known):
                if isinstance(made, str):
                    return f"{known.name}: {made}"
                edits.append((path, made))
    return tuple(edits)


def _of_class(
    project: Project, rules: Rules, library: Library, entry: Derived, known: Class
) -> Iterator[Edit | str]:
    """The edits for one class, or why there are none."""
    for name, function in known.methods:
        if name in entry.taken:
            yield f"it has a method {name}"
        elif name == entry.method:
            yield from _uses(project, rules, entry, project.functions[function])
    for base in known.bases:
        reference = Reference(known.module, base)
        if project.denoted(reference) == entry.name:
            yield Replace(project.expression(reference).span, entry.to)
            yield from helper_edits(rules, library, entry.to)


def _is_base(project: Project, reference: Reference) -> bool:
    """Whether a name is only the base of a class, or an annotation."""
    expression = project.expression(reference)
    return expression.role is Role.BASE or expression.place is Place.ANNOTATION


def _uses(project: Project, rules: Rules, entry: Derived, method: Function) -> Iterator[Edit | str]:
    """The edits for what a method does with its argument, or why one of them has no faithful form."""
    names = [parameter.name for parameter in method.parameters]
    if len(names) != 2 or method.decorators or method.is_generator or method.is_async:
        yield "it is no plain method with one argument"
        return
    module = project.graph.modules[method.module]
    for number in (method.parameters[1].annotation, method.returns):
        annotation = Reference(method.module, number)
        named = project.denoted(annotation) if number >= 0 else None
        if named is not None and rules.canonical(named) == entry.gives:
            yield Replace(project.expression(annotation).span, entry.annotation)
    for expression in module.expressions:
        reference = Reference(method.module, expression.id)
        if expression.kind is Kind.NAME and expression.variable == (method.id, names[1]):
            yield from _use(project, entry, method.id, reference, expression)
        elif expression.role is Role.RETURNED and expression.function == method.id:
            yield "it returns something else"


def _use(
    project: Project,
    entry: Derived,
    method: FunctionId,
    reference: Reference,
    expression: Expression,
) -> Iterator[Edit | str]:
    outer = project.parent(reference)
    if expression.function != method:
        yield "a function in it uses the request"
    elif expression.role is Role.RETURNED:
        return
    elif expression.role is not Role.RECEIVER or outer is None:
        yield "the request goes on from there"
    elif outer[1].text not in entry.attributes or outer[1].role in _WRITTEN:
        yield f".{outer[1].text} has no faithful form"
    elif not _is_allowed(project, outer[0], entry.through.get(outer[1].text)):
        yield f"this use of .{outer[1].text} has no faithful form"
    elif template := entry.attributes[outer[1].text]:
        span = outer[1].span
        yield Replace(span, template, (span,))


def _is_allowed(project: Project, attribute: Reference, through: tuple[str, ...] | None) -> bool:
    """Whether an attribute is used by subscripts and these methods only; without them, in any way."""
    if through is None or project.expression(attribute).role is Role.SUBSCRIPTED:
        return True
    outer = project.parent(attribute)
    method = outer[1] if outer is not None else None
    return method is not None and method.role is Role.CALLEE and method.text in through
