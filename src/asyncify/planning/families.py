"""Functions that change colour together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from asyncify.model.disjoint import DisjointSets
from asyncify.model.facts import FunctionId
from asyncify.model.graph import SourceKind
from asyncify.planning.accessors import is_accessor
from asyncify.planning.companions import companions
from asyncify.planning.declarations import callback_protocols, overloads
from asyncify.planning.frameworks import framework_groups

if TYPE_CHECKING:
    from asyncify.planning.project import Project

Families: TypeAlias = Mapping[FunctionId, frozenset[FunctionId]]


def families(project: Project) -> Families:
    """By function, those that change colour together with it.

    These are the ones of its line, and all that one place may reach: a call through a table or a variable
    awaits whichever function it finds there, and a loop iterates whichever generator it gets.
    """
    together = DisjointSets(_lines(project))
    for edge in project.graph.edges:
        if len(edge.targets) > 1 and edge.site not in project.wrapper_calls:
            together.join(t.function for t in edge.targets if t.function is not None)
    for value in project.graph.values:
        together.join(s.name for s in value.sources if s.kind is SourceKind.GENERATOR)
    for group in (*companions(project), *framework_groups(project), *callback_protocols(project)):
        together.join(group)
    return _by_member(together)


def lines(project: Project) -> Families:
    """By function, those that override it or are overridden by it, its overloads, and for `__enter__` its `__exit__`.

    A twin needs no more: who may also reach something else stays with the functions as they were.
    """
    return _by_member(DisjointSets(_lines(project)))


def _lines(project: Project) -> Iterator[list[FunctionId]]:
    for family in project.graph.families:
        yield [one for one in family if not is_accessor(project, project.functions[one])]
    yield from overloads(project)
    for cls in project.graph.classes.values():  # who enters an object leaves it in the same way
        own = [method for name, method in cls.methods if name in ("__enter__", "__exit__")]
        if own:
            yield own


def _by_member(sets: DisjointSets[FunctionId]) -> Families:
    groups = map(frozenset, sets.groups().values())
    return {member: group for group in groups for member in group}
