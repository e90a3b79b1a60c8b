"""Test suites that run before and after: no test is lost, none passes without running its body.

A case is a directory of ``tests/fixtures/suites`` with ``before`` and ``after`` (`test_fixtures` holds that
the one becomes the other). Where something has to be left alone, ``codes.txt`` names the codes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fixture_files import FIXTURES

from asyncify.api import plan

SUITES = sorted(path.parent for path in (FIXTURES / "suites").glob("*/before"))
HELD = [suite for suite in SUITES if (suite / "codes.txt").exists()]
# a coroutine that nobody awaits is an error, wherever it is thrown away
STRICT = ("-W", "error::RuntimeWarning", "-W", "error::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.name)
def test_suite_passes_as_before(suite: Path, tmp_path: Path) -> None:
    theirs, before = run(suite / "before", tmp_path / "before")
    ours, after = run(suite / "after", tmp_path / "after")
    assert before["passed"], theirs
    assert not before["failed"] + before["error"] + before["errors"], theirs
    assert after == before, ours


@pytest.mark.parametrize("suite", HELD, ids=lambda path: path.name)
def test_what_is_left_has_a_code(suite: Path, tmp_path: Path) -> None:
    shutil.copytree(suite / "before", tmp_path / "before")
    found = {f.code for r in plan(tmp_path / "before").results for f in r.findings}
    assert set((suite / "codes.txt").read_text().split()) <= found


def run(source: Path, directory: Path) -> tuple[str, Counter[str]]:
    """Run a suite in a directory of its own: what pytest printed, and how many tests did what."""
    shutil.copytree(source, directory)
    if not any(directory.glob("*.ini")) and not (directory / "pyproject.toml").exists():
        (directory / "pytest.ini").write_text("[pytest]\n")  # no other one above is read
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *STRICT, "."]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120)
    counts = re.findall(r"(\d+) ([a-z ]+?)(?:,| in )", done.stdout.strip().splitlines()[-1])
    found = Counter({what: int(number) for number, what in counts if "warning" not in what})
    return done.stdout + done.stderr, found
