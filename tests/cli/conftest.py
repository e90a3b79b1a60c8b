"""Runs the command in this process: the real command line over a pipeline of a few lines."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from fake_stages import fake_stages

from asyncify.api import project
from asyncify.cli import run

SLEEPS = b"import time\n\n\ndef work():\n    time.sleep(1)\n"
AWAITS = b"import asyncio\n\n\nasync def work():\n    await asyncio.sleep(1)\n"


class Ran(NamedTuple):
    code: int
    out: bytes
    err: str


Command = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _quiet_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "ASYNCIFY_JOBS", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the current directory."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def asyncify(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command over the fake pipeline."""

    def command(*arguments: str, texts: Mapping[str, str] | None = None) -> Ran:
        monkeypatch.setattr(project, "Stages", lambda: fake_stages(texts))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as caught:
            run(list(arguments))
        captured = capfdbinary.readouterr()
        code = caught.value.code
        assert isinstance(code, int)
        return Ran(code, captured.out, captured.err.decode().replace("\r\n", "\n"))

    return command


def grow(root: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a directory, with its time: a tool that writes the same text is found too."""
    return {
        f"{path.relative_to(root).as_posix()} {os.stat(path).st_mtime_ns}": path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
