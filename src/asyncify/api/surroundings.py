"""What lies around the code of a project: who starts it, and what configures its tests."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import suppress
from pathlib import Path

from asyncify.model.facts import Module

_TESTS = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_HOPS = 5  # re-exports between a console script and its function


def test_settings(root: Path) -> dict[str, str]:
    """The files in which pytest may be configured; one that cannot be read configures nothing."""
    texts = ((name, _text(root / name)) for name in _TESTS)
    return {name: text for name, text in texts if text is not None}


def entry_points(root: Path, modules: Mapping[str, Module]) -> frozenset[str]:
    """The functions that console scripts call, found through re-exports."""
    scripts = [
        *_from_pyproject(_text(root / "pyproject.toml") or ""),
        *_from_setup_cfg(_text(root / "setup.cfg") or ""),
        *_from_setup_py(_text(root / "setup.py") or ""),
    ]
    return frozenset(_defined(script, modules) for script in scripts)


def _text(file: Path) -> str | None:
    """The text with its line ends as they are."""
    with suppress(OSError, UnicodeDecodeError):
        return file.read_bytes().decode()
    return None


def _from_pyproject(text: str) -> Iterator[str]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    for path in (("project", "scripts"), ("project", "gui-scripts"), ("tool", "poetry", "scripts")):
        table: object = content
        for key in path:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict):
            yield from (value for value in table.values() if isinstance(value, str))


def _from_setup_cfg(text: str) -> Iterator[str]:
    parser = ConfigParser(interpolation=None, strict=False)
    with suppress(ConfigParserError):
        parser.read_string(text)
    for kind in ("console_scripts", "gui_scripts"):
        lines = parser.get("options.entry_points", kind, fallback="").splitlines()
        yield from _targets(lines)


def _from_setup_py(text: str) -> Iterator[str]:
    """The scripts that stand in setup.py as a literal."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in (
                    "console_scripts",
                    "gui_scripts",
                ):
                    found = (
                        each.value for each in ast.walk(value) if isinstance(each, ast.Constant)
                    )
                    yield from _targets(each for each in found if isinstance(each, str))


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
