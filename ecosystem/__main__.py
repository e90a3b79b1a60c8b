"""The command line: ``python -m ecosystem COMMAND``."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ecosystem import compare, corpus, measure, projects, report, store
from ecosystem.model import ProjectResult, Run

COMMAND_VARIABLE = "ECOSYSTEM_ASYNCIFY"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is good, 1 says that something is worse or broken, 2 is bad usage."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (projects.ProjectsError, store.StoreError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ecosystem", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="measure the projects")
    run.set_defaults(run=_run)
    run.add_argument("--only", action="append", default=[], metavar="NAME", help="repeatable")
    run.add_argument("--subset", choices=["fast"], help="three small projects, for every change")
    run.add_argument(
        "--json", type=Path, metavar="FILE", help="write every figure, after each project"
    )
    run.add_argument(
        "--resume", action="store_true", help="keep what the same asyncify has in --json FILE"
    )
    run.add_argument(
        "--compare", type=Path, metavar="OLD.json", help="exit 1 if anything got worse"
    )
    run.add_argument("--page", action="store_true", help="rewrite docs/reference/ecosystem.md")
    run.add_argument("--jobs", "-j", type=int, default=1, metavar="N")
    run.add_argument("--timeout", type=float, default=1800.0, metavar="SECONDS")
    run.add_argument("--no-tests", action="store_true", help="conversion checks only")
    run.add_argument("--no-typecheck", action="store_true", help="without the type checker")
    run.add_argument("--fresh", action="store_true", help="run the tests before again, too")
    run.add_argument("--logs", type=Path, metavar="DIR", help="default: in the cache")
    run.add_argument(
        "--asyncify", metavar="CMD", help=f"another command to measure; also ${COMMAND_VARIABLE}"
    )
    page = commands.add_parser(
        "report", help="rewrite docs/reference/ecosystem.md from a JSON file"
    )
    page.set_defaults(run=_report)
    page.add_argument("json", type=Path)
    check = commands.add_parser("compare", help="compare two JSON files")
    check.set_defaults(run=_compare)
    check.add_argument("old", type=Path)
    check.add_argument("new", type=Path)
    pin = commands.add_parser("pin", help="print the table of a release that is to be added")
    pin.set_defaults(run=_pin)
    pin.add_argument("name")
    pin.add_argument("version")
    lock = commands.add_parser(
        "lock", help="pin the test environments: constraints/PYTHON/NAME.txt"
    )
    lock.set_defaults(run=_lock)
    lock.add_argument("names", nargs="*")
    everything = commands.add_parser("corpus", help="convert the standard library and all packages")
    everything.set_defaults(run=_corpus)
    everything.add_argument("paths", nargs="*", type=Path, help="default: stdlib and site-packages")
    everything.add_argument("--limit", type=int, help="stop after so many units")
    everything.add_argument("--each", action="store_true", help="file by file, not by package")
    everything.add_argument("--jobs", "-j", type=int, default=os.cpu_count() or 1)
    return parser


def _run(options: argparse.Namespace) -> int:
    chosen = projects.select(projects.load(), only=options.only, fast=options.subset == "fast")
    if options.page and (options.only or options.subset):
        raise ValueError("--page needs a run over the whole list")
    if options.resume and not options.json:
        raise ValueError("--resume needs --json FILE")
    named = options.asyncify or os.environ.get(COMMAND_VARIABLE)
    settings = measure.Settings(
        command=tuple(shlex.split(named)) if named else measure.default_command(),
        timeout=options.timeout,
        tests=not options.no_tests,
        typecheck=not options.no_typecheck,
        fresh=options.fresh,
        logs=options.logs.resolve() if options.logs else store.new_log_directory(),
    )
    old = Run.load(options.compare) if options.compare else None
    resumed = options.resume and options.json.is_file()
    earlier = Run.load(options.json) if resumed else None
    errors = Console(stderr=True)

    def done(result: ProjectResult, so_far: Run) -> None:
        if options.json:
            so_far.save(options.json)
        tests = f"{result.tests.kept}/{result.tests.before} tests" if result.tests else "no tests"
        line = f"{result.name}: {result.sites.converted}/{result.sites.found} sites, {tests}"
        errors.print(f"{line}, {len(result.problems)} problems", markup=False, highlight=False)

    outcome = measure.run(chosen, settings, jobs=options.jobs, done=done, earlier=earlier)
    if options.json:
        outcome.save(options.json)
    report.terminal(outcome, _console())
    if options.page:
        report.write_page(outcome)
    errors.print(f"everything that was said: {settings.logs}", markup=False, highlight=False)
    broken = any(result.problems for result in outcome.projects)
    return max(int(broken), _print_changes(old, outcome) if old else 0)


def _report(options: argparse.Namespace) -> int:
    measured = Run.load(options.json)
    listed = [project.name for project in projects.load()]
    if missing := set(listed) - {result.name for result in measured.projects}:
        raise ValueError(f"{options.json}: not measured: {', '.join(sorted(missing))}")
    report.write_page(measured)
    return 0


def _compare(options: argparse.Namespace) -> int:
    return _print_changes(Run.load(options.old), Run.load(options.new))


def _print_changes(old: Run, new: Run) -> int:
    changes = compare.compare(old, new)
    for change in changes:
        print(change)
    if not changes:
        print("nothing got better or worse")
    return int(compare.worse(changes))


def _pin(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "sdist"
        store.download(options.name, options.version, folder)
        archives = sorted(folder.glob("*.tar.gz"))
        if not archives:
            raise store.StoreError(f"{options.name} {options.version} is not a .tar.gz")
        digest = store.sha256(archives[0])
    print(f'[{options.name}]\nversion = "{options.version}"\nsha256 = "{digest}"')
    print('kind = "..."\nsources = ["..."]')
    return 0


def _lock(options: argparse.Namespace) -> int:
    for project in projects.select(projects.load(), only=options.names, fast=False):
        if project.tests is None or project.local:
            continue
        print(store.lock(project).relative_to(store.REPOSITORY))
    return 0


def _corpus(options: argparse.Namespace) -> int:
    errors = Console(stderr=True)

    def heard(unit: corpus.Unit, found: corpus.Corpus) -> None:
        text = f"{unit.name}: {found.files} files, {found.changed} would change"
        errors.print(f"{text}, {len(found.failures)} failures", markup=False, highlight=False)

    paths = options.paths or corpus.default_paths()
    result = corpus.run(paths, options.jobs, options.limit, each=options.each, heard=heard)
    for failure in result.failures:
        print(f"{failure.path}: {failure.what}: {failure.detail}")
    print(f"{result.files} files, {result.changed} would change, {len(result.failures)} failures")
    return int(bool(result.failures))


def _console() -> Console:
    """A terminal as wide as it is; redirected output as wide as the table."""
    return Console() if sys.stdout.isatty() else Console(width=140)


if __name__ == "__main__":
    sys.exit(main())
