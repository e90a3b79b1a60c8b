"""The import law of docs/explanation/design.md, held by reading imports with `ast`.

Nothing of asyncify is imported here: a broken module cannot hide a broken law.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "asyncify"

# 400 lines is the aim; the tolerance is for the last function, not for the next one.
MODULE_LINES, TOLERANCE = 400, 50

ANY = None  # imports whatever it likes of ours

# Which part of asyncify may import which. A part is the first name below
# `asyncify`; a part always sees itself. `cli -> api -> the middle -> model`.
# A module without a row here may import what is in LEAF.
LEAF = {"model", "errors", "codes"}
STAGES = {"analysis", "planning", "rewrite", "verify"}
LAW: dict[str, set[str] | None] = {
    # the top
    "__init__": {"api", "config", "rules"} | LEAF,
    "__main__": {"cli"},
    "cli": ANY,
    "interactive": {"api", "report"} | LEAF,
    "testing": {"api", "config", "rules"} | LEAF,
    "codemod": {"api", "config"} | LEAF,
    "api": {"config", "discovery", "cache", "rules", "report", "manifests"} | STAGES | LEAF,
    # the middle: analysis, planning and rewrite never import each other
    "config": LEAF,
    "discovery": {"config"} | LEAF,
    "cache": {"config"} | LEAF,
    "analysis": {"config"} | LEAF,
    "planning": {"config", "rules"} | LEAF,
    "rewrite": {"config", "rules"} | LEAF,
    "verify": {"config"} | LEAF,
    "report": {"config"} | LEAF,
    "rules": {"config"} | LEAF,
    "manifests": LEAF,
    # the bottom
    "codes": set(),
    "errors": {"model"},
    "model": set(),
}

# Who may import a library of somebody else's, where that is not everybody.
OUTSIDE: dict[str, set[str]] = {
    "typer": {"cli"},
    "click": set(),
    "libcst": {"rewrite", "codemod"},
    "rich": {"cli", "report", "interactive"},
    "pathspec": {"discovery", "config"},
    "pyrefly": set(),  # run as a program, never imported
}

# The files of rules/ that are not the rules of a library.
RULES_FRAME = {"__init__", "spec", "hooks", "registry", "_retarget"}


class Import(NamedTuple):
    line: int
    name: str  # absolute and dotted; of `from x import y`, x.y


def test_the_package_keeps_the_import_law() -> None:
    assert list(violations(PACKAGE)) == []


def test_modules_stay_short() -> None:
    assert list(long_modules(PACKAGE)) == []


def test_importing_the_package_is_cheap() -> None:
    heavy = "{'libcst', 'typer', 'rich', 'pathspec', 'ast', 'asyncio', 'subprocess'}"
    code = f"import sys; old = set(sys.modules); import asyncify; print({heavy} & (set(sys.modules) - old))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


PLANTED = {
    "model imports nothing of ours": ("model.py", "from asyncify.errors import AsyncifyError"),
    "planning sees no analysis": ("planning/colour.py", "from asyncify.analysis import callgraph"),
    "analysis sees no planning": ("analysis/index.py", "import asyncify.planning.plan"),
    "rewrite sees no planning": ("rewrite/calls.py", "from ..planning import plan"),
    "inside a function": ("rewrite/calls.py", "def f():\n    from asyncify import analysis"),
    "for the type checker only": (
        "planning/plan.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from asyncify.rewrite import calls",
    ),
    "by name": ("report/text.py", "import importlib\nimportlib.import_module('asyncify.api')"),
    "nothing looks up to the command": ("api.py", "from asyncify import cli"),
    "the middle does not see the api": ("verify/compiles.py", "from asyncify.api import plan"),
    "a rule needs the vocabulary only": ("rules/requests.py", "from asyncify.model import Span"),
    "a rule sees no other rule": ("rules/requests.py", "from asyncify.rules import urllib"),
    "a rule sees no registry": ("rules/requests.py", "from .registry import load"),
    "a rule needs the stdlib only": ("rules/requests.py", "import requests"),
    "typer only in cli": ("api.py", "import typer"),
    "analysis without LibCST": ("analysis/flow.py", "import libcst.matchers as m"),
    "a new module is a leaf": ("helpers.py", "from asyncify.rules import registry"),
}


@pytest.mark.parametrize(("name", "source"), PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_found(tmp_path: Path, name: str, source: str) -> None:
    plant(tmp_path, name, source)
    (found,) = violations(tmp_path)
    assert found.startswith(f"{name}:{source.count(chr(10)) + 1}: ")


ALLOWED = {
    "the vocabulary": ("rules/requests.py", "import re\nfrom asyncify.rules.spec import Call"),
    "a part sees itself": ("analysis/flow.py", "from . import callgraph\nfrom .index import read"),
    "its own subpackage": ("model/span.py", "from asyncify.model.result import Result"),
    "a name of the package": ("cli.py", "from asyncify import __version__, api"),
    "somebody else's namesake": ("rules/requests.py", "from asyncio import run"),
}


@pytest.mark.parametrize(("name", "source"), ALLOWED.values(), ids=ALLOWED)
def test_what_the_law_allows_is_not_found(tmp_path: Path, name: str, source: str) -> None:
    plant(tmp_path, name, source)
    assert list(violations(tmp_path)) == []


def test_a_planted_long_module_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "short.py", "\n" * (MODULE_LINES + TOLERANCE))
    plant(tmp_path, "rules/long.py", "\n" * (MODULE_LINES + TOLERANCE + 1))
    assert list(long_modules(tmp_path)) == ["rules/long.py: 451 lines, at most 400 (450)"]


def plant(package: Path, name: str, source: str) -> None:
    path = package / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")


def violations(package: Path) -> Iterator[str]:
    """Yield one `file:line: what` for each import that the law forbids."""
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package)
        parts = relative.with_suffix("").parts
        for found in imports(path, ["asyncify", *parts[:-1]]):
            if why := forbidden(parts, found.name):
                yield f"{relative.as_posix()}:{found.line}: {why}"


def forbidden(importer: tuple[str, ...], name: str) -> str | None:
    top, *inner = name.split(".")
    part = importer[0]
    is_rule = part == "rules" and importer[-1] not in RULES_FRAME
    if top != "asyncify":
        if is_rule and top not in sys.stdlib_module_names:
            return f"a rule imports the standard library only, not {top}"
        if part not in OUTSIDE.get(top, {part}):
            return f"{part} may not import {top}"
        return None
    if is_rule:
        library = importer[-1].split("_")[1] if importer[-1].startswith("_") else importer[-1]
        own = inner[0] == "rules" and inner[1].startswith(f"_{library}_")  # its own data
        return (
            None
            if own or inner[:2] in (["rules", "spec"], ["rules", "hooks"])
            else f"a rule may not import {name}"
        )
    allowed = LAW.get(part, LEAF)
    target = inner[0] if inner else "__init__"
    if allowed is ANY or target in {*allowed, part, "__version__"}:
        return None
    return f"{part} may not import asyncify.{target}"


def imports(path: Path, package: list[str]) -> Iterator[Import]:
    """Yield every import of a file: at any depth, for type checkers only, or by name."""
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        match node:
            case ast.Import(names=names):
                yield from (Import(node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) - level + 1] if level else []
                start = ".".join([*base, *([module] if module else [])])
                yield from (Import(node.lineno, f"{start}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield Import(node.lineno, name)


def long_modules(package: Path) -> Iterator[str]:
    for path in sorted(package.rglob("*.py")):
        lines = len(path.read_bytes().splitlines())
        if lines > MODULE_LINES + TOLERANCE:
            name = path.relative_to(package).as_posix()
            limit = f"{MODULE_LINES} ({MODULE_LINES + TOLERANCE})"
            yield f"{name}: {lines} lines, at most {limit}"
