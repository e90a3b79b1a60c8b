"""Who gets a function and does not call it: what looks at it, and containers that keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncify.model.attributes import READERS
from asyncify.model.facts import Role
from asyncify.model.graph import Reference

if TYPE_CHECKING:
    from asyncify.planning.project import Project

# what calls the function that it is given, as soon as its result is called
BINDERS = frozenset({"functools.partial", "functools.partialmethod"})
# what looks for an object among others, and takes nothing out of it
SEARCHERS = frozenset(
    {
        *(f"builtins.list.{name}" for name in ("count", "index", "remove")),
        *(f"builtins.set.{name}" for name in ("discard", "remove")),
        *("builtins.hash", "builtins.id", "collections.deque.remove"),
    }
)
# functions that only look at a function they are given, or hand it on
LOOKERS = frozenset(
    {
        *BINDERS,
        *SEARCHERS,
        "builtins.isinstance",
        "builtins.print",
        "builtins.staticmethod",
        "enum.member",
        *READERS,
        "inspect.getdoc",
        "inspect.getsource",
        "typing.assert_type",
        "typing.cast",
        "typing.reveal_type",
    }
)
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
    "builtins.setattr": "0",  # its attributes say something of it
}
_KEYWORD_KEEPERS = frozenset(
    {
        *_MAPPINGS[:1],
        *_MAPPINGS[2:],
        *(f"{owner}.update" for owner in (*_MAPPINGS, "typing.MutableMapping")),
    }
)


def is_kept(project: Project, site: Reference, name: str) -> bool:
    """Whether a callee puts an argument into a container, or gives it back out of one."""
    expression = project.expression(site)
    if expression.role is Role.KEYWORD:
        return name in _KEYWORD_KEEPERS
    return KEEPERS.get(name) == expression.detail
