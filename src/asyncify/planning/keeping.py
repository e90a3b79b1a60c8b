"""Containers of the project: what is put into them, and whether everybody who takes it out is known."""

from __future__ import annotations

from asyncify.model.facts import FlowKind, Kind, Place, Role
from asyncify.model.graph import Reference
from asyncify.planning.assigned import put_away, put_into
from asyncify.planning.helpers import call_name
from asyncify.planning.limits import is_special
from asyncify.planning.project import Project

# containers that keep what they are given at a place, or give it back: analysis follows what is in them
_SEQUENCES = ("builtins.list", "collections.deque", "typing.MutableSequence")
_MAPPINGS = ("builtins.dict", "collections.defaultdict", "collections.OrderedDict")
_KEEPERS = {
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
_KEYWORD_KEEPERS = frozenset(
    {
        *_MAPPINGS[:1],
        *_MAPPINGS[2:],
        *(f"{owner}.update" for owner in (*_MAPPINGS, "typing.MutableMapping")),
    }
)
# who hands what is in a container to tests, in ways that only `parametrizes` knows
_TEST_TOOLS = ("pytest.", "_pytest.")
_NEXT = "builtins.next"


def keeping(project: Project, site: Reference) -> str | None:
    """How a generator, or a manager, gets into a container, and what is in the way of following it there.

    Returns:
        None if it does not become an item here; nothing if it does, and stays followed; else the reason.
    """
    expression, outer = project.expression(site), project.parent(site)
    if outer is None:
        return None
    if expression.role is Role.ELEMENT:
        if expression.detail == "key" or outer[1].text == "set":
            return "a container finds it by its hash"
        return item_escape(project, site) or ""
    if outer[1].kind is not Kind.CALL or expression.role not in (Role.ARGUMENT, Role.KEYWORD):
        return None
    names, callee = project.callee_names(outer[0]), project.child(outer[0], Role.CALLEE)
    if callee is None or not names or not all(is_kept(project, site, name) for name in names):
        return None
    method = expression.role is Role.ARGUMENT or any(name.endswith(".update") for name in names)
    if method and project.child(callee, Role.RECEIVER) is None:
        return "the container that gets it is not known"
    return put_into(project, callee, Role.RECEIVER) or ""


def is_taken_by_loop(project: Project, site: Reference) -> bool:
    """Whether an item of a container is taken apart where it is taken out: `for first, second in generators`."""
    expression = project.expression(site)
    return (expression.role, expression.kind) == (Role.TARGET, Kind.CONTAINER) and any(
        kind is FlowKind.ELEMENT for kind, _ in project.origins(site)
    )


def is_asked_for_items(project: Project, site: Reference) -> bool:
    """Whether somebody takes single items of what an expression stands for, and may leave the rest."""
    value = project.value(site)
    for place in value.occurrences if value is not None else ():
        outer = project.parent(place)
        if outer is not None and outer[1].kind is Kind.CALL:
            if _NEXT in project.callee_names(outer[0]):
                return True
    return False


def is_kept(project: Project, site: Reference, name: str) -> bool:
    """Whether a callee puts an argument into a container, or gives it back out of one."""
    expression = project.expression(site)
    if expression.role is Role.KEYWORD:
        return name in _KEYWORD_KEEPERS
    return _KEEPERS.get(name) == expression.detail


def item_escape(project: Project, site: Reference) -> str | None:
    """How an item of a container gets to callers that nobody sees, although it is only returned or put away."""
    holder = site
    while (outer := project.parent(holder)) is not None and outer[1].kind is Kind.CONTAINER:
        holder = outer[0]
    around = project.functions[project.expression(holder).function]
    if project.expression(holder).role is Role.RETURNED and is_special(around.name):
        return f"{around.name} returns it to whoever uses the object"
    return put_away(project, holder) or _tested(project, holder)


def _tested(project: Project, holder: Reference) -> str | None:
    """How a container gets to tests in a way that nobody follows."""
    value = project.value(holder)
    for occurrence in (holder, *(value.occurrences if value is not None else ())):
        outer = project.parent(occurrence)
        if outer is None or outer[1].kind is not Kind.CALL or outer[1].place is Place.ANNOTATION:
            continue
        if any(name.startswith(_TEST_TOOLS) for name in project.callee_names(outer[0])):
            return f"what holds it is handed to {call_name(project, outer[0])}()"
    return None
