"""Carries the arguments of a call over to its replacement, or says which one has no faithful form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Formatter

from asyncify.model.facts import Expression, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Arguments, Edit, Replace
from asyncify.model.span import Span
from asyncify.planning.derived import outer_bases
from asyncify.planning.mutations import changes
from asyncify.planning.project import Project
from asyncify.planning.settled import Stretch, settled, spelled, statements_around
from asyncify.planning.unpacked import is_unpacked, unpacked_keys
from asyncify.rules.spec import (
    Adaptation,
    Argument,
    Attribute,
    Call,
    CallSite,
    Option,
    Parameter,
    Refuse,
    Thread,
    Use,
)


@dataclass(frozen=True, slots=True)
class Carried:
    """The edits that carry the arguments over; `problem` says why there are none."""

    edits: tuple[Edit, ...] = ()
    options: tuple[tuple[str, str], ...] = ()  # of the client around the call
    helpers: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    to: str | None = None
    problem: str = ""


def shapes(project: Project, reference: Reference) -> frozenset[str]:
    """Every shape (see `rules.spec.Parameter`) that an expression fits."""
    expression = project.expression(reference)
    found = {"any"}
    if expression.kind is Kind.CONSTANT:
        found |= {"constant"} | _constant_shapes(expression.text)
    elif expression.kind is Kind.NAME:
        found.add("name")
    elif expression.is_f_string:
        found |= {"text", "str"} | ({"query"} if "?" in expression.text else set())
    elif expression.kind is Kind.CONTAINER:
        found.add("tuple" if expression.text == "tuple" else "display")
        if expression.text == "dict" and _is_plain_mapping(project, reference):
            found.add("mapping")
            if all(e.text.isascii() for _, e in project.children(reference)):
                found.add("ascii")
        if any(e.text == "None" for _, e in project.children(reference)):
            found.add("holding none")
    known = project.graph.types.get(reference, "")
    found.add(known or "any")
    found |= {f"derived from {base}" for base in outer_bases(project, known)}
    kind = known if reference in project.graph.scalars else ""
    if kind in ("builtins.str", "str"):
        found.add("str")
    elif kind in ("builtins.int", "builtins.float", "int", "float"):
        found.add("number")
    return frozenset(found)


def _constant_shapes(text: str) -> set[str]:
    if text in ("None", "True", "False"):
        return {text.lower()}
    if text[:1] in "'\"":
        return {"string", "text", "str"} | ({"query"} if "?" in text else set())
    if text[:1].isdigit() or text[:1] in "-.":
        return {"number"}
    return {"bytes"} if text[:1] == "b" else set()


def _is_plain_mapping(project: Project, reference: Reference) -> bool:
    for inner, expression in project.children(reference):
        fits = shapes(project, inner)
        if expression.role is Role.ELEMENT and expression.detail == "key" and "string" in fits:
            continue
        if (
            expression.role is Role.ELEMENT
            and expression.detail == "value"
            and fits & {"str", "number"}
        ):
            continue
        return False
    return True


def call_site(
    project: Project,
    site: Reference,
    name: str,
    signature: tuple[str, ...],
    like: Reference | None = None,
) -> CallSite:
    """A call as `adapt` functions see it; with `like`, its arguments have the shapes of those there."""
    found = []
    models = {}
    if like is not None:
        models = {a.name: a for a in call_site(project, like, name, signature).arguments}
    for index, (reference, expression) in enumerate(project.arguments(site)):
        positional = expression.role is Role.ARGUMENT
        if expression.kind is Kind.STARRED or expression.role is Role.UNPACKED:
            label = "*"
        elif positional:
            label = signature[index] if index < len(signature) else f"argument {index + 1}"
        else:
            label = expression.detail or "**"
        fits, text = shapes(project, reference), constant(expression)
        if (model := models.get(label)) is not None:
            fits, text = model.shapes, model.text
        if is_unpacked(expression):
            fits |= {f"key {name}" for name in unpacked_keys(project, reference)}
        found.append(Argument(index, label, positional, fits, text))
    return CallSite(name, tuple(found))


def takes_all(use: Use, arguments: Sequence[Expression]) -> bool:
    """Whether the template of a use has a place for every argument of a call."""
    given, rest = arguments[: use.arguments], arguments[use.arguments :]
    if len(given) < use.arguments or any(e.role is not Role.ARGUMENT for e in given):
        return False
    return all(e.role is Role.KEYWORD and e.detail in use.keywords for e in rest)


def returned_type(project: Project, site: Reference, call: Call | Thread | Attribute) -> str:
    """The canonical type of what a call, or a read, of the library gives."""
    if isinstance(call, Call | Thread):
        for keyword, usual, other in call.variants:
            for _, argument in project.arguments(site):
                if argument.detail == keyword and argument.text != usual:
                    return other
    return call.returns


def leaves_unread(project: Project, site: Reference, call: Call | Thread) -> bool:
    """Whether the rest of what a call gives is fetched later."""
    if not isinstance(call, Call) or not call.unread:
        return False
    return any(
        is_unpacked(e) or (e.detail == call.unread and e.text not in ("False", "None"))
        for _, e in project.arguments(site)
    )


def constant(expression: Expression) -> str:
    """The text of a constant, as Python writes it."""
    return expression.text if expression.kind is Kind.CONSTANT else ""


def _methods(project: Project) -> frozenset[str]:
    """The names of all methods of the project."""
    return frozenset(function.name for function in project.functions.values() if function.owner)


def joined(options: Sequence[Option], given: Mapping[str, str]) -> dict[str, str]:
    """The options of a new client for those of the old one."""
    made = {name: text for name, text in given.items() if not any(name in o.of for o in options)}
    for option in options:
        found = [name for name in option.of if name in given]
        if not found:
            continue
        plain = dict(option.plain).get(given[found[0]]) if found == [option.of[0]] else None
        names = [name for _, name, _, _ in Formatter().parse(option.template) if name]
        texts = {name: given.get(name, "None") for name in names}
        made[option.name] = option.template.format(**texts) if plain is None else plain
    return made


def _before(
    project: Project, site: Reference, argument: Argument, parameters: list[Parameter] | None
) -> Argument:
    """The argument with the text that it has at a client around the call, if it goes there."""
    if argument.text or not any(parameter.client for parameter in parameters or ()):
        return argument
    reference, _ = project.arguments(site)[argument.index]
    return replace(argument, text=_text_before(project, site, reference))


def _text_before(project: Project, site: Reference, value: Reference) -> str:
    """The text of an argument, if it has the same value before the statement of its call; "" if not.

    The call itself sees what all of its arguments have done to an object.
    """
    around = statements_around(project, project.expression(site).function, site)
    text = spelled(project, value)
    if not around or text is None:
        return ""
    start = (around[-1].span.line, around[-1].span.column)
    span, end = project.expression(value).span, project.expression(site).span
    way = Stretch(start, (end.end_line, end.end_column))
    changed = changes(project, value, way)
    same = settled(project, value, Stretch(start, (span.line, span.column)))
    return text if same and not changed else ""


def carry(
    project: Project,
    site: Reference,
    call: Call,
    like: Reference | None = None,
    options: Mapping[str, str] | None = None,
) -> Carried:
    """Applies the parameter table and the `adapt` function of a call.

    With `like`, what becomes of the arguments at that call becomes of them here. `options` are what the
    call takes at once in its new form, by their old names.
    """
    facts = call_site(project, site, call.name, call.signature, like)
    adaptation = call.adapt(facts) if call.adapt is not None else None
    if isinstance(adaptation, Refuse):
        return Carried(problem=adaptation.reason)
    extra = adaptation or Adaptation()
    spans = tuple(expression.span for _, expression in project.arguments(site))
    work = _Work(
        spans, list(extra.drop), list(extra.rename), project.memory("method names", _methods)
    )
    work.edits.extend(Replace(spans[i], text, spans, around=True) for i, text in extra.values)
    work.helpers.extend((*call.helpers, *extra.helpers))
    table = None if call.parameters is None else _by_name(call.parameters)
    done = {i for i, _ in (*extra.values, *extra.rename)} | set(extra.drop)
    if table is not None:
        for argument in facts.arguments:
            if argument.index not in done:
                placed = _before(project, site, argument, table.get(argument.name))
                problem = work.place(placed, table.get(argument.name))
                if problem:
                    return Carried(problem=problem)
    present = {argument.name for argument in facts.arguments}
    more = joined(call.made, options or {})
    kept = _kept(present, table) | more.keys()
    texts = {option.helper: more.get(option.name, "") for option in call.made}
    work.helpers.extend(helper for helper, text in texts.items() if helper and helper in text)
    last = [text for text in call.last if text.partition("=")[0] not in kept]
    braced = [text.replace("{", "{{").replace("}", "}}") for text in more.values()]
    last[:0] = [f"{name}={text}" for name, text in zip(more, braced, strict=True)]
    last.extend(extra.last)
    if work.drop or work.rename or last or extra.first:
        span = project.expression(site).span
        drop, rename = tuple(sorted(work.drop)), tuple(work.rename)
        work.edits.append(Arguments(span, drop, rename, extra.first, tuple(last)))
    return Carried(
        tuple(work.edits),
        tuple(work.options),
        tuple(dict.fromkeys(work.helpers)),
        tuple(dict.fromkeys(work.imports)),
        extra.to,
    )


@dataclass(slots=True)
class _Work:
    """What becomes of the arguments so far."""

    spans: tuple[Span, ...]
    drop: list[int]
    rename: list[tuple[int, str]]
    methods: frozenset[str]  # of the project
    edits: list[Edit] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    helpers: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)

    def place(self, argument: Argument, parameters: list[Parameter] | None) -> str:
        """Carries one argument over; returns why it cannot be, if so."""
        if parameters is None:
            return f"argument {argument.name!r} has no faithful form"
        fitting = _fitting(
            [p for p in parameters if p.unless_defined not in self.methods], argument
        )
        if fitting is None:
            return f"this value of {argument.name!r} has no faithful form"
        parameter, template = fitting
        self.imports.extend(template_imports(template))
        keyword = argument.name if parameter.to is None else parameter.to
        if parameter.client:
            self.options.append((keyword, template.format(argument.text)))
        if parameter.client or keyword == "":
            self.drop.append(argument.index)
            return ""
        if parameter.helper:
            self.helpers.append(parameter.helper)
        moved = not parameter.positional if argument.positional else keyword != argument.name
        if moved:
            self.rename.append((argument.index, keyword))
        if template != "{0}":
            span = self.spans[argument.index]
            self.edits.append(Replace(span, template, (span,), around=True))
        return ""


_MODULE = re.compile(r"^([a-z_]\w*)\.\w+\(")


def template_imports(template: str) -> list[str]:
    """The import that a template which calls a function of a module needs."""
    return [f"import {name}" for name in _MODULE.findall(template)]


def _by_name(parameters: tuple[Parameter, ...]) -> dict[str, list[Parameter]]:
    found: dict[str, list[Parameter]] = {}
    for parameter in parameters:
        found.setdefault(parameter.name, []).append(parameter)
    return found


def _kept(present: set[str], table: dict[str, list[Parameter]] | None) -> set[str]:
    """The keywords of the new call that the old arguments already fill."""
    if table is None:
        return present
    return {table[name][0].to or name for name in present if name in table}


def _fitting(parameters: list[Parameter], argument: Argument) -> tuple[Parameter, str] | None:
    """The first parameter, with its template, that takes a value.

    A value that moves to the client has to have a text that says the same there.
    """
    for parameter in parameters:
        if parameter.client and not argument.text:
            continue
        for shape, template in parameter.forms:
            if shape in argument.shapes:
                return parameter, template
    return None
