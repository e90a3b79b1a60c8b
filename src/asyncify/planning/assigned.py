"""What an assignment does with a value: where it is kept, and whether somebody else may get it from there."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from asyncify.model.facts import Expression, FlowKind, Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.planning.project import Project

_BASES_THAT_ASK_NOTHING = ("builtins.", "abc.", "typing.", "enum.", "collections.", "types.")
_WRITING = (Role.TARGET, Role.DELETED)
_FILLING = frozenset({"add", "append", "appendleft", "extend", "insert", "setdefault", "update"})


def assigned_to(project: Project, place: Reference) -> Sequence[tuple[FlowKind, Reference]]:
    """What flows into a variable, or in its module into an attribute of this name, and how."""
    known = project.memory("assigned by name", _by_name)
    return known.get(_key(place.module, project.expression(place)), ())


def _key(module: str, expression: Expression) -> Hashable:
    return module, expression.kind, expression.text, expression.variable


def _by_name(project: Project) -> dict[Hashable, list[tuple[FlowKind, Reference]]]:
    found: dict[Hashable, list[tuple[FlowKind, Reference]]] = {}
    for name, module in project.graph.modules.items():
        for flow in module.flows:
            target = module.expressions[flow.target]
            if target.kind in (Kind.NAME, Kind.ATTRIBUTE):
                moved = flow.kind, Reference(name, flow.source)
                found.setdefault(_key(name, target), []).append(moved)
    return found


def attributes_assigned(project: Project, site: Reference) -> Iterator[tuple[str, Reference]]:
    """The attributes that a value becomes which is assigned here: their names, and what has them."""
    for _, target in project.destinations(site):
        owner = project.child(target, Role.RECEIVER)
        if owner is not None and project.expression(target).kind is Kind.ATTRIBUTE:
            yield project.expression(target).text, owner


def is_paired(project: Project, site: Reference) -> bool:
    """Whether an item of a tuple is assigned by itself: ``self.base, self.session = base, Session()``."""
    outer = project.parent(site)
    if outer is None or outer[1].kind is not Kind.CONTAINER or outer[1].role is not Role.ASSIGNED:
        return False
    return _moves(project, site) and not _moves(project, outer[0])


def _moves(project: Project, site: Reference) -> bool:
    """Whether a value flows somewhere as it is."""
    return any(kind is FlowKind.VALUE for kind, _ in project.destinations(site))


def put_away(project: Project, site: Reference) -> str | None:
    """Why nobody sees who uses a value that is assigned here: it becomes part of an object of others."""
    for name, owner in attributes_assigned(project, site):
        own = _own_classes(project, owner)
        if not own and _is_of_function(project, site, name, owner):
            continue
        if not own:
            return f"it becomes .{name} of an object that is not the project's"
        if any(_is_for_base(project, cls, name) for cls in own):
            return f"it becomes .{name} of a class whose base outside the project may use it"
    for _, target in project.destinations(site):
        variable = project.expression(target).variable
        if variable is not None and _is_for_base(project, *variable):
            return f"it becomes .{variable[1]} of a class whose base outside the project may use it"
        if project.expression(target).kind is Kind.SUBSCRIPT:
            return put_into(project, target, Role.SUBSCRIPTED)
    return None


def _is_of_function(project: Project, site: Reference, name: str, owner: Reference) -> bool:
    """Whether a value becomes an attribute of functions, from where only who calls it by that name gets it."""
    value, places = project.value(site), project.attributes(name)
    reads = [one for one in places if project.expression(one).role is not Role.TARGET]
    functions = {source.kind for source in project.sources(owner)} == {SourceKind.FUNCTION}
    called = [one for one in reads if project.expression(one).role is Role.CALLEE]
    seen = value is not None and all(project.value(one) is value for one in reads)
    return functions and seen and bool(called) and len(called) == len(reads)


def put_into(project: Project, outer: Reference, role: Role) -> str | None:
    """Why nobody sees who uses what is put into a container: one that a base outside the project may look into.

    Args:
        outer: what the container is in, the target of an assignment or a callee.
        role: as what.
    """
    container = project.child(outer, role)
    owner = project.child(container, Role.RECEIVER) if container is not None else None
    if container is None or owner is None:
        return None
    name = project.expression(container).text
    if any(_is_for_base(project, cls, name) for cls in _own_classes(project, owner)):
        return f"it is kept in .{name} of a class whose base outside the project may use it"
    return None


def _own_classes(project: Project, owner: Reference) -> list[str]:
    """The classes of the project that an object may have."""
    value = project.value(owner)
    sources = value.sources if value is not None else ()
    classes = [project.graph.types.get(owner), *(source.name for source in sources)]
    return [cls for cls in classes if cls is not None and cls in project.graph.classes]


def targets(project: Project, site: Reference) -> list[Reference]:
    """What the statement of an expression assigns to."""
    module, number = project.module(site), project.expression(site).statement
    return [
        Reference(site.module, one.id)
        for one in module.expressions
        if one.statement == number and one.role is Role.TARGET and one.parent < 0
    ]


def is_taken_apart(project: Project, site: Reference) -> bool:
    """Whether an assignment takes its value apart, and does nothing else with it.

    That are `a, b = value`, `items[:] = value` and `items += value`.
    """
    expression = project.expression(site)
    if expression.role is not Role.ASSIGNED or expression.parent >= 0:
        return False
    found = targets(project, site)
    if len(found) != 1:
        return False
    if expression.detail == "augmented":
        return project.graph.types.get(found[0]) not in project.graph.classes
    index = project.child(found[0], Role.INDEX)
    sliced = index is not None and project.expression(index).text == "Slice"
    return sliced or project.expression(found[0]).kind is Kind.CONTAINER


def _is_for_base(project: Project, cls: str, name: str) -> bool:
    """Whether an attribute that nobody in the project reads may be meant for a base of others."""
    bases = project.graph.bases.get(cls, ())
    outside = [base for base in bases if base not in project.graph.classes]
    if all(base.startswith(_BASES_THAT_ASK_NOTHING) for base in outside):
        return False
    return all(_only_writes(project, each) for each in project.attributes(name))


def _only_writes(project: Project, place: Reference) -> bool:
    """Whether a place gives an attribute another value, or puts something into the container that it is."""
    role, outer = project.expression(place).role, project.parent(place)
    if role in _WRITING or outer is None:
        return role in _WRITING
    if role is Role.SUBSCRIPTED:
        return outer[1].role in _WRITING
    return (role, outer[1].role) == (Role.RECEIVER, Role.CALLEE) and outer[1].text in _FILLING
