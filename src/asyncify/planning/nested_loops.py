"""Event loops inside event loops: who starts one, and who is called where one may run already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from asyncify.model.facts import FunctionId, Kind, Place, short
from asyncify.model.graph import Reference
from asyncify.planning.colour import Limit, Use
from asyncify.planning.contexts import lost_contexts
from asyncify.planning.frameworks import callers
from asyncify.planning.functions import Conversion
from asyncify.planning.hooks import in_test_file
from asyncify.planning.limits import RENAMED
from asyncify.planning.programs import programs
from asyncify.planning.project import Project


@dataclass(frozen=True, slots=True)
class Loops:
    """What a colouring asks of event loops that they cannot do.

    Args:
        stay: the functions that cannot change as it says, with the reason.
        tests: those of them that may start a loop for each call of what becomes async.
    """

    stay: dict[FunctionId, Limit]
    tests: set[FunctionId] = field(default_factory=set)


def nested_loops(project: Project, conversions: Mapping[FunctionId, Conversion]) -> Loops:
    """The entry points, of functions that become async, that cannot start a loop.

    One may run already where they are called, or what they set is lost behind it.
    """
    bridges = [site for each in conversions.values() for site in each.starting]
    moved = {site for each in conversions.values() for site in each.moved}
    shared = [program for program in programs(project, bridges, moved) if program.statements]
    running = conversions.keys() | {f"{program.calls[0].module}:" for program in shared}
    uses = {function: each.uses for function, each in conversions.items()}
    found = Loops(lost_contexts(project, bridges, moved))
    for function in (name for name, each in conversions.items() if each.starts_loop):
        inside = _callers_in_loops(project, function, running)
        tests = _tests_that_stay(project, inside, uses)
        if tests:
            limit = Limit("ASY920", f"{short(function)}() starts an event loop, and this runs it")
            stay = tests | _own_helpers(project, tests, conversions.keys())
            found.stay.update(dict.fromkeys(stay, limit))
            found.tests.update(tests)
        elif inside:
            message = f"{short(inside[0])}() is async and runs it, so it cannot start a loop"
            found.stay[function] = Limit("ASY920", message)
    return found


def _callers_in_loops(
    project: Project, function: FunctionId, running: Set[FunctionId]
) -> list[FunctionId]:
    """The nearest callers that are async, or among the `running`: `asyncio.run` would fail there."""
    found: list[FunctionId] = []
    seen = {function}
    todo = [function]
    while todo:
        for caller in callers(project, todo.pop()):
            if caller in seen:
                continue
            seen.add(caller)
            if caller in running or project.functions[caller].is_async:
                found.append(caller)
            else:
                todo.append(caller)
    return found


def _tests_that_stay(
    project: Project, tests: Iterable[FunctionId], uses: Mapping[FunctionId, Sequence[Use]]
) -> frozenset[FunctionId]:
    """Functions of tests with all that call them, if they may stay and start a loop for each call; else none.

    Args:
        project: the project.
        tests: who runs something that starts a loop.
        uses: what the functions that become async need of the others, by the function that is used.
    """
    found = dict.fromkeys(tests)
    todo = list(found)
    for function in todo:
        for caller in callers(project, function):
            if caller not in found and project.functions[caller].kind == "def":
                found[caller] = None
                todo.append(caller)
    for each in map(project.functions.__getitem__, found):
        if each.kind != "def" or each.is_async or not in_test_file(project.path(each.id)):
            return frozenset()
    for used, needed in uses.items():
        for use in needed:
            if use.user in found and not _is_call(project, used, use.site):
                return frozenset()
    return frozenset(found)


def _own_helpers(
    project: Project, tests: Set[FunctionId], coloured: Set[FunctionId]
) -> set[FunctionId]:
    """What these tests call of other tests that became async for its own sake only: there is no use in a loop."""
    others = {function for function in coloured if in_test_file(project.path(function))}
    own = others - project.users(coloured - others) - tests
    return {helper for helper in own if not tests.isdisjoint(project.direct_users(helper))}


def _is_call(project: Project, used: FunctionId, site: Reference) -> bool:
    """Whether a function is called, and what it gives is all that is awaited."""
    function, expression = project.functions[used], project.expression(site)
    plain = expression.kind is Kind.CALL and expression.place in (Place.BODY, Place.COMPREHENSION)
    return plain and not function.is_generator and function.name not in RENAMED
