"""`yield from`: what an async generator has no word for."""

from __future__ import annotations

from collections.abc import Iterable

from asyncify.model.facts import FunctionId, Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import Edit, MakeAsync
from asyncify.planning.colour import Limit
from asyncify.planning.project import Project

_YIELDING = frozenset({Kind.YIELD, Kind.YIELD_FROM})
_HANDLING = frozenset({"Try", "TryStar", "With", "AsyncWith"})


def delegations(project: Project, function: FunctionId) -> list[Reference]:
    """Every `yield from` of a function."""
    return project.memory("delegating", _delegating).get(function, [])


def delegation_edits(project: Project, function: FunctionId) -> Iterable[Edit]:
    """`yield from` is not allowed in an async generator: over plain iterables it becomes a `for` loop."""
    for site in delegations(project, function):
        if project.expression(site).role is not Role.DISCARDED:
            continue  # see `planning.returned`
        yield MakeAsync(project.expression(site).span, "plain delegation")


def hands_on(project: Project, generator: Reference) -> bool:
    """Whether what is sent to a generator, or thrown into it, goes on to another one."""
    value = project.value(generator)
    return any(
        source.kind is SourceKind.GENERATOR and delegations(project, source.name)
        for source in (value.sources if value is not None else ())
    )


def thrown_limit(project: Project, function: FunctionId) -> Limit | None:
    """Why a context manager cannot become async: what `with` throws into it, another generator handles.

    Whoever is delegated to gets it through `yield from`; a loop would not hand it on.
    """
    for site in delegations(project, function):
        delegated = project.child(site, Role.DELEGATED)
        for source in project.sources(delegated) if delegated is not None else ():
            if source.kind is SourceKind.GENERATOR and _handles(project, source.name, set()):
                message = "what `with` throws into it goes on through `yield from`"
                return Limit("ASY911", message, site)
    return None


def _handles(project: Project, generator: FunctionId, seen: set[FunctionId]) -> bool:
    """Whether a generator, or one that it delegates to, does something about an exception at its `yield`."""
    if generator in seen:
        return False
    seen.add(generator)
    module = project.graph.modules[project.functions[generator].module]
    for expression in module.expressions:
        if expression.function != generator or expression.kind not in _YIELDING:
            continue
        for statement in project.ancestry(module, module.statements[expression.statement]):
            if statement.function == generator and statement.kind in _HANDLING:
                return True
    return any(
        _handles(project, source.name, seen)
        for site in delegations(project, generator)
        if (delegated := project.child(site, Role.DELEGATED)) is not None
        for source in project.sources(delegated)
        if source.kind is SourceKind.GENERATOR
    )


def _delegating(project: Project) -> dict[FunctionId, list[Reference]]:
    found: dict[FunctionId, list[Reference]] = {}
    for name, module in project.graph.modules.items():
        for expression in module.expressions:
            if expression.kind is Kind.YIELD_FROM:
                place = Reference(name, expression.id)
                found.setdefault(expression.function, []).append(place)
    return found
