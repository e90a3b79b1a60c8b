"""What gives several iterators at once: the groups of `groupby`, the copies of `tee`.

Nobody follows those but by the names that they get, so each of them needs a name of its own.
"""

from __future__ import annotations

from asyncify.model.facts import Expression, Kind, Module, Role
from asyncify.model.graph import Reference
from asyncify.planning.assigned import targets
from asyncify.planning.project import Project

GROUPS, COPIES = "groupby", "tee"


def users(project: Project, call: Reference, name: str) -> list[Reference] | None:
    """Every place that uses an iterator which a call of `name` gives; None if there may be others."""
    target = _target(project, call, name)
    if target is None or project.expression(target).kind is not Kind.CONTAINER:
        return None
    items = [item for _, item in project.children(target)]
    own = items[1:] if name == GROUPS else items
    if name == GROUPS and len(items) != 2:
        return None
    found: list[Reference] = []
    for item in own:
        used = _uses(project, call.module, item)
        if used is None:
            return None
        found.extend(used)
    return found


def _target(project: Project, call: Reference, name: str) -> Reference | None:
    """What gets the iterators: the target of a loop over the groups, or of an assignment of the copies."""
    whole = project.expression(call)
    if name == COPIES:
        found = targets(project, call)
        kept = whole.role is Role.ASSIGNED and whole.parent < 0
        return found[0] if kept and len(found) == 1 else None
    if whole.role is not Role.ITERATED:
        return None
    for one in project.module(call).expressions:
        if one.role is Role.TARGET and (one.statement, one.parent, one.detail) == (
            whole.statement,
            whole.parent,
            whole.detail,
        ):
            return Reference(call.module, one.id)
    return None


def _uses(project: Project, module: str, item: Expression) -> list[Reference] | None:
    """The places that use a local variable which is given a value only once, or by loops."""
    known = project.graph.modules[module]
    if item.kind is not Kind.NAME or item.variable is None:
        return None
    scope = project.functions.get(item.variable[0])
    outside = scope is not None and scope.kind == "module"
    if outside or item.variable[0] in project.graph.classes:
        return None
    named = [one for one in known.expressions if one.variable == item.variable]
    given = [one for one in named if one.role in (Role.TARGET, Role.DELETED)]
    used = [one for one in named if one.role not in (Role.TARGET, Role.DELETED)]
    if len(given) > 1:
        inside = _in_own_loop(known, item, given, used)
        if inside is None:
            return None
        used = inside
    return [Reference(module, one.id) for one in used]


def _in_own_loop(
    module: Module, item: Expression, given: list[Expression], used: list[Expression]
) -> list[Expression] | None:
    """The uses in the loop that gives a variable its value, if each of all is in one of such loops."""
    loops = [module.statements[one.statement] for one in given]
    if any(loop.kind != "For" for loop in loops):
        return None
    found = []
    for one in used:
        around = [loop for loop in loops if loop.span.contains(one.span)]
        if len(around) != 1:
            return None
        if around[0].id == item.statement:
            found.append(one)
    return found
