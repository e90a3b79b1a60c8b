"""Patches follow what they patch: their target may have moved, and what replaces it may be awaited now.

`unittest.mock.patch` puts an `AsyncMock` in place of an async function by itself; only an explicit
replacement has to be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from functools import partial

from asyncify.model.facts import Expression, FlowKind, Function, FunctionId, Kind, Role
from asyncify.model.graph import Access, Edge, Reference, Source, SourceKind
from asyncify.model.plan import AddImport, Arguments, Define, Edit, Replace
from asyncify.planning.class_attributes import plain_attributes
from asyncify.planning.colour import Limit
from asyncify.planning.hooks import in_test_file
from asyncify.planning.interceptors import named_function, patches
from asyncify.planning.mock_names import (
    GIVEN,
    MOCKS,
    autospecced,
    is_told_as_a_whole,
    own_method,
    takes_after,
)
from asyncify.planning.moved import retargeted
from asyncify.planning.origins import has_attribute
from asyncify.planning.post_inits import is_generated
from asyncify.planning.project import Project
from asyncify.planning.stand_ins import makers, stand_in_limit
from asyncify.planning.steps import Step
from asyncify.planning.units import import_text

_RECORDERS = frozenset({"call_recorder", "raiser"})  # of pretend
_ASYNC_MAKERS = frozenset({"AsyncMock", "create_autospec"})
# what makes plain mocks with pytest-mock, and what makes those of coroutine functions
_OF_MOCKER = {"Mock": "AsyncMock", "MagicMock": "AsyncMock", "stub": "async_stub"}
_DESCRIPTORS = frozenset(
    {f"builtins.{name}" for name in ("staticmethod", "classmethod", "property")}
)
ASYNC_MOCK = "unittest.mock.AsyncMock"
AWAITABLE = '''\
def _awaitable(function):
    """The function as a coroutine function, to replace one."""

    @functools.wraps(function)
    async def awaitable(*args, **kwargs):
        return function(*args, **kwargs)

    return awaitable
'''
_ASYNC_MOCK = '''\
def _async_mock(**settings):
    """A mock of a coroutine function that returns a plain mock."""
    return AsyncMock(**{"return_value": MagicMock(), **settings})
'''


def given_async_mock(
    project: Project, call: Reference, keyword: str, *, made: bool
) -> tuple[tuple[str, Edit], ...]:
    """Gives a call a mock of a coroutine function that returns a plain one, or what makes such a mock."""
    path = project.module(call).path
    mock = f"_async_mock{'()' if made else ''}"
    argument = f"{keyword}={mock}" if keyword.isidentifier() else f'**{{{{"{keyword}": {mock}}}}}'
    return (
        (path, Arguments(project.expression(call).span, last=(argument,))),
        *mock_helper(path, "_async_mock", _ASYNC_MOCK),
    )


def others_reached(project: Project, edge: Edge, name: str) -> tuple[list[Source], list[str]]:
    """The mocks whose method a call may reach, and the names of all functions that are not the project's.

    The result of a library may be in the place of an object: of `Cache() if n else json.loads(text)` the checker
    knows the first only, and says that there are others.
    """
    receiver = _receiver(project, edge)
    sources = project.sources(receiver) if receiver is not None else ()
    made = [source for source in sources if source.name in MOCKS]
    strange = (t for t in edge.targets if not is_generated(project, t))
    others = [t.external for t in strange if t.external is not None]
    if edge.access is Access.CALL:  # a class may be in the place of a function
        made_here = (e for e in project.edges_at(edge.site) if e.access is Access.CONSTRUCT)
        classes = (t.receiver or t.external or "" for e in made_here for t in e.targets)
        others += [each for each in classes if not _is_for_the_checker(project, each)]
    if edge.access is Access.PROPERTY and receiver is not None:
        others += plain_attributes(project, edge, receiver, name)
    known = receiver is not None and project.graph.types.get(receiver) in project.graph.classes
    if edge.open or not known:
        known_mocks = (*made, *autospecced(project, sources))
        unknown = (s for s in sources if s.kind is SourceKind.CALL and s not in known_mocks)
        others += [f"{s.name}().{name}" for s in unknown if has_attribute(project, s, name)]
    return made, others


def _receiver(project: Project, edge: Edge) -> Reference | None:
    """The object whose method is called, or whose property is read."""
    read = edge.site if edge.access is Access.PROPERTY else project.child(edge.site, Role.CALLEE)
    return project.child(read, Role.RECEIVER) if read is not None else None


def _is_for_the_checker(project: Project, cls: str) -> bool:
    """Whether a class stands under `if TYPE_CHECKING`, and is never there when the program runs."""
    known = project.graph.classes.get(cls)
    if known is None:
        return False
    module, number = project.graph.modules[known.module], known.statement
    tests = {e.statement for e in module.expressions if e.text == "TYPE_CHECKING"}
    while number >= 0:
        statement = module.statements[number]
        if statement.block == "body" and statement.parent in tests:
            return module.statements[statement.parent].kind == "If"
        number = statement.parent
    return False


def mocked_step(
    project: Project, function: Function, edge: Edge, asked: Set[str] = frozenset()
) -> Step:
    """What the mocks need that may be in the place of the object whose method is called here.

    A mock that takes after a class gives an `AsyncMock` for each of its coroutine methods by itself.
    """
    name, problem = function.name, stand_in_limit(project, function)
    if problem is not None:
        return Step(limit=problem)
    made, others = others_reached(project, edge, name)
    others = [other for other in others if other not in asked]
    expected = {f"{mock}.{name}" for mock in MOCKS} if others else set()
    sites = [source.site for source in made if source.site is not None]
    if made and edge.access is Access.PROPERTY:
        return Step(limit=Limit("ASY918", f"a mock may be asked for .{name}", edge.site))
    if set(others) - expected or len(sites) < len(made) or (others and not made):
        message = f"the call may also reach {', '.join(others) or 'a mock'}"
        return Step(limit=Limit("ASY919", message, edge.site))
    for spec in _autospecs_at(project, edge):
        strange = _told(project, spec, name)[1]
        if strange is not None:
            return _used_otherwise(name, strange)
    return _awaited_mocks(project, function, sites)


def _awaited_mocks(project: Project, function: Function, mocks: Iterable[Reference]) -> Step:
    """What mocks need whose method is awaited from now on."""
    edits: list[tuple[str, Edit]] = []
    for mock in mocks:
        whole, strange = _told(project, mock, function.name)
        given = own_method(project, mock, function)
        if isinstance(given, Reference):
            strange = given
        if strange is not None:
            return _used_otherwise(function.name, strange)
        if not given and not (whole and takes_after(project, mock)):
            edits.extend(given_async_mock(project, mock, function.name, made=True))
    return Step(tuple(edits))


def _autospecs_at(project: Project, edge: Edge) -> Iterable[Reference]:
    """The calls of `create_autospec` whose mock a call may reach."""
    receiver = _receiver(project, edge) if edge.access is not Access.PROPERTY else None
    sources = project.sources(receiver) if receiver is not None else ()
    return [s.site for s in autospecced(project, sources) if s.site is not None]


def _used_otherwise(name: str, place: Reference) -> Step:
    return Step(limit=Limit("ASY918", f"a test uses .{name} of a mock in another way", place))


def _told(project: Project, mock: Reference, name: str) -> tuple[bool, Reference | None]:
    """Whether a test says as a whole what a method of its mock gives; and a place that calls it unawaited."""
    roles: set[Role] = set()
    made_in, value = project.expression(mock).function, project.value(mock)
    places = project.memory(("attributes of values", name), partial(_by_value, name=name))
    for attribute in places.get(value.id, ()) if value is not None else ():
        expression, outer = project.expression(attribute), project.parent(attribute)
        if expression.role is Role.RECEIVER and outer is not None:
            if outer[1].text in GIVEN and expression.function == made_in:
                roles.add(outer[1].role)
        elif expression.role is Role.CALLEE and outer is not None:
            edge = project.call_edge(outer[0])
            if edge is None or all(target.function is None for target in edge.targets):
                return False, attribute
        elif expression.role is not Role.TARGET:
            return False, attribute
    return roles == {Role.TARGET}, None


def _by_value(project: Project, name: str) -> dict[int, list[Reference]]:
    """The places that read or set an attribute of a name, by the value that has it."""
    found: dict[int, list[Reference]] = {}
    for attribute in project.attributes(name):
        receiver = project.child(attribute, Role.RECEIVER)
        value = project.value(receiver) if receiver is not None else None
        if value is not None:
            found.setdefault(value.id, []).append(attribute)
    return found


def mock_edits(
    project: Project, moved: Mapping[str, str], coroutines: Set[FunctionId]
) -> Iterable[tuple[str, Edit]]:
    """The edits of every patch.

    Args:
        moved: functions of libraries whose every call was converted, with their new names.
        coroutines: functions of the project that become coroutine functions.
    """
    for patch in patches(project):
        path = project.module(patch.call).path
        edits = retargeted(project, patch, moved)
        function = named_function(project, patch.path)
        if edits is None and function not in coroutines:
            continue
        yield from ((path, edit) for edit in edits or ())
        for argument, e in project.arguments(patch.call):
            if e.detail == "new_callable" and project.graph.names.get(argument) in MOCKS:
                yield path, Replace(e.span, ASYNC_MOCK)
                yield path, AddImport(import_text(ASYNC_MOCK))
        kinds = {source.kind for source in project.sources(patch.target)}
        method = function is not None and project.functions[function].owner is not None
        method = method and SourceKind.INSTANCE not in kinds
        yield from _replacement(project, patch.replacement, coroutines, called=True, method=method)
    for stand_in in _stand_ins(project, coroutines):
        yield from _replacement(project, stand_in, coroutines, called=False)


def _stand_ins(project: Project, coroutines: Set[FunctionId]) -> Iterable[Reference]:
    """What tests put in place of a method of an object that is not known: ``x.fetch = lambda: 1``, ``stub(fetch=...)``.

    The name decides, where every function of that name in the project became a coroutine function.
    """
    names = {identifier.rpartition(".")[2].rpartition(":")[2] for identifier in coroutines}
    known = {patch.call for patch in patches(project)}
    names -= {
        f.name for f in project.functions.values() if f.id not in coroutines and not f.is_async
    }
    for name, module in project.graph.modules.items():
        if not in_test_file(module.path):
            continue
        for flow in module.flows:
            target = module.expressions[flow.target]
            in_class = (target.variable or ("",))[0] in project.graph.classes
            made = in_class and module.expressions[flow.source].kind is Kind.CALL
            if flow.kind is FlowKind.VALUE and Reference(name, target.id) not in known:
                if (target.kind is Kind.ATTRIBUTE or made) and target.text in names:
                    yield Reference(name, flow.source)
        for expression in module.expressions:
            if expression.role is Role.KEYWORD and expression.detail in names:
                call = Reference(name, expression.parent)
                edge = project.call_edge(call)
                if edge is None or all(target.function is None for target in edge.targets):
                    yield Reference(name, expression.id)


def _replacement(
    project: Project,
    replacement: Reference | None,
    coroutines: Set[FunctionId],
    *,
    called: bool,
    method: bool = False,
) -> Iterable[tuple[str, Edit]]:
    """What stands in for a coroutine function has to give something that can be awaited.

    Args:
        called: it is called for sure, in place of a function that was a plain one until now.
        method: it is found in a class or an object, where plain functions are bound.
    """
    if replacement is None:
        return
    arguments = project.arguments(replacement)
    if _DESCRIPTORS.intersection(project.callee_names(replacement)) and len(arguments) == 1:
        yield from _replacement(project, arguments[0][0], coroutines, called=called)
    elif (made := _mock(project, replacement, called=called)) is not None:
        yield from _async_mock(project, made, whole=not called or is_told_as_a_whole(project, made))
    elif _is_plain(project, replacement, coroutines, called=called):
        path, expression = project.module(replacement).path, project.expression(replacement)
        yield from _wrapped(path, expression, static=method and not _binds(project, replacement))


def _mock(project: Project, replacement: Reference, *, called: bool) -> Reference | None:
    """The call that makes the plain mock that is put in place."""
    if project.expression(replacement).kind is Kind.CALL:
        return replacement if _is_mock(project, replacement) else None
    value = project.value(replacement)
    for source in value.sources if value is not None else ():
        if source.site is not None and source.name in MOCKS:
            return source.site
    found = makers(project, replacement) if called else ()
    return next((call for call, direct in found if direct and _is_mock(project, call)), None)


def _is_plain(
    project: Project, replacement: Reference, coroutines: Set[FunctionId], *, called: bool
) -> bool:
    """Whether what is put in place gives nothing that can be awaited."""
    kind, sources = project.expression(replacement).kind, project.sources(replacement)
    if kind is Kind.LAMBDA:
        return project.expression(replacement).text not in coroutines
    if kind is Kind.CALL and _records(project, replacement):
        return True
    if kind is not Kind.CALL:
        functions = [project.functions[s.name] for s in sources if s.name in project.functions]
        if any(not f.is_async and f.id not in coroutines for f in functions):
            return True
        if any(s.name.rpartition(".")[2] in _RECORDERS for s in sources):
            return True
    if called and not _is_no_function(project, replacement):
        return not _gives_awaitables(project, replacement, coroutines)
    return _of_builtins(project, replacement)


def _is_no_function(project: Project, replacement: Reference) -> bool:
    """Whether nobody calls what a patch puts in place, or `unittest.mock` makes it."""
    kind, name = project.expression(replacement).kind, project.graph.names.get(replacement, "")
    return kind in (Kind.CONSTANT, Kind.CONTAINER) or name.rpartition(".")[2] == "DEFAULT"


def _of_builtins(project: Project, replacement: Reference) -> bool:
    """Whether something surely is a plain callable: a method of a list, or a part of a function."""
    types, receiver = project.graph.types, project.child(replacement, Role.RECEIVER)
    if project.expression(replacement).kind is Kind.ATTRIBUTE and receiver is not None:
        return (types.get(receiver) or "").startswith("builtins.")
    return types.get(replacement) == "functools.partial"


def _gives_awaitables(
    project: Project, replacement: Reference, coroutines: Set[FunctionId]
) -> bool:
    """Whether what is called gives something that can be awaited, now or from now on."""
    callee = project.child(replacement, Role.CALLEE)
    if callee is not None and project.expression(callee).text in _ASYNC_MAKERS:
        return True
    for source in project.sources(replacement):
        call = f"{source.name}.__call__" if source.kind is SourceKind.INSTANCE else source.name
        function = project.functions.get(call)
        if function is not None and (function.is_async or function.id in coroutines):
            return True
        if source.name.rpartition(".")[2] in _ASYNC_MAKERS:
            return True
    return False


def _binds(project: Project, replacement: Reference) -> bool:
    """Whether something is a plain function, which an object hands itself to when it is found in its class."""
    expression, receiver = project.expression(replacement), project.child(
        replacement, Role.RECEIVER
    )
    if expression.kind is Kind.ATTRIBUTE and receiver is not None:
        kinds = {source.kind for source in project.sources(receiver)}
        known = receiver in project.graph.names or kinds & {SourceKind.CLASS, SourceKind.MODULE}
        return bool(known)
    kinds = {source.kind for source in project.sources(replacement)}
    if expression.kind is Kind.CALL:  # what makes a stand-in mostly makes a function
        made_object = SourceKind.INSTANCE in kinds or _of_builtins(project, replacement)
        return not made_object and "functools.partial" not in project.callee_names(replacement)
    return expression.kind is Kind.LAMBDA or kinds == {SourceKind.FUNCTION}


def _records(project: Project, call: Reference) -> bool:
    """Whether a call makes a recorder around a plain function (`pretend.call_recorder(lambda: 1)`)."""
    callee = project.child(call, Role.CALLEE)
    return callee is not None and project.expression(callee).text in _RECORDERS


def _wrapped(
    path: str, expression: Expression, *, static: bool = False
) -> Iterable[tuple[str, Edit]]:
    template = "staticmethod(_awaitable({0}))" if static else "_awaitable({0})"
    yield path, Replace(expression.span, template, (expression.span,))
    yield path, Define("_awaitable", AWAITABLE)
    yield path, AddImport("import functools")


def _is_mock(project: Project, call: Reference) -> bool:
    """Whether a call makes a plain mock: `Mock()`, or `mocker.Mock()` and `mocker.stub()` of pytest-mock."""
    names, callee = project.callee_names(call), project.child(call, Role.CALLEE)
    if names or callee is None:
        return bool(MOCKS.intersection(names))
    made = project.expression(callee)
    return made.kind is Kind.ATTRIBUTE and made.text in _OF_MOCKER


def _async_mock(project: Project, call: Reference, *, whole: bool) -> Iterable[tuple[str, Edit]]:
    """Makes a `Mock()` an `AsyncMock()`: one that returns a plain mock, unless a test says as a `whole` what it gives."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    path = project.module(call).path
    if callee is not None and MOCKS.intersection(project.callee_names(call)):
        plain = not whole and not project.arguments(call)
        yield path, Replace(project.expression(callee).span, "_async_mock" if plain else ASYNC_MOCK)
        if plain:
            yield from mock_helper(path, "_async_mock", _ASYNC_MOCK)
        else:
            yield path, AddImport(import_text(ASYNC_MOCK))
    elif callee is not None and receiver is not None:
        hole, name = project.expression(receiver).span, _OF_MOCKER[project.expression(callee).text]
        yield path, Replace(project.expression(callee).span, f"{{0}}.{name}", (hole,))


def mock_helper(path: str, name: str, text: str) -> Iterable[tuple[str, Edit]]:
    """A function that makes mocks of coroutine functions, with what it needs."""
    yield path, Define(name, text)
    yield path, AddImport("from unittest.mock import AsyncMock")
    yield path, AddImport("from unittest.mock import MagicMock")
