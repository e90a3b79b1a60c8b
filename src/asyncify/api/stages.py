"""The stages that a run is made of, as plain callables: the one place where they are put together.

Everything is imported when it is first needed: `asyncify --help` starts without a parser, and a test
(or a script with its own planner) hands in what it wants to replace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncify.config import Config
from asyncify.errors import ParseError
from asyncify.model.facts import Module
from asyncify.model.graph import CallGraph
from asyncify.model.plan import Edit, FileError, Plan

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


def index(
    root: Path, texts: Mapping[str, str], config: Config, progress: Progress
) -> tuple[dict[str, Module], tuple[FileError, ...]]:
    """Read the facts out of every file; what cannot be parsed is an error in the result."""
    from asyncify.analysis.index import index_module
    from asyncify.analysis.modules import name_modules

    modules: dict[str, Module] = {}
    errors = []
    names = name_modules(root, tuple(texts), source=config.source)
    for number, (path, named) in enumerate(names.items()):
        progress("reading", number, len(texts))
        try:
            modules[named.name] = index_module(
                texts[path], name=named.name, path=path, is_package=named.is_package
            )
        except ParseError as error:
            message = f"cannot parse: {error.message}"
            errors.append(FileError(path, error.line, error.column, message))
    return modules, tuple(errors)


def resolve(root: Path, modules: Mapping[str, Module], config: Config) -> CallGraph:
    """Find out who calls whom."""
    from asyncify.analysis.callgraph import build

    return build(root, modules)


def decide(graph: CallGraph, config: Config, texts: Mapping[str, str]) -> Plan:
    """Make the plan of everything that could be done; `texts` are the files that configure tests."""
    from asyncify.planning.functions import Boundaries
    from asyncify.planning.plan import Options, make_plan
    from asyncify.rules.registry import Rules

    boundaries = Boundaries()
    return make_plan(graph, Rules.select(config.libraries), Options(boundaries, texts))


def rewrite(source: bytes, edits: Sequence[Edit], path: str) -> bytes:
    """Carry out the edits of one file."""
    from asyncify.rewrite.module import rewrite_module

    return rewrite_module(source, edits, path=path)


def check(path: str, before: bytes, after: bytes) -> None:
    """Raise a VerifyError if the new text of a file breaks a promise."""
    from asyncify.verify.compiles import check_compiles

    check_compiles(path, before, after)


def triggers(config: Config) -> tuple[str, ...]:
    """Words of which at least one is in every project that the rest of the work is worth for."""
    from asyncify.rules.registry import Rules

    calls = tuple(name.rpartition(".")[2] for name in config.blocking)
    return (*Rules.select(config.libraries).triggers, *calls, "asyncify:")


@dataclass(frozen=True, slots=True)
class Stages:
    """One callable per stage."""

    index: Callable[
        [Path, Mapping[str, str], Config, Progress],
        tuple[dict[str, Module], tuple[FileError, ...]],
    ] = index
    resolve: Callable[[Path, Mapping[str, Module], Config], CallGraph] = resolve
    decide: Callable[[CallGraph, Config, Mapping[str, str]], Plan] = decide
    rewrite: Callable[[bytes, Sequence[Edit], str], bytes] = rewrite
    check: Callable[[str, bytes, bytes], None] = check
    triggers: Callable[[Config], tuple[str, ...]] = triggers
