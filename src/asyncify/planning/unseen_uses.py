"""Uses of an object that nobody follows there: ``client.session.get(...)``, where `client` may be anything.

An object that is kept in an attribute may be read from there by code whose own objects nobody knows: the wrapper of a
decorator, a function that only others call. What is done with it there would not follow.
"""

from __future__ import annotations

from asyncify.model.facts import Kind, Place, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.planning.groups import Group
from asyncify.planning.project import Project
from asyncify.rules.registry import Rules

_KNOWN = frozenset(SourceKind) - {SourceKind.PARAMETER, SourceKind.UNKNOWN, SourceKind.CONSTANT}


def unseen_use(project: Project, rules: Rules, group: Group) -> Reference | None:
    """A place that seems to use an object which is to be another one, and is none of the known places."""
    kinds = [kind for kind, (_, made) in group.types.items() if made.to and not made.hold]
    seen = {place for value in group.values if kinds for place in value.occurrences}
    names = {name for place in seen if (name := _kept_as(project, place))}
    for attribute in (each for name in sorted(names) for each in project.attributes(name)):
        outer, receiver = project.parent(attribute), project.child(attribute, Role.RECEIVER)
        if attribute in seen or outer is None or receiver is None or _is_known(project, receiver):
            continue
        if project.expression(attribute).role is Role.RECEIVER:
            if any(_has(rules, f"{kind}.{outer[1].text}") for kind in kinds):
                return attribute
    return None


def _kept_as(project: Project, place: Reference) -> str:
    """The name of the attribute in which an object is put."""
    expression = project.expression(place)
    if expression.role is not Role.TARGET:
        return ""
    in_class = expression.place is Place.CLASS_BODY
    return expression.text if in_class or expression.kind is Kind.ATTRIBUTE else ""


def _is_known(project: Project, receiver: Reference) -> bool:
    if receiver in project.graph.names or project.graph.types.get(receiver) is not None:
        return True
    return any(source.kind in _KNOWN for source in project.sources(receiver))


def _has(rules: Rules, name: str) -> bool:
    found = (rules.blocking(name), rules.attribute(name), rules.refusal(name))
    return any(one is not None for one in found)
