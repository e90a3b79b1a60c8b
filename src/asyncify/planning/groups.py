"""Objects of a library that are translated together or not at all."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from asyncify.model.facts import Expression, FlowKind, Kind, Role
from asyncify.model.graph import Access, Reference, SourceKind, Value
from asyncify.planning.limits import MANAGER, PUSHES, STACK, decorated_by
from asyncify.planning.project import Project
from asyncify.planning.steps import Step
from asyncify.rules.spec import Call, Library, Raises, Resource, Thread, Use

STACKS = frozenset(f"{name}.enter_context" for name in STACK)
_ENTERING = frozenset(f"{name}:0" for name in STACKS)
_CLOSING = _ENTERING | {f"{name}:0" for name in (*PUSHES, "contextlib.closing")}


@dataclass(slots=True)
class Group:
    """What is known about a set of objects while the project is read."""

    calls: dict[Reference, tuple[Library, Call | Thread]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    helpers: dict[tuple[str, str], tuple[Library, str]] = field(
        default_factory=dict
    )  # (module, name)
    problems: list[tuple[Reference, str]] = field(default_factory=list)
    types: dict[str, tuple[Library, Resource]] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    bound: list[Value] = field(default_factory=list)  # those that work in one event loop only
    late: list[tuple[Reference, str]] = field(default_factory=list)  # (attribute, option)
    asks: list[tuple[Reference, str]] = field(default_factory=list)  # for the wider form, with why
    made: dict[Reference, str] = field(
        default_factory=dict
    )  # call -> what makes its object instead
    # where every use waits: who works on an object whole, who iterates over one, and values that others get
    whole: dict[Reference, tuple[Library, Use]] = field(default_factory=dict)
    iterated: dict[Reference, tuple[Library, str]] = field(default_factory=dict)
    lent: dict[int, tuple[Reference, str]] = field(default_factory=dict)
    entered: list[tuple[Reference, Reference]] = field(default_factory=list)  # and what that gives

    def absorb(self, other: Group) -> None:
        """Takes over everything of another group."""
        self.calls.update(other.calls)
        self.steps.extend(other.steps)
        self.helpers.update(other.helpers)
        self.problems.extend(other.problems)
        self.types.update(other.types)
        self.values.extend(other.values)
        self.made.update(other.made)
        self.late.extend(other.late)
        self.asks.extend(other.asks)
        self.whole.update(other.whole)
        self.iterated.update(other.iterated)
        self.lent.update(other.lent)
        self.entered.extend(other.entered)


def last_part(name: str) -> str:
    """The last part of a dotted name."""
    return name.rpartition(".")[2]


def stays_inside(project: Project, group: Group, site: Reference) -> bool:
    """Whether nobody sees the objects of a group outside the with statement that enters this one."""
    around = project.statement(site)
    for value in group.values:
        for occurrence in value.occurrences:
            if occurrence == site:
                continue
            role = project.expression(occurrence).role
            module = project.module(occurrence)
            if role in (Role.RETURNED, Role.YIELDED) or occurrence.module != site.module:
                return False
            if around not in project.ancestry(module, project.statement(occurrence)):
                return False
    return True


def in_one_function(project: Project, group: Group) -> bool:
    """Whether one function makes the objects of a group and nobody else sees them, nor what they raise.

    Such objects can be translated in the twin of the function alone.
    """
    places = {site for value in group.values for site in value.occurrences} | set(group.calls)
    functions = {project.expression(site).function for site in places}
    left = any(
        project.expression(site).role in (Role.RETURNED, Role.YIELDED)
        for value in group.values
        for site in value.occurrences
    )
    raised = any(
        isinstance(entry, Raises)
        for library, _ in group.calls.values()
        for entry in library.entries
    )
    return len(functions) == 1 and not left and not raised


def is_closed(project: Project, group: Group) -> bool:
    """Whether every object of a group comes from one of its calls, and lives in local variables only."""
    inside = {occurrence for value in group.values for occurrence in value.occurrences}
    inside.update(group.calls)
    return all(site in group.calls or _is_local(project, site, inside) for site in inside)


def _is_local(project: Project, site: Reference, inside: Set[Reference]) -> bool:
    """Whether a place names a variable of a function that gets nothing but what is inside."""
    expression = project.expression(site)
    if expression.kind is not Kind.NAME or expression.variable is None:
        return False
    owner = project.functions.get(expression.variable[0])
    if owner is None or owner.kind != "def":
        return False
    if any(parameter.name == expression.text for parameter in owner.parameters):
        return False
    if expression.role is not Role.TARGET:
        return True
    origins = project.origins(site)
    kept = (FlowKind.VALUE, FlowKind.ENTER)
    return bool(origins) and all(kind in kept and origin in inside for kind, origin in origins)


def dropped(project: Project, group: Group) -> tuple[Value, Reference] | None:
    """An object that holds back a part of what it got, with the place where it gets it, if nobody closes it."""
    kinds = [(name, made.buffer) for name, (_, made) in group.types.items() if made.buffer]
    entered = {given for site, given in group.entered if _ends(project, site, _CLOSING)}
    for name, buffer in kinds:
        methods = {call.name.removeprefix(f"{name}.") for _, call in group.calls.values()}
        closed = bool(methods & {*buffer.empties})
        for value in group.values:
            alone = len(value.occurrences) == 1  # the call that makes it: no name to close it by
            for site in value.occurrences:
                if (alone or not closed) and _uses(project, site) & {*buffer.fills}:
                    if not any(
                        one in entered or _ends(project, one, _CLOSING) for one in value.occurrences
                    ):
                        return value, site
    return None


def _uses(project: Project, site: Reference) -> set[str]:
    """The method that is called of an object, or who gets it as which argument."""
    expression, outer = project.expression(site), project.parent(site)
    if outer is None:
        return set()
    if expression.role is Role.RECEIVER:
        return {outer[1].text} if outer[1].role is Role.CALLEE else set()
    return {f"{name}:{expression.detail}" for name in project.callee_names(outer[0])}


def leaves_generator(project: Project, expression: Expression) -> bool:
    """Whether a generator gives an object to nobody knows whom: only `with` is sure to take what it yields."""
    function = project.functions[expression.function]
    if expression.role is Role.RETURNED:
        return function.is_generator
    if expression.role is not Role.YIELDED:
        return False
    edges = [edge for edge in project.reaching(function.id) if edge.access is Access.CALL]
    entered = all(_ends(project, edge.site, _ENTERING) for edge in edges)
    managed = decorated_by(project, function, MANAGER) is not None
    return not (managed and entered) or bool(project.values_of(function.id, SourceKind.FUNCTION))


def _ends(project: Project, site: Reference, by: Set[str]) -> bool:
    """Whether a with statement enters an object, or one of these functions gets it to see to its end."""
    return project.expression(site).role is Role.ENTERED or not by.isdisjoint(_uses(project, site))
