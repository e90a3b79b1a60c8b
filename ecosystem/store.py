"""What is fetched and built, in a cache outside the tree: releases and virtual environments."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

from ecosystem.projects import CONSTRAINTS, Project, Suite

COMMON_REQUIREMENTS = (
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "anyio",
    "httpx",
    "aiofiles",
    "aiosqlite",
    "respx",
)
STAMP = "built-from"
REPOSITORY = Path(__file__).resolve().parent.parent


class StoreError(RuntimeError):
    """A release or an environment cannot be made; the message says which command failed."""


def cache_directory() -> Path:
    """The folder that everything downloaded goes to, never inside the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "asyncify-ecosystem"


def new_log_directory(keep: int = 20) -> Path:
    """A folder for one run, named by time and process; the oldest ones make room."""
    logs = cache_directory() / "logs"
    folder = logs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    folder.mkdir(parents=True)
    for old in sorted(path for path in logs.iterdir() if path.is_dir())[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Two runs at the same time share the cache; one of them builds, the other waits."""
    folder = cache_directory() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def write_atomically(path: Path, text: str) -> None:
    """A reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


def python_tag() -> str:
    """The running interpreter as part of a cache key."""
    return f"py{sys.version_info.major}.{sys.version_info.minor}"


def sha256(path: Path) -> str:
    """The digest that ``projects.toml`` pins."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def release(project: Project) -> Path:
    """The verified source distribution of a project, downloaded with pip when it is not cached."""
    with locked(f"{project.name}.sdist"):
        return _release(project)


def _release(project: Project) -> Path:
    folder = cache_directory() / "sdists" / f"{project.name}-{project.version}"
    for path in _archives(folder):
        if sha256(path) == project.sha256:
            return path
    download(project.name, project.version, folder)
    for path in _archives(folder):
        digest = sha256(path)
        if digest == project.sha256:
            return path
        raise StoreError(f"{project.name}: sha256 is {digest}, pinned is {project.sha256}")
    raise StoreError(f"{project.name}: no source distribution of {project.version}")


def download(name: str, version: str, folder: Path) -> None:
    """Let pip fetch one source distribution; it goes to ``folder`` only when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        _pip("download", "--no-deps", "--no-binary", name, "--dest", scratch, f"{name}=={version}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(scratch, folder)


def unpack(project: Project, into: Path) -> Path:
    """A fresh copy of the project's tree; returns its top folder."""
    into.mkdir(parents=True, exist_ok=True)
    if project.local:
        top = into / Path(project.local).name
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        shutil.copytree(REPOSITORY / project.local, top, ignore=ignored)
        return top
    with tarfile.open(release(project)) as archive:
        archive.extractall(into, filter="data")
    tops = [path for path in into.iterdir() if path.is_dir()]
    if len(tops) != 1:
        raise StoreError(f"{project.name}: the release has {len(tops)} top folders")
    return tops[0]


def environment(project: Project) -> Path:
    """The project's virtual environment, built once; the project's own code is *not* in it.

    The project is installed for its dependencies, metadata and console scripts; then its code is
    removed, so that a test can only import the copy under test.
    """
    if project.tests is None:
        raise StoreError(f"{project.name}: has no tests, so it needs no environment")
    folder = cache_directory() / "venvs" / _environment_key(project)
    with locked(f"{folder.name}.venv"):
        if stamp(folder) != _pins(project):
            _build(project, project.tests, folder)
    return folder


def _build(project: Project, tests: Suite, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=False, symlinks=True)
    with tempfile.TemporaryDirectory() as scratch:
        top = unpack(project, Path(scratch))
        extras = f"[{','.join(tests.extras)}]" if tests.extras else ""
        own = [f"{top}{extras}"] if _is_installable(top) else []
        pins = constraints(project)
        pinned = ["--constraint", str(pins)] if pins.is_file() else []
        _pip(
            f"--python={folder / 'bin' / 'python'}",
            "install",
            "--quiet",
            *pinned,
            *COMMON_REQUIREMENTS,
            *tests.requires,
            *own,
        )
    for source in project.sources:
        _remove_installed(site_packages(folder) / Path(source).name)
    _mark(project, folder)


def stamp(folder: Path) -> str | None:
    """What a finished environment was built from, nothing when it is not finished."""
    path = folder / STAMP
    return path.read_text(encoding="utf-8") if path.is_file() else None


def lock(project: Project) -> Path:
    """Pin what the environment has now; it is what it would be built as, so it stays."""
    folder = environment(project)
    path = constraints(project)
    write_atomically(path, freeze(folder, project))
    _mark(project, folder)
    return path


def site_packages(folder: Path) -> Path:
    """Where the environment's packages are."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return folder / "lib" / version / "site-packages"


def constraints(project: Project) -> Path:
    """The committed pins of a project's environment; missing means newest of everything."""
    return CONSTRAINTS / python_tag() / f"{project.name}.txt"


def freeze(folder: Path, project: Project) -> str:
    """An environment's packages as pins, without the project itself."""
    python = folder / "bin" / "python"
    listed = json.loads(_pip(f"--python={python}", "list", "--format=json"))
    own = _normalised(project.name)
    pins = {
        _normalised(item["name"]): item["version"]
        for item in listed
        if _normalised(item["name"]) not in {own, "pip", "setuptools"}
    }
    return "".join(f"{name}=={version}\n" for name, version in sorted(pins.items()))


def environment_variables(folder: Path | None) -> dict[str, str]:
    """The variables of an activated environment, without what would leak in from this shell."""
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "PYTEST", "PIP_", "VIRTUAL_ENV", "ASYNCIFY_", "COV_"))
        and not key.lower().endswith("_proxy")
    }
    env |= {"LC_ALL": "C.UTF-8", "COLUMNS": "80", "GIT_CEILING_DIRECTORIES": tempfile.gettempdir()}
    if folder is not None:
        env["VIRTUAL_ENV"] = str(folder)
        env["PATH"] = os.pathsep.join([str(folder / "bin"), env.get("PATH", "")])
    return env


def _environment_key(project: Project) -> str:
    assert project.tests is not None
    parts = [
        project.sha256,
        *COMMON_REQUIREMENTS,
        *project.tests.requires,
        *project.tests.extras,
    ]
    digest = hashlib.sha256("".join(f"{part}\n" for part in parts).encode()).hexdigest()[:12]
    return f"{project.name}-{project.version}-{python_tag()}-{digest}"


def _pins(project: Project) -> str:
    path = constraints(project)
    return sha256(path) if path.is_file() else "newest"


def _mark(project: Project, folder: Path) -> None:
    write_atomically(folder / STAMP, _pins(project))


def _pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise StoreError(f"pip {' '.join(arguments)} failed:\n{tail}")
    return done.stdout


def _archives(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.tar.gz")) if folder.is_dir() else []


def _is_installable(top: Path) -> bool:
    return any((top / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg"))


def _remove_installed(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.is_file():
        path.unlink()


def _normalised(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
