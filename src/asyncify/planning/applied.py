"""A callback written into a comprehension: `f` applied to an item, or the body of a lambda."""

from __future__ import annotations

from dataclasses import dataclass

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.span import Span
from asyncify.planning.companions import lambda_form
from asyncify.planning.helpers import helper
from asyncify.planning.lambdas import LambdaForm, body
from asyncify.planning.project import Project
from asyncify.planning.steps import Items


@dataclass(frozen=True, slots=True)
class Applied:
    """A callback applied to an item: the text, its holes, and the name that stands for the item."""

    text: str
    holes: tuple[Span, ...]
    item: str


def applied(
    project: Project, site: Reference, start: int, count: int, *, awaited: bool = True
) -> Applied | None:
    """A callback applied to `count` items, or to all that are in one (-1); None where it cannot be written into a comprehension."""
    expression = project.expression(site)
    if expression.kind is Kind.LAMBDA:
        function = project.functions[expression.text]
        if lambda_form(project, function) is not LambdaForm.INLINE:
            return None
        names = [parameter.name for parameter in function.parameters]
        if len(names) != count and (count >= 0 or len(names) < 2):
            return None
        inside = project.expression(body(project, function)).span
        return Applied(f"{{{start}}}", (inside,), ", ".join(names))
    if not is_name(project, site):
        return None
    item = "item" if count == 1 else "items"
    while item in _names(project, site):
        item += "_"
    given = item if count == 1 else f"*{item}"
    text = f"{{{start}}}({given})"
    if awaited or project.waits(site):
        text = awaited_call(project, site, f"{{{start}}}", given)
    return Applied(text, (expression.span,), item)


def awaited_call(project: Project, site: Reference, function: str, *arguments: str) -> str:
    """The call of a callback that becomes async; a function of a library that waits goes to a thread."""
    if project.waits(site):
        return f"await asyncio.to_thread({', '.join((function, *arguments))})"
    return f"await {function}({', '.join(arguments)})"


def applied_items(project: Project, site: Reference, call: Reference, name: str) -> Items | None:
    """`map(function, items)` and its like as a comprehension; None where it cannot be one."""
    (callback, function), *iterables = project.arguments(call)
    several = len(iterables) > 1
    if any(e.role is not Role.ARGUMENT or e.kind is Kind.STARRED for _, e in iterables):
        return None
    if (site, project.expression(site)) not in iterables or (several and name != "map"):
        return None
    spans = [e.span for _, e in iterables]
    if function.text == "None" and name not in ("map", "itertools.starmap"):
        condition = "item" if name == "filter" else "not item"
        return Items(f"item async for item in {{0}} if {condition}", (spans[0],), remade=True)
    starred = name == "itertools.starmap"
    made = applied(project, callback, 0, -1 if starred else len(iterables), awaited=False)
    if made is None or (several and _may_wait(project, callback, site.module)):
        return None
    holes = [f"{{{number}}}" for number in range(len(made.holes), len(made.holes) + len(spans))]
    if name == "map" or starred:
        source = f"_zip({', '.join(holes)})" if several else holes[0]
        clause = f"{made.text} async for {made.item} in {source}"
    else:
        condition = made.text if name == "filter" else f"not {made.text}"
        clause = f"{made.item} async for {made.item} in {holes[0]} if {condition}"
    return Items(clause, (*made.holes, *spans), remade=True, closable=True)


def _may_wait(project: Project, callback: Reference, module: str) -> bool:
    """Whether a function may become async itself, or there is no name for what zips."""
    own = any(source.kind is SourceKind.FUNCTION for source in project.sources(callback))
    return own or helper(project, module, "zip") is None


def is_name(project: Project, site: Reference) -> bool:
    """Whether an expression can be evaluated again and again: a name, or attributes of one."""
    expression = project.expression(site)
    if expression.kind is Kind.NAME:
        return True
    receiver = project.child(site, Role.RECEIVER)
    return expression.kind is Kind.ATTRIBUTE and receiver is not None and is_name(project, receiver)


def _names(project: Project, site: Reference) -> set[str]:
    """The names in an expression."""
    found = {e.text for _, e in project.children(site) if e.kind is Kind.NAME}
    for inner, _ in project.children(site):
        found |= _names(project, inner)
    expression = project.expression(site)
    return found | ({expression.text} if expression.kind is Kind.NAME else set())
