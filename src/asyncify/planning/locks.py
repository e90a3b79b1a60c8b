"""Locks: no `await` may stand where a thread holds one.

A lock is translated as soon as some await would come between taking and giving it back. Where that
cannot be (a user that has to stay sync, two event loops, an argument without faithful form), the functions
that would await there are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asyncify.model.facts import FunctionId, Kind, Role, short
from asyncify.model.graph import Access, Reference
from asyncify.planning.colour import Colouring, Limit, Unit
from asyncify.planning.functions import Conversion
from asyncify.planning.groups import last_part
from asyncify.planning.project import Project
from asyncify.planning.stretches import Stretch, stretches
from asyncify.planning.units import Guard, Seed
from asyncify.rules.registry import Rules


@dataclass(frozen=True, slots=True)
class Coloured:
    """One colouring, with what it rests on."""

    seeds: Sequence[Seed]
    colouring: Colouring
    conversions: Mapping[FunctionId, Conversion]

    def awaits(self) -> Iterator[tuple[Reference, FunctionId]]:
        """Every place that awaits, enters or iterates from now on, with its function."""
        made = self.colouring.awaiting
        for function in made:
            for use in self.conversions[function].uses if function in self.conversions else ():
                if use.user in made:
                    yield use.site, use.user
        for seed in self.seeds:
            if seed.unit.name not in self.colouring.held:
                for site, function in seed.unit.sites:
                    if function in made:
                        yield site, function


class Locks:
    """The locks of a project."""

    def __init__(self, project: Project, rules: Rules, seeds: Iterable[Seed]) -> None:
        self.project = project
        self.guards = [(seed, seed.guard) for seed in seeds if seed.guard is not None]
        self.guards.extend(self._loose(rules))
        self._stretches: dict[str, list[Stretch]] = {}

    def _loose(self, rules: Rules) -> Iterator[tuple[Seed, Guard]]:
        """Locks that somebody takes, of which nobody knows where they come from (`locks[key]`)."""
        project = self.project
        seen = {site for _, guard in self.guards for site in guard.seen}
        for edge in project.graph.edges:
            if edge.access not in (Access.ENTER, Access.CALL):
                continue
            for target in edge.targets:
                found = rules.resource(target.receiver or "")
                if found is None or found[1].hold is None:
                    continue
                site: Reference | None = edge.site
                if edge.access is Access.CALL:
                    callee = project.child(edge.site, Role.CALLEE)
                    site = project.child(callee, Role.RECEIVER) if callee is not None else None
                if site is not None and site not in seen:
                    seen.add(site)
                    unknown = "nobody knows where it is made"
                    guard = Guard(found[1].hold, last_part(found[1].name), (site,), (), unknown)
                    yield Seed(Unit(f"{site.module}:{site.expression}", ()), (), guard=guard), guard

    def wanted(self, coloured: Coloured) -> dict[str, tuple[Seed, list[tuple[Stretch, Reference]]]]:
        """The locks that would be held across an await, by unit, with the first such place of each function."""
        if not self.guards:
            return {}
        by_module: dict[str, list[Reference]] = {}
        for site, _ in coloured.awaits():
            by_module.setdefault(site.module, []).append(site)
        found = {}
        for seed, guard in self.guards:
            across: dict[FunctionId, tuple[Stretch, Reference]] = {}
            for stretch in self._held(seed, guard):
                for site in by_module.get(stretch.taken.module, ()):
                    if stretch.function not in across and stretch.holds(self.project, site):
                        across[stretch.function] = (stretch, site)
            if across:
                found[seed.unit.name] = (seed, list(across.values()))
        return found

    def _held(self, seed: Seed, guard: Guard) -> list[Stretch]:
        if seed.unit.name not in self._stretches:
            found = stretches(self.project, guard.hold, guard.seen)
            self._stretches[seed.unit.name] = found
        return self._stretches[seed.unit.name]

    def stretches(self) -> list[Stretch]:
        """Everywhere that a lock is held."""
        return [one for seed, guard in self.guards for one in self._held(seed, guard)]

    def problem(self, seed: Seed, coloured: Coloured) -> str | None:
        """Why a lock cannot be one of asyncio; None if it can."""
        guard = seed.guard
        assert guard is not None
        if guard.problem:
            return guard.problem
        limit = seed.unit.limit or coloured.colouring.held.get(seed.unit.name)
        if limit is not None:
            way = coloured.colouring.ways.get(seed.unit.name, ())
            who = f"{short(way[0])}() takes it too: " if way else ""
            return f"{who}{limit.message}"
        if guard.hold.reenters and (again := self._taken_again(seed, guard)):
            return again
        return None

    def limits(
        self, seed: Seed, across: Iterable[tuple[Stretch, Reference]], problem: str
    ) -> Iterator[tuple[FunctionId, Limit]]:
        """What holds the functions that would await while they hold the lock."""
        guard = seed.guard
        assert guard is not None
        for stretch, _ in across:
            message = f"a {guard.text} would be held across an await: {problem}"
            site = None if guard.problem and guard.made else stretch.taken
            yield stretch.function, Limit(guard.hold.code, message, site)

    # -- taking twice ----------------------------------------------------------------------------

    def _taken_again(self, seed: Seed, guard: Guard) -> str | None:
        """How somebody who holds a lock may take it again."""
        project = self.project
        held = self._held(seed, guard)
        takers = {stretch.function for stretch in held}
        calls = project.memory("calls", _calls)
        todo = [
            site
            for stretch in held
            for site in calls.get(stretch.function, ())
            if stretch.holds(project, site)
        ]
        if any(a.taken != b.taken and a.holds(project, b.taken) for a in held for b in held):
            return "it is taken again while it is held, and asyncio has no reentrant lock"
        seen: set[FunctionId] = set()
        while todo:
            site = todo.pop()
            edges = project.edges_at(site)
            if not edges and not project.callee_names(site):
                line = project.expression(site).span.line
                return f"nobody knows what line {line} calls, and asyncio has no reentrant lock"
            for function in (t.function for edge in edges for t in edge.targets):
                if function in takers:
                    return (
                        f"{short(function)}() may take it again, and asyncio has no reentrant lock"
                    )
                if function is not None and function not in seen:
                    seen.add(function)
                    todo.extend(calls.get(function, ()))
        return None


def _calls(project: Project) -> dict[FunctionId, list[Reference]]:
    """What each function does that may run code of others."""
    found: dict[FunctionId, dict[Reference, None]] = {}
    for edge in project.graph.edges:
        function = project.expression(edge.site).function
        found.setdefault(function, {})[edge.site] = None
    for name, module in project.graph.modules.items():
        for expression in module.expressions:
            if expression.kind is Kind.CALL:
                found.setdefault(expression.function, {})[Reference(name, expression.id)] = None
    return {function: list(sites) for function, sites in found.items()}
