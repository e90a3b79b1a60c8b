"""Tests of the project: they follow the code, and they keep running (promise 7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from asyncify.model.facts import Function, FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Edit, Replace
from asyncify.planning.colour import Limit
from asyncify.planning.hooks import in_test_file, pytest_hook, test_cases
from asyncify.planning.limits import FIXTURE, decorated_by
from asyncify.planning.project import Project

CASES = frozenset({"unittest.TestCase", "unittest.case.TestCase"})
ASYNC_CASE = "unittest.IsolatedAsyncioTestCase"
PLUGIN = "pytest-asyncio"


def in_test_case(project: Project, function: Function) -> bool:
    """Whether a function is a method of a `unittest.TestCase`, or of a class that is mixed into one."""
    return function.owner in test_cases(project)


def test_case_limit(project: Project, function: Function) -> Limit | None:
    """Why a method of a test case cannot be async: its class cannot get the async base."""
    for case in test_cases(project).get(function.owner or "", ()):
        if not list(_case_bases(project, case)):
            message = "the test case has a base outside the project that is not unittest.TestCase"
            return Limit("ASY917", message)
    return None


def _case_bases(project: Project, owner: str) -> Iterable[Reference]:
    """The base expressions that name `unittest.TestCase`, of a class or of its bases in the project."""
    for identifier in (owner, *project.graph.bases.get(owner, ())):
        known = project.graph.classes.get(identifier)
        if known is None:
            continue
        for number in known.bases:
            reference = Reference(known.module, number)
            if project.graph.names.get(reference) in CASES:
                yield reference


def case_edits(
    project: Project, functions: Iterable[FunctionId]
) -> list[tuple[FunctionId, str, Edit]]:
    """Gives every test case with an async method the base that awaits it."""
    edits: list[tuple[FunctionId, str, Edit]] = []
    for identifier in functions:
        function = project.functions[identifier]
        if function.owner is not None:
            edits.extend((identifier, *edit) for edit in async_bases(project, function.owner))
    return edits


def async_bases(project: Project, owner: str) -> Iterable[tuple[str, Edit]]:
    """Gives the test cases that a class is, or is mixed into, the base that awaits what they hold."""
    for case in test_cases(project).get(owner, ()):
        for base in _case_bases(project, case):
            path = project.module(base).path
            yield path, Replace(project.expression(base).span, ASYNC_CASE)
            yield path, AddImport("import unittest")


def is_pytest(project: Project, function: Function) -> bool:
    """Whether pytest itself calls a function: a test outside a TestCase, a fixture, or a hook."""
    if decorated_by(project, function, FIXTURE) is not None:
        return True
    if pytest_hook(project, function) is not None:
        return True
    if not function.name.startswith("test") or not in_test_file(project.path(function.id)):
        return False
    return not in_test_case(project, function)


def wide_fixture(project: Project, function: Function) -> bool:
    """Whether a function is a fixture, or a hook, that lives longer than one test."""
    hook = pytest_hook(project, function)
    if hook is not None and hook[1] in ("class", "module"):
        return True
    fixture = decorated_by(project, function, FIXTURE)
    if fixture is None or project.expression(fixture).kind is not Kind.CALL:
        return False
    scope = project.child(fixture, Role.KEYWORD, "scope")
    return scope is not None and project.expression(scope).text not in ("'function'", '"function"')


_LOOP_SCOPES = (
    ("asyncio_default_fixture_loop_scope", "session"),
    ("asyncio_default_test_loop_scope", "session"),
)


_OPTIONS = "ini_options."  # the older table, written as keys of the one above it


def configuration(texts: Mapping[str, str], *, wide: bool, mode: bool = True) -> dict[str, str]:
    """The pytest configuration that awaits async tests: new texts, by file.

    Without `mode` every test has a mark of its own, and only the scope of the event loop is set.

    The first file that pytest itself would read is edited; a project without one gets a `pytest.ini`.
    """
    scopes = _LOOP_SCOPES if wide else (("asyncio_default_fixture_loop_scope", "function"),)
    settings = [*([("asyncio_mode", "auto")] if mode else []), *scopes]
    for path, header, quote in (
        ("pytest.ini", "[pytest]", ""),
        (".pytest.ini", "[pytest]", ""),
        (
            "pyproject.toml",
            "[tool.pytest]",
            '"',
        ),  # since pytest 9; both tables at once are an error
        ("pyproject.toml", "[tool.pytest.ini_options]", '"'),
        ("tox.ini", "[pytest]", ""),
        ("setup.cfg", "[tool:pytest]", ""),
    ):
        text = texts.get(path)
        if text is not None and re.search(rf"^{re.escape(header)}\s*$", text, re.MULTILINE):
            if header == "[tool.pytest]" and re.search(rf"^\s*{_OPTIONS}", text, re.MULTILINE):
                settings = [(f"{_OPTIONS}{name}", value) for name, value in settings]
            return _with_settings(path, text, header, settings, quote)
    if "pyproject.toml" in texts:
        text = texts["pyproject.toml"]
        newline = "\r\n" if "\r\n" in text else "\n"
        gap = "" if not text or text.endswith("\n") else newline
        header = f"{gap}{newline}[tool.pytest.ini_options]{newline}"
        lines = "".join(f'{name} = "{value}"{newline}' for name, value in settings)
        return {"pyproject.toml": text + header + lines}
    return {"pytest.ini": "[pytest]\n" + "".join(f"{name} = {value}\n" for name, value in settings)}


def _with_settings(
    path: str, text: str, header: str, settings: list[tuple[str, str]], quote: str
) -> dict[str, str]:
    newline = "\r\n" if "\r\n" in text else "\n"
    match = re.search(rf"^{re.escape(header)}\s*?$", text, re.MULTILINE)
    assert match is not None
    new = text
    missing = []
    for name, value in settings:
        line = f"{name} = {quote}{value}{quote}"
        present = re.search(rf"^{re.escape(name)}\s*=.*$", new, re.MULTILINE)
        if present is None:
            missing.append(line)
        elif value not in present.group():
            new = new[: present.start()] + line + new[present.end() :]
    if missing:
        end = new.index("\n", match.start()) + 1 if "\n" in new[match.start() :] else len(new)
        lead = "" if new[:end].endswith("\n") else newline
        new = new[:end] + lead + "".join(line + newline for line in missing) + new[end:]
    return {path: new} if new != text else {}
