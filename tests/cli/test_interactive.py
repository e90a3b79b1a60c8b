"""`--interactive`: a real dialogue on a pseudo-terminal."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from .conftest import contents, grow

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")

OK, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130
CTRL_C = "\x03"
PROJECT = {
    "pyproject.toml": b'[project]\nname = "app"\n',
    "first.py": b"import time\n\n\ndef one():\n    time.sleep(1)\n\n\ndef both():\n    one()\n",
    "second.py": b"import time\n\n\ndef two():\n    time.sleep(2)\n",
    "third.py": b"import time\n\n\ndef three():\n    time.sleep(3)\n",
}


class Ran(NamedTuple):
    code: int
    asked: str


def dialogue(root: Path, *answers: str) -> Ran:
    """Run the command on a terminal, and type an answer whenever it asks; what was asked, and the exit code."""
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "CI"))}
    # a process of its own makes stdin the terminal that Ctrl-C is typed on
    start = "import fcntl, signal, termios, runpy; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    # whoever runs the tests in the background ignores Ctrl-C, and so would this process
    start += "signal.signal(signal.SIGINT, signal.default_int_handler); "
    start += "runpy.run_module('asyncify', run_name='__main__')"
    line = [sys.executable, "-c", start, "--interactive", "--allow-dirty"]
    process = subprocess.Popen(
        line,
        cwd=root,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        env={**environment, "NO_COLOR": "1"},
        start_new_session=True,
    )
    os.close(theirs)
    asked, left, typed, end = "", list(answers), "", time.monotonic() + 120
    while time.monotonic() < end:
        if not select.select([ours], [], [], 1)[0]:
            # Ctrl-C between the end of the question and the read that waits for the answer wakes nobody;
            # a person types it again
            if typed == CTRL_C:
                os.write(ours, CTRL_C.encode())
            continue
        try:
            asked += os.read(ours, 4096).decode()
        except OSError:  # the other side is closed
            break
        if asked.endswith("? [y,n,a,w,q,?] ") and left:
            typed = left.pop(0)
            os.write(ours, typed.encode())
    os.close(ours)
    if process.poll() is None and time.monotonic() >= end:
        process.kill()
    assert left == [], asked
    return Ran(process.wait(10), asked.replace("\r\n", "\n"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    grow(root, PROJECT)
    return root


def changed(root: Path) -> list[str]:
    return sorted(name for name, text in PROJECT.items() if (root / name).read_bytes() != text)


def test_takes_and_leaves_whole_chains(project: Path) -> None:
    ran = dialogue(project, "y\n", "n\n", "y\n")
    assert ran.code == FOUND
    assert changed(project) == ["first.py", "third.py"]
    assert (project / "first.py").read_text().count("async def") == 2
    assert "chain 1 of 3" in ran.asked
    assert "+    await asyncio.sleep(1)" in ran.asked
    assert "3 files checked" not in ran.asked.partition("chain 3 of 3")[0]


def test_says_why_before_it_is_answered(project: Path) -> None:
    ran = dialogue(project, "w\n", "?\n", "nonsense\n", "q\n")
    assert ran.code == FOUND
    assert changed(project) == []
    assert "first:both becomes async\n  first.py:9:5 calls first:one" in ran.asked
    assert ran.asked.count("w  say why") == 2


def test_all_that_follow(project: Path) -> None:
    ran = dialogue(project, "n\n", "a\n")
    assert ran.code == FOUND
    assert changed(project) == ["second.py", "third.py"]


def test_quitting_keeps_what_was_taken(project: Path) -> None:
    ran = dialogue(project, "y\n", "q\n")
    assert (ran.code, changed(project)) == (FOUND, ["first.py"])


def test_everything_is_taken(project: Path) -> None:
    ran = dialogue(project, "y\n", "y\n", "y\n")
    assert (ran.code, len(changed(project))) == (OK, 3)
    assert "3 files written." in ran.asked


def test_an_interrupted_review_writes_nothing(project: Path) -> None:
    before = contents(project)
    ran = dialogue(project, "y\n", CTRL_C)
    assert ran.code == INTERRUPTED
    assert "interrupted: nothing was written" in ran.asked
    assert contents(project) == before


def test_needs_a_terminal(project: Path) -> None:
    line = [sys.executable, "-m", "asyncify", "-i"]
    ran = subprocess.run(line, cwd=project, input="y\n", capture_output=True, text=True)
    assert ran.returncode == FAILED
    assert ran.stderr == (
        "error: --interactive needs a terminal; use --diff to look and --write to apply\n"
    )
    assert changed(project) == []
