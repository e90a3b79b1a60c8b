"""What lies around the code of a project: who starts it, and what configures its tests."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asyncify.model.facts import Module

_TESTS = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_DOCTESTS = re.compile(
    r"^[^#\n]*(?:--doctest-(?:modules|plus)|--xdoctest|doctest_plus\s*=\s*[\"']?(?:enabled|true)"
    r"|python3? -m (?:doctest|xdoctest))",
    re.MULTILINE,
)
_HOPS = 5  # re-exports between an entry point and its function


def test_settings(root: Path) -> dict[str, str]:
    """The files in which pytest may be configured; one that cannot be read configures nothing."""
    texts = ((name, _text(root / name)) for name in _TESTS)
    return {name: text for name, text in texts if text is not None}


def runs_doctests(root: Path) -> bool:
    """Whether the tests of the project run the examples in docstrings."""
    names = (*_TESTS, "Makefile", "noxfile.py", "justfile", ".travis.yml")
    files = [*(root / name for name in names), *sorted(root.glob(".github/workflows/*.y*ml"))]
    return any(_DOCTESTS.search(_text(file) or "") for file in files)


@dataclass(frozen=True, slots=True)
class EntryPoints:
    """Functions that somebody outside calls by their name in the metadata of the project.

    A script starts the program: no event loop runs there. So does the plugin of a group that only the
    project itself asks for. Who calls any other plugin, nobody knows.
    """

    scripts: frozenset[str]
    plugins: frozenset[str]


_SCRIPTS = ("console_scripts", "gui_scripts")


def entry_points(root: Path, modules: Mapping[str, Module]) -> EntryPoints:
    """The functions behind the entry points, found through re-exports."""
    groups = [
        *_from_pyproject(_text(root / "pyproject.toml") or ""),
        *_from_setup_cfg(_text(root / "setup.cfg") or ""),
        *_from_setup_py(_text(root / "setup.py") or ""),
    ]
    texts = {e.text[1:-1] for m in modules.values() for e in m.expressions if e.text[:1] in "'\""}
    scripts = {_defined(t, modules) for group, t in groups if group in _SCRIPTS or group in texts}
    plugins = {_defined(target, modules) for _, target in groups} - scripts
    return EntryPoints(frozenset(scripts), frozenset(plugins))


def _text(file: Path) -> str | None:
    """The text with its line ends as they are."""
    with suppress(OSError, UnicodeDecodeError):
        return file.read_bytes().decode()
    return None


Pairs = Iterator[tuple[str, str]]  # group, `pkg.mod:name`


def _from_pyproject(text: str) -> Pairs:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    project = _table(content, "project")
    poetry = _table(_table(content, "tool"), "poetry")
    tables = {
        "console_scripts": {**_table(project, "scripts"), **_table(poetry, "scripts")},
        "gui_scripts": _table(project, "gui-scripts"),
        **_table(project, "entry-points"),
        **_table(poetry, "plugins"),
    }
    for group, table in tables.items():
        if isinstance(table, dict):
            yield from ((group, value) for value in table.values() if isinstance(value, str))


def _table(content: Mapping[str, object], key: str) -> dict[str, object]:
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _from_setup_cfg(text: str) -> Pairs:
    parser = ConfigParser(interpolation=None, strict=False)
    with suppress(ConfigParserError):
        parser.read_string(text)
    if parser.has_section("options.entry_points"):
        for group, value in parser.items("options.entry_points"):
            yield from ((group, target) for target in _targets(value.splitlines()))


def _from_setup_py(text: str) -> Pairs:
    """The entry points that stand in setup.py as a literal."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.keyword) or node.arg != "entry_points":
            continue
        if isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    constants = (each for each in ast.walk(value) if isinstance(each, ast.Constant))
                    lines = [each.value for each in constants if isinstance(each.value, str)]
                    yield from ((key.value, target) for target in _targets(lines))


def _targets(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        name, equals, target = line.partition("=")
        if name.strip() and equals:
            yield target


def _defined(script: str, modules: Mapping[str, Module]) -> str:
    """The function behind `pkg.mod:name`: where it is defined, not where it is imported from."""
    target = script.partition("[")[0].strip()
    for _ in range(_HOPS):
        module, _, name = target.partition(":")
        found = modules.get(module)
        origin = next(
            (
                each
                for each in (found.imports if found else ())
                if each.name == name and each.attribute and each.scope == f"{module}:"
            ),
            None,
        )
        if origin is None:
            break
        target = f"{origin.module}:{origin.attribute}"
    return target
