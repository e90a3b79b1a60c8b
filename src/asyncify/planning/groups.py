"""Objects of a library that are translated together or not at all."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from asyncify.model.facts import FlowKind, Kind, Role
from asyncify.model.graph import Reference, Value
from asyncify.planning.consumers import Step
from asyncify.planning.project import Project
from asyncify.rules.spec import Call, Library, Raises, Resource, Thread


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
    made: dict[Reference, str] = field(
        default_factory=dict
    )  # call -> what makes its object instead

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
