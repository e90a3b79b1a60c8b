"""Facts about a folder of files: what is in it, what compiles, how long it is."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

IGNORED = frozenset({"__pycache__", ".pytest_cache", ".git"})


def python_files(top: Path, sources: Iterable[str]) -> tuple[str, ...]:
    """The Python files below ``sources``, relative to ``top``, sorted."""
    found: set[str] = set()
    for source in sources:
        path = top / source
        files = [path] if path.is_file() else path.rglob("*.py")
        found.update(
            file.relative_to(top).as_posix()
            for file in files
            if file.is_file() and not IGNORED.intersection(file.relative_to(top).parts)
        )
    return tuple(sorted(found))


def digests(top: Path) -> dict[str, str]:
    """A digest per file of the whole tree, so that any change of any file shows."""
    return {
        path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(top.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not IGNORED.intersection(path.relative_to(top).parts)
    }


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """The files that are new, gone or different."""
    return tuple(
        sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    )


def compile_error(source: bytes, name: str) -> str | None:
    """Why a module does not compile, or nothing when it does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        except RecursionError:
            return "RecursionError: nested too deeply for this interpreter"
    return None


def line_count(top: Path, files: Iterable[str]) -> int:
    """Lines of all the files."""
    return sum((top / name).read_bytes().count(b"\n") for name in files)
