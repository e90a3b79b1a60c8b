"""Objects that go on after they are closed, where those that take their place do not.

A session of requests that is closed opens its connections again; a client of httpx raises an error. So an
object that may be used after its end, or entered a second time, has no plain form.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import LEAVING, LOOPS, Expression, Kind, Role, Statement
from asyncify.model.graph import Reference, Value
from asyncify.planning.project import Project


def reopened(
    project: Project, value: Value, ends: tuple[str, ...]
) -> Iterator[tuple[Reference, str]]:
    """The places that end an object which may be used after that, with the reason."""
    for place in value.occurrences if ends else ():
        expression = project.expression(place)
        if expression.kind is Kind.CALL:
            continue  # made there
        if expression.role is Role.ENTERED:
            if not _is_local(project, expression) or _goes_on(project, value, place):
                yield place, "what is entered here may be entered again"
        elif expression.role is Role.RECEIVER and _ends(project, place, ends):
            used = not _is_local(project, expression) and _works(project, value, place, ends)
            if used or _goes_on(project, value, place):
                yield place, "it is used after it is closed"


def _ends(project: Project, place: Reference, ends: tuple[str, ...]) -> bool:
    outer = project.parent(place)
    return outer is not None and outer[1].role is Role.CALLEE and outer[1].text in ends


def _is_local(project: Project, expression: Expression) -> bool:
    """Whether an expression is a variable of the function that it stands in."""
    if expression.kind is not Kind.NAME or expression.variable is None:
        return False
    function = project.functions.get(expression.variable[0])
    return (
        expression.variable[0] == expression.function
        and function is not None
        and function.kind == "def"
    )


def _works(project: Project, value: Value, place: Reference, ends: tuple[str, ...]) -> bool:
    """Whether the function that ends an object of somebody else works with it: it may be called again."""
    function = project.expression(place).function
    for other in value.occurrences:
        expression = project.expression(other)
        if expression.function != function:
            continue
        if expression.kind is Kind.CALL:
            return False  # it is made there
        outer = project.parent(other)
        if expression.role is Role.RECEIVER and outer is not None and outer[1].role is Role.CALLEE:
            if outer[1].text not in ends:
                return True
    return False


def _goes_on(project: Project, value: Value, place: Reference) -> bool:
    """Whether the function that ends an object may use it afterwards."""
    module, end = project.module(place), project.statement(place)
    here = project.expression(place)
    after = sorted(
        (other for other in value.occurrences if other.module == place.module and other != place),
        key=lambda other: project.expression(other).span,
    )
    after = [
        other
        for other in after
        if project.expression(other).function == here.function
        and project.statement(other).span > end.span
        and end not in project.ancestry(module, project.statement(other))
    ]
    if after and project.expression(after[0]).role is not Role.TARGET:
        return not _leaves(module.statements, end)
    loops = [
        s for s in project.ancestry(module, end) if s.kind in LOOPS and s.function == end.function
    ]
    return any(not _made_in(project, value, place, loop) for loop in loops) and not _leaves(
        module.statements, end
    )


def _leaves(statements: tuple[Statement, ...] | list[Statement], end: Statement) -> bool:
    """Whether the block that ends an object is left right after that."""
    return any(
        s.kind in LEAVING and (s.parent, s.block) == (end.parent, end.block) and s.span > end.span
        for s in statements
    )


def _made_in(project: Project, value: Value, place: Reference, loop: Statement) -> bool:
    """Whether a loop gives the variable a new object each time."""
    module = project.module(place)
    return any(
        project.expression(other).role is Role.TARGET
        and other.module == place.module
        and loop in project.ancestry(module, project.statement(other))
        for other in value.occurrences
    )
