"""Objects that work in the event loop that made them only: where something keeps one for another loop.

Whatever lives in the variables of functions that become async ends with their loop. What a module, a
class, a cache or somebody unknown keeps is there when the next loop runs: an HTTP client then finds its
connections dead, a file has no loop to read in. That does no harm where there is one loop only, and where
nobody starts one nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from asyncify.model.facts import ClassId, FunctionId, Kind, Place, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.planning import testing
from asyncify.planning.colour import Colouring
from asyncify.planning.companions import loop_calls
from asyncify.planning.decorators import is_cached
from asyncify.planning.frameworks import AWAITS, hooks_of
from asyncify.planning.functions import Conversion
from asyncify.planning.limits import PUSHES
from asyncify.planning.project import Project
from asyncify.planning.scripts import entry
from asyncify.planning.units import Seed

# external callees that keep nothing
_LOOK_ONLY = ("builtins.", "contextlib.", "typing.", "functools.wraps", "copy.", "json.")
_STORES = PUSHES | {"builtins.setattr"}
MANY = 2


def outlived(
    project: Project,
    seed: Seed,
    colouring: Colouring,
    conversions: Mapping[FunctionId, Conversion],
    single: Set[FunctionId],
) -> Reference | None:
    """The place that keeps an object of a seed for a second event loop, if there is one.

    Args:
        single: entry points that run once in the life of a process.
    """
    if not seed.bound or seed.unit.name in colouring.held:
        return None
    bound = seed.bound
    place = project.memory(("keeper", bound), lambda one: _keeper(one, bound))
    if place is None:
        return None
    functions = {function for _, function in seed.unit.sites}
    return place if _loops(project, functions, colouring, conversions, single) != 1 else None


# -- who keeps it ----------------------------------------------------------------------------------


def _keeper(project: Project, bound: Iterable[int]) -> Reference | None:
    """A place that keeps one of the values, or the object that has it, beyond the run of a function."""
    values = project.memory("values by id", lambda one: {v.id: v for v in one.graph.values})
    todo = [values[number] for number in bound if number in values]
    seen: set[ClassId] = set()
    for value in todo:
        for occurrence in value.occurrences:
            owners = _owners(project, occurrence)
            if owners is None or _is_kept(project, occurrence):
                return occurrence
            for owner in owners - seen:
                seen.add(owner)
                todo.extend(project.instances_of(owner))
    return None


def _is_kept(project: Project, site: Reference) -> bool:
    expression = project.expression(site)
    if expression.role in (Role.DEFAULT, Role.ELEMENT) or expression.place is Place.CLASS_BODY:
        return True
    if expression.kind is Kind.SUBSCRIPT:
        return True
    if expression.kind is Kind.NAME and expression.variable is not None:
        owner = project.functions.get(expression.variable[0])
        return owner is None or owner.kind == "module"
    if expression.role is Role.RETURNED:
        return is_cached(project, project.functions[expression.function])
    if expression.role in (Role.ARGUMENT, Role.KEYWORD):
        outer = project.parent(site)
        return outer is not None and outer[1].kind is Kind.CALL and _stores(project, outer[0])
    return False


def _stores(project: Project, call: Reference) -> bool:
    """Whether a call may keep what it gets: code of others, about which nothing is known."""
    edge = project.call_edge(call)
    if edge is not None and edge.targets and all(target.function for target in edge.targets):
        return False
    names = project.callee_names(call)
    return not names or any(
        name in _STORES or not name.startswith(_LOOK_ONLY) or name.count(".") > 1 for name in names
    )


def _owners(project: Project, site: Reference) -> set[ClassId] | None:
    """The classes whose objects have an attribute; none for other places, None if nobody knows."""
    receiver = project.child(site, Role.RECEIVER)
    if project.expression(site).kind is not Kind.ATTRIBUTE or receiver is None:
        return set()
    value = project.value(receiver)
    sources = value.sources if value is not None else ()
    found = {s.name for s in sources if s.kind is SourceKind.INSTANCE}
    known = project.graph.types.get(receiver)
    if known is not None:
        found.add(known)
    elif any(s.kind not in (SourceKind.INSTANCE, SourceKind.CONSTANT) for s in sources):
        return None
    return found if found and found <= project.graph.classes.keys() else None


# -- which loops meet it ---------------------------------------------------------------------------


def _loops(
    project: Project,
    functions: Set[FunctionId],
    colouring: Colouring,
    conversions: Mapping[FunctionId, Conversion],
    single: Set[FunctionId],
) -> int:
    """How many event loops may run the functions, in one process; 0 if nothing is known of any."""
    found: dict[object, int] = {}
    in_tests = False
    seen = set(functions)
    todo = list(functions)
    while todo:
        identifier = todo.pop()
        function = project.functions[identifier]
        if identifier not in colouring.causes and not function.is_async:
            continue
        found.update(_entered_by_frameworks(project, identifier))
        if testing.in_test_case(project, function) or testing.is_pytest(project, function):
            in_tests = True
        if function.is_async:
            runners, users = _awaited_already(project, identifier)
            found.update({one: _times(project, one, single) for one in runners})
            if not runners and not users:
                found["unknown"] = 1
        elif (conversion := conversions[identifier]).starts_loop:
            found[identifier] = _times(project, identifier, single)
            continue
        else:
            for site in conversion.starting:
                starter = project.functions[project.expression(site).function]
                in_program = starter.kind == "module"
                found[entry(project, site) if in_program else starter.id] = (
                    1 if in_program else MANY
                )
            users = {use.user for use in conversion.uses}
        todo.extend(users - seen)
        seen |= users
    if in_tests:
        found["tests"] = 1 if _wide(project, colouring) else MANY
    return sum(found.values())


def _times(project: Project, identifier: FunctionId, single: Set[FunctionId]) -> int:
    """How often a function that runs a loop is called."""
    if project.functions[identifier].kind == "module":
        return 1
    callers = project.direct_users(identifier)
    if any(project.functions[one].kind != "module" for one in callers):
        return MANY
    return 1 if callers or identifier in single else MANY


def _awaited_already(
    project: Project, identifier: FunctionId
) -> tuple[set[FunctionId], set[FunctionId]]:
    """The functions that run an async function in a loop, and those that await it."""
    callers = set(project.direct_users(identifier))
    runners = {one for one in callers if loop_calls(project, one)}
    return runners, callers - runners


def _wide(project: Project, colouring: Colouring) -> bool:
    """Whether all tests of pytest share a loop, and there are no others."""
    tests = [project.functions[identifier] for identifier in colouring.causes]
    return any(testing.wide_fixture(project, test) for test in tests) and not any(
        testing.in_test_case(project, test) for test in tests
    )


def _entered_by_frameworks(
    project: Project, identifier: FunctionId
) -> Iterator[tuple[object, int]]:
    """The loops in which frameworks await a function."""
    for _, hook in hooks_of(project, project.functions[identifier]):
        if hook.runs == AWAITS:
            one = any(each.one_loop and hook in each.hooks for each in project.frameworks)
            yield ("frameworks", 1) if one else (identifier, MANY)
