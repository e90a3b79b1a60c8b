"""A conversion on trial: the project's tests run in a copy of it, before and after."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asyncify.api.stages import Progress, silent
from asyncify.discovery import project_files
from asyncify.errors import SuiteError
from asyncify.model.plan import FileError
from asyncify.verify.tests import Broken, Command, broken, check_before, patience


@dataclass(frozen=True, slots=True)
class Trial:
    """What the tests say about a conversion.

    `broken` has one entry per test that passed before and does not after, with the file of the test
    ("." if only the command as a whole is known). `passed` counts the tests that passed before, None
    where only an exit code is known.
    """

    passed: int | None = None
    broken: tuple[FileError, ...] = ()


def put_on_trial(
    root: Path,
    texts: Mapping[str, bytes],
    command: str,
    *,
    respect_gitignore: bool = True,
    progress: Progress = silent,
) -> Trial:
    """Run the tests in a copy of the project, once as it is and once with new texts.

    Args:
        root: the project; nothing in it is touched.
        texts: the new texts by path.
        command: what runs the tests, in the root of the copy.
        respect_gitignore: the copy has no files that git ignores.
        progress: called before each run.

    Raises:
        SuiteError: the command cannot be run, fails before already, or proves nothing.
    """
    found = Command.read(command, Path.cwd(), root)
    with tempfile.TemporaryDirectory(prefix="asyncify-") as place:
        # the same place both times: paths may be part of a test's name
        home = Path(place).resolve() / root.name
        files = project_files(root, respect_gitignore=respect_gitignore)
        progress("testing before", 0, 2)
        with _copy(root, files, {}, home):
            before = found.run(home, _source_roots(home, texts))
        check_before(found, before)
        progress("testing after", 1, 2)
        with _copy(root, files, texts, home):
            after = found.run(home, _source_roots(home, texts), patience(before))
    passed = None if before.cases is None else len(before.passed)
    return Trial(passed, tuple(_located(root, each) for each in broken(found, before, after)))


@contextmanager
def _copy(
    root: Path, files: Iterable[str], texts: Mapping[str, bytes], home: Path
) -> Iterator[None]:
    """Make a copy of the project, with new texts, that is gone afterwards."""
    try:
        for path in files:
            target = home / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / path, target, follow_symlinks=False)
        for path, text in texts.items():
            target = home / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.realpath(target).startswith(os.path.join(str(home), "")):
                raise SuiteError(f"--verify: {path} is reached by a link that leaves the project")
            target.write_bytes(text)
    except OSError as error:
        raise SuiteError(f"--verify: cannot copy the project: {error}") from error
    try:
        yield
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _source_roots(home: Path, texts: Iterable[str]) -> list[Path]:
    """Where Python finds what changes, so that a project that is installed in place does not hide it."""
    found = {home / "src": None} if (home / "src").is_dir() else {}
    for path in texts:
        directory = (home / path).parent
        while directory != home and (directory / "__init__.py").exists():
            directory = directory.parent
            if not (directory / "__init__.py").exists():
                found[directory] = None
    return [*found, home]


def _located(root: Path, test: Broken) -> FileError:
    """The file of a test, by its dotted name."""
    classname, _, name = test.name.partition("::")
    parts = classname.split(".")
    for end in range(len(parts), 0, -1):
        path = "/".join(parts[:end]) + ".py"
        if (root / path).is_file():
            inner = "::".join((*parts[end:], name))
            return FileError(path, 0, 0, f"{inner} passed before and fails after: {test.message}")
    if not test.name:
        return FileError(".", 0, 0, f"passed before and fails after: {test.message}")
    return FileError(".", 0, 0, f"{test.name} passed before and fails after: {test.message}")
