"""The project's own tests as a proof: run before and after, and compared test by test.

pytest says what became of each test (`--junitxml`); of any other command only its exit code is known.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from asyncify.errors import SuiteError

PASSED, MISSING = "passed", "missing"

# A new text that waits for itself never ends: so much longer than before it may take.
_PATIENCE, _LEAST = 10.0, 120.0
_PYTEST = frozenset({"pytest", "py.test"})
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Case:
    """What became of one test; `message` is one line, empty if it passed."""

    outcome: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """One run of the tests.

    `cases` are by name (``tests.test_app.TestPage::test_get``), None if only the exit code is known.
    `code` is None if the run was ended because it took too long. `last` is the last line of output.
    """

    code: int | None
    cases: Mapping[str, Case] | None
    seconds: float
    last: str = ""

    @property
    def passed(self) -> tuple[str, ...]:
        """The names of the tests that passed."""
        return tuple(n for n, each in (self.cases or {}).items() if each.outcome == PASSED)


@dataclass(frozen=True, slots=True)
class Broken:
    """A test that passed before and does not after; `name` is empty if it is the command as a whole."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that runs the tests of a project.

    Args:
        text: as a person wrote it.
        words: the program and its arguments.
        pytest: the position of the word that is pytest, None if it is another command.
    """

    text: str
    words: tuple[str, ...]
    pytest: int | None

    @classmethod
    def read(cls, text: str, *homes: Path) -> Command:
        """Split a command; a program that is named by a relative path is looked for in the `homes`.

        Raises:
            SuiteError: the command is empty, has open quotes, or cannot be found.
        """
        try:
            words = shlex.split(text, posix=os.name != "nt")
        except ValueError as error:
            raise SuiteError(f"--verify: cannot read {text!r}: {error}") from error
        if not words:
            raise SuiteError("--verify: the command is empty")
        words[0] = _program(words[0], homes)
        found = _pytest(words)
        if found is not None and any(re.match("--junit-?xml", word) for word in words):
            raise SuiteError("--verify: asyncify adds --junitxml by itself; leave it out")
        return cls(text, tuple(words), found)

    def run(
        self,
        directory: Path,
        paths: Sequence[Path],
        timeout: float | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Suite:
        """Run the tests in a directory.

        Args:
            directory: where to run them.
            paths: where Python finds the code of the project first.
            timeout: seconds after which the run is ended.
            variables: further ones of the environment.

        Raises:
            SuiteError: the command cannot be started.
        """
        with tempfile.TemporaryDirectory(prefix="asyncify-") as place:
            report, output = Path(place, "report.xml"), Path(place, "output")
            words = list(self.words)
            if self.pytest is not None:
                words.insert(self.pytest + 1, f"--junitxml={report}")
            environment = {**_environment(paths), **(variables or {})}
            start = time.monotonic()
            code = self._ended(words, directory, environment, output, timeout)
            seconds = time.monotonic() - start
            cases = _cases(report) if self.pytest is not None else None
            return Suite(code, cases, seconds, _last_line(output))

    def _ended(
        self,
        words: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        output: Path,
        timeout: float | None,
    ) -> int | None:
        with output.open("wb") as out:
            try:
                process = subprocess.Popen(
                    words,
                    cwd=directory,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                reason = error.strerror or str(error)
                raise SuiteError(f"--verify: cannot run {self.text!r}: {reason}") from error
            try:
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                return None
            finally:
                if process.poll() is None:
                    _end(process)


def check_before(command: Command, before: Suite) -> None:
    """Refuse a run of the tests that could prove nothing.

    Raises:
        SuiteError: the command fails already, or no test passes.
    """
    told = f": {before.last}" if before.last else ""
    if command.pytest is None:
        if before.code:
            raise SuiteError(
                f"--verify: {command.text!r} fails before the conversion already, with exit code "
                f"{before.code}{told}"
            )
    elif not before.passed:
        raise SuiteError(f"--verify: no test passes before the conversion{told}")


def patience(before: Suite) -> float:
    """How many seconds the tests may take afterwards."""
    return max(_LEAST, before.seconds * _PATIENCE)


def broken(command: Command, before: Suite, after: Suite) -> tuple[Broken, ...]:
    """What passed before and does not after, in the order of the tests."""
    if after.code is None:
        seconds = f"{after.seconds:.0f} s; before it took {before.seconds:.0f} s"
        return (Broken("", f"{command.text!r} did not end in {seconds}"),)
    if before.cases is None:
        if not after.code:
            return ()
        told = f": {after.last}" if after.last else ""
        return (Broken("", f"{command.text!r} ends with exit code {after.code}{told}"),)
    if not after.cases:
        told = f": {after.last}" if after.last else ""
        return (Broken("", f"{command.text!r} runs no test any more{told}"),)
    now = {_plain(name): case for name, case in after.cases.items()}
    found = []
    for name in before.passed:
        case = now.get(_plain(name), Case(MISSING, "it does not run any more"))
        if case.outcome != PASSED:
            found.append(Broken(name, case.message or case.outcome))
    return tuple(found)


def _program(name: str, homes: Sequence[Path]) -> str:
    """The program to start; the copy of a project has no environment of its own."""
    if os.path.dirname(name):
        places = [os.path.abspath(home / name) for home in homes]
        found = next((each for each in places if os.path.exists(each)), None)
    else:
        found = shutil.which(name)
    if found is None:
        raise SuiteError(f"--verify: cannot run {name!r}: no such program")
    return found


def _pytest(words: Sequence[str]) -> int | None:
    """Where pytest is named as the program: first, behind `-m`, or behind `run` of another tool."""
    for position, word in enumerate(words):
        if os.path.basename(word).removesuffix(".exe") in _PYTEST:
            if position == 0 or words[position - 1] in ("-m", "run", "exec"):
                return position
    return None


def _environment(paths: Sequence[Path]) -> dict[str, str]:
    """The code of the copy comes before a project that is installed from where it is developed."""
    environment = {**os.environ}
    old = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = os.pathsep.join([*map(str, paths), *([old] if old else [])])
    return environment


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a run with everything that it has started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _cases(report: Path) -> dict[str, Case]:
    try:
        root = ElementTree.parse(report).getroot()
    except (OSError, ElementTree.ParseError):
        return {}
    found: dict[str, Case] = {}
    for each in root.iter("testcase"):
        name = "::".join(filter(None, (each.get("classname"), each.get("name"))))
        case = _case(each)
        if name not in found or case.outcome != PASSED:  # its teardown may be a case of its own
            found[name] = case
    return found


def _case(element: ElementTree.Element) -> Case:
    for child in element:
        if child.tag in ("failure", "error", "skipped"):
            outcome = "failed" if child.tag != "skipped" else child.tag
            message = child.get("message") or child.text or child.tag
            return Case(outcome, _line(message))
    return Case(PASSED)


def _plain(name: str) -> str:
    """A test's name without the event loop that anyio adds to its parameters."""
    head, bracket, parameters = name.partition("[")
    parts = [part for part in parameters.removesuffix("]").split("-") if part != "asyncio"]
    return f"{head}[{'-'.join(parts)}]" if bracket and parts else head


def _last_line(output: Path) -> str:
    lines = output.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((_line(line) for line in reversed(lines) if line.strip()), "")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
