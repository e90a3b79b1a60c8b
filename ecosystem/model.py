"""The vocabulary of a run: frozen values that go to JSON and come back unchanged."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SCHEMA = 1
T = typing.TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a test did not pass: exception type, first line, and the project's files involved."""

    kind: str
    message: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of asyncify cost: seconds, and megabytes of its largest process."""

    exit_code: int
    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken promise: ``kind`` is one of ``PROBLEMS``, ``place`` a file and perhaps a line."""

    kind: str
    place: str
    detail: str


PROBLEMS: Mapping[str, str] = types.MappingProxyType(
    {
        "crash": "asyncify raised, or its exit code was not 0 or 1",
        "check-wrote": "a read-only mode changed a file",
        "not-compiling": "a file compiled before and does not compile now",
        "diff-differs": "applying --diff gives something else than --write",
        "unstable": "a second --write changed something again",
        "lost-coroutine": "a call to a function that is now async is not awaited",
        "annotation": "a declared type did not follow what became async, or an await is too many",
        "setup": "the harness itself could not measure this project",
    }
)


@dataclass(frozen=True, slots=True)
class Sites:
    """Blocking calls: found, converted, and what is left per code; those of HTTP libraries once more."""

    found: int = 0
    converted: int = 0
    left: dict[str, int] = field(default_factory=dict)
    http_found: int = 0
    http_converted: int = 0

    @property
    def percent(self) -> float:
        """The share that was converted; nothing found is nothing converted."""
        return 100 * self.converted / self.found if self.found else 0.0


@dataclass(frozen=True, slots=True)
class LostTest:
    """A test that passed before and does not after, with its reason and the codes involved."""

    id: str
    outcome: str
    reason: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """The project's own tests, before and after."""

    before: int
    kept: int
    async_ran: int
    seconds_before: float
    seconds_after: float
    gained: tuple[str, ...] = ()
    lost: tuple[LostTest, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """Everything that one run measured about one project."""

    name: str
    version: str
    kind: str
    files: int = 0
    lines: int = 0
    changed: int = 0
    unparsable: int = 0
    async_functions: int = 0
    sites: Sites = field(default_factory=Sites)
    codes: dict[str, int] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    suspects: tuple[Problem, ...] = ()
    new_diagnostics: dict[str, int] = field(default_factory=dict)
    tests: SuiteResult | None = None

    def count(self, kind: str) -> int:
        """How many problems of one kind there are."""
        return sum(problem.kind == kind for problem in self.problems)

    @property
    def seconds(self) -> float:
        """How long ``--write`` took, the figure of the table."""
        cost = self.costs.get("write")
        return cost.wall if cost else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run over the list; ``sources`` is the digest of what was measured, and with what."""

    asyncify: str
    python: str
    projects: tuple[ProjectResult, ...]
    sources: str = ""
    schema: int = SCHEMA

    def measured_with(self, other: Run) -> bool:
        """Whether both runs measured the same asyncify, on the same Python."""
        mine, theirs = (
            (run.asyncify, run.python, run.sources, run.schema) for run in (self, other)
        )
        return mine == theirs

    def save(self, path: Path) -> None:
        """Write the run as JSON; additive changes only within one schema number."""
        text = json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f"{path.name}.part")
        scratch.write_text(text + "\n", encoding="utf-8")
        scratch.replace(path)

    @classmethod
    def load(cls, path: Path) -> Run:
        """Read what :meth:`save` wrote; another schema is an error, unknown keys are not."""
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("schema") != SCHEMA:
            raise ValueError(f"{path}: schema {data.get('schema')}, expected {SCHEMA}")
        return from_plain(cls, data)


def from_plain(kind: type[T], value: object) -> T:
    """Turn JSON data back into the dataclass ``kind``."""
    return typing.cast(T, _build(kind, value))


def _build(kind: typing.Any, value: typing.Any) -> object:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        options = [option for option in arguments if option is not types.NoneType]
        return None if value is None else _build(options[0], value)
    if origin is tuple:
        return tuple(_build(arguments[0], item) for item in value)
    if origin is dict:
        return {key: _build(arguments[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        known = {item.name for item in dataclasses.fields(kind)}
        values = {key: _build(hints[key], item) for key, item in value.items() if key in known}
        return typing.cast(typing.Callable[..., object], kind)(**values)
    return typing.cast(object, value)
