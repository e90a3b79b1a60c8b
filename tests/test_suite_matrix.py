"""The matrix of suites: pytest and unittest, ways to mock, and plugins; each row is executed before and after.

A directory of ``tests/fixtures/matrix`` is one project, converted in one run. Each of its ``.py`` files is a
row: a module, a line ``# tests``, and the tests of the module. Their first lines may say

- ``needs``: the modules without which the row is skipped (`make frameworks` installs them);
- ``left``: the codes of what is left; without it everything has to follow.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from fixture_files import FIXTURES

from asyncify.api import plan
from ecosystem import suite

PROJECTS = sorted(path for path in (FIXTURES / "matrix").iterdir() if path.is_dir())
GUARDED = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "ecosystem_guard"]
# what may be said beside what is left: conversions, and what to think about
SAID = re.compile(r"ASY(?!9)")


@dataclass(frozen=True, slots=True)
class Row:
    """One file of the matrix."""

    name: str
    needs: tuple[str, ...]
    left: frozenset[str]
    code: str
    tests: str

    @classmethod
    def read(cls, path: Path) -> Row:
        """The row in a file."""
        text = path.read_text(encoding="utf-8")
        words = {name: rest.split() for name, rest in re.findall(r"^# (\w+): (.*)$", text, re.M)}
        code, _, tests = text.partition("# tests\n")
        left = frozenset(words.get("left", ()))
        return cls(path.stem, tuple(words.get("needs", ())), left, code, tests)

    @property
    def missing(self) -> str:
        """What of its needs is not installed."""
        return " ".join(name for name in self.needs if importlib.util.find_spec(name) is None)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_suite_passes_as_before(project: Path, tmp_path: Path, subtests: pytest.Subtests) -> None:
    rows = [Row.read(path) for path in sorted(project.glob("*.py"))]
    for row in rows:
        if row.missing:
            with subtests.test(row.name):
                pytest.skip(f"{row.missing} is not installed")
    rows = [row for row in rows if not row.missing]
    if not rows:
        pytest.skip("nothing to run")
    root = written(project, rows, tmp_path / "project")
    before, told = run(root)
    found = plan(root)
    found.write(allow_dirty=True)
    after, heard = run(root)
    again = [result.path for result in plan(root).results if result.changed]
    for row in rows:
        file = f"test_{row.name}.py"
        with subtests.test(row.name):
            ours, theirs = of(after, file), of(before, file)
            assert set(theirs.values()) <= {"passed", "skipped", "xfailed"}, told
            assert "passed" in theirs.values(), told
            reasons = [
                f"{f.path}:{f.span.line} {f.code} {f.message} {f.reason}"
                for f in found.findings
                if f.path in (file, f"{row.name}.py") and not SAID.match(f.code)
            ]
            assert ours == theirs, (reasons, after.failures, heard)
            assert {line.split()[1] for line in reasons} == row.left, reasons
            assert "async def " in (root / file).read_text(encoding="utf-8") or row.left, reasons
    assert again == []


def written(project: Path, rows: list[Row], root: Path) -> Path:
    """The project as files: a module and its tests for each row, and whatever else stands there."""
    root.mkdir()
    for path in project.iterdir():
        if path.suffix != ".py":
            (root / path.name).write_bytes(path.read_bytes())
    if not (root / "pytest.ini").exists():
        (root / "pytest.ini").write_text("[pytest]\n")  # no other one above is read
    for row in rows:
        (root / f"{row.name}.py").write_text(row.code, encoding="utf-8")
        (root / f"test_{row.name}.py").write_text(row.tests, encoding="utf-8")
    return root


def run(root: Path) -> tuple[suite.SuiteRun, str]:
    """Run the tests of a project under the guard, and what pytest printed."""
    lines = root.parent / "outcomes.jsonl"
    lines.unlink(missing_ok=True)
    strict = [word for warning in suite.STRICT for word in ("-W", warning)]
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *GUARDED, *strict, "."],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": str(suite.PLUGIN),
            "ECOSYSTEM_OUTCOMES": str(lines),
            "ECOSYSTEM_ROOT": str(root),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    return suite.read(lines), done.stdout + done.stderr


def of(run: suite.SuiteRun, file: str) -> dict[str, str]:
    """What became of the tests of one file; one that could not be collected counts as well."""
    found = {
        name: outcome for name, outcome in run.outcomes.items() if name.startswith(f"{file}::")
    }
    return found | {name: "error" for name in run.uncollected if name == file}
