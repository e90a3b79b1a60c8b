"""Point asyncify at every Python file of this environment: no crash, and every output compiles."""

from __future__ import annotations

import sysconfig
import tokenize
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, cast

from ecosystem import tree

CHUNK = 16


class Answer(Protocol):
    """The part of asyncify's answer that is looked at here and in :mod:`ecosystem.fuzz`."""

    @property
    def after(self) -> object: ...
    @property
    def changed(self) -> bool: ...
    @property
    def findings(self) -> object: ...
    @property
    def error(self) -> object | None: ...


Convert = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that asyncify broke on."""

    path: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a run over many files found."""

    files: int
    changed: int
    failures: tuple[Failure, ...]


def default_paths() -> list[Path]:
    """The standard library of the running Python and everything that is installed beside it."""
    names = ("stdlib", "purelib", "platlib")
    return [Path(path) for path in dict.fromkeys(sysconfig.get_path(name) for name in names)]


def run(paths: Iterable[Path], jobs: int, limit: int | None = None) -> Corpus:
    """Convert every file alone, in memory, with ``jobs`` processes."""
    files = list(islice(_python_files(paths), limit))
    if jobs <= 1:
        outcomes = [convert(path) for path in files]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            outcomes = list(pool.map(convert, files, chunksize=CHUNK))
    failures = tuple(outcome for outcome in outcomes if isinstance(outcome, Failure))
    return Corpus(len(files), sum(outcome is True for outcome in outcomes), failures)


def convert(path: Path) -> bool | Failure:
    """Whether the file would change, or how asyncify failed on it."""
    source = path.read_bytes()
    if tree.compile_error(source, path.name) is not None:
        return False
    try:
        result = converter()(source, filename=path.name)
    except Exception as error:  # noqa: BLE001 - any exception at all is what is looked for
        return Failure(str(path), "crash", f"{type(error).__name__}: {error}"[:300])
    if result.error is not None:
        return Failure(str(path), "error", str(result.error)[:300])
    if not result.changed:
        return False
    problem = tree.compile_error(as_bytes(result.after, source), path.name)
    return Failure(str(path), "not compiling", problem) if problem else True


def converter() -> Convert:
    """``asyncify.convert_source``, looked up late: the harness works without asyncify."""
    import asyncify

    return cast(Convert, asyncify.convert_source)


def as_bytes(after: object, source: bytes) -> bytes:
    """The output as bytes in the encoding that the input declares."""
    if isinstance(after, bytes):
        return after
    encoding, _ = tokenize.detect_encoding(iter(source.splitlines(keepends=True)).__next__)
    return str(after).encode(encoding)


def _python_files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for top in paths:
        found = [top] if top.is_file() else sorted(top.rglob("*.py"))
        for path in found:
            if path not in seen and path.is_file():
                seen.add(path)
                yield path
