"""Who keeps what a call gives it: containers, and the fields of dataclasses. Analysis follows what is in them."""

from __future__ import annotations

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.assigned import put_away, put_into
from asyncify.planning.by_hand import SEARCHES
from asyncify.planning.helpers import compared_with_none
from asyncify.planning.items import rewritten, unknown
from asyncify.planning.project import Project
from asyncify.planning.steps import Items, Step

# containers that keep a function which they are given at a place, or give it back: analysis follows what is in them
_SEQUENCES = ("builtins.list", "collections.deque", "typing.MutableSequence")
_MAPPINGS = ("builtins.dict", "collections.defaultdict", "collections.OrderedDict")
KEEPERS = {
    **{f"{owner}.append": "0" for owner in _SEQUENCES},
    **{f"{owner}.insert": "1" for owner in _SEQUENCES},
    **{f"{owner}.add": "0" for owner in ("builtins.set", "typing.MutableSet")},
    "collections.deque.appendleft": "0",
    **{
        f"{owner}.{method}": "1"
        for owner in (*_MAPPINGS, "typing.Mapping", "typing.MutableMapping")
        for method in ("get", "setdefault")
    },
    **{f"{owner}.__setitem__": "1" for owner in _MAPPINGS},
}
# what looks for an object, and takes nothing out of it
_LOOKING = frozenset(
    {
        *(f"builtins.list.{name}" for name in ("count", "index", "remove")),
        *(f"builtins.set.{name}" for name in ("discard", "remove")),
        *("builtins.hash", "builtins.id", "collections.deque.remove"),
    }
)
_COMPARISONS = frozenset({"in", "not in", "is", "is not"})
_KEYWORD_KEEPERS = frozenset(
    {
        *_MAPPINGS[:1],
        *_MAPPINGS[2:],
        *(f"{owner}.update" for owner in (*_MAPPINGS, "typing.MutableMapping")),
    }
)


def keeps(project: Project, site: Reference, name: str) -> bool:
    """Whether a callee puts an argument into a container or a field, or gives it back out of one."""
    return _is_kept(project, site, name) or _keeps(project, name)


def _is_kept(project: Project, site: Reference, name: str) -> bool:
    """Whether a callee puts an argument into a container, or gives it back out of one."""
    expression = project.expression(site)
    if expression.role is Role.KEYWORD:
        return name in _KEYWORD_KEEPERS
    return KEEPERS.get(name) == expression.detail


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
    if names and all(name in _LOOKING for name in names):
        return None
    if not names or not all(keeps(project, site, name) for name in names):
        return ""
    callee = project.child(outer[0], Role.CALLEE)
    return put_into(project, callee, Role.RECEIVER) if callee is not None else None
