"""Objects that change in place: a client that copies what it is made of does not see it.

Looked for by name: what is done to a variable, to another one that it is assigned to or comes from, or to an
attribute of one of these names on any object. (The values of analysis know nothing of plain dicts.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.model.facts import FlowKind, Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.project import Project
from asyncify.planning.settled import Stretch

_SETS = (Role.TARGET, Role.DELETED)
# methods that only look; what any other one does, nobody knows here
_LOOKING = frozenset({"copy", "count", "get", "index", "items", "keys", "values"})
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
    return any(
        _is_changed(project, seen) or _may_be_filled(project, seen)
        for seen in _same(project, value)
    )


def _same(project: Project, value: Reference) -> Iterator[Reference]:
    """Every other place that may mean the object of a name or of an attribute."""
    around = project.expression(value).statement
    seen: set[Reference] = set()
    todo = [value]
    while todo:
        for place in _named_alike(project, todo.pop()):
            if place in seen:
                continue
            seen.add(place)
            passed = _passed(project, place)
            others = [source for kind, source in project.origins(place) if kind is FlowKind.VALUE]
            others += [
                Reference(place.module, flow.target)
                for flow in project.module(place).flows
                if flow.kind is FlowKind.VALUE and flow.source == passed.expression
            ]
            todo += [
                each
                for each in others
                if each.module != value.module or project.expression(each).statement != around
            ]
    yield from sorted(seen - {value})


def _named_alike(project: Project, place: Reference) -> Iterable[Reference]:
    """The places of a variable, or of all attributes of one name; those in a choice of several objects."""
    expression = project.expression(place)
    if expression.kind is Kind.ATTRIBUTE:
        return project.attributes(expression.text)
    if expression.kind is Kind.NAME and expression.variable is not None:
        inside = project.module(place).expressions
        return [Reference(place.module, e.id) for e in inside if e.variable == expression.variable]
    branches = [inner for inner, e in project.children(place) if e.role is Role.BRANCH]
    return [each for branch in branches for each in _named_alike(project, branch)]


def _passed(project: Project, place: Reference) -> Reference:
    """The expression that gives an object on: the choice of which it is a branch, or itself."""
    outer = project.parent(place)
    while outer is not None and project.expression(place).role is Role.BRANCH:
        place, outer = outer[0], project.parent(outer[0])
    return place


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
    return outer[1].role is Role.CALLEE and outer[1].text not in _LOOKING


def _is_handed_on(project: Project, seen: Reference, around: set[int]) -> bool:
    """Whether a place hands the object to a call that may change it."""
    outer = project.parent(seen)
    if outer is None or project.expression(seen).role not in (Role.ARGUMENT, Role.KEYWORD):
        return False
    names = project.callee_names(outer[0])
    return outer[1].id not in around and not (names and _LOOKS.issuperset(names))


def _may_be_filled(project: Project, seen: Reference) -> bool:
    """Whether a place hands the object to a function of the project, to an unknown one, or as its first argument."""
    if not _is_handed_on(project, seen, set()):
        return False
    outer = project.parent(seen)
    own = outer is not None and _runs_own_code(project, outer[0])
    return own or project.expression(seen).detail == "0"
