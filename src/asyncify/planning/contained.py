"""Generators in a container that is taken apart where it stands: `zip(*[rows(n) for n in counts])`, `for part in (a(), b())`.

Everything that the container has is written there, so nobody else can have put something into it.
"""

from __future__ import annotations

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference, Value
from asyncify.planning.assigned import targets
from asyncify.planning.project import Project

_FLAT = "itertools.chain.from_iterable"
_OF_SEVERAL = frozenset({"builtins.zip", "itertools.chain", "itertools.zip_longest", "heapq.merge"})
_DISPLAYS = frozenset({"list", "tuple"})


def holder(project: Project, site: Reference) -> Reference | None:
    """The list, tuple or generator expression that an expression is an item of."""
    outer = project.parent(site)
    if project.expression(site).role is not Role.ELEMENT or outer is None:
        return None
    is_display = outer[1].kind in (Kind.CONTAINER, Kind.COMPREHENSION)
    if outer[1].kind is Kind.GENERATOR or (is_display and outer[1].text in _DISPLAYS):
        return outer[0]
    return None


def taker(project: Project, site: Reference) -> tuple[Reference, str] | None:
    """The call that iterates over all items of the container of an expression, with its name."""
    whole = holder(project, site)
    outer = project.parent(whole) if whole is not None else None
    if whole is None or outer is None:
        return None
    if project.expression(whole).role is Role.ARGUMENT:
        names = project.callee_names(outer[0])
        alone = len(project.arguments(outer[0])) == 1
        return (outer[0], _FLAT) if names == (_FLAT,) and alone else None
    call = project.parent(outer[0]) if outer[1].kind is Kind.STARRED else None
    if call is None or call[1].kind is not Kind.CALL:
        return None
    names = project.callee_names(call[0])
    return (call[0], names[0]) if len(names) == 1 and names[0] in _OF_SEVERAL else None


def is_dealt_out(project: Project, site: Reference) -> bool:
    """Whether an expression is assigned to a name, beside others: `first, second = rows(1), rows(2)`."""
    whole = holder(project, site)
    if whole is None or project.expression(whole).kind is not Kind.CONTAINER:
        return False
    found = targets(project, whole)
    if project.expression(whole).role is not Role.ASSIGNED or len(found) != 1:
        return False
    if (
        project.expression(whole).parent >= 0
        or project.expression(found[0]).kind is not Kind.CONTAINER
    ):
        return False
    given = [item for _, item in project.children(whole)]
    taken = [item for _, item in project.children(found[0])]
    known = all(one.kind is Kind.NAME for one in taken)
    return known and len(given) == len(taken) and all(e.kind is not Kind.STARRED for e in given)


def is_looped_over(project: Project, site: Reference) -> bool:
    """Whether a loop gives the items of the container of an expression a name, one after the other."""
    whole = holder(project, site)
    if whole is None or project.expression(whole).role is not Role.ITERATED:
        return False
    loop = project.expression(whole)
    return any(
        one.role is Role.TARGET
        and one.kind is Kind.NAME
        and (one.statement, one.parent, one.detail) == (loop.statement, loop.parent, loop.detail)
        for one in project.module(site).expressions
    )


def is_one_of_several(project: Project, value: Value) -> bool:
    """Whether a value is named in a loop over what may hold others as well."""
    return any(is_looped_over(project, place) for place in value.occurrences)
