"""Run a project's own tests in a copy of it and read what the plugin wrote."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ecosystem import process
from ecosystem.model import Failure
from ecosystem.projects import Project, Suite
from ecosystem.store import REPOSITORY, environment_variables

PLUGIN = Path(__file__).resolve().parent / "plugin"
PASSED = "passed"
TEST_TIMEOUT = 60
STRICT = (
    "error::RuntimeWarning",
    "error::pytest.PytestUnraisableExceptionWarning",
    "error::pytest.PytestReturnNotNoneWarning",
)


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """Every test that was seen, how it ended and why; plus what pytest could not even collect."""

    outcomes: dict[str, str] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    uncollected: dict[str, Failure] = field(default_factory=dict)
    async_ran: int = 0
    seconds: float = 0.0
    exit_code: int = 0

    @property
    def passed(self) -> tuple[str, ...]:
        """The tests that passed, in the order they ran."""
        return tuple(name for name, outcome in self.outcomes.items() if outcome == PASSED)

    def why(self, test: str) -> Failure:
        """Why a test did not pass in this run, or was not seen at all."""
        if test in self.failures:
            return self.failures[test]
        if test in self.outcomes:
            return Failure(self.outcomes[test], "no message", (_file(test),))
        for node, failure in self.uncollected.items():
            if test == node or test.startswith((f"{node}::", f"{node}/")):
                return failure
        if self.uncollected:
            return next(iter(self.uncollected.values()))
        late = self.exit_code == process.TIMEOUT_EXIT_CODE
        kind = "SuiteTimeout" if late else "Missing"
        message = "the suite did not end in time" if late else "the test is not there any more"
        return Failure(kind, message, (_file(test),))


def run_suite(project: Project, top: Path, environment: Path, logs: Path) -> SuiteRun:
    """Run the tests of the copy at ``top``; the same strict flags apply before and after."""
    assert project.tests is not None
    logs.mkdir(parents=True, exist_ok=True)
    lines = logs / "outcomes.jsonl"
    lines.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as home:
        usage = process.run(
            command(project.tests, environment),
            cwd=top,
            env=_variables(project, top, environment, lines, Path(home)),
            timeout=project.tests.timeout,
            stdout=logs / "stdout.txt",
            stderr=logs / "stderr.txt",
        )
    run = read(lines, seconds=usage.wall, exit_code=usage.exit_code)
    if not run.outcomes and not run.uncollected and (failure := at_start(logs, top)):
        run.uncollected[""] = failure
    return run


def command(suite: Suite, environment: Path) -> list[str]:
    """The pytest call: the project's own options are dropped, its other settings stay."""
    parts = [str(environment / "bin" / "python"), "-m", "pytest", "-q", "-o", "addopts="]
    parts += ["-p", "ecosystem_guard", "-p", "no:cacheprovider", f"--timeout={TEST_TIMEOUT}"]
    for warning in STRICT:
        parts += ["-W", warning]
    for path in suite.ignore:
        parts += ["--ignore", path]
    for test in suite.deselect:
        parts += ["--deselect", test]
    return [*parts, *suite.args, *suite.paths]


def read(lines: Path, *, seconds: float = 0.0, exit_code: int = 0) -> SuiteRun:
    """The plugin's lines as one value; a run that was cut short has as many lines as it got to."""
    run = SuiteRun(seconds=seconds, exit_code=exit_code)
    async_ran = 0
    text = lines.read_text(encoding="utf-8") if lines.is_file() else ""
    for line in text.splitlines():
        item = json.loads(line)
        failure = _failure(item.get("error"))
        if item["event"] == "test":
            run.outcomes[item["id"]] = item["outcome"]
            if failure is not None:
                run.failures[item["id"]] = failure
        elif item["event"] == "collect-error" and failure is not None:
            run.uncollected[item["id"]] = failure
        elif item["event"] == "end":
            async_ran = item["async_ran"]
    return SuiteRun(
        run.outcomes, run.failures, run.uncollected, async_ran, round(seconds, 1), exit_code
    )


def _failure(error: dict[str, object] | None) -> Failure | None:
    if error is None:
        return None
    places = error.get("places")
    return Failure(
        str(error.get("type", "")),
        str(error.get("message", "")),
        tuple(str(place) for place in places) if isinstance(places, list) else (),
    )


def _variables(
    project: Project, top: Path, environment: Path, lines: Path, home: Path
) -> dict[str, str]:
    roots = dict.fromkeys([str((top / project.root).resolve()), str(top.resolve())])
    if project.local:  # the applications of this repository share a helper beside them
        roots[str((REPOSITORY / project.local).parent)] = None
    return environment_variables(environment) | {
        "HOME": str(home),
        "PYTHONPATH": ":".join([*roots, str(PLUGIN)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "ECOSYSTEM_OUTCOMES": str(lines.resolve()),
        "ECOSYSTEM_ROOT": str(top.resolve()),
    }


def at_start(logs: Path, top: Path) -> Failure | None:
    """Why pytest did not even begin: a conftest.py that cannot be imported is told as text only."""
    for name in ("stderr.txt", "stdout.txt"):
        lines = (logs / name).read_text(encoding="utf-8", errors="replace").splitlines()
        causes = [line[1:].strip() for line in lines if line.startswith("E ")]
        if causes:
            kind, _, message = causes[-1].partition(":")
            places = [line.split(":")[0] for line in lines if ".py:" in line]
            inside = tuple(place for place in places if (top / place).is_file())
            return Failure(kind.strip(), message.strip(), inside)
    return None


def _file(test: str) -> str:
    return test.partition("::")[0]
