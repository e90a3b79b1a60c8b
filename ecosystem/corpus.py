"""Point asyncify at all Python code of this environment: no crash, and every output compiles.

Every package of the standard library and of site-packages is converted as a project of its own, in a
temporary copy; ``each`` converts file by file instead, which asks more of the type checker.
"""

from __future__ import annotations

import shutil
import sysconfig
import tempfile
import tokenize
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, cast

from ecosystem import tree

SKIPPED = frozenset({"site-packages", "dist-packages", "__pycache__", "node_modules"})


class Answer(Protocol):
    """The part of asyncify's answer that is looked at here and in :mod:`ecosystem.fuzz`."""

    @property
    def path(self) -> str: ...
    @property
    def before(self) -> object: ...
    @property
    def after(self) -> object: ...
    @property
    def changed(self) -> bool: ...
    @property
    def findings(self) -> object: ...
    @property
    def error(self) -> object | None: ...


Convert = Callable[..., Answer]
ConvertProject = Callable[[Path], Sequence[Answer]]


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, or a whole unit, that asyncify broke on."""

    path: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that are converted together, relative to ``base``."""

    name: str
    base: Path
    files: tuple[str, ...]


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


def run(
    paths: Iterable[Path],
    jobs: int = 1,
    limit: int | None = None,
    *,
    each: bool = False,
    heard: Callable[[Unit, Corpus], None] = lambda unit, found: None,
) -> Corpus:
    """Convert all units in memory with ``jobs`` processes; ``heard`` is told of each one."""
    chosen = list(islice(units(paths, each=each), limit))
    found: list[Corpus] = []
    if jobs <= 1:
        for unit in chosen:
            found.append(convert_unit(unit))
            heard(unit, found[-1])
    else:
        with ProcessPoolExecutor(jobs) as pool:
            for unit, outcome in zip(chosen, pool.map(convert_unit, chosen), strict=True):
                found.append(outcome)
                heard(unit, outcome)
    failures = tuple(failure for outcome in found for failure in outcome.failures)
    return Corpus(sum(item.files for item in found), sum(item.changed for item in found), failures)


def units(paths: Iterable[Path], *, each: bool = False) -> Iterator[Unit]:
    """One unit per package, and one for the loose modules of a folder."""
    for top in paths:
        if top.is_file():
            yield Unit(top.stem, top.parent, (top.name,))
            continue
        loose = [path for path in sorted(top.glob("*.py")) if path.is_file()]
        folders = [path for path in sorted(top.iterdir()) if path.is_dir()]
        groups = [(f"modules of {top.name}", loose)] if loose else []
        groups += [
            (folder.name, [path for path in files if path.is_file()])
            for folder in folders
            if folder.name not in SKIPPED and (files := sorted(folder.rglob("*.py")))
        ]
        for name, files in groups:
            relative = tuple(path.relative_to(top).as_posix() for path in files)
            if each:
                yield from (Unit(file, top, (file,)) for file in relative)
            else:
                yield Unit(name, top, relative)


def convert_unit(unit: Unit) -> Corpus:
    """Convert a copy of the files that compile, and compile whatever comes out."""
    with tempfile.TemporaryDirectory(prefix="asyncify-corpus-") as scratch:
        root = Path(scratch).resolve()
        kept = [name for name in unit.files if _copied(unit.base / name, root / name)]
        if not kept:
            return Corpus(len(unit.files), 0, ())
        try:
            answers = project_converter()(root)
        except Exception as error:  # noqa: BLE001 - any exception at all is what is looked for
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            detail = f"{type(error).__name__}: {error} ({place})"[:300]
            return Corpus(len(unit.files), 0, (Failure(unit.name, "crash", detail),))
    failures = tuple(failure for answer in answers if (failure := broken(answer)))
    return Corpus(len(unit.files), sum(answer.changed for answer in answers), failures)


def broken(answer: Answer) -> Failure | None:
    """What is wrong with one answer, if anything."""
    if answer.error is not None:
        return Failure(answer.path, "error", str(answer.error)[:300])
    if not answer.changed:
        return None
    after = as_bytes(answer.after, as_bytes(answer.before, b""))
    problem = tree.compile_error(after, answer.path)
    return Failure(answer.path, "not compiling", problem) if problem else None


def converter() -> Convert:
    """``asyncify.convert_source``, looked up late: the harness works without asyncify."""
    import asyncify

    return cast(Convert, asyncify.convert_source)


def project_converter() -> ConvertProject:
    """``asyncify.plan`` of a whole folder, as the results of its files."""
    import asyncify

    def convert(root: Path) -> Sequence[Answer]:
        return cast(Sequence[Answer], asyncify.plan(root).results)

    return convert


def as_bytes(text: object, source: bytes) -> bytes:
    """A text as bytes in the encoding that the source declares."""
    if isinstance(text, bytes):
        return text
    encoding, _ = tokenize.detect_encoding(iter([*source.splitlines(keepends=True), b""]).__next__)
    return str(text).encode(encoding)


def _copied(source: Path, target: Path) -> bool:
    if tree.compile_error(source.read_bytes(), source.name) is not None:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return True
