"""One text from stdin: the new text on stdout, for editors."""

import io
import json
import sys
from pathlib import Path

import pytest

from .conftest import AWAITS, SLEEPS, Command


class Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> object:
    return lambda data: monkeypatch.setattr(sys, "stdin", Stdin(data))


CASES = [
    # text, options, exit code, stdout
    (SLEEPS, [], 0, AWAITS),
    (b"x = 1\r\n", [], 0, b"x = 1\r\n"),
    (b"", [], 0, b""),
    (SLEEPS, ["--check"], 1, b""),
    (SLEEPS, ["--check", "--exit-zero"], 0, b""),
    (b"x = 1\n", ["--check"], 0, b""),
    (b"def f(:\n", [], 2, b""),
    (b"\xff\n", [], 2, b""),
]


@pytest.mark.parametrize(("data", "options", "code", "out"), CASES)
def test_stdin(
    tree: Path,
    asyncify: Command,
    stdin: object,
    data: bytes,
    options: list[str],
    code: int,
    out: bytes,
) -> None:
    stdin(data)  # type: ignore[operator]
    ran = asyncify("-", *options)
    assert (ran.code, ran.out) == (code, out), ran.err
    assert sorted(path.name for path in tree.iterdir()) == ["pyproject.toml"]


def test_stdin_has_a_name(tree: Path, asyncify: Command, stdin: object) -> None:
    stdin(SLEEPS)  # type: ignore[operator]
    ran = asyncify("-", "--stdin-filename", "pkg/x.py", "--diff")
    assert (ran.code, ran.out[:18]) == (1, b"--- a/pkg/x.py\n+++")
    stdin(b"(\n")  # type: ignore[operator]
    ran = asyncify("-", "--stdin-filename", "pkg/x.py")
    assert ran.err.startswith("error: pkg/x.py:1:1: cannot parse: '(' was never closed")
    stdin(SLEEPS)  # type: ignore[operator]
    content = json.loads(asyncify("-", "--output-format", "json").out)
    assert [each["path"] for each in content["findings"]] == ["<stdin>"]
