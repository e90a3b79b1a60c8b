"""Values that are the same a little earlier: what may be evaluated when a client is made, before its first call.

A value is *settled* between two places if it is written with names, attributes and constants only, and
nothing between the places gives one of those another value. Its text then says the same at both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asyncify.model.facts import Expression, Function, FunctionId, Kind, Place, Role, Statement
from asyncify.model.graph import Reference
from asyncify.planning.project import Project

Position = tuple[int, int]
_SETS = (Role.TARGET, Role.DELETED)
_BRANCHING = (Kind.CHOICE, Kind.COMPREHENSION, Kind.GENERATOR, Kind.LAMBDA)
_BRACKETS = {"tuple": "({})", "list": "[{}]", "dict": "{{{}}}"}


def spelled(project: Project, reference: Reference) -> str | None:
    """The text of an expression on one line; None for one that does more than look something up."""
    expression = project.expression(reference)
    if expression.span.line != expression.span.end_line:
        return None  # a comment in it would be lost
    inner = [spelled(project, child) for child, _ in project.children(reference)]
    parts = [text for text in inner if text is not None]
    if len(parts) < len(inner) or project.edges_at(reference):
        return None
    match expression.kind:
        case Kind.CONSTANT:
            return _constant(expression.text)
        case Kind.NAME:
            return expression.text
        case Kind.ATTRIBUTE if len(parts) == 1:
            return f"{parts[0]}.{expression.text}"
        case Kind.CONTAINER if expression.text in _BRACKETS:
            return _container(expression.text, parts, [e for _, e in project.children(reference)])
    return None


def _constant(text: str) -> str:
    """A constant as black writes it."""
    return f'"{text[1:-1]}"' if text[:1] == "'" and not {'"', "\\"} & set(text) else text


def _container(kind: str, parts: list[str], inner: list[Expression]) -> str | None:
    if any(element.role is not Role.ELEMENT for element in inner):
        return None
    if kind == "dict":
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [f"{key}: {value}" for key, value in pairs]
    text = ", ".join(parts) + ("," if kind == "tuple" and len(parts) == 1 else "")
    return _BRACKETS[kind].format(text)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The way from one place of a function to a later one; `passes` are calls on it that change nothing."""

    start: Position
    end: Position
    passes: Callable[[Reference], bool] = lambda _: False

    def holds(self, expression: Expression) -> bool:
        """Whether an expression begins on the way."""
        return self.start <= (expression.span.line, expression.span.column) < self.end


def settled(project: Project, reference: Reference, stretch: Stretch) -> bool:
    """Whether an expression at the end of a stretch has the same value at its start."""
    if project.expression(reference).place is not Place.BODY:
        return False
    bare = not any(e.kind in _BRANCHING for _, e in project.enclosing(reference))
    return all(_is_settled(project, leaf, stretch, bare=bare) for leaf in project.inside(reference))


def _is_settled(project: Project, leaf: Reference, stretch: Stretch, *, bare: bool) -> bool:
    expression = project.expression(leaf)
    if expression.kind is Kind.ATTRIBUTE:
        return bare and _attribute(project, leaf, expression, stretch)
    return expression.kind is not Kind.NAME or _name(project, leaf, expression, stretch)


def _name(project: Project, leaf: Reference, name: Expression, stretch: Stretch) -> bool:
    if name.variable is None:
        return False
    owner = name.variable[0]
    if owner == "builtins":
        return True
    if owner not in project.functions:  # of a class body, or of a comprehension
        return False
    sets = [
        e
        for e in project.module(leaf).expressions
        if e.variable == name.variable and e.kind is Kind.NAME and e.role in _SETS
    ]
    if any(e.function != owner for e in sets):
        return False
    function = project.functions[owner]
    if function.kind != "module" and not sets and name.text not in _parameters(function):
        return False  # an import, a definition or an exception: nobody says when it comes
    return owner != name.function or not any(stretch.holds(e) for e in sets)


def _parameters(function: Function) -> set[str]:
    return {parameter.name for parameter in function.parameters}


def _attribute(project: Project, leaf: Reference, attribute: Expression, stretch: Stretch) -> bool:
    """An attribute that is set only where its object is made, or with no call on the way."""
    sets = [r for r in project.attributes(attribute.text) if project.expression(r).role in _SETS]
    here = project.module(leaf)
    statement = attribute.statement
    for one in sets:
        expression = project.expression(one)
        if one.module == leaf.module and stretch.holds(expression):
            if expression.statement != statement:
                return False
    if all(_makes(project, one) for one in sets):
        return True
    around = {outer.id for _, outer in project.enclosing(leaf)}
    return all(
        e.id in around or stretch.passes(Reference(leaf.module, e.id))
        for e in here.expressions
        if e.kind in (Kind.CALL, Kind.AWAIT, Kind.YIELD) and stretch.holds(e)
    )


def _makes(project: Project, target: Reference) -> bool:
    """Whether an attribute is set while its object, class or module is made."""
    function = project.functions[project.expression(target).function]
    return function.name == "__init__" or function.kind == "module"


def statements_around(project: Project, function: FunctionId, site: Reference) -> list[Statement]:
    """The statements around a call that can be wrapped, outermost first."""
    module = project.module(site)
    found = []
    for statement in project.ancestry(module, project.statement(site)):
        if statement.function != function:
            break
        if not _is_part(module.statements, statement):
            found.append(statement)
    return found[::-1]


def _is_part(statements: Sequence[Statement], statement: Statement) -> bool:
    """Whether a statement is only a clause of another one."""
    if statement.kind in ("ExceptHandler", "match_case"):
        return True
    if statement.kind != "If" or statement.parent < 0 or statement.block != "orelse":
        return False
    return statements[statement.parent].kind == "If"
