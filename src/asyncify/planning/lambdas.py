"""What becomes of a lambda that waits: its body moves, it hands a coroutine on, or it gets a name and `async def`.

An `async def` stands right before the statement that holds the lambda, or in its place (``f = lambda: ...``).
There its body means what it meant: the names are those of the same scope, looked up when it is called.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from asyncify.model.attributes import NAMESPACES
from asyncify.model.facts import (
    Expression,
    Function,
    FunctionId,
    Kind,
    Module,
    Parameter,
    Place,
    Role,
    Statement,
)
from asyncify.model.graph import Reference

if TYPE_CHECKING:
    from asyncify.planning.project import Project

# statements before which another one may stand, and which evaluate their expressions once
_PLAIN = frozenset(
    {
        *("Assign", "AnnAssign", "AugAssign", "Expr", "Return", "Raise", "Assert", "Delete"),
        *("If", "For", "AsyncFor", "With", "AsyncWith", "Match", "FunctionDef", "AsyncFunctionDef"),
    }
)
# what a body may be made of that hands on the coroutine of one call: nothing of it waits itself
_LOOKED_UP = frozenset(
    {Kind.NAME, Kind.ATTRIBUTE, Kind.CONSTANT, Kind.CONTAINER, Kind.STARRED, Kind.SUBSCRIPT}
)
_OPERATORS = ("BinOp", "UnaryOp", "JoinedStr", "FormattedValue")
# builtins that take no items out of what they are given
_MADE_OF_ONE = frozenset(
    f"builtins.{name}"
    for name in ("abs", "bool", "chr", "float", "getattr", "int", "len", "ord", "repr", "str")
)


class LambdaForm(StrEnum):
    """What becomes of a lambda that calls async code."""

    INLINE = "inline"  # its body moves into a comprehension
    TAIL = "tail"  # it returns the coroutine, and its callers await that
    NAMED = "named"  # an `async def` takes its place
    FIXED = "fixed"


def lambda_site(project: Project, function: FunctionId) -> Reference | None:
    """The expression that makes a lambda."""
    return project.memory("lambdas", _lambdas).get(function)


def _lambdas(project: Project) -> dict[FunctionId, Reference]:
    return {
        expression.text: Reference(name, expression.id)
        for name, module in project.graph.modules.items()
        for expression in module.expressions
        if expression.kind is Kind.LAMBDA
    }


def body(project: Project, function: Function) -> Reference:
    """The expression that a lambda returns."""
    site = lambda_site(project, function.id)
    assert site is not None
    found = project.child(site, Role.RETURNED)
    assert found is not None
    return found


def only_calls(project: Project, call: Reference) -> bool:
    """Whether nothing but the call itself can wait in an expression."""
    return all(_is_looked_up(project, one) for one in list(project.inside(call))[1:])


def _is_looked_up(project: Project, site: Reference) -> bool:
    expression = project.expression(site)
    if expression.kind is Kind.CALL:
        return _MADE_OF_ONE.issuperset(project.callee_names(site)) and bool(
            project.callee_names(site)
        )
    known = expression.kind in _LOOKED_UP or expression.text.startswith(_OPERATORS)
    return known and not project.edges_at(site)


# -- an async def in the place of a lambda -------------------------------------------------------


def can_be_named(project: Project, function: Function, site: Reference) -> bool:
    """Whether an `async def` can take the place of a lambda."""
    inside = list(project.inside(site))
    if any(project.expression(one).kind in (Kind.YIELD, Kind.YIELD_FROM) for one in inside):
        return False
    if assignment(project, site) is not None:
        return True
    statement = place_before(project, site)
    return (
        _may_stand_before(statement, project.module(site))
        and not _is_enclosed(project, site)
        and project.expression(site).function not in project.memory("looking around", _looking)
        and not _sees_items(project, function, inside)
        and all(_is_settled(project, function, statement, p) for p in function.parameters)
    )


def assignment(project: Project, site: Reference) -> Expression | None:
    """The name that a lambda gets by ``name = lambda: ...``, where that is all of the statement."""
    statement, moves = project.statement(site), project.destinations(site)
    if project.expression(site).role is not Role.ASSIGNED or len(moves) != 1:
        return None
    target = project.expression(moves[0][1])
    whole = (target.span.line, target.span.column) == (statement.span.line, statement.span.column)
    alone = whole and statement.kind == "Assign" and target.parent < 0
    return target if alone and target.kind is Kind.NAME else None


def _may_stand_before(statement: Statement, module: Module) -> bool:
    """Whether a statement can be put before another one."""
    outer = module.statements[statement.parent] if statement.parent >= 0 else None
    return statement.kind in _PLAIN and (outer is None or outer.kind != "ClassDef")


def place_before(project: Project, site: Reference) -> Statement:
    """The statement before which an `async def` may stand that takes the place of a lambda: none that is an `elif`."""
    statements = project.module(site).statements
    statement = project.statement(site)
    while statement.kind == "If" and statement.block == "orelse":
        outer = statements[statement.parent]
        if outer.kind != "If" or outer.span.column != statement.span.column:
            break
        statement = outer
    return statement


def _is_enclosed(project: Project, site: Reference) -> bool:
    """Whether a lambda is part of another one, or of a text."""
    around = project.functions[project.expression(site).function]
    if around.kind == "lambda" or project.expression(site).place is Place.CLASS_BODY:
        return True
    return any(
        child.role in (Role.FORMATTED, Role.ANNOTATION) or parent.is_f_string
        for child, parent in project.enclosing(site)
    )


def _looking(project: Project) -> frozenset[FunctionId]:
    """The functions that look at the names they have: one more would be seen."""
    return frozenset(
        expression.function
        for module in project.graph.modules.values()
        for expression in module.expressions
        if expression.kind is Kind.NAME and expression.text in NAMESPACES
    )


def _sees_items(project: Project, function: Function, inside: list[Reference]) -> bool:
    """Whether a lambda takes a name from a comprehension around it."""
    names = (project.expression(one).variable for one in inside)
    owners = {variable[0] for variable in names if variable is not None}
    return any(
        "<comprehension>" in owner and not owner.startswith(f"{function.id}.") for owner in owners
    )


def _is_settled(
    project: Project, function: Function, statement: Statement, parameter: Parameter
) -> bool:
    """Whether the default of a parameter is the same at the start of the statement."""
    if parameter.default < 0:
        return True
    reference = Reference(function.module, parameter.default)
    default = project.expression(reference)
    if default.kind is not Kind.NAME or default.variable is None:
        return default.kind is Kind.CONSTANT
    owner, whole = default.variable[0], project.statement(reference)
    setting = project.memory("variables set", _set).get(default.variable, ())
    return (
        owner == default.function
        and whole == statement
        and not any(setter != owner or number == statement.id for setter, number in setting)
    )


def _set(project: Project) -> dict[tuple[str, str], list[tuple[FunctionId, int]]]:
    """By variable, who sets it in which statement."""
    found: dict[tuple[str, str], list[tuple[FunctionId, int]]] = {}
    for module in project.graph.modules.values():
        for expression in module.expressions:
            if expression.variable is not None and expression.role is Role.TARGET:
                setting = expression.function, expression.statement
                found.setdefault(expression.variable, []).append(setting)
    return found
