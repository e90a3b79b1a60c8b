"""By which expressions tests know the mock that a patch makes, and what comes from it.

``patch("app.Client") as made`` gives it a name, a decorator hands it to a parameter, a fixture returns it;
``made.return_value`` and ``made()`` are its result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asyncify.model.facts import FlowKind, Function, FunctionId, Kind, Role
from asyncify.model.graph import Reference, Source, SourceKind
from asyncify.planning.assigned import assigned_to
from asyncify.planning.fixtures import fixtures_named
from asyncify.planning.interceptors import Patch, patches
from asyncify.planning.project import Project

GIVEN = ("return_value", "side_effect")  # how a test says what a mock gives
MOCKS = frozenset(
    f"{module}.{name}"
    for module in ("unittest.mock", "mock", "mock.mock")
    for name in ("Mock", "MagicMock")
)
ASYNC_MOCKS = frozenset(f"{name.rpartition('.')[0]}.AsyncMock" for name in MOCKS)
SPECIFICATIONS = ("spec", "spec_set", "autospec")
KNOWN = frozenset({SourceKind.INSTANCE, SourceKind.CLASS, SourceKind.MODULE})
RESULT = "()"  # what a mock gives when it is called
_DEPTH = 8  # names that lead from one to another


@dataclass(frozen=True, slots=True)
class Made:
    """What an expression is: the mock that a call makes or that its patch makes, or what is found in it by this way."""

    call: Reference
    way: tuple[str, ...] = ()


def mock_at(project: Project, place: Reference) -> Made | None:
    """The mock that an expression is, or is found in; None if nobody sees it made."""
    return project.memory(("mock at", place), lambda project: _mock_at(project, place, _DEPTH))


def _mock_at(project: Project, place: Reference, depth: int) -> Made | None:
    expression = project.expression(place)
    if depth == 0:
        return None
    if expression.kind is Kind.CALL:
        return _called(project, place, depth)
    if expression.kind is Kind.ATTRIBUTE:
        receiver = project.child(place, Role.RECEIVER)
        inner = _mock_at(project, receiver, depth - 1) if receiver is not None else None
        if inner is not None:
            step = RESULT if expression.text == "return_value" else expression.text
            return Made(inner.call, (*inner.way, step))
    elif expression.kind is Kind.NAME and expression.variable is not None:
        own = project.memory("variables of mocks", _variables).get(expression.variable)
        if own is not None:
            return Made(own.call)
    found = (_mock_at(project, one, depth - 1) for one in _given(project, place))
    return next((one for one in found if one is not None), None)


def told(project: Project, mock: Reference) -> Sequence[tuple[str, Reference]]:
    """What tests set as the result of a mock (by the call that makes it, or its patch), or as its effect."""
    return project.memory("told to mocks", _told).get(mock, ())


def is_told_as_a_whole(project: Project, mock: Reference) -> bool:
    """Whether tests say what a mock gives, and never only what something in that does."""
    keywords = {e.detail for _, e in project.arguments(mock) if e.role is Role.KEYWORD}
    parts = project.memory("told in part", _told_in_part)
    return bool(told(project, mock) or keywords & set(GIVEN)) and mock not in parts


def _told(project: Project) -> dict[Reference, list[tuple[str, Reference]]]:
    found: dict[Reference, list[tuple[str, Reference]]] = {}
    for name in GIVEN:
        for attribute in project.attributes(name):
            if project.expression(attribute).role is Role.TARGET:
                for mock in _mocks_with(project, attribute):
                    given = found.setdefault(mock, [])
                    given.extend((name, one) for _, one in project.origins(attribute))
    return found


def _told_in_part(project: Project) -> set[Reference]:
    return {
        mock
        for attribute in project.attributes("return_value")
        if project.expression(attribute).role is Role.RECEIVER
        for mock in _mocks_with(project, attribute)
    }


def _mocks_with(project: Project, attribute: Reference) -> set[Reference]:
    """The mocks of which this is an attribute, by the calls that make or patch them."""
    owner = project.child(attribute, Role.RECEIVER)
    if owner is None:
        return set()
    made = mock_at(project, owner)
    found = {made.call} if made is not None and not made.way else set()
    found.update(s.site for s in project.sources(owner) if s.name in MOCKS and s.site)
    return found


def _called(project: Project, call: Reference, depth: int) -> Made | None:
    patch = project.memory("calls that patch", _by_call).get(call)
    if patch is not None and patch.replacement is not None:
        return _mock_at(
            project, patch.replacement, depth - 1
        )  # `patch` gives what it puts in place
    if patch is not None or MOCKS.intersection(project.callee_names(call)):
        return Made(call)
    callee = project.child(call, Role.CALLEE)
    if callee is None:
        return None
    receiver = project.child(callee, Role.RECEIVER)
    if project.expression(callee).text == "start" and receiver is not None:
        started = _mock_at(project, receiver, depth - 1)
        if started is not None and not started.way:
            return started
    inner = _mock_at(project, callee, depth - 1)
    return Made(inner.call, (*inner.way, RESULT)) if inner is not None else None


def _given(project: Project, place: Reference) -> Iterator[Reference]:
    """What a name or an attribute may be: what is assigned to it, and what the fixture gives."""
    wanted = project.expression(place)
    for kind, source in assigned_to(project, place):
        if kind in (FlowKind.VALUE, FlowKind.ENTER):
            yield source
    function = project.functions.get(wanted.variable[0]) if wanted.variable else None
    if function is not None and any(p.name == wanted.text for p in function.parameters):
        for fixture in fixtures_named(project, wanted.text):
            yield from given_back(project, fixture.id)


def given_back(project: Project, function: FunctionId) -> Sequence[Reference]:
    """What a function returns or yields."""
    return project.memory("given back", _given_back).get(function, ())


def _given_back(project: Project) -> dict[FunctionId, list[Reference]]:
    found: dict[FunctionId, list[Reference]] = {}
    for name, module in project.graph.modules.items():
        for e in module.expressions:
            if e.role in (Role.RETURNED, Role.YIELDED):
                found.setdefault(e.function, []).append(Reference(name, e.id))
    return found


def _by_call(project: Project) -> dict[Reference, Patch]:
    return {patch.call: patch for patch in patches(project)}


def _variables(project: Project) -> Mapping[tuple[str, str], Patch]:
    return {
        variable: patch
        for patch in patches(project)
        if patch.replacement is None
        for variable in _names(project, patch)
    }


def _names(project: Project, patch: Patch) -> list[tuple[str, str]]:
    """The variables that get the mock of a patch; of one that decorates a class, those of its tests."""
    module = project.module(patch.call)
    for cls in module.classes:
        if patch.call.expression in cls.decorators:
            tests = [project.functions[f] for name, f in cls.methods if name.startswith("test")]
            found = [_handed(project, test, patch, cls.decorators) for test in tests]
            return [variable for variable in found if variable is not None]
    variable = mock_variable(project, patch)
    return [variable] if variable is not None and variable[0] else []


def patched_function(project: Project, patch: Patch) -> Function:
    """The function that a patch is for: the decorated one, or that in which it stands."""
    module = project.module(patch.call)
    decorated = (f for f in module.functions if patch.call.expression in f.decorators)
    return next(decorated, project.functions[project.expression(patch.call).function])


def mock_variable(project: Project, patch: Patch) -> tuple[str, str] | None:
    """The variable that gets the mock of a patch: two empty texts if nobody names it, None if nobody knows."""
    module = project.module(patch.call)
    expression = project.expression(patch.call)
    if expression.role is Role.DECORATOR:
        return _parameter(project, patch)
    targets = [
        module.expressions[flow.target]
        for flow in module.flows
        if flow.source == expression.id and flow.kind in (FlowKind.ENTER, FlowKind.VALUE)
    ]
    if len(targets) == 1 and targets[0].kind is Kind.NAME:
        return targets[0].variable
    if expression.role in (Role.DISCARDED, Role.ENTERED) and not targets:
        return ("", "")
    return None


def _parameter(project: Project, patch: Patch) -> tuple[str, str] | None:
    """The parameter in which a decorator hands its mock over."""
    function = patched_function(project, patch)
    # what decorates a class is for all its tests
    return _handed(project, function, patch) if function.kind == "def" else None


def _handed(
    project: Project, function: Function, patch: Patch, outer: Iterable[int] = ()
) -> tuple[str, str] | None:
    """The parameter of a test that gets the mock of a patch; `outer` are the decorators of its class."""
    making = project.memory("calls that patch", _by_call)
    number = int(function.owner is not None)
    for decorator in (*reversed(function.decorators), *reversed(tuple(outer))):
        if decorator == patch.call.expression:
            names = [p.name for p in function.parameters]
            return (function.id, names[number]) if number < len(names) else None
        other = making.get(Reference(patch.call.module, decorator))
        number += other is not None and other.replacement is None
    return None


def autospecced(project: Project, sources: Iterable[Source]) -> list[Source]:
    """The mocks that `create_autospec` makes of a class: they have coroutine methods where that has them."""
    made = (s for s in sources if s.name.rpartition(".")[2] == "create_autospec")
    return [s for s in made if s.site is not None and takes_after(project, s.site)]


def takes_after(project: Project, mock: Reference) -> bool:
    """Whether a mock takes after a class or its object for sure, and makes its methods as that has them."""
    for model, e in project.arguments(mock):
        if e.role is Role.ARGUMENT or (e.role is Role.KEYWORD and e.detail in SPECIFICATIONS):
            value = project.value(model)
            return value is not None and any(source.kind in KNOWN for source in value.sources)
    return False


def own_method(project: Project, mock: Reference, function: Function) -> Reference | bool:
    """Whether a mock is made with a method of its own, or the argument of which nobody knows what it gives."""
    for argument, e in project.arguments(mock):
        if e.role is Role.KEYWORD and e.detail == function.name:
            same = (f for f in project.functions.values() if f.name == function.name)
            family = project.family(function.id)
            return all(f.is_async or f.id in family for f in same) or argument
        if e.detail == "wraps":
            return argument
        if e.role is Role.KEYWORD and not e.detail:  # **options
            keys = [key for _, key in project.children(argument) if key.detail != "value"]
            seen = e.kind is Kind.CONTAINER and all(key.string for key in keys)
            if not seen or any(key.string == function.name for key in keys):
                return argument
    return False
