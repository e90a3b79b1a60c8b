"""Methods of which tests have doubles: why some cannot become async, and what the others need."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from asyncify.model.attributes import CONSTRUCTORS
from asyncify.model.facts import ClassId, Function, FunctionId, Kind, Role, short
from asyncify.model.graph import Access, Edge, Reference, SourceKind
from asyncify.model.plan import AddImport, Arguments, Define, Edit
from asyncify.planning.accessors import is_property
from asyncify.planning.assigned import assigned_to
from asyncify.planning.class_attributes import methods_of
from asyncify.planning.colour import Limit
from asyncify.planning.doubles import (
    Double,
    contents,
    doubles,
    doubles_of,
    is_of_class,
    makes_plain_mock,
    mentions,
)
from asyncify.planning.hooks import in_test_file
from asyncify.planning.interceptors import Patch, named_function, patches
from asyncify.planning.limits import is_special
from asyncify.planning.managers import is_manager
from asyncify.planning.mock_names import is_told_as_a_whole, own_method
from asyncify.planning.mocks import given_async_mock, mock_helper
from asyncify.planning.project import Project

_DEPTH = 8  # how far the way to a mock is followed
_MOCK_WITH = '''\
def _mock_with(*names, **settings):
    """A mock in which these are mocks of coroutine functions."""
    methods = {name: AsyncMock(return_value=MagicMock()) for name in names}
    return MagicMock(**methods, **settings)
'''
_ASYNC_MOCK_WITH = '''\
def _async_mock_with(*names, **settings):
    """A mock of a coroutine function that returns a mock in which these are mocks of coroutine functions."""
    return AsyncMock(**{"return_value": _mock_with(*names), **settings})
'''


def double_limit(project: Project, function: Function) -> Limit | None:
    """Why a method stays sync because of what tests put in place of its class or of an object of it."""
    replaced = doubles_of(project, function.owner)
    for double in replaced if replaced and _is_used(project, function) else ():
        found = contents(project, double)
        # what a function gives that is strange holds who calls that, see `child_limit`
        place = found.strange if double.function is None else None
        if place is None and (found.plain or found.specified):
            place = _unlike(project, function, double)
        if place is None:
            told = (own_method(project, mock, function) for mock in found.mocks)
            place = next((one for one in told if isinstance(one, Reference)), None)
        if place is not None:
            name = double.cls.rpartition(":")[2]
            return Limit("ASY918", f"a test puts something in place of {name}", place)
    return None


def _is_used(project: Project, function: Function) -> bool:
    """Whether somebody calls a method beside its own class, which never sees a mock as `self`."""
    for edge in project.reaching(function.id):
        owner = project.functions[project.expression(edge.site).function].owner
        if owner is None or function.owner not in (owner, *project.graph.bases.get(owner, ())):
            return True
    return False


def _unlike(project: Project, function: Function, double: Double) -> Reference | None:
    """What a plain mock cannot follow, if a method becomes async."""
    if function.name in CONSTRUCTORS:
        return double.patch.call if double.called else None
    if is_special(function.name) or is_property(project, function) or is_manager(project, function):
        return double.patch.call
    for place in mentions(project, double, function.name):
        outer = project.parent(place)
        edge = project.call_edge(outer[0]) if outer is not None else None
        called = project.expression(place).role is Role.CALLEE
        if function.is_generator or (called and (edge is None or not _reaches(edge, function))):
            return place
    return None


def _reaches(edge: Edge, function: Function) -> bool:
    return any(target.function == function.id for target in edge.targets)


def child_limit(project: Project, edge: Edge) -> Limit | None:
    """The limit of a call on something that comes from a plain mock: nobody makes its methods awaitable."""
    if not doubles(project) or in_test_file(project.module(edge.site).path):
        return None
    callee = project.child(edge.site, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    todo, seen = [(receiver, False)] if receiver is not None else [], set[Reference]()
    while todo and len(seen) < _DEPTH:
        place, inside = todo.pop()
        seen.add(place)
        name = _doubled_at(project, place, inside=inside)
        if name:
            message = f"a test puts something in place of {name}, and this would come from it"
            return Limit("ASY918", message, edge.site)
        inner = _inner(project, place)
        further = [(inner, True)] if inner is not None else []
        if project.expression(place).variable is not None:
            further.extend((one, inside) for _, one in assigned_to(project, place))
        todo.extend(each for each in further if each[0] not in seen)
    return None


def _doubled_at(project: Project, place: Reference, *, inside: bool) -> str:
    """The name of what a test replaces, if what is wanted (or something `inside` of it) may come from that here."""
    expression = project.expression(place)
    plain, strange = project.memory("doubled", _doubled)
    edge = project.call_edge(place) if expression.kind is Kind.CALL else None
    called = {t.function for t in edge.targets if t.function is not None} if edge else set()
    function = next(iter(called & (strange | plain if inside else strange)), None)
    if function is not None:
        return f"{short(function)}()"
    around = project.functions[expression.function]
    first = around.parameters[0].name if around.owner and around.parameters else ""
    if not inside or (expression.kind is Kind.NAME and expression.text == first):
        return ""  # its own methods never see a mock as `self`
    kinds = (SourceKind.INSTANCE, SourceKind.CLASS)
    known = [s.name for s in project.sources(place) if s.kind in kinds]
    known.append(project.graph.types.get(place, ""))
    return next((cls.rpartition(":")[2] for cls in known if cls in plain), "")


def _doubled(project: Project) -> tuple[frozenset[str], frozenset[str]]:
    """The classes and functions that give plain mocks in tests, and the functions of which nobody knows what they give."""
    plain, strange = set(), set()
    for double in doubles(project):
        found, name = contents(project, double), double.function or double.cls
        if double.function is not None and (found.strange is not None or found.makers):
            strange.add(name)
        elif found.plain:
            plain.add(name)
    return frozenset(plain), frozenset(strange)


def _inner(project: Project, place: Reference) -> Reference | None:
    """The object in which something is found, or whose method gives it."""
    kind = project.expression(place).kind
    if kind is Kind.SUBSCRIPT:
        return project.child(place, Role.SUBSCRIPTED)
    if kind is Kind.AWAIT:
        return project.child(place, Role.AWAITED)
    found = project.child(place, Role.CALLEE) if kind is Kind.CALL else place
    return project.child(found, Role.RECEIVER) if found is not None else None


def double_edits(project: Project, coroutines: Set[FunctionId]) -> Iterator[tuple[str, Edit]]:
    """Gives plain mocks of classes the methods that are coroutine functions from now on.

    Args:
        project: the project.
        coroutines: functions of the project that become coroutine functions.
    """
    made: dict[tuple[Reference, bool], dict[str, None]] = {}  # by patch, and whether it is awaited
    for double in doubles(project):
        found = contents(project, double)
        names = list(_awaited(project, double.cls, coroutines)) if found.plain else []
        if names and found.made:
            awaited = double.function in coroutines
            ways = _ways(project, replace(double, called=False) if awaited else double, names)
            made.setdefault((double.patch.call, awaited), {}).update(dict.fromkeys(ways))
        for mock in found.mocks:
            for name in names:
                yield from given_async_mock(project, mock, name, made=True)
        for mock in found.makers if double.function is None else ():
            for way in _ways(project, double, names):
                yield from given_async_mock(project, mock, way, made=True)
    for (call, awaited), every in made.items():
        yield from _made(project, call, list(every), awaited=awaited)
    given = {call for call, _ in made}
    for patch in patches(project):
        function = named_function(project, patch.path)
        if function in coroutines and patch.call not in given and _makes_results(project, patch):
            yield from given_async_mock(project, patch.call, "new_callable", made=False)


def _makes_results(project: Project, patch: Patch) -> bool:
    """Whether a patch makes a mock of a function, of which somebody uses the result that no test sets.

    That would be another `AsyncMock`, and all that is asked of it a coroutine.
    """
    function = named_function(project, patch.path)
    if function is None or not makes_plain_mock(project, patch):
        return False
    used = any(
        edge.access is Access.CALL and project.expression(edge.site).role is not Role.DISCARDED
        for edge in project.reaching(function)
    )
    return used and not is_told_as_a_whole(project, patch.call)


def _made(
    project: Project, patch: Reference, ways: list[str], *, awaited: bool
) -> Iterator[tuple[str, Edit]]:
    """What a patch needs that makes its mock itself; `awaited` says whether it is one of a coroutine function."""
    path, call = project.module(patch).path, project.expression(patch).span
    helper = "_async_mock_with" if awaited else "_mock_with"
    listed = ", ".join(f'"{each}"' for each in ways)
    made = f"new_callable=functools.partial({helper}, {listed})"
    yield path, Arguments(call, last=(made,))
    yield path, AddImport("import functools")
    yield from mock_helper(path, "_mock_with", _MOCK_WITH)
    if awaited:
        yield path, Define("_async_mock_with", _ASYNC_MOCK_WITH)


def _awaited(project: Project, cls: ClassId, coroutines: Set[FunctionId]) -> Iterator[str]:
    """The methods that somebody beside the tests awaits from now on."""
    for name, method in methods_of(project, cls).items():
        if method in coroutines and _is_used(project, project.functions[method]):
            yield name


def _ways(project: Project, double: Double, names: list[str]) -> Iterator[str]:
    """How the methods are found in what stands in for a class, or for an object of it."""
    owner = "return_value." if double.called else ""
    yield from (f"{owner}{name}" for name in names)
    if double.called and double.function is None:
        known = methods_of(project, double.cls)
        yield from (name for name in names if is_of_class(project, known[name]))
    if "__enter__" in methods_of(project, double.cls):  # it is entered, and gives itself as a rule
        yield from (f"{owner}__enter__.return_value.{name}" for name in names)
