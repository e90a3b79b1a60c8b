"""Convert a copy of weather_desk and show that both versions do the same.

Both programs run against one local weather service, with a cold and with a warm cache; what they
print and the files they write are compared. Then both test suites run. Exit status 0: everything
is equal, and every test that passed before passes after. Works in a temporary directory only.

    python examples/run_demo.py
    python examples/run_demo.py --converted DIR    # compare a version converted elsewhere
"""

import argparse
import filecmp
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from local_server import LocalServer

EXAMPLES = Path(__file__).resolve().parent
PROJECT = EXAMPLES / "weather_desk"
SERVICE = EXAMPLES / "local_server.py"

NEEDED = ("requests", "httpx", "aiofiles", "aiosqlite", "pytest", "pytest_asyncio")
LIMIT = 300  # seconds for one child process
IGNORED = shutil.ignore_patterns("__pycache__", ".*", "*.db", "*.egg-info", "report.txt")

# A coroutine that nobody awaits is only a warning to Python: here it fails the test.
PYTEST = (
    "-q",
    "-p",
    "no:cacheprovider",
    "-W",
    "error::RuntimeWarning",
    "-W",
    "error::pytest.PytestUnraisableExceptionWarning",
    "-o",
    "asyncio_mode=auto",
    "-o",
    "asyncio_default_fixture_loop_scope=function",
)


class DemoError(Exception):
    """The demo cannot go on; the message is one line for the user."""


@dataclass(frozen=True)
class Counts:
    """What one run of a test suite came to."""

    passed: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument(
        "--converted",
        type=Path,
        metavar="DIR",
        help="use this project as the converted one instead of running asyncify",
    )
    converted = parser.parse_args().converted
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        require(NEEDED if converted else (*NEEDED, "asyncify"))
        with tempfile.TemporaryDirectory(prefix="asyncify-demo-") as place:
            return demo(Path(place), converted)
    except DemoError as error:
        print(f"run_demo: {error}", file=sys.stderr)
        return 1


def require(modules: tuple[str, ...]) -> None:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise DemoError(f"not installed for this Python: {', '.join(missing)}")


def demo(place: Path, converted: Path | None) -> int:
    before = copy_project(PROJECT, place / "before")
    after = copy_project(converted or PROJECT, place / "after")
    if converted is None:
        heading("asyncify --write")
        convert(after)
    changed = changed_files(before, after)
    print(f"{len(changed)} files changed: {', '.join(changed) or 'none'}")
    if not changed and converted is None:
        raise DemoError("asyncify changed nothing, there is nothing to compare")

    with LocalServer() as server:
        outputs = {}
        for project in (before, after):
            server.forget_requests()
            output = run_program(project, server.url)
            requests = server.journal
            order = checksum("\n".join(requests))
            outputs[project] = f"{output}service: {len(requests)} requests, hash {order}\n"
    for title, project in (("before", before), ("after", after)):
        heading(f"the program, {title}")
        print(outputs[project], end="")
    same = outputs[before] == outputs[after]
    heading(f"outputs are {'equal' if same else 'DIFFERENT'}")

    counts = {project: run_tests(project) for project in (before, after)}
    print(f"tests before: {counts[before]}")
    print(f"tests after:  {counts[after]}")
    tested = counts[after] == counts[before] and counts[after].passed > 0
    tested = tested and counts[after].failed == 0
    print("The conversion holds." if same and tested else "The conversion does NOT hold.")
    return 0 if same and tested else 1


def copy_project(project: Path, place: Path) -> Path:
    """Copy the project, and beside it the service that its tests import."""
    if not (project / "weather_desk").is_dir():
        raise DemoError(f"{project} does not hold the package weather_desk")
    place.mkdir()
    shutil.copy(SERVICE, place)
    return Path(shutil.copytree(project, place / PROJECT.name, ignore=IGNORED))


def convert(project: Path) -> None:
    """Let asyncify rewrite the project in place."""
    finished = start(
        [sys.executable, "-m", "asyncify", str(project), "--write", "--allow-dirty"],
        project.parent,
    )
    print((finished.stdout + finished.stderr).replace(str(project), PROJECT.name), end="")
    # 1 says that something is left: the atexit callback, which nobody could await.
    if finished.returncode not in (0, 1):
        raise DemoError(f"asyncify failed with exit status {finished.returncode}")


def changed_files(before: Path, after: Path) -> list[str]:
    names = {
        path.relative_to(root).as_posix()
        for root in (before, after)
        for path in root.rglob("*")
        if path.is_file()
    }
    _, different, missing = filecmp.cmpfiles(before, after, sorted(names), shallow=False)
    return sorted(different + missing)


def run_program(project: Path, url: str) -> str:
    """Run the program with a cold and with a warm cache; return all that it made."""
    options = ["--base-url", url, "--out", "out", "--cache", "cache.db", "--wait", "10"]
    command = [sys.executable, "-m", "weather_desk", *options]
    (project / "out").mkdir()
    made = []
    for extra in (["--days", "4"], ["--days", "4", "--max-age", "3600", "--publish", "Calm"]):
        finished = start([*command, *extra], project)
        made += [f"$ python -m weather_desk ... {' '.join(extra)}\n", finished.stdout]
        if finished.returncode or finished.stderr:
            made += [f"exit status {finished.returncode}\n", finished.stderr]
    for path in sorted((project / "out").iterdir()):
        content = path.read_text(encoding="utf-8")
        made.append(f"{path.name}: {len(content)} characters, hash {checksum(content)}\n")
    return "".join(made)


def checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def run_tests(project: Path) -> Counts:
    """Run the test suite of the project; print what it says only if it fails."""
    report = project.parent / "tests.xml"
    finished = start([sys.executable, "-m", "pytest", *PYTEST, f"--junitxml={report}"], project)
    if finished.returncode:
        print(finished.stdout + finished.stderr, end="")
    if not report.exists():
        raise DemoError(f"pytest failed with exit status {finished.returncode}")
    suite = ElementTree.parse(report).getroot().find("testsuite")
    if suite is None:
        raise DemoError("pytest wrote a report without results")
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    skipped = int(suite.get("skipped", 0))
    return Counts(int(suite.get("tests", 0)) - failed - skipped, failed, skipped)


def start(command: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    quiet = {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    try:
        return subprocess.run(
            command,
            cwd=directory,
            env={**os.environ, **local, **quiet},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DemoError(f"no end after {LIMIT} s: {' '.join(command[1:4])}") from None


def heading(text: str) -> None:
    print(f"\n== {text}")


if __name__ == "__main__":
    sys.exit(main())
