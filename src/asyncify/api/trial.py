"""A conversion on trial: the project's tests run in a copy of it, before and after."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from asyncify.api.stages import Progress, silent
from asyncify.codes import find
from asyncify.discovery import project_files
from asyncify.errors import SuiteError
from asyncify.model.plan import FileError, Finding, Safety
from asyncify.model.span import Span
from asyncify.verify.runtime import Blocked, Probe
from asyncify.verify.tests import Broken, Command, Suite, broken, check_before, patience

BLOCKED = "ASY981"


@dataclass(frozen=True, slots=True)
class Trial:
    """What the tests say about a conversion.

    `broken` has one entry per test that passed before and does not after, with the file of the test
    ("." if only the command as a whole is known). `passed` counts the tests that passed before, None
    where only an exit code is known. `blocked` are the places from which an event loop is blocked in the
    tests, where somebody asked; they are places in the texts as they were before.
    """

    passed: int | None = None
    broken: tuple[FileError, ...] = ()
    blocked: tuple[Finding, ...] = ()


def put_on_trial(
    root: Path,
    texts: Mapping[str, bytes],
    command: str,
    *,
    respect_gitignore: bool = True,
    runtime: bool = False,
    progress: Progress = silent,
) -> Trial:
    """Run the tests in a copy of the project, once as it is and once with new texts.

    Args:
        root: the project; nothing in it is touched.
        texts: the new texts by path.
        command: what runs the tests, in the root of the copy.
        respect_gitignore: the copy has no files that git ignores.
        runtime: run them once more with the new texts, and see what blocks an event loop. This run says
            nothing else: what looks may be in the way of a test.
        progress: called before each run.

    Raises:
        SuiteError: the command cannot be run, fails before already, or proves nothing.
    """
    found = Command.read(command, Path.cwd(), root)
    with tempfile.TemporaryDirectory(prefix="asyncify-") as place:
        # the same place every time: paths may be part of a test's name
        home = Path(place).resolve() / root.name
        bench = _Bench(found, root, home, project_files(root, respect_gitignore=respect_gitignore))
        progress("testing before", 0, 2 + runtime)
        before = bench.run({}, texts)
        check_before(found, before)
        failed: tuple[FileError, ...] = ()
        if texts:
            progress("testing after", 1, 2 + runtime)
            after = bench.run(texts, texts, patience(before))
            failed = tuple(_located(root, each) for each in broken(found, before, after))
        blocked: tuple[Finding, ...] = ()
        if runtime and not failed:
            progress("watching the event loop", 2, 3)
            blocked = tuple(
                _seen(root, texts, each) for each in bench.watch(texts, patience(before))
            )
    passed = None if before.cases is None else len(before.passed)
    return Trial(passed, failed, blocked)


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where the tests run: a copy of the project that is made for each run."""

    command: Command
    root: Path
    home: Path
    files: Iterable[str]

    def run(
        self, texts: Mapping[str, bytes], changing: Iterable[str], timeout: float | None = None
    ) -> Suite:
        """Run the tests with these texts; `changing` are the files that change in any of the runs."""
        return self._run(texts, changing, timeout)[0]

    def watch(self, texts: Mapping[str, bytes], timeout: float) -> tuple[Blocked, ...]:
        """Run the tests, and return what blocks an event loop."""
        return self._run(texts, texts, timeout, blocking=True)[1]

    def _run(
        self,
        texts: Mapping[str, bytes],
        changing: Iterable[str],
        timeout: float | None,
        *,
        blocking: bool = False,
    ) -> tuple[Suite, tuple[Blocked, ...]]:
        with (
            _copy(self.root, self.files, texts, self.home),
            tempfile.TemporaryDirectory(prefix="asyncify-") as place,
        ):
            probe = Probe(Path(place).resolve(), self.root, self.home, blocking)
            variables = probe.install()
            paths = [probe.place, *_source_roots(self.home, changing)]
            suite = self.command.run(self.home, paths, timeout, variables)
            return suite, probe.blocked() if blocking else ()


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


def _seen(root: Path, texts: Mapping[str, bytes], blocked: Blocked) -> Finding:
    """What blocks an event loop, at its place in the text before."""
    code = find(BLOCKED)
    before = (root / blocked.path).read_bytes() if (root / blocked.path).exists() else b""
    lines = before.decode(errors="replace").splitlines()
    number = _line_before(lines, texts.get(blocked.path), blocked.line)
    text = lines[number - 1] if number <= len(lines) else ""
    start = len(text) - len(text.lstrip())
    through = f", called by {blocked.through}," if blocked.through else ""
    return Finding(
        BLOCKED,
        code.name if code else "",
        blocked.path,
        Span(number, start, number, len(text)),
        Safety.MANUAL,
        f"{' and '.join(blocked.calls)}{through} blocks the event loop",
        f"in {blocked.function}()" + (f", seen in {blocked.test}" if blocked.test else ""),
    )


def _line_before(lines: list[str], after: bytes | None, number: int) -> int:
    """The line that a line of the new text was."""
    if after is None:
        return number
    new = after.decode(errors="replace").splitlines()
    for tag, first, last, start, end in SequenceMatcher(None, lines, new, False).get_opcodes():
        if start < number <= end:
            return max(1, min(first + number - start, last) if tag != "insert" else first)
    return max(1, min(number, len(lines)))
