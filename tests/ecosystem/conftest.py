"""Helpers for the tests of the harness: nothing here needs a network or asyncify."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ecosystem import suite

# The harness itself runs where processes have groups and say what they cost.
collect_ignore_glob = ["test_*.py"] if sys.platform == "win32" else []
RunTests = Callable[..., suite.SuiteRun]


@pytest.fixture
def run_tests(tmp_path: Path) -> RunTests:
    """Run pytest on one file with the plugin and the strict flags, as the harness does."""

    def run(source: str, *arguments: str) -> suite.SuiteRun:
        (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
        lines = tmp_path / "outcomes.jsonl"
        environment = {
            "PYTHONPATH": str(suite.PLUGIN),
            "ECOSYSTEM_OUTCOMES": str(lines),
            "ECOSYSTEM_ROOT": str(tmp_path),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "ecosystem_guard"]
        command += ["-p", "no:cacheprovider", "-o", "addopts=", *arguments]
        subprocess.run(
            [*command, "test_it.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=False,
        )
        return suite.read(lines)

    return run
