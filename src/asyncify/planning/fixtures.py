"""pytest fixtures: how they are called, and which of them a test gets, whether it asks or a mark asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from asyncify.model.facts import Function, Role
from asyncify.model.graph import Reference
from asyncify.planning.hooks import FIXTURES

if TYPE_CHECKING:
    from asyncify.planning.project import Project

_Asked = Mapping[str, list[str]]  # by function, module, or "" for everybody


def fixture_name(project: Project, function: Function) -> str:
    """The name by which tests ask for a fixture; nothing for any other function."""
    for reference, name in project.decorators(function):
        if name in FIXTURES:
            given = project.child(reference, Role.KEYWORD, "name")
            return (given is not None and project.expression(given).string) or function.name
    return ""


def fixtures_named(project: Project, name: str) -> list[Function]:
    """Every fixture of a name."""
    return project.memory("fixtures", _fixtures).get(name, [])


def fixtures_of(project: Project, function: Function) -> frozenset[str]:
    """The names of all fixtures that a test or a fixture gets, and of those that these get."""
    asked = project.memory("asked for", _asked)
    pending = [*asked.get("", ()), *asked.get(function.module, ()), *_own(function, asked)]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            for fixture in fixtures_named(project, name):
                pending.extend(_own(fixture, asked))
    return frozenset(found)


def marks(project: Project, name: str) -> Iterator[tuple[Reference, tuple[Function, ...]]]:
    """The marks ``pytest.mark.<name>`` with the functions that have them: all of a module, if it is not said."""
    for attribute in project.attributes(name):
        receiver = project.child(attribute, Role.RECEIVER)
        if receiver is None or project.expression(receiver).text != "mark":
            continue
        outer = project.parent(attribute)
        mark = outer[0] if outer is not None else attribute
        functions = project.module(mark).functions
        marked = tuple(f for f in functions if mark.expression in f.decorators)
        yield mark, marked or functions


def _own(function: Function, asked: _Asked) -> list[str]:
    return [*(parameter.name for parameter in function.parameters), *asked.get(function.id, ())]


def _fixtures(project: Project) -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for function in project.functions.values():
        if function.decorators and (name := fixture_name(project, function)):
            found.setdefault(name, []).append(function)
    return found


def _asked(project: Project) -> dict[str, list[str]]:
    """What marks ask for, and the fixtures that nobody has to ask for."""
    found: dict[str, list[str]] = {}
    for mark, functions in marks(project, "usefixtures"):
        for _, argument in project.arguments(mark):
            for function in functions if argument.string else ():
                found.setdefault(function.id, []).append(argument.string)
    for name, fixtures in project.memory("fixtures", _fixtures).items():
        for fixture in fixtures:
            if any(
                project.child(d, Role.KEYWORD, "autouse") for d, _ in project.decorators(fixture)
            ):
                shared = project.path(fixture.id).rpartition("/")[2] == "conftest.py"
                found.setdefault("" if shared else fixture.module, []).append(name)
    return found
