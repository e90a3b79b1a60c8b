"""What runs inside an event loop: everything that an `async def` calls, directly or through sync helpers.

Nothing here asks whether a function can be converted: a call that blocks the loop blocks it either way.
What a thread runs (`asyncio.to_thread`, an executor, a framework's pool) is not reached.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from asyncify.model.facts import Function, FunctionId, Kind, Role
from asyncify.model.graph import Access, Edge, Evidence, Reference, SourceKind
from asyncify.model.plan import Hop
from asyncify.planning.companions import INLINE
from asyncify.planning.hooks import in_test_file
from asyncify.planning.project import Project

# builtins that call their argument at once, beside those that become comprehensions
_AT_ONCE = {**INLINE, "functools.reduce": "0", "_functools.reduce": "0"}


def reach(project: Project) -> Reach:
    """What the event loops of a project run, found out once."""
    return project.memory("reach", Reach)


class Reach:
    """The functions that run inside an event loop, each with the shortest way there."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._steps: dict[FunctionId, Reference | None] = {}
        called: dict[FunctionId, list[tuple[Reference, FunctionId]]] = {}
        self._callers: dict[FunctionId, list[FunctionId]] = {}
        for site, function in self._calls():
            caller = project.expression(site).function
            called.setdefault(caller, []).append((site, function))
            self._callers.setdefault(function, []).append(caller)
        queue = deque(sorted(f.id for f in project.functions.values() if f.is_async))
        self._steps.update(dict.fromkeys(queue))
        while queue:
            for site, function in called.get(queue.popleft(), ()):
                if function not in self._steps:
                    self._steps[function] = site
                    queue.append(function)

    def __contains__(self, function: FunctionId) -> bool:
        return function in self._steps

    def allows(self, function: Function) -> bool:
        """Whether a function may become async: it is reached, or a test that follows what it tests."""
        return function.id in self or in_test_file(self.project.path(function.id))

    def trace(self, site: Reference, name: str) -> tuple[Hop, ...]:
        """The calls from an async function down to a blocking call; nothing for what no loop runs."""
        function: FunctionId = self.project.expression(site).function
        if function not in self:
            return ()
        hops = [self._hop(site, name)]
        while (step := self._steps[function]) is not None:
            hops.append(self._hop(step, function))
            function = self.project.expression(step).function
        return tuple(reversed(hops))

    def entries(self, function: FunctionId) -> list[FunctionId]:
        """Every async function from which a function is reached without passing through another one."""
        found, seen, todo = [], {function}, [function]
        while todo:
            current = todo.pop()
            if self.project.functions[current].is_async:
                found.append(current)
                continue
            fresh = [each for each in self._callers.get(current, ()) if each not in seen]
            seen.update(fresh)
            todo.extend(fresh)
        return sorted(found)

    def _hop(self, site: Reference, callee: str) -> Hop:
        expression = self.project.expression(site)
        return Hop(expression.function, self.project.module(site).path, expression.span, callee)

    def _calls(self) -> Iterator[tuple[Reference, FunctionId]]:
        """Every place that executes a function of the project, and the function."""
        for edge in self.project.graph.edges:
            if edge.access is Access.DECORATE or _guessed(edge):
                continue
            if edge.site in self.project.wrapper_calls:
                continue  # who calls a function runs its wrappers
            for target in edge.targets:
                if target.function is not None:
                    yield edge.site, target.function
                    for wrapper in self.project.wrappers_of(target.function):
                        yield edge.site, wrapper.function
        for value in self.project.graph.values:
            functions = [s.name for s in value.sources if s.kind is SourceKind.FUNCTION]
            for occurrence in value.occurrences if functions else ():
                call = self._called_at_once(occurrence)
                if call is not None:
                    yield from ((call, function) for function in functions)

    def _called_at_once(self, site: Reference) -> Reference | None:
        """The call that calls its argument, ``map(load, names)``."""
        expression = self.project.expression(site)
        outer = self.project.parent(site)
        if expression.role not in (Role.ARGUMENT, Role.KEYWORD) or outer is None:
            return None
        if outer[1].kind is not Kind.CALL:
            return None
        names = self.project.callee_names(outer[0])
        known = bool(names) and all(_AT_ONCE.get(name) == expression.detail for name in names)
        return outer[0] if known else None


def _guessed(edge: Edge) -> bool:
    """Whether only a name says where a call goes: no reason to warn anybody."""
    return edge.open and any(target.evidence is Evidence.BY_NAME for target in edge.targets)
