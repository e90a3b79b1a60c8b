"""The stretches of code that run while somebody holds an object: a lock that was taken, and not given back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asyncify.model.facts import Expression, FunctionId, Kind, Role, Statement
from asyncify.model.graph import Access, Reference
from asyncify.model.span import Span
from asyncify.planning.groups import STACKS
from asyncify.planning.project import Project
from asyncify.rules.spec import Hold


@dataclass(frozen=True, slots=True)
class Stretch:
    """Code of one function, behind the place where an object is taken."""

    taken: Reference
    function: FunctionId
    span: Span

    def holds(self, project: Project, site: Reference) -> bool:
        """Whether an expression is evaluated in it."""
        expression = project.expression(site)
        if site.module != self.taken.module or not self.span.contains(expression.span):
            return False
        function = project.functions[expression.function]
        while function.kind == "lambda" and function.id != self.function:
            function = project.functions[function.parent]
        return function.id == self.function


def stretches(project: Project, hold: Hold, seen: Iterable[Reference]) -> list[Stretch]:
    """Where an object is held that is seen at these places."""
    return _Finder(project, hold, seen).all()


class _Finder:
    def __init__(self, project: Project, hold: Hold, seen: Iterable[Reference]) -> None:
        self.project = project
        self.hold = hold
        self.seen = list(seen)
        self.found: dict[Stretch, None] = {}
        self.todo: list[Stretch] = []
        self.givers: set[FunctionId] = set()  # functions that give back what others took
        self.takers: set[FunctionId] = set()  # functions that leave it taken

    def all(self) -> list[Stretch]:
        taken = [site for site in self.seen if self._method(site) in self.hold.takes]
        given = {self._function(s) for s in self.seen if self._method(s) in self.hold.gives}
        self.givers = given - {self._function(site) for site in taken}
        for site in self.seen:
            if self.project.expression(site).role is Role.ENTERED:
                self._add(site, self.project.statement(site).span)
            elif self._in_stack(site):
                self._from(site)
        for site in taken:
            self._from(site)
        while self.todo:
            stretch = self.todo.pop()
            if self._yields(stretch):
                self._spread(stretch.function)
        return list(self.found)

    def _function(self, site: Reference) -> FunctionId:
        return self.project.expression(site).function

    def _method(self, site: Reference) -> str:
        """The method of the object that is called at a place."""
        expression, outer = self.project.expression(site), self.project.parent(site)
        if expression.role is not Role.RECEIVER or outer is None:
            return ""
        return outer[1].text if outer[1].role is Role.CALLEE else ""

    def _in_stack(self, site: Reference) -> bool:
        outer = self.project.parent(site)
        if self.project.expression(site).role is not Role.ARGUMENT or outer is None:
            return False
        return any(name in STACKS for name in self.project.callee_names(outer[0]))

    def _add(self, taken: Reference, whole: Span) -> None:
        start = self.project.expression(taken).span
        span = Span(start.end_line, start.end_column, whole.end_line, whole.end_column)
        stretch = Stretch(taken, self._function(taken), span)
        if stretch not in self.found:
            self.found[stretch] = None
            self.todo.append(stretch)

    def _from(self, taken: Reference) -> None:
        """Taken by a call: held until the last place of the function that gives it back, or to its end."""
        project = self.project
        function = project.functions[self._function(taken)]
        start = project.expression(taken).span
        ends = [e.span for e in self._gives(taken.module, function.id) if e.span > start]
        if ends:
            self._add(taken, max(ends))
        elif function.kind == "module":
            self._add(taken, Span(start.line, 0, 1 << 30, 0))
        else:
            self._add(taken, function.span)
            self._spread(function.id)

    def _gives(self, module: str, function: FunctionId) -> Iterator[Expression]:
        for site in self.seen:
            if site.module == module and self._function(site) == function:
                if self._method(site) in self.hold.gives:
                    yield self.project.expression(site)
        for giver in self.givers - {function}:
            for edge in self.project.reaching(giver):
                if self._function(edge.site) == function:
                    yield self.project.expression(edge.site)

    def _spread(self, function: FunctionId) -> None:
        """A function leaves the object taken (or hands it on with a `yield`): those who use it hold it."""
        if function in self.takers:
            return
        self.takers.add(function)
        for edge in self.project.reaching(function):
            expression = self.project.expression(edge.site)
            statement = self.project.statement(edge.site)
            if expression.role is Role.ENTERED or _is_loop(expression, statement):
                self._add(edge.site, statement.span)
            elif edge.access is not Access.ENTER:
                self._from(edge.site)

    def _yields(self, stretch: Stretch) -> bool:
        project = self.project
        if not project.functions[stretch.function].is_generator:
            return False
        return any(
            stretch.holds(project, Reference(stretch.taken.module, expression.id))
            for expression in project.graph.modules[stretch.taken.module].expressions
            if expression.kind in (Kind.YIELD, Kind.YIELD_FROM)
            and expression.function == stretch.function
        )


def _is_loop(expression: Expression, statement: Statement) -> bool:
    return expression.role is Role.ITERATED and statement.kind == "For"
