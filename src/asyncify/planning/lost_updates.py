"""State that is read before a new `await` and written behind it, as if nothing could come between.

Four forms are known, in all of which what is written depends on what was read: `x += await f()` (and
`x = x + await f()`), a test around the await and the assignment, a test that returns before both, and a
local name that keeps what was read. State is what other tasks see: global names, and attributes of `self`
and of global objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from asyncify.model.facts import LEAVING, Expression, FlowKind, FunctionId, Kind, Role, Statement
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.span import Span
from asyncify.planning.project import Project
from asyncify.planning.stretches import Stretch

_WRITTEN = frozenset({Role.TARGET, Role.SUBSCRIPTED})
_ASSIGNMENTS = frozenset({"Assign", "AnnAssign", "AugAssign"})


@dataclass(frozen=True, slots=True)
class Update:
    """State that may have changed between reading and writing it."""

    text: str
    written: Reference
    line: int  # where it was read


def updates(
    project: Project,
    function: FunctionId,
    own: Sequence[Expression],
    awaits: Sequence[Reference],
    locks: Sequence[Stretch],
) -> Iterator[Update]:
    """The lost updates of a function, one per state."""
    if project.functions[function].name in ("__init__", "__new__"):
        return
    finder = _Finder(project, function, own, awaits)
    told: set[str] = set()
    for state, written in finder.written():
        read = finder.stale_read(state, written)
        if read is None or state in told:
            continue
        if any(lock.holds(project, read) and lock.holds(project, written) for lock in locks):
            continue
        told.add(state)
        yield Update(state, written, project.expression(read).span.line)


class _Finder:
    def __init__(
        self,
        project: Project,
        function: FunctionId,
        own: Sequence[Expression],
        awaits: Sequence[Reference],
    ) -> None:
        self.project = project
        self.function = project.functions[function]
        self.module = project.graph.modules[self.function.module]
        self.own = own
        self.awaits = sorted(project.expression(site).span for site in awaits)

    def written(self) -> Iterator[tuple[str, Reference]]:
        """The states that the function assigns, with the place."""
        for expression in self.own:
            if expression.role in _WRITTEN:
                site = Reference(self.module.name, expression.id)
                state = self._state(site, expression)
                if state is not None and self._is_written(site, expression):
                    yield state, site

    @cached_property
    def reads(self) -> dict[str, list[Reference]]:
        """The states that the function reads, with the places."""
        found: dict[str, list[Reference]] = {}
        for expression in self.own:
            site = Reference(self.module.name, expression.id)
            state = self._state(site, expression)
            if state is not None and not self._is_written(site, expression):
                found.setdefault(state, []).append(site)
        return found

    def _is_written(self, site: Reference, expression: Expression) -> bool:
        return expression.role is Role.TARGET or (
            expression.role is Role.SUBSCRIPTED and self._is_target(site)
        )

    def _is_target(self, site: Reference) -> bool:
        outer = self.project.parent(site)
        return outer is not None and outer[1].role is Role.TARGET

    def _state(self, site: Reference, expression: Expression) -> str | None:
        """The text of a global name, or of an attribute of something that other tasks see."""
        if expression.kind is Kind.NAME:
            return expression.text if self._is_global(expression) else None
        if expression.kind is not Kind.ATTRIBUTE:
            return None
        receiver = self.project.child(site, Role.RECEIVER)
        if receiver is None:
            return None
        owner = self.project.expression(receiver)
        if owner.kind is not Kind.NAME or not (self._is_self(owner) or self._is_global(owner)):
            return None
        return f"{owner.text}.{expression.text}"

    def _is_global(self, name: Expression) -> bool:
        return name.variable is not None and name.variable[0] == f"{self.module.name}:"

    def _is_self(self, name: Expression) -> bool:
        parameters = self.function.parameters
        if self.function.owner is None or not parameters:
            return False
        return name.variable == (self.function.id, parameters[0].name)

    # -- forms -----------------------------------------------------------------------------------

    def stale_read(self, state: str, written: Reference) -> Reference | None:
        """The place where the state was read on which an assignment rests, if an await lies between."""
        statement = self.project.statement(written)
        if statement.kind not in _ASSIGNMENTS:
            return None
        return (
            self._in_one(state, written, statement)
            or self._tested_around(state, statement)
            or self._tested_before(state, statement)
            or self._kept(state, statement)
        )

    def _between(self, start: Span, end: Span) -> bool:
        """Whether an await comes behind the start of one place and before the end of another."""
        first, last = (start.line, start.column), (end.end_line, end.end_column)
        return any(first < (s.end_line, s.end_column) <= last and s > start for s in self.awaits)

    def _inside(self, statement: Statement) -> list[Span]:
        return [span for span in self.awaits if statement.span.contains(span)]

    def _in_one(self, state: str, written: Reference, statement: Statement) -> Reference | None:
        inside = self._inside(statement)
        if not inside:
            return None
        if statement.kind == "AugAssign":
            return None if self._is_loop(statement) else written
        for read in self.reads.get(state, ()):
            place = self.project.expression(read)
            if place.statement == statement.id and any(
                span.contains(place.span) or place.span < span for span in inside
            ):
                return read
        return None

    def _is_loop(self, statement: Statement) -> bool:
        """Whether `kept += generator` becomes a loop, which reads and writes at once for each item."""
        added = (
            Reference(self.module.name, e.id)
            for e in self.module.expressions
            if e.statement == statement.id and e.role is Role.ASSIGNED and e.parent < 0
        )
        kinds = {source.kind for one in added for source in self.project.sources(one)}
        return bool(kinds & {SourceKind.GENERATOR, SourceKind.EXPRESSION})

    def _test(self, state: str, statement: Statement) -> Reference | None:
        """Where the test of an `if` or `while` reads the state."""
        if statement.kind not in ("If", "While"):
            return None
        for read in self.reads.get(state, ()):
            if self.project.expression(read).statement == statement.id:
                return read
        return None

    def _tested_around(self, state: str, statement: Statement) -> Reference | None:
        for outer in self.project.ancestry(self.module, statement):
            if outer.function != self.function.id:
                return None
            read = self._test(state, outer) if outer is not statement else None
            if read is not None:
                start = self.project.expression(read).span
                return read if self._between(start, statement.span) else None
        return None

    def _tested_before(self, state: str, statement: Statement) -> Reference | None:
        """`if x: return x`, and the assignment some lines below in the same block."""
        for other in reversed(self.module.statements[: statement.id]):
            if (other.parent, other.block) != (statement.parent, statement.block):
                continue
            read = self._test(state, other)
            if read is not None and self._leaves(other):
                start = self.project.expression(read).span
                return read if self._between(start, statement.span) else None
        return None

    def _leaves(self, statement: Statement) -> bool:
        body = [s for s in self.module.statements if s.parent == statement.id and s.block == "body"]
        return bool(body) and body[-1].kind in LEAVING

    def _kept(self, state: str, statement: Statement) -> Reference | None:
        """`n = x`, an await, and `x = n + 1`."""
        used = {
            e.variable
            for e in self.module.expressions
            if e.statement == statement.id and e.kind is Kind.NAME and e.role is not Role.TARGET
        }
        for read in self.reads.get(state, ()):
            for flow in self.module.flows:
                if flow.source != read.expression or flow.kind is not FlowKind.VALUE:
                    continue
                target = self.module.expressions[flow.target]
                if target.kind is Kind.NAME and target.variable in used:
                    start = self.project.expression(read).span
                    if start < statement.span and self._between(start, statement.span):
                        return read
        return None
