"""Objects that change in place: a client that copies what it is made of does not see it.

Looked for by name: what is done to a variable, or to an attribute of that name on any object.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.project import Project
from asyncify.planning.settled import Stretch

_SETS = (Role.TARGET, Role.DELETED)
_METHODS = frozenset(
    [
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "set",
        "set_cookie",
        "setdefault",
        "update",
    ]
)
_LOOKS = frozenset(
    f"builtins.{name}" for name in ("bool", "dict", "len", "list", "print", "repr", "str", "tuple")
)


def changes(project: Project, value: Reference, stretch: Stretch) -> bool:
    """Whether something on a way may change the object that an expression stands for, in place."""
    here = project.module(value)
    around = {outer.id for _, outer in project.enclosing(value)}
    calls = [
        Reference(value.module, e.id)
        for e in here.expressions
        if e.kind is Kind.CALL and e.id not in around and stretch.holds(e)
    ]
    calls = [call for call in calls if not stretch.passes(call)]
    own = any(_runs_own_code(project, call) for call in calls)
    function = project.expression(value).function
    for seen in _same(project, value):
        expression = project.expression(seen)
        if seen.module == value.module and stretch.holds(expression):
            if _is_changed(project, seen) or _is_handed_on(project, seen, around):
                return True
        elif own and expression.function != function and _is_changed(project, seen):
            return True
    return False


def changes_later(project: Project, value: Reference) -> bool:
    """Whether an object that somebody keeps by reference may be changed in place anywhere."""
    return any(_is_changed(project, seen) for seen in _same(project, value))


def _same(project: Project, value: Reference) -> Iterator[Reference]:
    """Every place that may mean the object of a name or of an attribute; nothing for other expressions."""
    expression = project.expression(value)
    if expression.kind is Kind.ATTRIBUTE:
        yield from project.attributes(expression.text)
    elif expression.kind is Kind.NAME and expression.variable is not None:
        for one in project.module(value).expressions:
            if one.variable == expression.variable and one.id != value.expression:
                yield Reference(value.module, one.id)


def _runs_own_code(project: Project, call: Reference) -> bool:
    edge = project.call_edge(call)
    if edge is None or not edge.targets:
        return not project.callee_names(call)
    return any(target.function is not None for target in edge.targets)


def _is_changed(project: Project, seen: Reference) -> bool:
    """Whether a place changes the object: an item of it, an attribute, or by a method."""
    expression = project.expression(seen)
    if expression.role is Role.TARGET:
        return project.statement(seen).kind == "AugAssign"
    outer = project.parent(seen)
    if outer is None or expression.role not in (Role.RECEIVER, Role.SUBSCRIPTED):
        return False
    if outer[1].role in _SETS:
        return True
    return outer[1].role is Role.CALLEE and outer[1].text in _METHODS


def _is_handed_on(project: Project, seen: Reference, around: set[int]) -> bool:
    """Whether a place hands the object to a call that may change it."""
    outer = project.parent(seen)
    if outer is None or project.expression(seen).role not in (Role.ARGUMENT, Role.KEYWORD):
        return False
    names = project.callee_names(outer[0])
    return outer[1].id not in around and not (names and _LOOKS.issuperset(names))
