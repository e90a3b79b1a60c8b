"""`--scope async-only`: what blocks an event loop that runs already, with the way there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import grow

PROJECT = {
    "util.py": (
        b"import time\n\n\ndef fetch():\n    time.sleep(1)\n\n\n"
        b"def load():\n    return fetch()\n\n\ndef alone():\n    time.sleep(2)\n"
    ),
    "web.py": (
        b"from util import alone, load\n\n\nasync def handler():\n    return load()\n\n\n"
        b"async def other():\n    return load()\n\n\ndef script():\n    alone()\n    return load()\n"
    ),
}
CLEAN = {"clean.py": b"import time\n\n\ndef work():\n    time.sleep(1)\n\n\nwork()\n"}
HELD = {
    "held.py": (
        b"import time\n\n\nclass Row:\n    def __len__(self):\n        time.sleep(1)\n        return 1\n\n\n"
        b"async def handler():\n    return len(Row()), Row().__len__()\n"
    )
}


def asyncify(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "asyncify", "--scope", "async-only", *arguments]
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "FORCE_COLOR")}
    return subprocess.run(line, cwd=root, capture_output=True, text=True, env=environment)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    grow(tmp_path, PROJECT)
    return tmp_path


def test_the_way_is_printed(project: Path) -> None:
    ran = asyncify(project)
    assert ran.stdout == (
        "util.py:5:5: ASY201 time.sleep blocks the event loop\n"
        "    web.py:5:12   async handler() calls load()\n"
        "    util.py:9:12  load() calls fetch()\n"
        "    util.py:5:5   fetch() calls time.sleep\n"
        "    2 async functions get there: handler(), other()\n"
        "    safe: time.sleep -> asyncio.sleep: fetch() gets an async twin\n"
    )
    assert ran.returncode == 1
    assert ran.stderr == (
        "2 files checked: 1 blocking call inside the event loop, from 2 async functions; "
        "3 safe conversions (2 files), 0 unsafe, 0 manual. 4 functions become async.\n"
        "Preview: asyncify . --scope async-only --diff   Apply: asyncify . --scope async-only --write\n"
    )


def test_the_way_is_told_to_programs(project: Path) -> None:
    ran = asyncify(project, "--output-format", "json")
    (found,) = [each for each in json.loads(ran.stdout)["findings"] if each["trace"]]
    assert [(hop["function"], hop["path"], hop["callee"]) for hop in found["trace"]] == [
        ("web:handler", "web.py", "util:load"),
        ("util:load", "util.py", "util:fetch"),
        ("util:fetch", "util.py", "time.sleep"),
    ]
    assert found["trace"][0]["span"] == [5, 12, 5, 18]
    assert found["entries"] == ["web:handler", "web:other"]
    (flow,) = [
        result["codeFlows"][0]["threadFlows"][0]["locations"]
        for result in json.loads(asyncify(project, "--output-format", "sarif").stdout)["runs"][0][
            "results"
        ]
        if "codeFlows" in result
    ]
    texts = [step["location"]["message"]["text"] for step in flow]
    assert texts[0] == "async handler() calls load()"
    github = asyncify(project, "--output-format", "github").stdout
    assert "async handler() -> load() -> fetch() -> time.sleep" in github


def test_the_file_of_the_handler_is_enough(project: Path) -> None:
    """As pre-commit gives it: the blocking call is in a file that the commit does not touch."""
    ran = asyncify(project, "web.py")
    assert ran.returncode == 1
    assert "async handler() calls load()" in ran.stdout


def test_after_writing_nothing_blocks(project: Path) -> None:
    assert asyncify(project, "--write", "--allow-dirty").returncode == 0
    assert b"await load_async()" in (project / "web.py").read_bytes()
    assert b"def script():\n    alone()\n    return load()" in (project / "web.py").read_bytes()
    ran = asyncify(project)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_code_that_no_loop_runs_is_left_alone(tmp_path: Path) -> None:
    grow(tmp_path, CLEAN)
    ran = asyncify(tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_what_cannot_be_converted_is_reported_too(tmp_path: Path) -> None:
    grow(tmp_path, HELD)
    ran = asyncify(tmp_path)
    assert ran.returncode == 1
    assert "async handler() calls Row.__len__()" in ran.stdout
    assert "manual: time.sleep stays: " in ran.stdout


def test_the_scope_of_the_configuration(project: Path) -> None:
    grow(project, {"pyproject.toml": b'[tool.asyncify]\nscope = "async-only"\n'})
    line = [sys.executable, "-m", "asyncify", "--check", "--quiet"]
    ran = subprocess.run(line, cwd=project, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stdout.startswith("util.py:5:5: ASY201 time.sleep blocks the event loop\n")
