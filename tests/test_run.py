"""Programs that run before and after: they print the same and end in the same way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from echo_server import EchoServer
from fixture_files import FIXTURES, HEADER, one_file_cases

from asyncify.api import plan
from asyncify.config import Config
from asyncify.model.result import FileResult

PROGRAMS = {path.stem: path.read_bytes() for path in sorted((FIXTURES / "run").glob("*.py"))} | {
    case.id.partition("/")[2].replace("/", "_"): case.before
    for case in one_file_cases()
    if "run" in case.words
}


@pytest.fixture(scope="module")
def server() -> Iterator[EchoServer]:
    with EchoServer() as server:
        yield server


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileResult]:
    """What becomes of each program; those that ask for the same are one project."""
    found: dict[str, FileResult] = {}
    for wrapped in (False, True):
        root = tmp_path_factory.mktemp("programs")
        for name, text in PROGRAMS.items():
            if text.startswith(HEADER + b" --wrap-scripts\n") is wrapped:
                (root / f"{name}.py").write_bytes(text)
        results = plan(root, config=Config(wrap_scripts=wrapped)).results
        found |= {result.path.removesuffix(".py"): result for result in results}
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_prints_the_same(
    program: str, converted: dict[str, FileResult], server: EchoServer, tmp_path: Path
) -> None:
    result = converted[program]
    assert b"asyncio.run(" in result.after, result.findings
    ours = run(result.after, tmp_path / "after", server)
    theirs = run(result.before, tmp_path / "before", server)
    assert ours.stdout.decode() == theirs.stdout.decode(), ours.stderr.decode()
    assert ours.returncode == theirs.returncode, ours.stderr.decode()
    assert theirs.stdout
    assert b"never awaited" not in ours.stderr
    assert b"Exception in thread" not in ours.stderr


def run(text: bytes, directory: Path, server: EchoServer) -> subprocess.CompletedProcess[bytes]:
    """Run a program in a directory of its own."""
    directory.mkdir()
    (directory / "program.py").write_bytes(text)
    return subprocess.run(
        [sys.executable, "program.py"],
        cwd=directory,
        env={**os.environ, "BASE_URL": server.url, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        timeout=120,
        preexec_fn=_heed_interrupts if os.name == "posix" else None,
    )


def _heed_interrupts() -> None:
    """A shell makes what runs in its background ignore Ctrl-C, and programs inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
