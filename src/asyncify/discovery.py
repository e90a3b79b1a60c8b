"""Which files a run is about: the project that is analysed, and the files that may be edited.

Links are not followed while walking (what they point at is found on its own, or lies outside), and
ignored directories are never entered. What cannot be read is a value in the result: one bad path
does not end the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asyncify.config import DEFAULT_EXCLUDES, Config
from asyncify.errors import DiscoveryError
from asyncify.model.plan import FileError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")

# Names that a project may well give to a package: left out only where they are none.
_ORDINARY = frozenset({"build", "dist", "_build", "venv"})


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found; every path is relative to the root and posix, and sorted.

    `files` are Python sources, `stubs` are `.pyi` files (never rewritten), `errors` are paths that
    do not exist or cannot be read, `skipped` are links that were not followed.
    """

    root: Path
    files: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()
    errors: tuple[FileError, ...] = ()
    skipped: tuple[str, ...] = ()


def find_root(paths: Sequence[Path]) -> Path:
    """The directory of the project that the paths belong to.

    That is the closest directory with a pyproject.toml, setup.py, setup.cfg or .git, at or above
    the common directory of the paths; the common directory itself if there is none. A marker in the
    home directory or at the top of the file system does not make all of that one project.

    Raises:
        DiscoveryError: the paths have no common directory.
    """
    places = [path if path.is_dir() else path.parent for path in map(_absolute, paths)]
    try:
        common = Path(os.path.commonpath(places or [Path.cwd()]))
    except ValueError as error:
        names = ", ".join(map(str, paths))
        raise DiscoveryError(
            f"paths on different drives have no common project: {names}"
        ) from error
    for directory in (common, *common.parents):
        if directory != common and directory in (Path.home(), Path(directory.anchor)):
            break
        if any((directory / marker).exists() for marker in MARKERS):
            return directory
    return common


def discover(
    paths: Sequence[Path], *, root: Path, config: Config | None = None, force_exclude: bool = False
) -> Discovery:
    """Find the Python files at and below the paths.

    A file that is named is always taken, unless `force_exclude`; a directory that is named is
    always entered.

    Raises:
        DiscoveryError: none of the paths exists, or one lies outside the root.
    """
    config = config or Config()
    walk = _Walk(_absolute(root), config)
    missing = [path for path in paths if not os.path.lexists(path)]
    if paths and len(missing) == len(paths):
        names = ", ".join(f"'{path}'" for path in missing)
        raise DiscoveryError(f"no such file or directory: {names}")
    for path in paths:
        if path in missing:
            walk.fail(str(path), "no such file or directory")
        else:
            walk.take(_absolute(path), force_exclude=force_exclude)
    return walk.result()


def project_files(root: Path, *, respect_gitignore: bool = True) -> list[str]:
    """Every file and link of a project, Python or not, relative to the root: what a copy of it needs.

    Left out is what git ignores, and directories of tools (`.git`, `.venv`, `node_modules`). What the
    configuration excludes from conversion is still part of the project.
    """
    walk = _Walk(_absolute(root), Config(respect_gitignore=respect_gitignore))
    return sorted(walk.everything())


class Ignore:
    """The patterns of one file or setting, for everything below its directory."""

    def __init__(self, base: str, lines: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec

        self._base = base
        self._spec: GitIgnoreSpec = GitIgnoreSpec.from_lines(lines)

    def decides(self, path: str, *, directory: bool) -> bool | None:
        """Whether the path is ignored; None if no pattern speaks about it."""
        relative = os.path.relpath(path, self._base).replace(os.sep, "/")
        return self._spec.check_file(relative + "/" if directory else relative).include


class _Walk:
    def __init__(self, root: Path, config: Config) -> None:
        self._root = str(root)
        self._config = config
        self._files: set[str] = set()
        self._stubs: set[str] = set()
        self._skipped: set[str] = set()
        self._errors: dict[str, FileError] = {}
        base = str(config.file.parent.absolute()) if config.file else self._root
        names = [each for each in config.exclude if each in DEFAULT_EXCLUDES]
        patterns = [each for each in config.exclude if each not in DEFAULT_EXCLUDES]
        patterns.extend(config.extend_exclude)
        self._names = frozenset(names)
        self._excluded = Ignore(base, patterns) if patterns else None

    def result(self) -> Discovery:
        return Discovery(
            Path(self._root),
            tuple(sorted(self._files)),
            tuple(sorted(self._stubs)),
            tuple(self._errors[key] for key in sorted(self._errors)),
            tuple(sorted(self._skipped)),
        )

    def fail(self, path: str, message: str) -> None:
        self._errors[path] = FileError(path, 0, 0, message)

    def take(self, path: Path, *, force_exclude: bool) -> None:
        """Add a path that was named."""
        text = str(path)
        if not text.startswith(os.path.join(self._root, "")) and text != self._root:
            raise DiscoveryError(f"{text} is outside the project {self._root}")
        if force_exclude and self._is_excluded_somewhere(text, directory=path.is_dir()):
            return
        if path.is_dir():
            self._enter(text)
        elif path.exists():
            self._add(self._target(text), explicit=True)
        else:
            self.fail(self._relative(text), "cannot read: the link points nowhere")

    def everything(self) -> Iterator[str]:
        """All files and links below the root that are not ignored."""
        pending = [(self._root, self._ignores_above(self._root))]
        while pending:
            directory, ignores = pending.pop()
            ignores = [*ignores, *self._ignore_file(directory)]
            for entry in self._entries(directory):
                is_directory = entry.is_dir(follow_symlinks=False)
                if self._is_left_out(entry.path, ignores, directory=is_directory):
                    continue
                if is_directory:
                    pending.append((entry.path, ignores))
                elif entry.is_symlink() or entry.is_file():
                    yield self._relative(entry.path)

    def _target(self, path: str) -> str:
        """What a link inside the project stands for: one file must not be edited under two names."""
        real, root = os.path.realpath(path), os.path.realpath(self._root)
        if os.path.islink(path) and real.startswith(os.path.join(root, "")):
            return os.path.join(self._root, os.path.relpath(real, root))
        return path

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self._root).replace(os.sep, "/")

    def _add(self, path: str, *, explicit: bool) -> None:
        if path.endswith(".pyi"):
            self._stubs.add(self._relative(path))
        elif explicit or path.endswith(".py"):
            self._files.add(self._relative(path))

    def _enter(self, top: str) -> None:
        pending = [(top, self._ignores_above(top))]
        while pending:
            directory, ignores = pending.pop()
            ignores = [*ignores, *self._ignore_file(directory)]
            for entry in self._entries(directory):
                if entry.is_symlink():
                    self._skip(entry, ignores)
                elif self._is_ignored(entry.path, ignores, directory=entry.is_dir()):
                    continue
                elif entry.is_dir():
                    pending.append((entry.path, ignores))
                elif entry.is_file():
                    self._add(entry.path, explicit=False)

    def _entries(self, directory: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as entries:
                return list(entries)
        except OSError as error:
            self.fail(self._relative(directory), f"cannot read: {error.strerror}")
            return []

    def _skip(self, entry: os.DirEntry[str], ignores: list[Ignore]) -> None:
        is_directory = os.path.isdir(entry.path)
        if not self._is_ignored(entry.path, ignores, directory=is_directory):
            self._skipped.add(self._relative(entry.path))

    def _is_ignored(self, path: str, ignores: list[Ignore], *, directory: bool) -> bool:
        if not directory and not path.endswith((".py", ".pyi")):
            return True
        return self._is_left_out(path, ignores, directory=directory)

    def _is_left_out(self, path: str, ignores: list[Ignore], *, directory: bool) -> bool:
        if directory and self._is_tool_directory(path):
            return True
        if self._excluded and self._excluded.decides(path, directory=directory):
            return True
        for ignore in reversed(ignores):  # the closest file has the last word
            verdict = ignore.decides(path, directory=directory)
            if verdict is not None:
                return verdict
        return False

    def _is_tool_directory(self, path: str) -> bool:
        name = os.path.basename(path)
        if name in self._names:
            return name not in _ORDINARY or not os.path.exists(os.path.join(path, "__init__.py"))
        return os.path.exists(os.path.join(path, "pyvenv.cfg"))

    def _is_excluded_somewhere(self, path: str, *, directory: bool) -> bool:
        """Whether a path, or a directory between it and the root, is left out."""
        while path != self._root:
            ignores = self._ignores_above(path)
            if self._is_ignored(path, ignores, directory=directory):
                return True
            path, directory = os.path.dirname(path), True
        return False

    def _ignores_above(self, path: str) -> list[Ignore]:
        """What the directories above say, from the top of the repository (else the root) down."""
        if not self._config.respect_gitignore:
            return []
        chain = [path, *map(str, Path(path).parents)]
        repository = next(
            (each for each in chain if os.path.exists(os.path.join(each, ".git"))), None
        )
        top = repository or self._root
        if top not in chain:
            return []
        above = chain[1 : chain.index(top) + 1]
        found = [ignore for directory in reversed(above) for ignore in self._ignore_file(directory)]
        if repository:
            info = os.path.join(repository, ".git", "info", "exclude")
            found[:0] = self._read_ignore(info, repository)
        return found

    def _ignore_file(self, directory: str) -> Iterator[Ignore]:
        if self._config.respect_gitignore:
            yield from self._read_ignore(os.path.join(directory, ".gitignore"), directory)

    def _read_ignore(self, file: str, base: str) -> Iterator[Ignore]:
        if not os.path.isfile(file):
            return
        try:
            with open(file, encoding="utf-8-sig", errors="surrogateescape") as lines:
                yield Ignore(base, lines.read().splitlines())
        except (OSError, ValueError) as error:
            self.fail(self._relative(file), f"cannot read: {error}")


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))
