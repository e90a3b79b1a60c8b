"""Programs that run before and after: they print the same and end in the same way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from echo_server import EchoServer
from fixture_files import FIXTURES

from asyncify.api import convert_source
from asyncify.config import Config

PROGRAMS = sorted((FIXTURES / "run").glob("*/before.py"))


@pytest.fixture(scope="module")
def server() -> Iterator[EchoServer]:
    with EchoServer() as server:
        yield server


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.parent.name)
def test_program_prints_the_same(program: Path, server: EchoServer, tmp_path: Path) -> None:
    before = program.read_bytes()
    config = Config(wrap_scripts=before.startswith(b"# case: --wrap-scripts\n"))
    result = convert_source(before, filename="program.py", config=config)
    assert b"asyncio.run(" in result.after, result.findings
    ours = run(result.after, tmp_path / "after", server)
    theirs = run(before, tmp_path / "before", server)
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
    )
