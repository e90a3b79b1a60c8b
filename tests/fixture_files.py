"""Reads the cases of tests/fixtures, and converts many of them with one run of the type checker.

A case is one file: comments ``# case: ...``, the input, a line ``# output``, the expected text. A
``.noop.py`` has no output, it comes back as it is. The words of a header:

- ``--unsafe``: unsafe conversions are applied too;
- ``--frontier=twin`` and the like: what happens where something has to stay synchronous;
- ``--http-sessions=native``: objects of a library may have a wider form;
- ``--wrap-scripts``: the module level of a script becomes one async function;
- ``run``: it is a program too, that `test_run` executes;
- ``todo``: this is how it should be, and is not yet;
- ``silent`` (noop only): nothing is found; otherwise something has to be, with a code.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from asyncify.analysis.callgraph import merge
from asyncify.analysis.index import index_module
from asyncify.analysis.resolver import Resolution, resolve
from asyncify.api import plan
from asyncify.api.stages import Facts, Job, Stages
from asyncify.config import Config
from asyncify.errors import ParseError
from asyncify.model.facts import Module
from asyncify.model.graph import CallGraph
from asyncify.model.result import FileResult

FIXTURES = Path(__file__).with_name("fixtures")
ONE_FILE = ("rules", "language", "known_failures")
MARK = b"# output\n"
HEADER = b"# case:"


@dataclass(frozen=True, slots=True)
class Case:
    """One file of fixtures."""

    path: Path
    before: bytes
    after: bytes
    words: frozenset[str]
    header: bytes = b""

    @classmethod
    def read(cls, path: Path) -> Case:
        """The case in a file.

        Raises:
            ValueError: the file is neither a noop nor has it two halves.
        """
        lines = path.read_bytes().splitlines(keepends=True)
        start = next((i for i, line in enumerate(lines) if not line.startswith(HEADER)), len(lines))
        header, lines = lines[:start], lines[start:]
        words = {word for line in header for word in line.decode().removeprefix("# case:").split()}
        if path.name.endswith(".noop.py"):
            text = b"".join(lines)
            return cls(path, text, text, frozenset(words), b"".join(header))
        if lines.count(MARK) != 1:
            raise ValueError(f"{path.name}: one line '# output' is expected")
        middle = lines.index(MARK)
        before = b"".join(lines[:middle]).rstrip(b"\n") + b"\n"
        return cls(path, before, b"".join(lines[middle + 1 :]), frozenset(words), b"".join(header))

    @property
    def is_noop(self) -> bool:
        """Whether it has to come back as it is."""
        return self.path.name.endswith(".noop.py")

    @property
    def id(self) -> str:
        """The path below the fixtures, without suffix."""
        return self.path.relative_to(FIXTURES).as_posix().removesuffix(".py")

    @property
    def config(self) -> Config:
        """The configuration that the header asks for."""
        frontier = next(
            (w.partition("=")[2] for w in self.words if w.startswith("--frontier=")), ""
        )
        config = Config(
            unsafe="--unsafe" in self.words,
            wrap_scripts="--wrap-scripts" in self.words,
            http_sessions="native" if "--http-sessions=native" in self.words else "threads",
        )
        return config.with_flags(frontier=frontier or None)

    def update(self, after: bytes) -> None:
        """Write another expected text."""
        if not self.is_noop:
            text = self.header + self.before + b"\n\n" + MARK + after
            self.path.write_bytes(text)


def one_file_cases() -> list[Case]:
    """Every case that is a project of one module."""
    paths = (path for name in ONE_FILE for path in sorted((FIXTURES / name).rglob("*.py")))
    return [Case.read(path) for path in paths if not _in_project(path)]


def _in_project(path: Path) -> bool:
    return bool({"before", "after"} & set(path.relative_to(FIXTURES).parts[:-1]))


def projects() -> list[Path]:
    """Every directory with a ``before`` and an ``after``."""
    return sorted(path.parent for path in FIXTURES.rglob("before") if path.is_dir())


class Checked:
    """Texts that the type checker has seen, all in one run; each is a project of its own for the rest."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self.root = Path(mkdtemp(prefix="asyncify-fixtures-")).resolve()
        self.names = {text: f"case_{number}" for number, text in enumerate(dict.fromkeys(texts))}
        self.modules: dict[str, Module] = {}
        for text, name in self.names.items():
            (self.root / f"{name}.py").write_bytes(text)
            try:
                self.modules[name] = index_module(
                    text.decode(), name=name, path=f"{name}.py", is_package=False
                )
            except ParseError:
                continue
        self.resolution = resolve(
            self.root,
            self.modules,
            search_roots=(self.root,),
            python_version=f"{sys.version_info.major}.{sys.version_info.minor}",
        )

    def close(self) -> None:
        """Remove the texts."""
        shutil.rmtree(self.root)

    def convert(self, text: bytes, config: Config) -> FileResult:
        """What becomes of a text."""
        name = self.names[text]
        own = self.root / "alone" / name
        own.mkdir(parents=True, exist_ok=True)
        (own / f"{name}.py").write_bytes(text)
        stages = Stages(resolve=self._resolve)
        # no proof: the checker has not seen the new text, and what it said is about the old one
        found = plan(own, paths=[own / f"{name}.py"], config=config, stages=stages, proof=False)
        (result,) = found.results
        return result

    def _resolve(self, job: Job, facts: Facts) -> CallGraph:
        (name,) = facts.modules
        return merge(facts.modules, _part(self.resolution, name))


def _part(whole: Resolution, module: str) -> Resolution:
    """What the checker knows about one module."""

    def own(table: Mapping[str, object]) -> dict[str, object]:
        return {key: value for key, value in table.items() if key.startswith(f"{module}:")}

    return replace(
        whole,
        edges=tuple(edge for edge in whole.edges if edge.site.module == module),
        types={key: name for key, name in whole.types.items() if key.module == module},
        classes={key: name for key, name in whole.classes.items() if key.module == module},
        bases=own(whole.bases),
        fields={key: name for key, name in whole.fields.items() if key[0].startswith(f"{module}:")},
        overridden=own(whole.overridden),
        results=own(whole.results),
        functions_used={
            key: targets for key, targets in whole.functions_used.items() if key.module == module
        },
        scalars=frozenset(key for key in whole.scalars if key.module == module),
    )
