"""`yield from`: what an async generator has no word for."""

from __future__ import annotations

from collections.abc import Iterable

from asyncify.model.facts import FunctionId, Kind
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import Edit, MakeAsync
from asyncify.planning.project import Project


def delegations(project: Project, function: FunctionId) -> list[Reference]:
    """Every `yield from` of a function."""
    return project.memory("delegating", _delegating).get(function, [])


def delegation_edits(project: Project, function: FunctionId) -> Iterable[Edit]:
    """`yield from` is not allowed in an async generator: over plain iterables it becomes a `for` loop."""
    for site in delegations(project, function):
        yield MakeAsync(project.expression(site).span, "plain delegation")


def hands_on(project: Project, generator: Reference) -> bool:
    """Whether what is sent to a generator, or thrown into it, goes on to another one."""
    value = project.value(generator)
    return any(
        source.kind is SourceKind.GENERATOR and delegations(project, source.name)
        for source in (value.sources if value is not None else ())
    )


def _delegating(project: Project) -> dict[FunctionId, list[Reference]]:
    found: dict[FunctionId, list[Reference]] = {}
    for name, module in project.graph.modules.items():
        for expression in module.expressions:
            if expression.kind is Kind.YIELD_FROM:
                place = Reference(name, expression.id)
                found.setdefault(expression.function, []).append(place)
    return found
