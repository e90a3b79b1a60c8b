"""What tests put in the place of an object, where nobody can make its methods awaitable.

`planning.mocks` changes the mocks that it sees: those whose making it finds, and those that take after a class.
What a test says about any other (`patch("app.Client") as made`, a child of a mock, a class that `type` makes)
shows that its method is awaited too, and would give something that cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Function, Kind, Role
from asyncify.model.graph import Reference, Source, SourceKind
from asyncify.planning.assigned import assigned_to
from asyncify.planning.colour import Limit
from asyncify.planning.doubles import doubles, is_method_of_double, tells
from asyncify.planning.fixtures import fixtures_named
from asyncify.planning.hooks import in_test_file
from asyncify.planning.interceptors import Patch, named_function, patches, patches_named
from asyncify.planning.mock_names import GIVEN, KNOWN, MOCKS, SPECIFICATIONS
from asyncify.planning.project import Project

_MAKERS = frozenset({"Mock", "MagicMock", "create_autospec"})


def stand_in_limit(project: Project, function: Function) -> Limit | None:
    """Why a method stays sync that a test replaces in a way that cannot follow."""
    if function.owner is None:
        return None
    site = project.memory(
        ("stand-in", function.name), lambda project: next(_strange(project, function.name), None)
    )
    if site is None:
        return None
    return Limit("ASY918", f"a test puts something in its place as .{function.name}", site)


def given_limit(project: Project, function: Function) -> Limit | None:
    """Why a method stays sync whose object a test puts in place of something from outside: nobody awaits it."""
    given = project.memory("given by patches", _given).get(function.owner or "")
    if given is None:
        return None
    return Limit("ASY918", f"a test gives it in place of what {given.path} gives", given.call)


def _given(project: Project) -> dict[str, Patch]:
    """The classes of which a test gives objects in place of something from outside."""
    found: dict[str, Patch] = {}
    doubled = {double.patch.call for double in doubles(project)}
    for patch in patches(project):
        if named_function(project, patch.path) is not None or patch.call in doubled:
            continue
        if not in_test_file(project.module(patch.call).path):
            continue
        told = (r for r, e in project.arguments(patch.call) if e.detail in GIVEN)
        given = (*told, patch.replacement) if patch.replacement is not None else told
        for argument in given:
            for source in _results(project, argument):
                if source.name in project.graph.classes:
                    found.setdefault(source.name, patch)
    return found


def _results(project: Project, replacement: Reference) -> Iterator[Source]:
    """What comes from a replacement: it itself, and what it returns if it is a function."""
    for source in project.sources(replacement):
        yield source
        function = project.functions.get(source.name)
        if source.kind is SourceKind.FUNCTION and function is not None:
            for e in project.graph.modules[function.module].expressions:
                if e.function == function.id and e.role is Role.RETURNED:
                    yield from project.sources(Reference(function.module, e.id))


def _strange(project: Project, name: str) -> Iterator[Reference]:
    """The places in tests that tell what a method of this name gives, of what nobody can change."""
    for place in (*_told(project, name), *_put(project, name)):
        if in_test_file(project.module(place).path):
            yield place


def _told(project: Project, name: str) -> Iterator[Reference]:
    """``made.fetch.return_value``, of an object that is not known, or not of its own making."""
    for attribute in project.attributes(name):
        outer, owner = project.parent(attribute), project.child(attribute, Role.RECEIVER)
        told = outer is not None and outer[1].text in GIVEN and outer[1].kind is Kind.ATTRIBUTE
        if told and owner is not None and not _follows(project, owner):
            if not is_method_of_double(project, owner, name):
                yield attribute


def _put(project: Project, name: str) -> Iterator[Reference]:
    """``setattr(made, "fetch", Mock())`` and ``type("Made", (), {"fetch": Mock()})``."""
    for patch in patches_named(project, name):
        if patch.path == f"?.{name}" and patch.replacement is not None:
            yield patch.call
    for key in project.memory("keys of tests", _keys).get(name, ()):
        if _makes(project, key, name):
            yield key


def _keys(project: Project) -> dict[str, list[Reference]]:
    """The keys of mappings in tests, by each name in them (``"made.fetch.return_value"``)."""
    found: dict[str, list[Reference]] = {}
    for module in project.graph.modules.values():
        for e in module.expressions if in_test_file(module.path) else ():
            if e.role is Role.ELEMENT and e.detail == "key" and e.string:
                for name in set(e.string.split(".")):
                    found.setdefault(name, []).append(Reference(module.name, e.id))
    return found


def _makes(project: Project, key: Reference, name: str) -> bool:
    """Whether a key is for a class that `type` makes, or tells what a mock gives that is not seen."""
    path, table = project.expression(key).string, project.parent(key)
    call = project.parent(table[0]) if table is not None else None
    if table is None or call is None:
        return False
    names = project.callee_names(call[0])
    if path == name:
        return "builtins.type" in names
    if table[1].role is not Role.KEYWORD or path.rpartition(".")[2] not in GIVEN:
        return False
    direct = path.startswith(f"{name}.")
    callee = project.child(call[0], Role.CALLEE)
    if callee is not None and project.expression(callee).text == "configure_mock":
        owner = project.child(callee, Role.RECEIVER)
        if owner is not None and tells(project, owner, path, name):
            return False
        return owner is None or not direct or not _follows(project, owner)
    if direct and MOCKS.intersection(names):
        return False
    if tells(project, call[0], path, name):
        return False
    return not _is_fine(project, call[0], direct)


def _follows(project: Project, owner: Reference) -> bool:
    """Whether what a test tells a method of an object to give is told to something that can be awaited."""
    value = project.value(owner)
    sources = value.sources if value is not None else ()
    if any(source.kind in KNOWN or source.name in MOCKS for source in sources):
        return True
    if owner in project.graph.names:
        return True
    calls = list(makers(project, owner))
    return bool(calls) and all(_is_fine(project, call, direct) for call, direct in calls)


def makers(project: Project, owner: Reference) -> Iterator[tuple[Reference, bool]]:
    """The calls that may make an object or what it is found in, and whether it is their result itself."""
    todo, seen = [(owner, True)], {owner}
    while todo:
        place, direct = todo.pop()
        expression = project.expression(place)
        if expression.variable is not None and expression.kind is Kind.NAME:
            yield from ((call, direct) for call in _handed(project, *expression.variable))
        further = []
        told = project.expression(place).text in GIVEN
        for _, assigned in () if told else assigned_to(project, place):
            if project.expression(assigned).kind is Kind.CALL:
                yield assigned, direct
            else:
                further.append((assigned, direct))
        holder = project.child(place, Role.RECEIVER) or project.child(place, Role.CALLEE)
        if holder is not None:
            further.append((holder, False))
        todo += [one for one in further if one[0] not in seen]
        seen.update(one for one, _ in further)


def _handed(project: Project, identifier: str, name: str) -> Iterator[Reference]:
    """The patches that hand a mock to a parameter, or the calls in the fixture that it gets."""
    function = project.functions.get(identifier)
    if function is None or all(parameter.name != name for parameter in function.parameters):
        return
    fixtures = {fixture.id for fixture in fixtures_named(project, name)}
    for patch in patches(project):
        call = project.expression(patch.call)
        if call.function in fixtures or (
            call.role is Role.DECORATOR and patch.call.module == function.module and not fixtures
        ):
            yield patch.call
    for fixture in fixtures_named(project, name):
        for e in project.graph.modules[fixture.module].expressions:
            if e.kind is Kind.CALL and e.function == fixture.id:
                call_site = Reference(fixture.module, e.id)
                callee = project.child(call_site, Role.CALLEE)
                if callee is not None and project.expression(callee).text in _MAKERS:
                    yield call_site


def _is_fine(project: Project, call: Reference, direct: bool) -> bool:
    """Whether a call makes a mock that takes after something, or one of what is not of the project."""
    callee = project.child(call, Role.CALLEE)
    text = project.expression(callee).text if callee is not None else ""
    if callee is not None and text == "start":
        receiver = project.child(callee, Role.RECEIVER)
        if receiver is not None and project.expression(receiver).kind is Kind.CALL:
            return _is_fine(project, receiver, direct)
    if text == "create_autospec":
        return True
    for argument, e in project.arguments(call):
        if e.role is Role.KEYWORD and e.detail in SPECIFICATIONS:
            is_list = project.expression(argument).kind is Kind.CONTAINER
            return not is_list and (direct or text not in ("Mock", "MagicMock"))
    patch = next((one for one in patches(project) if one.call == call), None)
    return patch is not None and (
        named_function(project, patch.path) is not None or _is_foreign(project, patch)
    )


def _is_foreign(project: Project, patch: Patch) -> bool:
    """Whether a patch replaces something that the project has from outside."""
    parts = patch.path.split(".")
    for index in range(len(parts) - 1, 0, -1):
        module = project.written_module(".".join(parts[:index]))
        if module is not None:
            return any(
                one.name == parts[index] and project.written_module(one.module) is None
                for one in module.imports
            )
    return patch.path[:1] != "?"
