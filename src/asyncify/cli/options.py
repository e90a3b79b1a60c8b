"""What the command line said, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from asyncify.errors import AsyncifyError


class UsageError(AsyncifyError):
    """Options that do not go together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One field per option; None where an option was not given and the configuration decides."""

    paths: tuple[str, ...] = (".",)
    check: bool = False
    diff: bool = False
    write: bool = False
    interactive: bool = False
    unsafe: bool = False
    scope: str | None = None
    wrap_scripts: bool = False
    markers: bool = False
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] | None = None
    force_exclude: bool = False
    respect_gitignore: bool = True
    stdin_filename: str | None = None
    show_files: bool = False
    output_format: str = "text"
    output: str | None = None
    color: str = "auto"
    quiet: int = 0
    verbose: int = 0
    progress: bool = True
    exit_zero: bool = False
    allow_dirty: bool = False
    update_dependencies: bool = False
    verify: str | None = None
    verify_runtime: bool = False
    jobs: int = 0
    config: str | None = None
    isolated: bool = False
    show_config: bool = False
    explain: str | None = None
    list_rules: bool = False
    why: str | None = None
    version: bool = False

    @property
    def stdin(self) -> bool:
        """Whether the text comes from stdin."""
        return "-" in self.paths

    def validate(self) -> None:
        """Refuse what does not go together.

        Raises:
            UsageError: with the two options.
        """
        conflicts = (
            (self.write and self.check, "--write and --check"),
            (self.write and self.diff, "--write and --diff"),
            (self.interactive and self.check, "--interactive and --check"),
            (self.interactive and self.diff, "--interactive and --diff"),
            (self.interactive and self.write, "--interactive and --write"),
            (
                self.interactive and self.output_format != "text",
                "--interactive and --output-format",
            ),
            (self.interactive and self.why is not None, "--interactive and --why"),
            (self.interactive and self.quiet > 1, "--interactive and -qq"),
            (self.stdin and self.interactive, "- and --interactive"),
            (self.diff and self.output_format != "text", "--diff and --output-format"),
            (self.config is not None and self.isolated, "--config and --isolated"),
            (self.stdin and len(self.paths) > 1, "- and other paths"),
            (self.stdin and self.write, "- and --write"),
            (self.stdin and self.why is not None, "- and --why"),
            (self.stdin and self.update_dependencies, "- and --update-dependencies"),
            (self.stdin and self.verify is not None, "- and --verify"),
            (self.stdin and self.show_files, "- and --show-files"),
        )
        for conflict, names in conflicts:
            if conflict:
                raise UsageError(f"{names} do not go together")
        if self.verify_runtime and self.verify is None:
            raise UsageError("--verify-runtime needs --verify")
        if self.stdin_filename is not None and not self.stdin:
            raise UsageError("--stdin-filename needs - as the path")
