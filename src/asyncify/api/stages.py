"""The stages that a run is made of, as plain callables: the one place where they are put together.

Everything is imported when it is first needed: `asyncify --help` starts without a parser, and a test
(or a script with its own planner) hands in what it wants to replace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from asyncify import codes
from asyncify.config import Config
from asyncify.errors import ParseError
from asyncify.model.facts import Module
from asyncify.model.graph import CallGraph
from asyncify.model.plan import Edit, FileError, Plan
from asyncify.model.source import Source

if TYPE_CHECKING:
    from asyncify.analysis.modules import OwnNames
    from asyncify.rules.registry import Rules

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every stage may want to know."""

    root: Path
    config: Config
    editable: frozenset[str] | None = None  # files that may change; None for all
    progress: Progress = silent
    jobs: int = 0
    known: Mapping[str, Module] = field(default_factory=dict)  # by path: what is read already


@dataclass(frozen=True, slots=True)
class Facts:
    """What the files say before anybody looks at two of them."""

    modules: Mapping[str, Module] = field(default_factory=dict)
    search_roots: tuple[Path, ...] = ()
    errors: tuple[FileError, ...] = ()
    stubs: Mapping[str, Module] = field(default_factory=dict)  # by the name of the module beside
    homes: Mapping[str, Path] = field(default_factory=dict)  # files whose directory goes first
    lent: Mapping[str, str] = field(default_factory=dict)  # vendored packages, by their short names
    lent_roots: tuple[Path, ...] = ()  # the directories where they have those
    read: Mapping[str, Module] = field(default_factory=dict)  # by path, with the names as written


def parse(job: Job, sources: Mapping[str, Source]) -> Facts:
    """Nothing but the errors that `index` would find: for a project without anything to do."""
    from asyncify.analysis.layout import parse as parse_text

    errors = []
    for number, (path, source) in enumerate(sources.items()):
        job.progress("reading", number, len(sources))
        try:
            parse_text(source.text, path)
        except ParseError as error:
            errors.append(_unparsable(path, error))
    return Facts(errors=tuple(errors))


def index(job: Job, sources: Mapping[str, Source]) -> Facts:
    """Read the facts out of every file; what cannot be parsed is an error in the result."""
    from asyncify.analysis.index import index_module
    from asyncify.analysis.modules import imported_names, name_modules, own_names, search_roots
    from asyncify.analysis.vendored import lent_roots, meant, vendored

    paths = tuple(path for path in sources if not path.endswith(".pyi"))
    starts = tuple(each.strip("/") for each in job.config.source)
    imports = {path: imported_names(sources[path].text.encode(errors="replace")) for path in paths}
    imported = frozenset[str]().union(*imports.values())
    names = name_modules(paths, imported=imported, source=starts)
    roots = search_roots(paths, imported=imported, source=starts)
    own = own_names(names, imports, starts)
    modules: dict[str, Module] = {}
    stubs: dict[str, Module] = {}
    errors = []
    for number, (path, source) in enumerate(sources.items()):
        job.progress("reading", number, len(sources))
        named = names.get(path) or names.get(path.removesuffix("i"))
        if named is None:
            continue  # a stub beside a file that cannot be read
        found = modules if path in names else stubs
        known = job.known.get(path)
        if known is not None and known.name == named.name:
            found[named.name] = known
            continue
        try:
            found[named.name] = index_module(
                source.text, name=named.name, path=path, is_package=named.is_package
            )
        except ParseError as error:
            errors.append(_unparsable(path, error))
    lent = vendored(modules)
    read = {each.path: each for each in (*modules.values(), *stubs.values())}
    modules, stubs = (
        {name: meant(each, _names_in(each.path, own, lent)) for name, each in found.items()}
        for found in (modules, stubs)
    )
    return Facts(
        modules,
        tuple(job.root / each for each in roots),
        tuple(errors),
        stubs,
        {path: job.root / each.root for path, each in own.items()},
        lent,
        tuple(job.root / each for each in lent_roots(lent, modules)),
        read,
    )


def _names_in(path: str, own: Mapping[str, OwnNames], lent: Mapping[str, str]) -> Mapping[str, str]:
    """What the first part of an imported name stands for in a file, where that is another module."""
    return {**lent, **own[path].modules} if path in own else lent


def _unparsable(path: str, error: ParseError) -> FileError:
    return FileError(path, error.line, error.column, f"cannot parse: {error.message}")


def resolve(job: Job, facts: Facts) -> CallGraph:
    """Find out who calls whom."""
    from asyncify.analysis.callgraph import build

    graph = build(
        job.root,
        facts.modules,
        search_roots=facts.search_roots,
        homes=facts.homes,
        lent_roots=facts.lent_roots,
        followed=_rules(job.config).waiting,
        jobs=job.jobs,
    )
    return replace(graph, stubs=facts.stubs, lent=facts.lent)


def decide(job: Job, graph: CallGraph) -> Plan:
    """Make the plan of everything that could be done."""
    from asyncify.api.surroundings import entry_points, runs_doctests, test_settings
    from asyncify.planning.functions import Boundaries
    from asyncify.planning.plan import Options, make_plan

    entries = entry_points(job.root, graph.modules)
    boundaries = Boundaries(
        keep_sync=job.config.keep_sync,
        editable=job.editable,
        entry_points=entries.scripts,
        plugins=entries.plugins,
        doctests=runs_doctests(job.root),
        unsafe=job.config.unsafe,
        twins=job.config.frontier != "hold",
        public=job.config.public_api == "convert" and job.config.frontier != "twin",
        tests=job.config.tests,
        async_only=job.config.scope == "async-only",
        wrap_scripts=job.config.wrap_scripts,
    )
    marked = None
    if job.config.frontier == "mark":
        marked = frozenset(each.code for each in codes.CODES if job.config.selects(each.code))
    options = Options(
        boundaries, test_settings(job.root), marked=marked, left=_left_alone(job.config)
    )
    return make_plan(graph, _rules(job.config), options)


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
    return (*_rules(config).triggers, "asyncify:")


def _rules(config: Config) -> Rules:
    """The rules of a run: what is not selected does not block, what `blocking` names does."""
    from asyncify.rules._forms import plain
    from asyncify.rules._retarget import retarget
    from asyncify.rules.registry import Rules
    from asyncify.rules.spec import Library, Thread

    selected = Rules.select(config.libraries).without(config.selects).libraries
    chosen = [retarget(library, config.http_client) for library in selected]
    if config.http_sessions == "threads":
        chosen = [plain(library) for library in chosen]
    if config.http_client == "httpx2":  # respx does not reach it: those tests keep what they answer
        chosen = [each for each in chosen if each.target != "respx"]
    if config.blocking and config.selects("ASY299"):
        entries = tuple(Thread(name) for name in config.blocking)
        words = tuple(name.rpartition(".")[2] for name in config.blocking)
        chosen.append(Library("blocking", "ASY299", "thread", entries, triggers=words))
    return Rules(tuple(chosen))


def _left_alone(config: Config) -> Rules:
    """The libraries that a run does not convert, as they are: their calls go on to block."""
    from asyncify.rules.registry import Rules, load_rules

    chosen = Rules.select(config.libraries).without(config.selects).libraries
    every = zip(load_rules(), chosen, strict=True)
    return Rules(tuple(library for library, own in every if own is not library))


@dataclass(frozen=True, slots=True)
class Stages:
    """One callable per stage."""

    parse: Callable[[Job, Mapping[str, Source]], Facts] = parse
    index: Callable[[Job, Mapping[str, Source]], Facts] = index
    resolve: Callable[[Job, Facts], CallGraph] = resolve
    decide: Callable[[Job, CallGraph], Plan] = decide
    rewrite: Callable[[bytes, Sequence[Edit], str], bytes] = rewrite
    check: Callable[[str, bytes, bytes], None] = check
    triggers: Callable[[Config], tuple[str, ...]] = triggers
