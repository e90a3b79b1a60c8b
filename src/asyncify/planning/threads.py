"""Blocking calls that keep their library and run in a worker thread, one by one.

The objects of the library stay what they are, so that anything may be done with them in between. Where every
use of an object waits (`Resource.always_waits`), a thread fetches every item of an iteration and runs what is known
to read or write the object whole; if somebody else gets the object, all of its calls are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asyncify.model.facts import FunctionId, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Await, Edit, HandOver
from asyncify.planning.arguments import carry, leaves_unread, returned_type
from asyncify.planning.colour import Limit, Unit
from asyncify.planning.consumers import async_context
from asyncify.planning.groups import Group
from asyncify.planning.project import Project
from asyncify.planning.units import IN_THREAD, TO_THREAD, Seed, Site, is_wrapped, unit_name
from asyncify.planning.uses import thread_iteration
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Call, Library, Thread

Edits = tuple[tuple[str, Edit], ...]


class Threads:
    """Drafts what runs in threads."""

    def __init__(self, project: Project, rules: Rules) -> None:
        self.project = project
        self.rules = rules

    def of_group(self, group: Group) -> Iterator[Seed]:
        """A seed for every blocking call of a group of objects that stay what they are."""
        lent = dict(_lent(group))
        for site, (library, call) in sorted(group.calls.items()):
            if self._blocks(group, site, call) and not self._is_own(site):
                limit = self._is_held(lent, site, call) or self._is_unfaithful(site, call)
                edits = self._each(site) if limit is None and _fetches(call) else limit
                yield self.seed(site, library, call.name, edits)
        for site, (library, use) in sorted(group.whole.items()):
            if self._is_lendable(use.type) or self._is_lent(lent, site) is None:
                yield self.seed(site, library, use.role.rpartition(":")[0])
        for site, (library, name) in sorted(group.iterated.items()):
            if self._is_lent(lent, site) is None and not self._is_fetched(site):
                yield self.seed(site, library, f"{name} iteration", self._each(site))

    def _is_fetched(self, site: Reference) -> bool:
        """Whether threads fetch the items of an iterator already."""
        value = self.project.value(site)
        calls = (self.project.parent(place) for place in value.occurrences) if value else ()
        names = (self.project.callee_names(call[0]) for call in calls if call is not None)
        return any(not IN_THREAD.isdisjoint(found) for found in names)

    def _blocks(self, group: Group, site: Reference, call: Call | Thread) -> bool:
        """Whether a call waits for something, and may do so in a thread."""
        if not self.take(site, call) or isinstance(call, Thread):
            return self.take(site, call)
        if call.fetches:
            calls = group.calls.items()
            return any(leaves_unread(self.project, place, made) for place, (_, made) in calls)
        return call.awaited and call.waits

    def take(self, site: Reference, call: Call | Thread) -> bool:
        """Whether a call may run in a thread, where its group keeps the library."""
        types = (call.name.rpartition(".")[0], returned_type(self.project, site, call))
        found = [self.rules.resource(name) for name in types if name]
        return all(made[1].fallback == "thread" for made in found if made is not None)

    def seed(
        self, site: Reference, library: Library, name: str, edits: Limit | Edits | None = None
    ) -> Seed:
        """The seed of one call; without `edits` it is handed over with its arguments."""
        edits = self.edits(site) if edits is None else edits
        if isinstance(edits, Limit):
            return self._held(site, library, name, edits)
        function = self.project.expression(site).function
        shown = Site(site, function, library, name, TO_THREAD)
        return Seed(Unit(unit_name(self.project, site), ((site, function),)), (shown,), edits)

    def edits(self, site: Reference) -> Limit | Edits:
        """What hands a call over to a thread and awaits it."""
        project = self.project
        span, path = project.expression(site).span, project.module(site).path
        if is_wrapped(project, site):
            return Limit("ASY919", "the call is awaited already", site)
        if (own := self._own(site)) is not None:
            return Limit("ASY915", f"it may also reach {own}", site)
        context = async_context(project, site)
        if isinstance(context, Limit):
            return context
        return (
            *context,
            (path, HandOver(span, TO_THREAD)),
            (path, Await(span)),
            (path, AddImport("import asyncio")),
        )

    def _own(self, site: Reference) -> str | None:
        """A function of the project that a call may reach, and that a thread would not await.

        Beside the method of a library that waits, one that takes its place stays what it is, as the library
        calls it without await.
        """
        edge = self.project.call_edge(site)
        targets = edge.targets if edge is not None else ()
        beside = any(target.external for target in targets)
        owns = (target.function for target in targets if target.function is not None)
        return next((own for own in owns if not (beside and self._waits_itself(own))), None)

    def _is_own(self, site: Reference) -> bool:
        """Whether a call reaches nothing but functions of the project: these override what the library has."""
        edge = self.project.call_edge(site)
        return edge is not None and all(target.function is not None for target in edge.targets)

    def _waits_itself(self, function: FunctionId) -> bool:
        name = self.project.graph.outside.get(function, "")
        found = self.rules.call(name), self.rules.thread(name)
        return any(one is not None for one in found)

    def _each(self, site: Reference) -> Limit | Edits:
        step = thread_iteration(self.project, site, "")
        return step.limit or step.edits

    def _held(self, site: Reference, library: Library, name: str, limit: Limit) -> Seed:
        shown = Site(site, self.project.expression(site).function, library, name, TO_THREAD)
        return Seed(Unit(unit_name(self.project, site), (), limit), (shown,))

    def _is_unfaithful(self, site: Reference, call: Call | Thread) -> Limit | None:
        """Why a call cannot go to a thread by itself, if every use of its object waits."""
        owner = self.rules.resource(call.name.rpartition(".")[0])
        if owner is not None and owner[1].always_waits and isinstance(call, Call):
            problem = carry(self.project, site, call).problem
            return Limit("ASY915", problem, site) if problem else None
        made = self.rules.resource(call.returns)
        callee = self.project.child(site, Role.CALLEE)
        if (
            made is None
            or not made[1].always_waits
            or callee is None
            or callee in self.project.graph.names
        ):
            return None
        if self.project.expression(callee).text == call.name.rpartition(".")[2]:
            return None  # a method
        return Limit("ASY915", "the function is called through a variable", site)

    def _is_held(
        self, lent: Mapping[Reference, Limit], site: Reference, call: Call | Thread
    ) -> Limit | None:
        """Why a call may not go to a thread, as somebody else has its object or the one that it gives."""
        types = (call.name.rpartition(".")[0], returned_type(self.project, site, call))
        return None if any(map(self._is_lendable, types)) else self._is_lent(lent, site)

    def _is_lendable(self, kind: str) -> bool:
        made = self.rules.resource(kind) if kind else None
        return made is not None and made[1].lendable

    def _is_lent(self, lent: Mapping[Reference, Limit], site: Reference) -> Limit | None:
        """Why the calls of an object are left alone: somebody else gets it, and would wait for it."""
        callee = self.project.child(site, Role.CALLEE)
        receiver = self.project.child(callee, Role.RECEIVER) if callee is not None else None
        places = (site, receiver, *(reference for reference, _ in self.project.arguments(site)))
        return next((lent[place] for place in places if place is not None and place in lent), None)


def _lent(group: Group) -> Iterator[tuple[Reference, Limit]]:
    """Every place that sees an object which somebody else gets, with that."""
    values = {place: value for value in group.values for place in value.occurrences}
    same: dict[int, list[int]] = {}
    for one, other in group.entered:
        if one in values and other in values:
            first, second = values[one].id, values[other].id
            same.setdefault(first, []).append(second)
            same.setdefault(second, []).append(first)
    limits: dict[int, Limit] = {}
    for identifier, (place, reason) in group.lent.items():
        todo = [identifier]
        while todo:
            current = todo.pop()
            if current not in limits:
                limits[current] = Limit("ASY915", reason, place)
                todo.extend(same.get(current, ()))
    for place, value in values.items():
        if value.id in limits:
            yield place, limits[value.id]


def _fetches(call: Call | Thread) -> bool:
    """Whether a call gives an iterator that waits for the rest."""
    return isinstance(call, Call) and call.fetches
