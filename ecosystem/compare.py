"""Two runs side by side: what got better and what got worse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ecosystem.model import PROBLEMS, ProjectResult, Run

SLOWER_FACTOR = 2.0
SLOWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that moved."""

    project: str
    what: str
    old: float
    new: float
    better: bool

    def __str__(self) -> str:
        word = "better" if self.better else "worse"
        return f"{word}: {self.project}: {self.what} {self.old:g} -> {self.new:g}"


def compare(old: Run, new: Run) -> tuple[Change, ...]:
    """Every figure that moved, the worse ones first; projects in only one run do not count."""
    known = {result.name: result for result in old.projects}
    changes = [
        change
        for result in new.projects
        if result.name in known
        for change in _changes(known[result.name], result)
    ]
    return tuple(sorted(changes, key=lambda change: (change.better, change.project, change.what)))


def worse(changes: tuple[Change, ...]) -> bool:
    """Whether anything got worse."""
    return any(not change.better for change in changes)


def _changes(old: ProjectResult, new: ProjectResult) -> Iterator[Change]:
    for kind in PROBLEMS:
        before, after = old.count(kind), new.count(kind)
        if before != after:
            yield Change(new.name, f"{kind} problems", before, after, after < before)
    if old.sites.converted != new.sites.converted:
        better = new.sites.converted > old.sites.converted
        yield Change(new.name, "sites converted", old.sites.converted, new.sites.converted, better)
    if old.tests and new.tests and old.tests.kept != new.tests.kept:
        better = new.tests.kept > old.tests.kept
        yield Change(new.name, "tests kept", old.tests.kept, new.tests.kept, better)
    if old.tests and not new.tests and old.tests.kept:
        yield Change(new.name, "tests kept", old.tests.kept, 0, better=False)
    yield from _speed(old, new)


def _speed(old: ProjectResult, new: ProjectResult) -> Iterator[Change]:
    """CPU time, because wall time depends on the neighbours; small differences are noise."""
    if "write" not in old.costs or "write" not in new.costs:
        return
    before, after = old.costs["write"].cpu, new.costs["write"].cpu
    low, high = sorted((before, after))
    if high > low * SLOWER_FACTOR and high - low > SLOWER_SECONDS:
        yield Change(new.name, "CPU seconds of --write", before, after, after < before)
