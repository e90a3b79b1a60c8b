"""Worker threads that a test would see: one that asks after every test which threads are left.

The threads of an event loop's executor live as long as the loop, so a check of that kind fails for every
test that runs something in one of them.
"""

from __future__ import annotations

from dataclasses import replace

from asyncify.model.facts import FunctionId, Role
from asyncify.model.graph import Reference
from asyncify.planning.colour import Limit
from asyncify.planning.hooks import in_test_file
from asyncify.planning.limits import FIXTURE, decorated_by
from asyncify.planning.project import Project
from asyncify.planning.units import TO_THREAD, Seed

_COUNTS = ("threading.enumerate", "threading.active_count", "threading.activeCount")


def uncounted(project: Project, seed: Seed) -> Seed:
    """A seed as it is, or held if it would run in a thread and a test that comes by counts those."""
    fallback = tuple(uncounted(project, each) for each in seed.fallback)
    if any(site.library.threads or site.to == TO_THREAD for site in seed.sites):
        for site in seed.sites:
            if (limit := _counted(project, site.function)) is not None:
                return replace(seed, unit=replace(seed.unit, limit=limit), fallback=fallback)
    return replace(seed, fallback=fallback) if fallback != seed.fallback else seed


def _counted(project: Project, function: FunctionId) -> Limit | None:
    counting = project.memory("threads counted", _counting)
    if not counting:
        return None
    return project.memory(
        ("threads counted", function), lambda one: _limit(one, function, counting)
    )


def _limit(project: Project, function: FunctionId, counting: dict[str, Reference]) -> Limit | None:
    for user in sorted(project.users([function])):
        path = project.path(user)
        for start, site in counting.items():
            if in_test_file(path) and path.startswith(start):
                return Limit("ASY918", "a test would count the thread that this runs in", site)
    return None


def _counting(project: Project) -> dict[str, Reference]:
    """The checks that run after every test, by the file or the directory whose tests they look after."""
    found: dict[str, Reference] = {}
    for site in project.calls_to(*_COUNTS):
        for user in project.users([project.expression(site).function]):
            function = project.functions[user]
            fixture = decorated_by(project, function, FIXTURE)
            if fixture is None or project.child(fixture, Role.KEYWORD, "autouse") is None:
                continue
            path = project.path(user)
            directory, _, name = path.rpartition("/")
            start = path if name != "conftest.py" else f"{directory}/" if directory else ""
            found.setdefault(start, site)
    return found
