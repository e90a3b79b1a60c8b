"""The stubs name nothing that the installed library does not have."""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncify.analysis.checker import STUBS

# Canonical here is the public module; and what only some versions of a library have.
OPTIONAL = {
    "aiofiles.threadpool.AsyncBase",
    "aiofiles.threadpool.AiofilesContextManager",
    "httpx.BaseClient",
    "httpx2.BaseClient",
    "pytest.RaisesContext",
    "aiosqlite._Opening",
    "click.MultiCommand",
    "typer.clear",
    "typer.edit",
    "typer.pause",
    "typer.unstyle",
    "requests.adapters.HTTPAdapter.get_connection_with_tls_context",
}


def names(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_") and not node.name.startswith("__"):
                continue
            yield f"{prefix}.{node.name}"
            if isinstance(node, ast.ClassDef) and f"{prefix}.{node.name}" not in OPTIONAL:
                yield from names(node.body, f"{prefix}.{node.name}")
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{prefix}.{alias.asname}" for alias in node.names if alias.asname)


def modules() -> Iterator[str]:
    for path in sorted(STUBS.rglob("*.pyi")):
        parts = path.relative_to(STUBS).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("module", list(modules()))
def test_every_name_of_a_stub_is_in_the_library(module: str) -> None:
    library = pytest.importorskip(module.partition(".")[0])
    assert library
    path = STUBS.joinpath(*module.split("."))
    path = path / "__init__.pyi" if path.is_dir() else path.with_suffix(".pyi")
    missing = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        real = importlib.import_module(module)
        for name in names(ast.parse(path.read_text("utf-8")).body, module):
            place: object = real
            for part in name.removeprefix(f"{module}.").split("."):
                place = getattr(place, part, None)
            if place is None and name not in OPTIONAL:
                missing.append(name)
    assert not missing


def test_stubs_are_python() -> None:
    assert sorted(STUBS.rglob("*.pyi"))
    for path in STUBS.rglob("*.pyi"):
        ast.parse(Path(path).read_text("utf-8"), str(path))
