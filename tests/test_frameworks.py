"""Applications of frameworks: converted, then driven from outside before and after, with equal answers.

A case is a directory: `project`, and `drive.py`, which is not converted and says in its first lines

- ``needs``: the modules without which the case is skipped;
- ``async``: exactly the functions that become async;
- ``twins``: exactly those that get an async twin;
- ``left``: the codes of what is left.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_files import FIXTURES

from asyncify.api import plan

CASES = sorted((FIXTURES / "frameworks").glob("*/drive.py"))


def words(driver: Path) -> dict[str, list[str]]:
    """The first lines of a driver."""
    found = {}
    for line in driver.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        name, _, rest = line[2:].partition(":")
        found[name] = rest.split()
    return found


@pytest.mark.parametrize("driver", CASES, ids=lambda path: path.parent.name)
def test_application_answers_the_same(driver: Path, tmp_path: Path) -> None:
    expected = words(driver)
    for name in expected["needs"]:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    before, after = tmp_path / "before", tmp_path / "after"
    for copy in (before, after):
        shutil.copytree(driver.parent / "project", copy)
    found = plan(after)
    twins = [f.function for f in found.findings if f.code == "ASY150"]
    became = [f for f in found.plan.reasons if f not in twins]
    left = [f.code for f in found.findings if f.safety.value == "manual"]
    assert (sorted(became), sorted(filter(None, twins)), sorted(set(left))) == (
        expected["async"],
        expected["twins"],
        expected["left"],
    ), [f"{f.path}:{f.span} {f.code} {f.message} {f.reason}" for f in found.findings]
    found.write(allow_dirty=True)
    assert [each.path for each in plan(after).results if each.changed] == []
    theirs, ours = run(driver, before), run(driver, after)
    assert theirs.stdout
    assert ours.stdout.decode() == theirs.stdout.decode(), ours.stderr.decode()
    assert ours.returncode == theirs.returncode, ours.stderr.decode()
    assert b"never awaited" not in ours.stderr


def run(driver: Path, project: Path) -> subprocess.CompletedProcess[bytes]:
    """Drive a project."""
    paths = os.pathsep.join(filter(None, (str(project), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, driver],
        cwd=project,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        timeout=120,
    )
