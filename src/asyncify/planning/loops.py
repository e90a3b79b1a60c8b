"""Functions that run an event loop: in an async function there is one already."""

from __future__ import annotations

from asyncify.model.facts import Function, Role
from asyncify.model.plan import Await, Edit, Replace
from asyncify.planning.colour import Limit
from asyncify.planning.companions import RUNNERS, loop_calls
from asyncify.planning.consumers import async_context
from asyncify.planning.helpers import sole_argument
from asyncify.planning.project import Project


def loop_limit(project: Project, function: Function) -> Limit | None:
    """Why a function that runs a loop cannot await instead."""
    for site in loop_calls(project, function.id):
        if not sole_argument(project, site) or not set(project.callee_names(site)) <= RUNNERS:
            return Limit("ASY920", "it runs an event loop itself", site)
        context = async_context(project, site)
        if isinstance(context, Limit):
            return context
    return None


def loop_edits(project: Project, function: Function) -> list[tuple[str, Edit]]:
    """`asyncio.run(call())` becomes `await call()`."""
    edits: list[tuple[str, Edit]] = []
    for site in loop_calls(project, function.id):
        context = async_context(project, site)
        argument = project.child(site, Role.ARGUMENT)
        assert argument is not None
        assert not isinstance(context, Limit)
        path = project.module(site).path
        span = project.expression(site).span
        edits.extend(context)
        edits.append((path, Replace(span, "{0}", (project.expression(argument).span,))))
        edits.append((path, Await(span)))
    return edits
