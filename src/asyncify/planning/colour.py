"""The fixed point: from the blocking calls up to every function that has to become async.

Passes over the graph "who uses whom". *Down*: nothing that a function which must stay sync uses can
become async in its place. *Up*: what is left colours everyone who uses it; on the way it may pass
through functions that stay sync and get an async *twin* beside them. *Down* again: only twins that
an async function calls are made. All of it is plain reachability, linear in the number of edges.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from asyncify.model.facts import FunctionId
from asyncify.model.graph import Reference


@dataclass(frozen=True, slots=True)
class Limit:
    """Why a function cannot become async, and the place that says so."""

    code: str
    message: str
    site: Reference | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """Blocking calls that are converted together, and the functions that execute them.

    `sites` pairs each place with the function that has to be async because of it. A unit that is
    `shared` is about objects that other functions see as well: it cannot be converted in a twin only.
    """

    name: str
    sites: tuple[tuple[Reference, FunctionId], ...]
    limit: Limit | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A place in `user` that reaches `used` in a way that needs `user` to be async."""

    user: FunctionId
    used: FunctionId
    site: Reference


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a function became async: the site, and the function (or the unit) that it reaches."""

    site: Reference
    callee: FunctionId | None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Colouring:
    """Who becomes async and why; which units are held, by which limit, over which way."""

    causes: Mapping[FunctionId, Cause]
    held: Mapping[str, Limit]
    ways: Mapping[str, tuple[FunctionId, ...]] = field(default_factory=dict)
    twins: Mapping[FunctionId, Cause] = field(default_factory=dict)  # who gets an async twin
    copied: frozenset[FunctionId] = frozenset()  # wrappers that are async in a decorator's twin

    @property
    def awaiting(self) -> frozenset[FunctionId]:
        """Every function that is async from now on, or has an async form."""
        return self.copied.union(self.causes, self.twins)


Family = Mapping[FunctionId, frozenset[FunctionId]]


@dataclass(frozen=True, slots=True)
class Together:
    """Functions that go together: those that change colour (`family`), and those that have twins (`line`).

    Who is `alone` stays what it is, and runs its body in a loop: nobody has to go with it.
    """

    family: Family = field(default_factory=dict)
    line: Family = field(default_factory=dict)
    alone: Set[FunctionId] = frozenset()

    def coloured(self, function: FunctionId) -> list[FunctionId]:
        """Who changes colour with a function."""
        return [function] if function in self.alone else _members(function, self.family)


Members = Callable[[FunctionId], Sequence[FunctionId]]
Users = Mapping[FunctionId, Sequence[Use]]


def colour(
    units: Sequence[Unit],
    users: Users,
    together: Together,
    limits: Mapping[FunctionId, Limit],
    twins: Callable[[Set[FunctionId]], Users] = lambda blocked: {},
    content: Set[FunctionId] = frozenset(),
    asked: Set[FunctionId] = frozenset(),
) -> Colouring:
    """Colours the project.

    Args:
        units: the blocking calls.
        users: by function, the places that use it and need their own function async.
        together: functions that become async, or have a twin, only together.
        limits: functions that must stay sync.
        twins: finds out who among functions that stay sync can have an async twin beside them, each
            with the places that can use that.
        content: functions that are content with the sync one (tests of it).
        asked: functions whose twin is made although nobody here calls it.
    """
    blocked = _blocked(users, together.coloured, limits)
    beside = twins(blocked.keys())
    through = {
        used: [use for use in beside.get(used, ()) if use.user not in content] for used in blocked
    }
    users = {**users, **through}
    free: list[tuple[Unit, Reference, FunctionId]] = []
    for unit in units:
        kept = any(f in blocked for _, f in unit.sites)
        if unit.limit is None and not (kept and unit.shared):
            free.extend((unit, site, function) for site, function in unit.sites)

    def members(function: FunctionId) -> list[FunctionId]:
        if function in blocked:
            return _members(function, together.line)
        return together.coloured(function)

    reached = _reached(free, users, members, lambda f: f not in blocked or f in beside)
    causes = {f: cause for f, cause in reached.items() if f not in blocked}
    stays = {f: cause for f, cause in reached.items() if f in blocked}
    wanted = _wanted(stays, causes, users, members, asked)
    held: dict[str, Limit] = {}
    ways: dict[str, tuple[FunctionId, ...]] = {}
    for unit in units:
        if unit.limit is not None:
            held[unit.name] = unit.limit
            continue
        made = causes if unit.shared else {**causes, **wanted}
        stopped = next((f for _, f in unit.sites if f in blocked and f not in made), None)
        if stopped is not None:
            held[unit.name] = limits[blocked[stopped][0]]
            ways[unit.name] = _way(stopped, blocked)
    return Colouring(causes, held, ways, wanted)


def _members(function: FunctionId, family: Family) -> list[FunctionId]:
    together = family.get(function)
    return sorted(together) if together else [function]


def _reached(
    starts: Iterable[tuple[Unit, Reference, FunctionId]],
    users: Users,
    together: Members,
    passes: Callable[[FunctionId], bool],
) -> dict[FunctionId, Cause]:
    """Every function that some blocking call colours, with its cause, nearest first."""
    causes: dict[FunctionId, Cause] = {}
    closed: set[FunctionId] = set()
    queue: deque[FunctionId] = deque()

    def add(function: FunctionId, cause: Cause) -> None:
        if function in causes or function in closed:
            return  # it came with another one
        members = together(function)
        if not all(passes(member) for member in members):
            closed.update(members)
            return
        for member in members:
            if member not in causes:
                causes[member] = cause if member == function else Cause(cause.site, function)
                queue.append(member)

    for unit, site, function in starts:
        add(function, Cause(site, None, unit.name))
    while queue:
        used = queue.popleft()
        for use in users.get(used, ()):
            add(use.user, Cause(use.site, used))
    return causes


# by function: whose limit keeps it sync, and the next step on the way there
Blocked = dict[FunctionId, tuple[FunctionId, FunctionId | None]]


def _blocked(users: Users, together: Members, limits: Mapping[FunctionId, Limit]) -> Blocked:
    """Everything that a function which must stay sync uses, directly or not."""
    used_by: dict[FunctionId, list[FunctionId]] = {}
    for used, uses in users.items():
        for use in uses:
            used_by.setdefault(use.user, []).append(used)
    blocked: Blocked = {}
    queue: deque[FunctionId] = deque()

    def block(function: FunctionId, origin: FunctionId, step: FunctionId | None) -> None:
        if function in blocked:
            return  # its family came with it
        for member in together(function):
            if member not in blocked:
                blocked[member] = (origin, step)
                queue.append(member)

    for function in sorted(limits):
        block(function, function, None)
    while queue:
        user = queue.popleft()
        for used in used_by.get(user, ()):
            block(used, blocked[user][0], user)
    return blocked


def _way(function: FunctionId, blocked: Blocked) -> tuple[FunctionId, ...]:
    way = [function]
    while (step := blocked[way[-1]][1]) is not None and step not in way:
        way.append(step)
    return tuple(way)


def _wanted(
    candidates: dict[FunctionId, Cause],
    causes: Mapping[FunctionId, Cause],
    users: Users,
    together: Members,
    asked: Set[FunctionId],
) -> dict[FunctionId, Cause]:
    """The twins that were asked for, or that an async function calls, directly or through other twins."""
    wanted: dict[FunctionId, Cause] = {}
    changed = True
    while changed:
        changed = False
        for function, cause in candidates.items():
            if function in wanted:
                continue
            called = (use.user in causes or use.user in wanted for use in users.get(function, ()))
            if function in asked or any(called):
                for member in together(function):
                    wanted[member] = candidates.get(member, cause)
                changed = True
    return wanted
