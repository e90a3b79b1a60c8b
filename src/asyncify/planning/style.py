"""How async tests are marked: by the mode of pytest-asyncio, by its marks, or by those of anyio.

What the project uses already wins over what the configuration asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from asyncify.model.facts import Function, FunctionId, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Decorate, Edit, Replace
from asyncify.planning.hooks import pytest_hook
from asyncify.planning.limits import FIXTURE, decorated_by
from asyncify.planning.project import Project
from asyncify.planning.testing import is_pytest

_AUTO = re.compile(r"asyncio[_-]mode[\"']?\s*=\s*[\"']?auto\b")
_STRICT = re.compile(r"asyncio[_-]mode[\"']?\s*=\s*[\"']?strict\b")
_ASYNCIO, _ANYIO = "pytest.mark.asyncio", "pytest.mark.anyio"

_USES = 'pytest.mark.usefixtures("anyio_backend")'
_BACKEND = """\
import pytest


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
"""


class Style(StrEnum):
    """How pytest learns that it has to await a test."""

    AUTO = "auto"
    MARKER = "marker"
    ANYIO = "anyio"


def style_of(project: Project, texts: Mapping[str, str], wish: str) -> Style:
    """The style of a project.

    Args:
        texts: the files in which pytest may be configured.
        wish: what the configuration of asyncify asks for.
    """
    if any(_AUTO.search(text) for text in texts.values()):
        return Style.AUTO
    used = set(project.graph.names.values())
    if _ANYIO in used:
        return Style.ANYIO
    if _ASYNCIO in used or any(_STRICT.search(text) for text in texts.values()):
        return Style.MARKER
    return Style(wish) if wish in tuple(Style) else Style.AUTO


def style_edits(
    project: Project, functions: Iterable[FunctionId], style: Style
) -> Iterable[tuple[FunctionId, str, Edit]]:
    """The marks of the tests and fixtures that become async."""
    if style is Style.AUTO:
        return
    for identifier in functions:
        function = project.functions[identifier]
        if function.is_async or not is_pytest(project, function):
            continue
        path = project.path(identifier)
        fixture = decorated_by(project, function, FIXTURE)
        if fixture is not None:
            if style is Style.MARKER:
                for edit in _fixture(project, fixture):
                    yield identifier, path, edit
            else:
                yield from _requests(project, function, functions)
        elif pytest_hook(project, function) is None and not _marked(project, function, style):
            yield identifier, path, Decorate(function.header, _mark(style))
            yield identifier, path, AddImport("import pytest")


def _requests(
    project: Project, fixture: Function, coloured: Iterable[FunctionId]
) -> Iterable[tuple[FunctionId, str, Edit]]:
    """Synchronous tests with an async fixture: anyio runs it only beside its own fixture."""
    changed = set(coloured)
    for function in project.functions.values():
        asks = any(parameter.name == fixture.name for parameter in function.parameters)
        if asks and function.id not in changed and function.name.startswith("test"):
            path = project.path(function.id)
            yield fixture.id, path, Decorate(function.header, _USES)
            yield fixture.id, path, AddImport("import pytest")


def backend(project: Project) -> dict[str, str]:
    """A file that says which event loop anyio takes, in a project that does not say it: its text."""
    known = any(function.name == "anyio_backend" for function in project.functions.values())
    taken = any(module.path == "conftest.py" for module in project.graph.modules.values())
    return {} if known or taken else {"conftest.py": _BACKEND}


def _mark(style: Style) -> str:
    return _ANYIO if style is Style.ANYIO else _ASYNCIO


def _fixture(project: Project, decorator: Reference) -> Iterable[Edit]:
    """In strict mode an async fixture needs the decorator of the plugin."""
    callee = project.child(decorator, Role.CALLEE) or decorator
    yield Replace(project.expression(callee).span, "pytest_asyncio.fixture")
    yield AddImport("import pytest_asyncio")


def _marked(project: Project, function: Function, style: Style) -> bool:
    """Whether the mark stands around a test already: on it, on its class, or as `pytestmark`."""
    mark = _mark(style)
    if any(name == mark for _, name in project.decorators(function)):
        return True
    owner = project.graph.classes.get(function.owner or "")
    decorators = owner.decorators if owner is not None else ()
    if any(project.denoted(Reference(function.module, number)) == mark for number in decorators):
        return True
    module = project.graph.modules[function.module]
    statements = {
        e.statement
        for e in module.expressions
        if e.text == "pytestmark" and e.role is Role.TARGET and e.function == f"{module.name}:"
    }
    return any(
        project.graph.names.get(Reference(module.name, e.id)) == mark
        for e in module.expressions
        if e.statement in statements
    )
