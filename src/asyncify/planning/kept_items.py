"""Who keeps what a call gives it: containers, and the fields of dataclasses. Analysis follows what is in them."""

from __future__ import annotations

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.assigned import put_away, put_into
from asyncify.planning.by_hand import SEARCHES
from asyncify.planning.helpers import compared_with_none
from asyncify.planning.items import rewritten, unknown
from asyncify.planning.keeping import SEARCHERS, is_kept
from asyncify.planning.project import Project
from asyncify.planning.steps import Items, Step

_COMPARISONS = frozenset({"in", "not in", "is", "is not"})


def keeps(project: Project, site: Reference, name: str) -> bool:
    """Whether a callee puts an argument into a container or a field, or gives it back out of one."""
    return is_kept(project, site, name) or _keeps(project, name)


def _keeps(project: Project, name: str) -> bool:
    """Whether a callee is a dataclass of the project: it keeps its arguments in fields, which analysis follows."""
    module, _, short = name.rpartition(".")
    known = project.graph.classes.get(f"{module}:{short}")
    if known is None or any(method in dict(known.methods) for method in ("__init__", "__new__")):
        return False
    made = [project.denoted(Reference(known.module, number)) for number in known.decorators]
    return made == ["dataclasses.dataclass"]


def kept_step(project: Project, site: Reference, items: Items) -> Step | None:
    """What an iterable needs that is put into a container, taken out of one, or yielded; None for any other place."""
    if not items.tracked or items.cleanup:
        return None
    away = kept_away(project, site)
    if away:
        return unknown(site, away)
    return rewritten(project, site, items) if away is None else None


def is_only_compared(project: Project, site: Reference) -> bool:
    """Whether an iterator is looked for among others, or compared with one: nobody takes an item of it."""
    expression, outer = project.expression(site), project.parent(site)
    if outer is None or expression.role is not Role.COMPARED:
        return False
    searched = outer[1].text in SEARCHES and expression.detail != "0"
    return compared_with_none(project, site) or (outer[1].text in _COMPARISONS and not searched)


def kept_away(project: Project, site: Reference) -> str | None:
    """Why nobody sees who uses what is kept here; None if all is seen, "" if it is not kept at all."""
    expression, outer = project.expression(site), project.parent(site)
    if expression.role is Role.YIELDED:
        return "" if project.functions[expression.function].decorators else None
    if outer is None:
        return ""
    if expression.role is Role.ELEMENT:
        holder = outer[0]
        while (around := project.parent(holder)) is not None and around[1].kind is Kind.CONTAINER:
            holder = around[0]
        return put_away(project, holder)
    names = project.callee_names(outer[0]) if outer[1].kind is Kind.CALL else ()
    if names and all(name in SEARCHERS for name in names):
        return None
    if not names or not all(keeps(project, site, name) for name in names):
        return ""
    callee = project.child(outer[0], Role.CALLEE)
    return put_into(project, callee, Role.RECEIVER) if callee is not None else None
