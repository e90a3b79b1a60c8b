"""Functions of a library that wait, handed to who calls them: `map(requests.get, urls)`, `run(session.post, url)`.

What is known to call its argument becomes a comprehension, or a `with` statement of a test, that awaits a thread
for each call. Everybody else may block with it, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import AddImport
from asyncify.planning.appliers import written_out
from asyncify.planning.callables import THREADS
from asyncify.planning.colour import Limit, Unit
from asyncify.planning.companions import EXPECTATIONS
from asyncify.planning.expectations import expected_step
from asyncify.planning.handed import called_again
from asyncify.planning.helpers import call_name
from asyncify.planning.keeping import LOOKERS
from asyncify.planning.kept_items import keeps
from asyncify.planning.project import Project
from asyncify.planning.steps import Step
from asyncify.planning.units import IN_THREAD, TO_THREAD, Seed, Site, unit_name
from asyncify.rules.registry import Rules

# what runs it in another thread or process, where it stops no event loop, or puts it where others are seen to call it
_ELSEWHERE = frozenset(
    {
        *THREADS,
        "builtins.setattr",
        *IN_THREAD,
        "asyncio.events.AbstractEventLoop.run_in_executor",
        *(f"concurrent.futures._base.Executor.{name}" for name in ("submit", "map")),
        *(
            f"concurrent.futures.{kind}PoolExecutor.{name}"
            for kind in ("Thread", "Process")
            for name in ("submit", "map")
        ),
    }
)
_BINDING = "functools.partial"
# who stands a function in for another one, or asks what it is: but see `EXPECTATIONS`
_TEST_TOOLS = ("unittest.", "pytest.", "_pytest.")


def waiting_callbacks(project: Project, rules: Rules) -> Iterator[Seed]:
    """A seed for every function that waits where it is handed to a function that nobody sees calling it."""
    for argument in sorted(_named(project)):
        expression, outer = project.expression(argument), project.parent(argument)
        if expression.role not in (Role.ARGUMENT, Role.KEYWORD) or outer is None:
            continue
        name, call = _waits(project, argument), outer[0]
        if name is None or outer[1].kind is not Kind.CALL or _is_followed(project, call):
            continue
        if not _only_keeps(project, argument, call):
            yield _seed(project, rules, argument, call, name)


def _named(project: Project) -> set[Reference]:
    """Every place that names, or holds, a function that waits."""
    found = {site for site, name in project.graph.names.items() if name in project.waiting}
    found.update(project.calls_to(_BINDING))
    for value in project.graph.values:
        kinds = ((source.kind, source.name) for source in value.sources)
        if any(kind is SourceKind.EXTERNAL and name in project.waiting for kind, name in kinds):
            found.update(value.occurrences)
    return found


def _waits(project: Project, argument: Reference) -> str | None:
    """The name of the function that waits, also where it is bound to arguments."""
    if _BINDING in project.callee_names(argument):
        bound = next((each for each, _ in project.arguments(argument)), None)
        return project.waits(bound) if bound is not None else None
    return project.waits(argument)


def _is_followed(project: Project, call: Reference) -> bool:
    """Whether the arguments of a call are parameters of functions of the project, and nothing else."""
    edge = project.call_edge(call)
    if edge is None or edge.open or not edge.targets:
        return False
    return all(target.function is not None for target in edge.targets)


def _only_keeps(project: Project, argument: Reference, call: Reference) -> bool:
    """Whether who gets the function does not call it here, or not where an event loop runs."""
    names = project.callee_names(call)
    if not names or called_again(project, argument) is not None:
        return bool(names)
    return all(_keeps(project, argument, name) for name in names)


def _keeps(project: Project, argument: Reference, name: str) -> bool:
    if name.startswith(_TEST_TOOLS):
        return name not in EXPECTATIONS
    return name in LOOKERS or name in _ELSEWHERE or keeps(project, argument, name)


def _seed(project: Project, rules: Rules, argument: Reference, call: Reference, name: str) -> Seed:
    found = rules.blocking(name)
    assert found is not None  # `Project.waits` knows the same names
    function = project.expression(argument).function
    shown = Site(argument, function, found[0], found[1].name, TO_THREAD)
    names = project.callee_names(call)
    step = expected_step(project, argument, "", call)
    if step is None and len(names) == 1:
        step = written_out(project, argument, "", call, names[0])
    if step is None:
        message = f"it is handed to {call_name(project, call)}(), which may call it"
        step = Step(limit=Limit("ASY907", message, argument))
    if step.limit is not None:
        return Seed(Unit(unit_name(project, argument), (), step.limit), (shown,))
    sites = tuple((use.site, use.user) for use in step.uses)
    edits = (*step.edits, (project.module(call).path, AddImport("import asyncio")))
    return Seed(Unit(unit_name(project, argument), sites), (shown,), edits)
