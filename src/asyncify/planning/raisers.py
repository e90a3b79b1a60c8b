"""Where the exceptions of a library may still come from, as long as some of its calls stay.

Nothing is lost if a handler catches too much, so what nobody can tell counts as a raiser.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from asyncify.model.facts import Expression, FunctionId, Kind, Role, Statement
from asyncify.model.graph import Reference, SourceKind
from asyncify.planning.project import Project

_NAMING = (Kind.NAME, Kind.ATTRIBUTE)


@dataclass(frozen=True, slots=True)
class Raisers:
    """The places where exceptions of a library start, and the functions that may let them through.

    `anywhere` says that nobody can tell where they come from.
    """

    sites: frozenset[Reference] = frozenset()
    functions: frozenset[FunctionId] = frozenset()
    names: Mapping[str, Sequence[FunctionId]] = field(default_factory=dict)  # what calls them
    anywhere: bool = False

    @classmethod
    def behind(cls, project: Project, sites: Iterable[Reference]) -> Raisers:
        """The functions that reach one of the places, by an edge or as far as their name says."""
        starts = frozenset(sites)
        found: set[FunctionId] = set()
        names: dict[str, list[FunctionId]] = {}
        todo = [project.expression(site).function for site in starts]
        while todo:
            function = todo.pop()
            if function in found:
                continue
            found.add(function)
            name = _called_as(project, function)
            if name.startswith("__") and name.endswith("__"):  # operators have no edge everywhere
                return cls(starts, anywhere=True)
            names.setdefault(name, []).append(function)
            users = [edge.site for edge in project.reaching(function)]
            users += [each for each in _mentions(project, name) if _may_be(project, each, function)]
            for value in project.values_of(function, SourceKind.FUNCTION):
                users += value.occurrences
            todo += {project.expression(site).function for site in users}
            todo += project.family(function)
        return cls(starts, frozenset(found), names)

    def may_reach(self, project: Project, whole: Reference) -> bool:
        """Whether one of them may be behind the try body of a handler, given by its except type."""
        return self.anywhere or any(self._at(project, each) for each in in_try(project, whole))

    def _at(self, project: Project, reference: Reference) -> bool:
        if reference in self.sites:
            return True
        edges = project.edges_at(reference)
        if any(target.function in self.functions for edge in edges for target in edge.targets):
            return True
        if any(edge.open for edge in edges) and _calls_a_value(project, reference):
            return True
        value = project.value(reference)
        if value and any(source.name in self.functions for source in value.sources):
            return True
        expression = project.expression(reference)
        return expression.kind in _NAMING and any(
            _may_be(project, reference, function)
            for function in self.names.get(expression.text, ())
        )


def in_try(project: Project, whole: Reference) -> Iterator[Reference]:
    """The expressions that a handler, given by its except type, is about.

    Those in the try body; for a context manager, or a call that is given a function, also those in the
    statement that names the type.
    """
    module = project.module(whole)
    statement = project.statement(whole)
    handles = statement.kind == "ExceptHandler"
    attempt = statement.parent if handles else statement.id
    for expression in module.expressions:
        beside = (
            expression.statement == attempt and not handles and expression.id != whole.expression
        )
        if beside or _in_body(module.statements, expression, attempt):
            yield Reference(whole.module, expression.id)


def _in_body(statements: Sequence[Statement], expression: Expression, attempt: int) -> bool:
    number = expression.statement
    while number >= 0:
        statement = statements[number]
        if statement.parent == attempt:
            return statement.block == "body"
        number = statement.parent
    return False


def _called_as(project: Project, function: FunctionId) -> str:
    """The name by which code calls a function: that of the class for what makes its objects."""
    found = project.functions.get(function)
    if found is None:
        return ""
    makes = found.name in ("__init__", "__new__") and found.owner is not None
    return project.graph.classes[found.owner].name if makes and found.owner else found.name


def _mentions(project: Project, name: str) -> list[Reference]:
    """Every name and attribute with this text."""

    def find(project: Project) -> dict[str, list[Reference]]:
        found: dict[str, list[Reference]] = {}
        for module in project.graph.modules.values():
            for expression in module.expressions:
                if expression.kind in _NAMING:
                    place = Reference(module.name, expression.id)
                    found.setdefault(expression.text.rpartition(".")[2], []).append(place)
        return found

    return project.memory("mentions", find).get(name, [])


def _may_be(project: Project, reference: Reference, function: FunctionId) -> bool:
    """Whether a name may stand for a function: it is known for nothing else."""
    if reference in project.graph.names:
        return False
    outer = project.parent(reference)
    if outer is None or project.expression(reference).role is not Role.CALLEE:
        return True
    edge = project.call_edge(outer[0])
    return edge is None or edge.open or any(target.function == function for target in edge.targets)


def _calls_a_value(project: Project, call: Reference) -> bool:
    """Whether what is called is a variable, or an attribute that somebody sets."""
    callee = project.child(call, Role.CALLEE)
    if callee is None:
        return False
    expression = project.expression(callee)
    if expression.kind is not Kind.ATTRIBUTE:
        return True
    set_somewhere = project.attributes(expression.text)
    return any(project.expression(each).role is Role.TARGET for each in set_somewhere)
