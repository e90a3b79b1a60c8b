"""Functions that a framework runs in a thread as long as they are not async.

One blocking call that stays in an async one stops the event loop for everybody; in a thread it stops nobody.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from asyncify.model.facts import FunctionId
from asyncify.planning.colour import Colouring, Limit
from asyncify.planning.frameworks import is_pooled
from asyncify.planning.project import Project
from asyncify.planning.units import Seed, Site


def left_in_pool(
    project: Project,
    seeds: Sequence[Seed],
    kept: Iterable[Site],
    colouring: Colouring,
    known: Container[FunctionId],
) -> dict[FunctionId, Limit]:
    """Functions that stay in their thread, because something would go on to block in them.

    Args:
        project: the project.
        seeds: what is, or would be, converted.
        kept: calls that a comment, or the configuration, keeps as they are.
        colouring: what becomes async.
        known: functions that are known to stay.
    """
    stays = {site.function: site for site in kept}
    stays |= {
        site.function: site
        for seed in seeds
        if seed.unit.name in colouring.held
        for site in seed.sites
    }
    todo = list(stays)
    while todo:
        function = todo.pop()
        for caller in project.direct_users(function):
            if caller not in stays:
                stays[caller] = stays[function]
                todo.append(caller)
    found: dict[FunctionId, Limit] = {}
    for name in sorted(stays.keys() & colouring.causes.keys()):
        own = project.functions[name]
        if name in known or own.is_async or not is_pooled(project, own):
            continue
        message = f"{stays[name].name} would block the event loop in it; now a thread runs it"
        found[name] = Limit("ASY909", message, stays[name].reference)
    return found
