"""The list of projects: ``projects.toml`` as frozen values."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECTS_FILE = HERE / "projects.toml"
CONSTRAINTS = HERE / "constraints"


class ProjectsError(ValueError):
    """The project list says something that the harness does not understand."""


@dataclass(frozen=True, slots=True)
class Suite:
    """How a project's own tests run without a network."""

    paths: tuple[str, ...]
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    deselect: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    timeout: int = 900


@dataclass(frozen=True, slots=True)
class Project:
    """One pinned release, or (``local``) one application of this repository."""

    name: str
    kind: str
    sources: tuple[str, ...]
    version: str = "-"
    sha256: str = ""
    local: str = ""
    root: str = "."
    paths: tuple[str, ...] = (".",)
    fast: bool = False
    note: str = ""
    tests: Suite | None = None


def load(path: Path = PROJECTS_FILE) -> tuple[Project, ...]:
    """Read the list; the order of the file is the order of every table."""
    with path.open("rb") as stream:
        tables = tomllib.load(stream)
    return tuple(_project(name, table) for name, table in tables.items())


def select(projects: Iterable[Project], *, only: Iterable[str], fast: bool) -> tuple[Project, ...]:
    """The projects that a run is about; an unknown name is an error that lists the known ones."""
    known = tuple(projects)
    wanted = tuple(only)
    names = {project.name for project in known}
    if unknown := sorted(set(wanted) - names):
        raise ProjectsError(
            f"no such project: {', '.join(unknown)}; known: {', '.join(sorted(names))}"
        )
    return tuple(
        project
        for project in known
        if (not wanted or project.name in wanted) and (not fast or project.fast)
    )


def _project(name: str, table: Mapping[str, object]) -> Project:
    known = {field.name for field in fields(Project)} - {"name"}
    _reject_unknown(name, table, known)
    suite = table.get("tests")
    if suite is not None and not isinstance(suite, Mapping):
        raise ProjectsError(f"{name}: tests must be a table")
    project = Project(
        name=name,
        kind=_text(name, table, "kind"),
        sources=_texts(name, table, "sources"),
        version=_text(name, table, "version", "-"),
        sha256=_text(name, table, "sha256", ""),
        local=_text(name, table, "local", ""),
        root=_text(name, table, "root", "."),
        paths=_texts(name, table, "paths") or (".",),
        fast=bool(table.get("fast", False)),
        note=_text(name, table, "note", ""),
        tests=None if suite is None else _suite(name, suite),
    )
    if not project.sources:
        raise ProjectsError(f"{name}: sources is empty")
    if bool(project.local) == bool(project.sha256):
        raise ProjectsError(f"{name}: either version and sha256, or local")
    return project


def _suite(name: str, table: Mapping[str, object]) -> Suite:
    _reject_unknown(name, table, {field.name for field in fields(Suite)})
    timeout = table.get("timeout", 900)
    if not isinstance(timeout, int):
        raise ProjectsError(f"{name}: timeout must be a whole number of seconds")
    return Suite(
        paths=_texts(name, table, "paths"),
        requires=_texts(name, table, "requires"),
        extras=_texts(name, table, "extras"),
        deselect=_texts(name, table, "deselect"),
        ignore=_texts(name, table, "ignore"),
        args=_texts(name, table, "args"),
        timeout=timeout,
    )


def _reject_unknown(name: str, table: Mapping[str, object], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise ProjectsError(
            f"{name}: unknown key {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )


def _text(name: str, table: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise ProjectsError(f"{name}: {key} must be text")
    return value


def _texts(name: str, table: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ProjectsError(f"{name}: {key} must be a list of texts")
    return tuple(value)
