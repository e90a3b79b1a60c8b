"""What a mapping may hold that a call unpacks: `**kwargs` of a wrapper has the keywords of its callers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from asyncify.model.facts import Expression, Function, Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.project import Project

_PUTTING = (Role.TARGET, Role.SUBSCRIPTED)


def unpacked_keys(project: Project, reference: Reference) -> frozenset[str]:
    """The keywords that an unpacked mapping is known to hold, and perhaps more.

    One of which the value is neither None nor a tuple, or not known, is there with a question mark too.
    Callers that nobody sees may give others.
    """
    return frozenset(_keys(project, reference, set()))


def is_unpacked(expression: Expression) -> bool:
    """Whether an argument stands behind two stars."""
    return expression.role is Role.KEYWORD and not expression.detail


def _keys(project: Project, reference: Reference, seen: set[Hashable]) -> Iterator[str]:
    expression = project.expression(reference)
    if expression.kind is Kind.CONTAINER:
        for inner, element in project.children(reference):
            if element.detail == "key" and element.kind is Kind.CONSTANT:
                yield from _open(element.string)
            elif element.role is Role.UNPACKED:
                yield from _keys(project, inner, seen)
    elif expression.kind is Kind.CALL:
        yield from _copied(project, reference, seen)
    elif expression.kind is Kind.ATTRIBUTE and expression.text not in seen:
        seen.add(expression.text)
        yield from _kept(project, _places(project, expression.text), seen)
    elif expression.kind is Kind.NAME:
        yield from _named(project, reference, expression, seen)


def _named(
    project: Project, reference: Reference, expression: Expression, seen: set[Hashable]
) -> Iterator[str]:
    """What a variable holds: of a parameter, what the callers give."""
    function = project.functions[expression.function]
    if function.id not in seen:
        seen.add(function.id)
        yield from _written(project, function)
    if expression.variable is None or expression.variable in seen:
        return
    seen.add(expression.variable)
    owner = project.functions.get(expression.variable[0], function)
    if any(p.kind == "**" and p.name == expression.text for p in owner.parameters):
        yield from _handed(project, owner, seen)
    yield from _kept(
        project, _variables(project, reference.module).get(expression.variable, ()), seen
    )


def _copied(project: Project, call: Reference, seen: set[Hashable]) -> Iterator[str]:
    """What `dict(options, **more)` or `options.copy()` holds."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    if callee is not None and receiver is not None and project.expression(callee).text == "copy":
        yield from _keys(project, receiver, seen)
    elif project.callee_names(call) == ("builtins.dict",):
        for argument, given in project.arguments(call):
            if given.role is Role.KEYWORD and given.detail:
                yield from _given(given)
            else:
                yield from _keys(project, argument, seen)


def _places(project: Project, attribute: str) -> Sequence[Reference]:
    """Where something is put into an attribute of this name, or into what it holds."""
    return project.memory(
        ("put into attributes", attribute),
        lambda one: [r for r in one.attributes(attribute) if one.expression(r).role in _PUTTING],
    )


def _variables(project: Project, module: str) -> Mapping[tuple[str, str], list[Reference]]:
    """The same for the variables that a module sees."""

    def find(one: Project) -> dict[tuple[str, str], list[Reference]]:
        found: dict[tuple[str, str], list[Reference]] = {}
        for each in one.graph.modules[module].expressions:
            if each.variable is not None and each.role in _PUTTING:
                found.setdefault(each.variable, []).append(Reference(module, each.id))
        return found

    return project.memory(("put into variables", module), find)


def _kept(project: Project, places: Iterable[Reference], seen: set[Hashable]) -> Iterator[str]:
    """What is put into a variable or an attribute, and into the mapping that it holds."""
    for place in places:
        role, outer = project.expression(place).role, project.parent(place)
        if role is Role.TARGET:
            for _, origin in project.origins(place):
                yield from _keys(project, origin, seen)
        elif role is Role.SUBSCRIPTED and outer is not None and outer[1].role is Role.TARGET:
            for _, index in project.children(outer[0]):
                if index.kind is Kind.CONSTANT:
                    yield from _open(index.string)


def _written(project: Project, function: Function) -> Iterator[str]:
    """What a function may add itself: `kwargs["stream"] = True`, `kwargs.update(stream=True)`."""
    for each in project.graph.modules[function.module].expressions:
        if each.function == function.id and each.kind is Kind.CONSTANT:
            yield from _open(each.string)
        elif each.function == function.id and each.role is Role.KEYWORD:
            yield from _given(each)


def _handed(project: Project, function: Function, seen: set[Hashable]) -> Iterator[str]:
    """What the callers of a function hand over."""
    own = {parameter.name for parameter in function.parameters}
    for edge in project.reaching(function.id):
        for argument, given in project.arguments(edge.site):
            if is_unpacked(given):
                yield from _keys(project, argument, seen)
            elif given.role is Role.KEYWORD and given.detail not in own:
                yield from _given(given)


def _open(keyword: str) -> Iterator[str]:
    yield from (keyword, f"{keyword}?")


def _given(value: Expression) -> Iterator[str]:
    """A keyword by its value."""
    display = value.kind is Kind.CONTAINER and value.text == "tuple"
    if display or (value.kind is Kind.CONSTANT and value.text == "None"):
        yield value.detail
    else:
        yield from _open(value.detail)
