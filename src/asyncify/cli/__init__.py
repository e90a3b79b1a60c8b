"""The command line: flags become `Options`, the library does the work, a report goes out.

Only this module knows typer, and nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import gc
from enum import StrEnum
from typing import Annotated

import typer

from asyncify.cli.command import execute
from asyncify.cli.options import Options
from asyncify.cli.streams import guarded, leave

app = typer.Typer(
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


class Scope(StrEnum):
    """How much of a project is converted."""

    PROJECT = "project"
    ASYNC_ONLY = "async-only"


class Colour(StrEnum):
    """Whether stdout gets colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATHS]...",
        help="Files and directories to report on and edit; - reads a source text from stdin. The whole "
        "project is analysed in any case.",
        show_default=False,
    ),
]
Several = list[str] | None


def flag(*names: str, text: str) -> object:
    """An option that is on or off."""
    return typer.Option(*names, help=text, show_default=False)


def value(*names: str, meta: str, text: str) -> object:
    """An option with a value."""
    return typer.Option(*names, metavar=meta, help=text, show_default=False)


@app.command()
def convert(
    paths: Paths = None,
    check: Annotated[bool, flag("--check", text="Report and write nothing. The default.")] = False,
    diff: Annotated[bool, flag("--diff", text="Print the changes as a patch.")] = False,
    write: Annotated[bool, flag("--write", "-w", text="Carry out the changes.")] = False,
    interactive: Annotated[
        bool,
        flag("--interactive", "-i", text="Ask about every chain, and carry out what is taken."),
    ] = False,
    unsafe: Annotated[bool, flag("--unsafe", text="Include what a person has to look at.")] = False,
    scope: Annotated[
        Scope | None,
        typer.Option(
            help="async-only: only what blocks code that is async already, with the way there.",
            show_default=False,
        ),
    ] = None,
    wrap_scripts: Annotated[
        bool,
        flag("--wrap-scripts", text="Make the module level of scripts one async function."),
    ] = False,
    markers: Annotated[
        bool, flag("--markers", text="Leave a TODO comment above every call that stays blocking.")
    ] = False,
    select: Annotated[
        Several, value("--select", meta="CODES", text="Only these codes, names or prefixes.")
    ] = None,
    ignore: Annotated[
        Several, value("--ignore", meta="CODES", text="Not these codes, names or prefixes.")
    ] = None,
    exclude: Annotated[
        Several, value("--exclude", meta="GLOBS", text="Leave out these instead of the defaults.")
    ] = None,
    extend_exclude: Annotated[
        Several, value("--extend-exclude", meta="GLOBS", text="Leave out these too.")
    ] = None,
    force_exclude: Annotated[
        bool, flag("--force-exclude", text="Leave out excluded files even if PATHS names them.")
    ] = False,
    no_respect_gitignore: Annotated[
        bool, flag("--no-respect-gitignore", text="Do not read .gitignore files.")
    ] = False,
    stdin_filename: Annotated[
        str | None, value("--stdin-filename", meta="NAME", text="What to call the text from stdin.")
    ] = None,
    show_files: Annotated[bool, flag("--show-files", text="List the files and stop.")] = False,
    output_format: Annotated[Format, typer.Option(help="How findings are printed.")] = Format.TEXT,
    output: Annotated[
        str | None, value("--output", "-o", meta="FILE", text="Write there instead of stdout.")
    ] = None,
    color: Annotated[Colour, typer.Option(help="Colours on stdout.")] = Colour.AUTO,
    quiet: Annotated[
        int, typer.Option("--quiet", "-q", count=True, help="No summary; twice: nothing at all.")
    ] = 0,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Tell more on stderr.")
    ] = 0,
    no_progress: Annotated[bool, flag("--no-progress", text="No progress bar.")] = False,
    exit_zero: Annotated[bool, flag("--exit-zero", text="Exit with 0 instead of 1.")] = False,
    allow_dirty: Annotated[
        bool, flag("--allow-dirty", text="Write files with uncommitted changes too.")
    ] = False,
    update_dependencies: Annotated[
        bool, flag("--update-dependencies", text="Change the declared dependencies too.")
    ] = False,
    verify: Annotated[
        str | None,
        value(
            "--verify",
            meta="COMMAND",
            text="Run these tests in a copy, before and after; what breaks one is not written.",
        ),
    ] = None,
    verify_runtime: Annotated[
        bool,
        flag("--verify-runtime", text="Say what blocks the event loop in the tests of --verify."),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", "-j", min=0, envvar="ASYNCIFY_JOBS", help="Processes; 0: one per processor."
        ),
    ] = 0,
    config: Annotated[
        str | None, value("--config", meta="FILE", text="Read the settings from this file.")
    ] = None,
    isolated: Annotated[bool, flag("--isolated", text="Read no settings from files.")] = False,
    show_config: Annotated[
        bool, flag("--show-config", text="Print the settings and stop.")
    ] = False,
    explain: Annotated[
        str | None, value("--explain", meta="CODE", text="Explain a code and stop.")
    ] = None,
    list_rules: Annotated[
        bool, flag("--list-rules", text="List codes and libraries and stop.")
    ] = False,
    why: Annotated[
        str | None, value("--why", meta="NAME", text="Say what makes a function async and stop.")
    ] = None,
    version: Annotated[bool, flag("--version", text="Print the version and stop.")] = False,
) -> None:
    """Turn synchronous Python into async Python.

    Without an option: report what can be converted, what cannot, and why. Exit code 0: nothing left
    to do; 1: something to convert, or left; 2: the run failed.
    """
    options = Options(
        paths=tuple(paths or (".",)),
        check=check,
        diff=diff,
        write=write,
        interactive=interactive,
        unsafe=unsafe,
        scope=scope.value if scope is not None else None,
        wrap_scripts=wrap_scripts,
        markers=markers,
        select=split(select),
        ignore=split(ignore),
        exclude=split(exclude),
        extend_exclude=split(extend_exclude),
        force_exclude=force_exclude,
        respect_gitignore=not no_respect_gitignore,
        stdin_filename=stdin_filename,
        show_files=show_files,
        output_format=output_format.value,
        output=output,
        color=color.value,
        quiet=quiet,
        verbose=verbose,
        progress=not no_progress,
        exit_zero=exit_zero,
        allow_dirty=allow_dirty,
        update_dependencies=update_dependencies,
        verify=verify,
        verify_runtime=verify_runtime,
        jobs=jobs,
        config=config,
        isolated=isolated,
        show_config=show_config,
        explain=explain,
        list_rules=list_rules,
        why=why,
        version=version,
    )
    raise typer.Exit(guarded(lambda: execute(options)))


def split(values: list[str] | None) -> tuple[str, ...] | None:
    """The values of an option that may be repeated and may hold several, with commas between them."""
    if values is None:
        return None
    parts = (part.strip() for value in values for part in value.split(","))
    return tuple(part for part in parts if part)


def run(arguments: list[str] | None = None) -> None:
    """Run the command line; raises SystemExit."""
    app(arguments, prog_name="asyncify")


def main() -> None:
    """The console entry point; ends the process."""
    gc.disable()  # what the run has made ends with the process: nobody has to search it for cycles
    try:
        run()
    except SystemExit as end:
        leave(end.code)
