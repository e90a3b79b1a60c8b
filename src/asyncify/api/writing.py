"""Replacing files: all of them or none, each in one step, and never what git could not give back.

Everything that can fail is tried before the first file is replaced. Each file is replaced by a
rename, so it is the old or the new one at any moment; if a rename fails, those before it are undone.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from asyncify.errors import WriteError

_MANY = 5  # files that are named one by one in the hint


@dataclass(frozen=True, slots=True)
class NewText:
    """What a file has to become; `before` is None if it does not exist yet."""

    path: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What was written, and the command that takes it back ("" if git does not know the files)."""

    paths: tuple[str, ...] = ()
    undo: str = ""


def write(root: Path, texts: Sequence[NewText], *, allow_dirty: bool = False) -> WriteReport:
    """Carry out all changes, or none of them.

    Raises:
        WriteError: a file has uncommitted changes, changed since it was read, or cannot be written.
    """
    if not texts:
        return WriteReport()
    targets = {text.path: Path(os.path.realpath(root / text.path)) for text in texts}
    state = _git_state(root, list(targets.values()))
    dirty = [path for path, target in targets.items() if str(target) in state.dirty]
    if dirty and not allow_dirty:
        raise WriteError(
            f"uncommitted changes in {_some(dirty)}: commit or stash them, or use --allow-dirty"
        )
    for text in texts:
        _check(targets[text.path], text)
    _replace_all([(targets[text.path], text) for text in texts])
    created = [text.path for text in texts if text.before is None]
    replaced = [text.path for text in texts if text.before is not None]
    undo = _undo(root, replaced, created, targets, state) if state.repository else ""
    return WriteReport(tuple(targets), undo)


def _check(target: Path, text: NewText) -> None:
    """Refuse what would fail later, or would overwrite what nobody has read."""
    try:
        current = target.read_bytes()
    except FileNotFoundError:
        current = None
    except OSError as error:
        raise WriteError(f"{text.path}: cannot read: {error.strerror}") from error
    if current != text.before:
        raise WriteError(f"{text.path}: changed while asyncify was working; run it again")
    if current is not None and not os.access(target, os.W_OK):
        raise WriteError(f"{text.path}: cannot write: the file is read-only")


def _replace_all(jobs: Sequence[tuple[Path, NewText]]) -> None:
    staged: list[tuple[Path, Path]] = []
    done: list[tuple[Path, NewText]] = []
    current = ""
    try:
        for target, text in jobs:
            current = text.path
            staged.append((_stage(target, text.after), target))
        for (temporary, target), (_, text) in zip(staged, jobs, strict=True):
            current = text.path
            done.append((target, text))  # first: an interrupt may come right after the rename
            os.replace(temporary, target)
    except BaseException as error:
        for temporary, _ in staged:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        _restore(done)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise WriteError(f"{current}: cannot write: {reason}; nothing was changed") from error
        raise


def _stage(target: Path, content: bytes) -> Path:
    """Write the new text beside its file, with the same mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, _mode(target))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _mode(target: Path) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _restore(done: Sequence[tuple[Path, NewText]]) -> None:
    for target, text in reversed(done):
        if text.before is None:
            target.unlink(missing_ok=True)
        elif target.read_bytes() != text.before:
            os.replace(_stage(target, text.before), target)


@dataclass(frozen=True, slots=True)
class _Git:
    repository: bool = False
    dirty: frozenset[str] = field(default_factory=frozenset)  # absolute, links resolved


def _git_state(root: Path, targets: Sequence[Path]) -> _Git:
    """What git knows about the directory that holds all files; nothing without git or a repository."""
    directory = Path(os.path.commonpath([target.parent for target in targets]))
    while not directory.exists():  # of a new file
        directory = directory.parent
    top = _git(directory, "rev-parse", "--show-toplevel")
    if top is None:
        return _Git()
    listing = _git(directory, "status", "--porcelain", "-z", "--untracked-files=all", "--", ".")
    base = os.path.realpath(os.fsdecode(top.rstrip(b"\n")))
    dirty = {os.path.join(base, os.fsdecode(path)) for path in _entries(listing or b"")}
    return _Git(True, frozenset(os.path.normpath(path) for path in dirty))


def _entries(listing: bytes) -> list[bytes]:
    """The paths of `git status --porcelain -z`: a renamed one is followed by its old name."""
    found = []
    fields = iter(listing.split(b"\0"))
    for entry in fields:
        if entry:
            found.append(entry[3:])
            if b"R" in entry[:2] or b"C" in entry[:2]:
                next(fields, None)
    return found


def _git(directory: Path, *arguments: str) -> bytes | None:
    command = ["git", "--no-optional-locks", "-C", str(directory), *arguments]
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        ran = subprocess.run(command, capture_output=True, env=environment, check=False)
    except OSError:
        return None
    if ran.returncode == 0:
        return ran.stdout
    message = ran.stderr.decode(errors="replace").strip()
    if "not a git repository" in message or "must be run in a work tree" in message:
        return None
    raise WriteError(f"git cannot say what is uncommitted: {' '.join(message.split())}")


def _undo(
    root: Path,
    replaced: Sequence[str],
    created: Sequence[str],
    targets: Mapping[str, Path],
    state: _Git,
) -> str:
    """The command that takes everything back, as seen from the current directory."""
    commands = []
    names = [_seen(root / path) for path in replaced]
    if len(names) > _MANY and not state.dirty:
        names = [_seen(Path(os.path.commonpath([targets[path].parent for path in replaced])))]
    if names:
        commands.append(shlex.join(["git", "checkout", "--", *names]))
    if created:
        commands.append(shlex.join(["rm", *(_seen(root / path) for path in created)]))
    return " && ".join(commands)


def _seen(path: Path) -> str:
    try:
        return os.path.relpath(path).replace(os.sep, "/")
    except ValueError:  # another drive
        return str(path)


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:3])
    return shown if len(paths) <= 3 else f"{shown} and {len(paths) - 3} more"
