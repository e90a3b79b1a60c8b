"""`--verify`: real tests of real projects, run in a copy before and after."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import contents, grow

OK, FOUND, FAILED = 0, 1, 2
PYTHON = shlex.quote(sys.executable)
PYTEST = f"{PYTHON} -m pytest -q -p no:cacheprovider"
PROJECT = {
    "pyproject.toml": b'[project]\nname = "app"\n',
    ".gitignore": b"local/\n",
    "local/secret.txt": b"not in the copy\n",
    "data/words.txt": b"two words\n",
    "src/app/__init__.py": b"",
    "src/app/naps.py": b"import time\n\n\ndef nap(n):\n    time.sleep(n)\n    return n\n",
    "tests/test_naps.py": (
        b"from pathlib import Path\n\nfrom app.naps import nap\n\n\n"
        b"def test_nap():\n    assert nap(0) == 0\n\n\n"
        b"def test_copy():\n"
        b"    assert Path('data/words.txt').read_text() == 'two words\\n'\n"
        b"    assert not Path('local').exists()\n\n\n"
        b"def test_never_passed():\n    assert nap(0) == 1\n"
    ),
}
# what asyncify cannot see: a test that asks what the function is
CURIOUS = {
    "tests/test_kind.py": (
        b"import inspect\n\nimport app.naps\n\n\n"
        b"class TestKind:\n"
        b"    def test_is_plain(self):\n"
        b"        assert not inspect.iscoroutinefunction(getattr(app.naps, 'n' + 'ap'))\n"
    )
}


def asyncify(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "CI"))}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    line = [sys.executable, "-m", "asyncify", *arguments]
    return subprocess.run(line, cwd=root, capture_output=True, env=environment, text=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    grow(root, PROJECT)
    return root


def test_writes_what_keeps_the_tests(project: Path) -> None:
    ran = asyncify(project, "--write", "--verify", PYTEST)
    assert ran.returncode == OK, ran.stderr
    assert "verify: 2 tests passed before, and after" in ran.stderr
    assert "async def nap(n):" in (project / "src/app/naps.py").read_text()
    again = asyncify(project, "--write", "--verify", PYTEST)
    assert again.returncode == OK, again.stderr
    assert "verify: nothing changes, so there is nothing to compare" in again.stderr


def test_names_the_test_that_breaks_and_writes_nothing(project: Path) -> None:
    grow(project, CURIOUS)
    before = contents(project)
    ran = asyncify(project, "--write", "--exit-zero", "--verify", PYTEST)
    assert ran.returncode == FAILED, ran.stderr
    errors = [line for line in ran.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith(
        "error: tests/test_kind.py: TestKind::test_is_plain passed before and fails after: Assert"
    )
    assert "verify: 1 of 3 tests break; nothing was written" in ran.stderr
    assert contents(project) == before


def test_only_reports_without_write(project: Path) -> None:
    before = contents(project)
    ran = asyncify(project, "--verify", PYTEST)
    assert ran.returncode == FOUND, ran.stderr
    assert "verify: 2 tests passed before, and after" in ran.stderr
    grow(project, CURIOUS)
    told = asyncify(project, "--output-format", "json", "--verify", PYTEST)
    found = json.loads(told.stdout)
    assert (told.returncode, found["exit_code"]) == (FAILED, FAILED)
    assert [each["path"] for each in found["errors"]] == ["tests/test_kind.py"]
    (project / "tests/test_kind.py").unlink()
    assert contents(project) == before


def test_a_test_that_does_not_run_any_more_is_broken(project: Path) -> None:
    grow(
        project,
        {
            "tests/test_naps.py": b"from app.naps import nap\n\n\n"
            b"def test_one():\n    assert nap(0) == 0\n\n\n"
            b"def test_two():\n    assert nap(0) == 0\n",
            "tests/conftest.py": b"import inspect\n\n\n"
            b"def pytest_collection_modifyitems(items):\n"
            b"    items[:] = [i for i in items if not inspect.iscoroutinefunction(i.obj)] or items[:1]\n",
        },
    )
    ran = asyncify(project, "--write", "--verify", PYTEST)
    assert ran.returncode == FAILED, ran.stderr
    assert "test_two passed before and fails after: it does not run any more" in ran.stderr
    assert "verify: 1 of 2 tests break; nothing was written" in ran.stderr


def test_other_commands_are_known_by_their_exit_code(project: Path) -> None:
    script = (
        b"import app.naps\n\n"
        b"if getattr(app.naps, 'n' + 'ap').__code__.co_flags & 128:\n"
        b"    raise SystemExit('async now')\n"
    )
    grow(project, {"check.py": script, "fine.py": b"import app.naps\n"})
    before = contents(project)
    ran = asyncify(project, "--write", "--verify", f"{PYTHON} check.py")
    assert ran.returncode == FAILED, ran.stderr
    assert "ends with exit code 1: async now" in ran.stderr
    assert "verify: the tests pass before and fail after; nothing was written" in ran.stderr
    assert contents(project) == before
    ran = asyncify(project, "--verify", f"{PYTHON} fine.py")
    assert ran.returncode == FOUND, ran.stderr
    assert "verify: the tests pass before and after" in ran.stderr


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-program -q", "--verify: cannot run 'no-such-program': no such program"),
        ("", "--verify: the command is empty"),
        ("pytest '", '--verify: cannot read "pytest \'": No closing quotation'),
        (f"{PYTEST} --junit-xml=x", "--verify: asyncify adds --junitxml by itself; leave it out"),
        (f"{PYTEST} tests/test_none.py", "--verify: no test passes before the conversion"),
        (f"{PYTEST} -k never", "--verify: no test passes before the conversion"),
        (
            f"{PYTHON} -c 'raise SystemExit(3)'",
            "fails before the conversion already, with exit code 3",
        ),
    ],
)
def test_says_in_one_line_what_cannot_be_verified(
    project: Path, command: str, message: str
) -> None:
    before = contents(project)
    ran = asyncify(project, "--write", "--verify", command)
    assert ran.returncode == FAILED
    assert ran.stderr.startswith("error: "), ran.stderr
    assert message in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert contents(project) == before


def test_a_project_that_is_installed_in_place_does_not_hide_the_copy(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(project, CURIOUS)
    monkeypatch.setenv("PYTHONPATH", str(project / "src"))
    assert asyncify(project, "--verify", PYTEST).returncode == FAILED


def test_stdin_has_no_tests(project: Path) -> None:
    assert asyncify(project, "-", "--verify", PYTEST).returncode == FAILED


# the project blocks a loop in two ways that no rule knows
WATCHED = {
    "src/app/tables.py": (
        b"import os\nimport time\n\n\n"
        b"def rows():\n"
        b"    time.sleep(0)\n"
        b"    return [os.stat(each) for each in os.listdir('data')]\n"
    ),
    "data/words.txt": b"",
    "tests/test_naps.py": (
        b"from app.naps import nap\nfrom app.tables import rows\n\n\n"
        b"def test_nap():\n    assert nap(0) == 0\n\n\n"
        b"def test_rows(monkeypatch):\n    import os\n\n"
        b"    monkeypatch.setattr(os, 'stat', len)\n"
        b"    assert rows() == rows() == [9]\n"
    ),
}


def test_says_what_blocks_the_loop_in_the_tests(project: Path) -> None:
    grow(project, WATCHED)
    before = contents(project)
    ran = asyncify(project, "--verify", PYTEST, "--verify-runtime", "--output-format", "json")
    assert ran.returncode == FOUND, ran.stderr
    assert contents(project) == before
    found = [f for f in json.loads(ran.stdout)["findings"] if f["code"] == "ASY981"]
    assert [(f["path"], f["span"][0]) for f in found] == [("src/app/tables.py", 7)]
    assert found[0]["message"] == "os.listdir blocks the event loop"
    assert found[0]["reason"] == "in rows(), seen in tests/test_naps.py::test_rows"
    assert "verify: 2 tests passed before, and after" in ran.stderr
    assert "verify: an event loop is blocked from 1 line of the project" in ran.stderr


def test_watches_a_project_without_anything_to_convert(project: Path) -> None:
    async_code = b"import os\n\n\nasync def names():\n    return os.listdir('.')\n"
    script = b"import asyncio\n\nfrom app.naps import names\n\nasyncio.run(names())\n"
    grow(project, {"src/app/naps.py": async_code, "check.py": script})
    (project / "tests/test_naps.py").unlink()
    ran = asyncify(project, "--verify", f"{PYTHON} check.py", "--verify-runtime")
    assert ran.returncode == FOUND, ran.stderr
    assert "src/app/naps.py:5:5  ASY981 manual  os.listdir blocks the event loop" in ran.stdout
    assert "in names()" in ran.stdout
    ran = asyncify(project, "--ignore", "ASY981", "--verify", f"{PYTHON} check.py")
    assert (ran.returncode, ran.stdout) == (OK, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--verify-runtime",), "--verify-runtime needs --verify"),
        (
            ("--verify-runtime", "--verify", f"{PYTHON} -I -c 'pass'"),
            "--verify-runtime: the command starts no Python that reads PYTHONPATH",
        ),
    ],
)
def test_nobody_looks_at_the_loop(project: Path, arguments: tuple[str, ...], message: str) -> None:
    ran = asyncify(project, *arguments)
    assert ran.returncode == FAILED
    assert ran.stderr == f"error: {message}\n"


@pytest.fixture
def elsewhere(tmp_path: Path, project: Path) -> str:
    """The Python of an environment without blockbuster, in which the project is installed in place by a hook."""
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    hook = (
        "import importlib.util, sys\n\n"
        "class InPlace:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        known = {{'app': {str(project / 'src/app/__init__.py')!r},\n"
        f"                 'app.naps': {str(project / 'src/app/naps.py')!r}}}\n"
        "        if name in known:\n"
        "            return importlib.util.spec_from_file_location(name, known[name])\n\n"
        "sys.meta_path.insert(0, InPlace())\n"
    )
    site = next(place.glob("[Ll]ib*/**/site-packages"))
    (site / "in_place.py").write_text(hook)
    (site / "in_place.pth").write_text("import in_place\n")
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return shlex.quote(str(python))


def test_an_import_hook_does_not_hide_the_copy(project: Path, elsewhere: str) -> None:
    script = "import app.naps as n; raise SystemExit(getattr(n, 'n' + 'ap').__code__.co_flags >> 7)"
    (project / "check.py").write_text(script)
    ran = asyncify(project, "--verify", f"{elsewhere} check.py")
    assert ran.returncode == FAILED, ran.stderr
    assert "ends with exit code 1" in ran.stderr


def test_the_oracle_is_not_installed(project: Path, elsewhere: str) -> None:
    ran = asyncify(project, "--verify", f"{elsewhere} -c pass", "--verify-runtime")
    assert ran.returncode == FAILED
    assert ran.stderr == (
        "error: --verify-runtime: blockbuster is not installed for the Python of the tests: "
        'pip install "asyncify-refactor[runtime]"\n'
    )
