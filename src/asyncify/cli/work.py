"""The two jobs: a project in a tree of files, and one source text from stdin."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from asyncify import __version__, api
from asyncify.api.project import ProjectPlan
from asyncify.api.trial import Trial
from asyncify.cli.interactive import Dialogue, require_terminal
from asyncify.cli.options import Options, UsageError
from asyncify.cli.streams import Streams
from asyncify.config import Config
from asyncify.discovery import discover, find_root
from asyncify.errors import ConfigError
from asyncify.model.plan import FileError, Safety
from asyncify.report import diff, github, json, sarif, text
from asyncify.report.progress import Bar
from asyncify.report.run import FOUND, OK, Run, shown_paths
from asyncify.verify.tests import Command


def project(options: Options, streams: Streams, paths: Sequence[Path]) -> int:
    """Plan a project, report it or carry it out, and return the exit code."""
    root = find_root(paths)
    config = configured(options, root)
    if options.show_config:
        from asyncify.cli import listing

        streams.artefact(listing.settings(config))
        return OK
    if options.show_files:
        return _show_files(options, streams, root, config, paths)
    if options.verify is not None:
        Command.read(options.verify, Path.cwd(), root)  # it had better fail before the work
    writing = options.write or options.interactive
    if options.interactive:
        require_terminal()
    with Bar(enabled=streams.progress() and not options.interactive) as bar:
        plan = api.plan(
            root,
            paths=paths,
            config=config,
            progress=bar,
            force_exclude=options.force_exclude,
            jobs=options.jobs,
            proof=writing or options.diff or options.verify is not None,
            update_dependencies=options.update_dependencies,
            review=Dialogue(root, streams.colours()) if options.interactive else None,
        )
    if options.verbose:
        streams.say(f"project: {root}\nsettings: {config.file or 'defaults'}")
    if options.why is not None:
        streams.artefact(_why(plan, options.why))
        return OK
    trial = _trial(plan, config, options, streams)
    written = writing and not trial.broken
    undo = plan.write(allow_dirty=options.allow_dirty).undo if written else ""
    run = plan.run(shown=_shown(plan), written=written)
    blocked = (each for each in trial.blocked if config.selects(each.code))
    run = replace(run, errors=(*run.errors, *trial.broken), findings=(*run.findings, *blocked))
    _report(run, options, streams)
    if not options.quiet:
        streams.say(_ending(run, options, undo))
        if options.verify is not None:
            streams.say(text.verdict(trial.passed, len(trial.broken), changed=bool(run.changed)))
        if options.verify_runtime and not trial.broken:
            streams.say(text.watched(len(trial.blocked)))
    return run.exit_code(exit_zero=options.exit_zero)


def _trial(plan: ProjectPlan, config: Config, options: Options, streams: Streams) -> Trial:
    """What the project's tests say; without a new text there is nothing to ask them."""
    changed = any(result.changed for result in plan.results)
    if options.verify is None or not (changed or options.verify_runtime):
        return Trial()
    with Bar(enabled=streams.progress()) as bar:
        return plan.verify(
            options.verify,
            respect_gitignore=config.respect_gitignore,
            runtime=options.verify_runtime,
            progress=bar,
        )


def source(options: Options, streams: Streams, data: bytes) -> int:
    """Convert the text from stdin: stdout gets the new text, or what an option asks for instead."""
    name = options.stdin_filename or "<stdin>"
    root = find_root([Path(options.stdin_filename or "stdin.py")])
    result = api.convert_source(data, filename=name, config=configured(options, root))
    errors = (result.error,) if result.error else ()
    run = Run(root, (result,), result.findings, errors, checked=1)
    for error in errors:
        streams.say(text.error(run, error))
    if options.output_format != "text":
        streams.artefact(_machine(run, options))
        return run.exit_code(exit_zero=options.exit_zero)
    if not options.quiet:
        streams.say(text.render(run) or "nothing to convert")
    if errors:
        return run.exit_code()
    if options.diff:
        streams.artefact(diff.render(run, colour=streams.colours()))
    elif not options.check:
        streams.artefact(result.after)
        return OK
    return FOUND if result.changed and not options.exit_zero else OK


def configured(options: Options, root: Path) -> Config:
    """The settings of the file, with what the command line says on top.

    Raises:
        ConfigError: a file or an option says something that asyncify does not know.
    """
    if options.isolated:
        config = Config()
    elif options.config is not None:
        file = Path(options.config)
        if not file.is_file():
            raise ConfigError(f"{file}: no such file")
        config = Config.read(file.absolute())
    else:
        config = Config.load(root)
    return config.with_flags(
        select=options.select,
        ignore=options.ignore,
        exclude=options.exclude,
        extend_exclude=options.extend_exclude,
        unsafe=options.unsafe or None,
        scope=options.scope,
        wrap_scripts=options.wrap_scripts or None,
        frontier="mark" if options.markers else None,
        respect_gitignore=None if options.respect_gitignore else False,
    )


def _show_files(
    options: Options, streams: Streams, root: Path, config: Config, paths: Sequence[Path]
) -> int:
    found = discover(paths, root=root, config=config, force_exclude=options.force_exclude)
    shown = shown_paths(root, found.files, Path.cwd())
    run = Run(root, errors=found.errors)
    streams.artefact("".join(f"{shown.get(path, path)}\n" for path in found.files))
    for error in found.errors:
        streams.say(text.error(run, error))
    return run.exit_code()


def _why(plan: ProjectPlan, qualname: str) -> str:
    try:
        return plan.why(qualname)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from error


def _shown(plan: ProjectPlan) -> dict[str, str]:
    """Paths as seen from the current directory."""
    paths = {result.path for result in plan.results}
    paths.update(finding.path for finding in plan.findings)
    paths.update(hop.path for finding in plan.findings for hop in finding.trace)
    inside = (error.path for error in plan.errors if not os.path.isabs(error.path))
    return shown_paths(plan.root, tuple(sorted(paths | set(inside))), Path.cwd())


def _report(run: Run, options: Options, streams: Streams) -> None:
    if options.output_format != "text":
        streams.artefact(_machine(run, options))
    elif options.diff:
        streams.artefact(diff.render(run, colour=streams.colours()))
    else:
        streams.artefact(text.render(_left(run, options), colour=streams.colours()))
    errors = list(run.errors)
    if options.diff:  # the patch cannot say why the exit code is 2
        errors += (
            FileError(each.path, each.span.line, each.span.column + 1, each.reason)
            for each in run.unverified
        )
    for error in errors:
        streams.say(text.error(run, error))


def _left(run: Run, options: Options) -> Run:
    """After writing, what was written is not listed again."""
    return run.left() if run.written and not options.verbose else run


def _machine(run: Run, options: Options) -> str:
    code = run.exit_code(exit_zero=options.exit_zero)
    if options.output_format == "json":
        return json.render(run, version=__version__, exit_code=code)
    if options.output_format == "sarif":
        return sarif.render(run, version=__version__, base=Path.cwd() if run.shown else run.root)
    return github.render(run)


def _ending(run: Run, options: Options, undo: str) -> str:
    if not run.checked and not run.errors:
        return "warning: no Python files found"
    command = ["asyncify", *options.paths]
    if options.scope is not None:
        command.extend(("--scope", options.scope))
    if options.wrap_scripts:
        command.append("--wrap-scripts")
    if options.markers:
        command.append("--markers")
    lines = [text.summary(run, command=command)]
    lines.extend(f"wrote {run.path(result.path)}\n" for result in run.changed if run.written)
    if undo and run.changed:
        lines.append(f"undo: {undo}\n")
    if not options.unsafe and any(each.safety is Safety.UNSAFE for each in run.findings):
        lines.append("--unsafe includes what a person has to look at.\n")
    return "".join(lines)
