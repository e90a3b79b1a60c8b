"""`contextlib.closing` around an object whose `close` becomes async: a helper of the same kind awaits it."""

from __future__ import annotations

from collections.abc import Iterable

from asyncify.model.facts import Function, Role
from asyncify.model.graph import Reference, SourceKind, Value
from asyncify.model.plan import AddImport, MakeAsync, Replace
from asyncify.planning.by_hand import CLOSING
from asyncify.planning.class_attributes import methods_of
from asyncify.planning.colour import Limit
from asyncify.planning.consumers import need_async
from asyncify.planning.helpers import helper
from asyncify.planning.project import Project
from asyncify.planning.steps import Step


def closing_steps(project: Project, function: Function) -> Iterable[Step]:
    """What the places need that close an object of a class at the end of a `with`."""
    for value in project.instances_of(function.owner):
        for place in value.occurrences:
            outer = project.parent(place)
            if outer is None or project.expression(place).role is not Role.ARGUMENT:
                continue
            if project.callee_names(outer[0]) == (CLOSING,):
                yield _closing(project, function, value, outer[0])


def _closing(project: Project, function: Function, value: Value, call: Reference) -> Step:
    callee = project.child(call, Role.CALLEE)
    define = helper(project, call.module, "closing")
    if callee is None or define is None or project.expression(call).role is not Role.ENTERED:
        message = "contextlib.closing calls it without await, and is not entered where it is made"
        return Step(limit=Limit("ASY912", message, call))
    closed = [methods_of(project, s.name).get("close", "") for s in value.sources]
    kinds = {source.kind for source in value.sources}
    if kinds != {SourceKind.INSTANCE} or not set(closed) <= project.family(function.id):
        return Step(limit=Limit("ASY912", "contextlib.closing may close something else here", call))
    edits = (
        Replace(project.expression(callee).span, define.name),
        define,
        AddImport("import contextlib"),
        MakeAsync(project.expression(call).span, "item"),
    )
    return need_async(project, call, function.id, edits)
