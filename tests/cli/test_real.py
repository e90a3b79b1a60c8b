"""The command as users run it: a process of its own, the real pipeline, real files."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import asyncify

from .conftest import contents, grow

PROJECT = {
    "pyproject.toml": b'[project]\nname = "app"\n',
    "src/app/__init__.py": b"",
    "src/app/naps.py": b'import time\n\n\ndef nap(n):  # "quoted" [x]\n    time.sleep(n)\n    return n\n',
    "src/app/main.py": b"from app.naps import nap\r\n\r\n\r\ndef main():\r\n    return nap(0)",
    "src/app/__main__.py": (
        b'from app.main import main\n\nif __name__ == "__main__":\n    print(main())\n'
    ),
    "src/app/naïve.py": (
        "from app import main as m\n\nÉ = '日本'\n\n\ndef both():\n    return É, m.main()\n".encode()
    ),
}


def command(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("CI", "FORCE_COLOR")
    }
    line = [sys.executable, "-W", "error", "-m", "asyncify", *arguments]
    return subprocess.run(line, cwd=root, capture_output=True, env=environment)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    grow(tmp_path, PROJECT)
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        names = [
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.invalid",
            "-c",
            "core.autocrlf=false",
        ]
        subprocess.run(["git", *names, *arguments], cwd=tmp_path, check=True)
    return tmp_path


def git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    ran = subprocess.run(["git", *arguments], cwd=root, input=stdin, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def run_app(root: Path) -> bytes:
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    line = [sys.executable, "-W", "error", "-m", "app"]
    return subprocess.run(line, capture_output=True, check=True, env=environment).stdout


def test_from_the_report_to_the_second_run(project: Path) -> None:
    before = contents(project)
    for arguments in ([], ["--check"], ["--output-format", "json"], ["--why", "app.main:main"]):
        ran = command(project, *arguments)
        assert ran.returncode == (0 if "--why" in arguments else 1), ran.stderr.decode()
        assert contents(project) == before
    ran = command(project, "--diff")
    assert (ran.returncode, contents(project)) == (1, before)
    git(project, "apply", "--check", stdin=ran.stdout)
    git(project, "apply", stdin=ran.stdout)
    applied = {name: (project / name).read_bytes() for name in PROJECT}
    git(project, "checkout", "--", ".")
    assert git(project, "status", "--porcelain") == b""
    assert run_app(project) == b"0\n"
    ran = command(project, "--write")
    assert ran.returncode == 0, ran.stderr.decode()
    assert {name: (project / name).read_bytes() for name in PROJECT} == applied
    assert applied["src/app/main.py"] == (
        b"from app.naps import nap\r\n\r\n\r\nasync def main():\r\n    return await nap(0)"
    )
    assert b"asyncio.run(main())" in applied["src/app/__main__.py"]
    assert run_app(project) == b"0\n"
    after = contents(project)
    again = command(project, "--write", "--allow-dirty")
    assert (again.returncode, contents(project)) == (0, after)
    assert command(project, "--diff").stdout == b""


def test_a_part_agrees_with_the_whole(project: Path) -> None:
    ran = command(project, "src/app/naps.py", "--diff")
    assert (ran.returncode, ran.stdout) == (1, b"")
    report = command(project, "src/app/naps.py").stdout.decode()
    assert report.startswith("src/app/naps.py:5:5")
    assert "ASY905 manual" in report
    assert command(project, "src", "--diff").stdout == command(project, "--diff").stdout


def test_why(project: Path) -> None:
    assert command(project, "--why", "app.main:main").stdout.decode().splitlines() == [
        "app.main:main becomes async",
        "  src/app/main.py:5:12 calls app.naps:nap",
        "  src/app/naps.py:5:5 calls time.sleep, which blocks",
    ]


def test_the_library(project: Path) -> None:
    plan = asyncify.plan(project)
    assert "app.naps:nap" in plan.async_functions
    assert plan.patch() == command(project, "--diff").stdout
    report = plan.write()
    assert report.undo.startswith("git checkout -- ")
    source = "import time\n\n\nasync def f():\n    time.sleep(1)\n"
    result = asyncify.convert_source(source, filename="x.py")
    assert result.after == b"import asyncio\n\n\nasync def f():\n    await asyncio.sleep(1)\n"


NESTED = "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(90)) + " " * 90 + "pass\n"
BAD = {
    "decoding.py": (b"\n\n\nx = '\xff'\n", "4:6: cannot decode: not valid utf-8"),
    "deep.py": (
        "".join(f"{' ' * depth}if 1:\n" for depth in range(101)).encode(),
        "101:",
    ),
    "old.py": (b"x = 1\nprint 'x'\n", "2:1: cannot parse: Missing parentheses in call to 'print'"),
    "sum.py": (b"x = " + b"-" * 100_000 + b"1\n", "1:"),
    "unparsable.py": (b"def f(:\n", "1:7: cannot parse: invalid syntax"),
    "zero.py": (b"x = 1\x00\n", "1:"),
}
FINE = {
    "empty.py": b"",
    "comment.py": b"# nothing",
    "nested.py": NESTED.encode(),
    "latin.py": b"# coding: latin-1\nx = '\xe9'\n",
    "a/naps.py": b"x = 1\n",
    "b/naps.py": b"y = 2\n",
    "naps.py": b"z = 3\n",
    "src/app/stub.pyi": b"def nap(n): ...\n",
    "long.py": b"".join(b"def f%d(x):\n    return [x, %d]\n" % (n, n) for n in range(10_000)),
    "loop.py": b"for x in []: pass",
}


def test_bad_files_are_named_and_the_rest_goes_on(project: Path) -> None:
    files = {name: content for name, (content, _) in BAD.items()}
    grow(project, files)
    ran = command(project)
    errors = [line for line in ran.stderr.decode().splitlines() if line.startswith("error: ")]
    for line, (name, (_, message)) in zip(errors, BAD.items(), strict=True):
        assert line.startswith(f"error: {name}:{message}")
    assert "Traceback" not in ran.stderr.decode()
    assert (ran.returncode, b"ASY201" in ran.stdout) == (2, True)
    assert command(project, "--write", "--exit-zero").returncode == 2
    assert b"await asyncio.sleep" in (project / "src" / "app" / "naps.py").read_bytes()
    assert {name: (project / name).read_bytes() for name in files} == files


def test_odd_files_are_no_error(project: Path) -> None:
    grow(project, FINE)
    ran = command(project, "--write")
    assert ran.returncode == 0, ran.stderr.decode()
    assert {name: (project / name).read_bytes() for name in FINE} == FINE
    assert b"await asyncio.sleep" in (project / "src" / "app" / "naps.py").read_bytes()


# A process that starts in the background of a shell ignores SIGINT, and so do its children.
SLOW = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
replace = os.replace
def slow(source, target):
    os.replace = replace
    replace(source, target)
    print("replaced", flush=True, file=sys.stderr)
    time.sleep(60)
os.replace = slow
from asyncify.cli import run
run(["--write", "-q"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_killed_in_the_middle_every_file_is_old_or_new(project: Path) -> None:
    new = {each.path: each.after for each in asyncify.plan(project).results}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"replaced\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    states = {
        name: "new" if (project / name).read_bytes() == text else "old"
        for name, text in new.items()
        if text != PROJECT[name]
    }
    assert set(states.values()) == {"old", "new"}
    for name, state in states.items():
        if state == "old":
            assert (project / name).read_bytes() == PROJECT[name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_interrupted_in_the_middle_every_file_is_old(project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"replaced\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b"interrupted: nothing was written\n"
    assert process.returncode == 130
    assert {name: (project / name).read_bytes() for name in PROJECT} == PROJECT
    assert git(project, "status", "--porcelain") == b""
