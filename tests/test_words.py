"""One program per word of the language: all are one project, each prints the same before and after."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_files import FIXTURES

from asyncify.api import plan
from asyncify.model.result import FileResult

WORDS = FIXTURES / "words"
PROGRAMS = sorted(path.name for path in WORDS.glob("*.py"))


@pytest.fixture(scope="module")
def converted(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, FileResult]]:
    """The converted project, and what was reported about its files."""
    root = tmp_path_factory.mktemp("words") / "project"
    shutil.copytree(WORDS, root)
    found = plan(root)
    found.write(allow_dirty=True)
    return root, {result.path: result for result in found.results}


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_prints_the_same(
    program: str, converted: tuple[Path, dict[str, FileResult]]
) -> None:
    root, results = converted
    reasons = [finding.reason for finding in results[program].findings]
    assert "asyncio.run(" in (root / program).read_text(encoding="utf-8"), reasons
    before, after = run(WORDS, program), run(root, program)
    assert after.stdout.decode() == before.stdout.decode(), after.stderr.decode()
    assert after.returncode == before.returncode == 0, after.stderr.decode()
    assert before.stdout
    assert b"never awaited" not in after.stderr


def test_a_second_run_changes_nothing(converted: tuple[Path, dict[str, FileResult]]) -> None:
    root, _ = converted
    assert [result.path for result in plan(root).results if result.changed] == []


def run(root: Path, program: str) -> subprocess.CompletedProcess[bytes]:
    """Run one program of the project."""
    command = [sys.executable, "-B", program]
    return subprocess.run(command, cwd=root, capture_output=True, timeout=120)
