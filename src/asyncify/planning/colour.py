"""The fixed point: from the blocking calls up to every function that has to become async.

Two passes over the graph "who uses whom". *Down*: nothing that a function which must stay sync uses
can become async, so neither can the calls in it. *Up*: what is left colours everyone who uses it.
Both are plain reachability, so the whole is linear in the number of edges.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
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

    `sites` pairs each place with the function that has to be async because of it.
    """

    name: str
    sites: tuple[tuple[Reference, FunctionId], ...]
    limit: Limit | None = None


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


def closure(
    units: Iterable[Unit],
    users: Mapping[FunctionId, Sequence[Use]],
    family: Mapping[FunctionId, frozenset[FunctionId]],
) -> dict[FunctionId, Cause]:
    """Every function that the units colour, with its cause, nearest first."""
    causes: dict[FunctionId, Cause] = {}
    queue: deque[FunctionId] = deque()

    def add(function: FunctionId, cause: Cause) -> None:
        for member in sorted(family.get(function, frozenset({function}))):
            if member not in causes:
                causes[member] = cause if member == function else Cause(cause.site, function)
                queue.append(member)

    for unit in units:
        for site, function in unit.sites:
            add(function, Cause(site, None, unit.name))
    while queue:
        used = queue.popleft()
        for use in users.get(used, ()):
            add(use.user, Cause(use.site, used))
    return causes


def colour(
    units: Sequence[Unit],
    users: Mapping[FunctionId, Sequence[Use]],
    family: Mapping[FunctionId, frozenset[FunctionId]],
    limits: Mapping[FunctionId, Limit],
) -> Colouring:
    """Colours the project.

    Args:
        units: the blocking calls.
        users: by function, the places that use it and need their own function async.
        family: functions that change colour together.
        limits: functions that must stay sync.
    """
    used_by: dict[FunctionId, list[FunctionId]] = {}
    for used, uses in users.items():
        for use in uses:
            used_by.setdefault(use.user, []).append(used)
    # down: blocked[f] = the function whose limit keeps f sync, and the next step on the way to it
    blocked: dict[FunctionId, tuple[FunctionId, FunctionId | None]] = {}
    queue: deque[FunctionId] = deque()

    def block(function: FunctionId, origin: FunctionId, step: FunctionId | None) -> None:
        for member in sorted(family.get(function, frozenset({function}))):
            if member not in blocked:
                blocked[member] = (origin, step)
                queue.append(member)

    for function in sorted(limits):
        block(function, function, None)
    while queue:
        user = queue.popleft()
        for used in used_by.get(user, ()):
            block(used, blocked[user][0], user)

    free: list[Unit] = []
    held: dict[str, Limit] = {}
    ways: dict[str, tuple[FunctionId, ...]] = {}
    for unit in units:
        if unit.limit is not None:
            held[unit.name] = unit.limit
            continue
        stopped = next((f for _, f in unit.sites if f in blocked), None)
        if stopped is None:
            free.append(unit)
            continue
        origin, _ = blocked[stopped]
        held[unit.name] = limits[origin]
        way = [stopped]
        while (step := blocked[way[-1]][1]) is not None and step not in way:
            way.append(step)
        ways[unit.name] = tuple(way)
    return Colouring(closure(free, users, family), held, ways)
