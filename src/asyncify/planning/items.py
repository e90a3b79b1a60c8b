"""What becomes an async iterable, and the edits that write it anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference, Source, SourceKind, Value
from asyncify.model.plan import Edit, MakeList, Replace
from asyncify.planning.colour import Limit
from asyncify.planning.project import Project
from asyncify.planning.steps import Items, Step


def existing(project: Project, site: Reference, *, closable: bool, cleanup: bool = False) -> Items:
    """An expression that is an async iterable as it stands; analysis follows it."""
    span = project.expression(site).span
    inside = "item async for item in {0}"
    return Items(inside, (span,), closable=closable, cleanup=cleanup, tracked=True)


def untracked(project: Project, site: Reference) -> Items:
    """An expression that is an async iterable as it stands; nobody follows it."""
    return replace(existing(project, site, closable=False), tracked=False)


def made_at(value: Value, site: Reference) -> Source | None:
    """The source of a value that is the generator expression, or the like, at a place."""
    for source in value.sources:
        if source.kind is SourceKind.EXPRESSION and source.site == site:
            return source
    return None


def unknown(site: Reference, message: str) -> Step:
    return Step(limit=Limit("ASY912", message, site))


def remade(site: Reference, items: Items, project: Project) -> list[Edit]:
    """The edit that writes the iterable anew, as an async generator expression or by a helper."""
    if not items.remade:
        return []
    text = items.either or f"({items.inside})"
    return [Replace(project.expression(site).span, text, items.holes, around=items.awaited)]


def as_list(project: Project, site: Reference, items: Items) -> list[Edit]:
    """The edit that makes a list of an async iterable, where it stands."""
    span = project.expression(site).span
    if items.literal:
        return [MakeList(span)]
    return [Replace(span, f"[{items.inside}]", items.holes, around=items.around)]


def with_edits(project: Project, step: Step, site: Reference, edits: Iterable[Edit]) -> Step:
    """A step with more edits in the same file."""
    path = project.module(site).path
    return step.with_edits((path, edit) for edit in edits)


def rewritten(project: Project, site: Reference, items: Items) -> Step:
    """An iterable that goes on as it is, or as an async generator expression."""
    if items.either:
        return Step()  # who iterates over it in the end looks at what it is
    return with_edits(project, Step(), site, remade(site, items, project))


def rebound(project: Project, callback: Reference) -> bool:
    """Whether a name may mean another function by the time that it is called.

    `map` gets the function itself, a generator expression finds it by its name, for every item.
    """
    while (receiver := project.child(callback, Role.RECEIVER)) is not None:
        callback = receiver
    expression = project.expression(callback)
    return expression.kind is Kind.NAME and any(
        other.variable == expression.variable and other.role in (Role.TARGET, Role.DELETED)
        for other in project.module(callback).expressions
    )
