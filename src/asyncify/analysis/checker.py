"""Runs pyrefly, the type checker, and has it write its call-graph report into a directory.

Everything that could make two machines disagree is switched off: the user's own configuration,
the installed packages, ignore files and the checker's guesses about import roots. Third-party
packages are known through ``stubs/`` alone, which comes last, so that a module of the project
with the same name wins.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from asyncify.errors import CheckerError

STUBS = Path(__file__).parent / "stubs"
TESTED = "1.4"

# The checker ends its report by unpacking all its bundled stubs, 8,000 files and 40 MB that nobody
# reads: 0.3 s of system time at best, 5 s on a slow disk. A file where it wants a directory stops it just
# there, when the report of every module is already on the disk.
_OBSTACLE = "typeshed"
_INDEX = "pyrefly.pysa.json"


def run(
    workspace: Path,
    files: Sequence[Path],
    *,
    search_roots: Sequence[Path],
    python_version: str,
    jobs: int,
) -> Path:
    """Check `files` and return the directory of the report, below `workspace`."""
    report = workspace / "report"
    report.mkdir()
    (report / _OBSTACLE).touch()
    configuration = workspace / "pyrefly.toml"
    configuration.write_text(_configuration(files, search_roots, python_version), "utf-8")
    command = [
        *(executable(), "check", "--config", str(configuration), "--threads", str(jobs)),
        *("--report-pysa", str(report), "--report-pysa-format", "json"),
        *("--summary=none", "--progress-bar=no", "--output-format=omit-errors", "--color=never"),
    ]
    try:
        done = subprocess.run(
            command,
            cwd=workspace,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise CheckerError(f"cannot run pyrefly: {error}") from error
    # 0: no type error, 1: type errors, or stopped by the obstacle.
    finished = (report / _INDEX).exists() or _OBSTACLE in done.stderr
    if done.returncode not in (0, 1) or not finished:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines else "no message"
        raise CheckerError(f"pyrefly {version()} failed with exit code {done.returncode}: {reason}")
    return report


def executable() -> str:
    """The pyrefly of this environment, else the one on the path."""
    places = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    for place in (*places, None):
        if found := shutil.which("pyrefly", path=place):
            return found
    raise CheckerError(
        "pyrefly is not installed: install it with `pip install 'pyrefly>=1.4,<1.5'`"
    )


def version() -> str:
    """The version of the installed pyrefly, for messages."""
    try:
        return metadata.version("pyrefly")
    except metadata.PackageNotFoundError:
        return "(unknown version)"


def _configuration(files: Sequence[Path], search_roots: Sequence[Path], python_version: str) -> str:
    """The checker's configuration file; `files` go here because a command line is too short."""
    roots = [str(root) for root in search_roots]
    settings = {
        "project-includes": [_literal(str(path)) for path in files],
        "project-excludes": [],
        "disable-project-excludes-heuristics": True,
        "use-ignore-files": False,
        "search-path": [*roots, str(STUBS)],
        "disable-search-path-heuristics": True,
        "site-package-path": [],
        "skip-interpreter-query": True,
        "python-version": python_version,
        "preset": "off",
        "check-unannotated-defs": True,
        "infer-return-types": "checked",
    }
    # A JSON value of these kinds is a TOML value too.
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in settings.items()
    )


def _literal(path: str) -> str:
    """A path as a glob pattern that matches nothing else."""
    return "".join(_escaped(path))


def _escaped(path: str) -> Iterator[str]:
    for character in path:
        yield f"[{character}]" if character in "*?[" else character
