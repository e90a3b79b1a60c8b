"""Names that have a meaning of their own on both sides of the call graph, and those that nearly every program uses."""

from __future__ import annotations

import builtins
import collections
import datetime
import io
import logging
import pathlib
import queue
import re
import threading
from decimal import Decimal
from functools import cache
from io import BytesIO, StringIO

# a constructor, and where it has to await: what does its work, and what calls that for a new object
INITIAL = "__init__"
INITIAL_ASYNC = "_init_async"
POST_INIT = "__post_init__"  # what the constructor of a dataclass calls in the end
CONSTRUCTORS = {INITIAL: INITIAL_ASYNC, POST_INIT: "_post_init_async"}
FACTORY = "create_async"
TWIN = "_async"  # how the name of a twin ends

# what gives an object the attributes that its class does not have
DELEGATING = frozenset({"__getattr__", "__getattribute__"})

# what makes a generic function
DISPATCHERS = frozenset({"functools.singledispatch", "functools.singledispatchmethod"})
# who gives one function the names of another, and calls neither
WRAPS = frozenset({"functools.update_wrapper", "functools.wraps"})
# who gets a function, and only looks at it
READERS = WRAPS | {
    "builtins.callable",
    "builtins.getattr",
    "builtins.hasattr",
    "builtins.id",
    "builtins.repr",
    "builtins.str",
    "inspect.signature",
}

# a name may be found through these without being written
NAMESPACES = frozenset({"globals", "locals", "vars", "dir", "exec", "eval"})

# attributes of what most programs handle: with one of these names a receiver may well be theirs
BUILTIN_ATTRIBUTES = frozenset(
    name
    for cls in (
        *(str, bytes, bytearray, int, float, complex, bool),
        *(list, tuple, dict, set, frozenset, range, slice, memoryview),
        *(object, type, BaseException, OSError, property, Decimal, StringIO, BytesIO),
        *(collections.deque, collections.OrderedDict, collections.Counter),
        *(datetime.date, datetime.time, datetime.datetime, datetime.timedelta),
        *(re.Match, re.Pattern, pathlib.Path, logging.Logger, logging.Handler),
        *(threading.Thread, threading.Event, threading.Condition, threading.Semaphore),
        *(type(threading.Lock()), type(iter([])), type(_ for _ in ()), type(len)),
    )
    for name in dir(cls)
) | {"get_nowait", "put", "put_nowait", "task_done", "submit", "shutdown", "cancel", "result"}

_DATA = (
    dict,
    list,
    str,
    int,
    float,
    bool,
    type(None),
    datetime.date,
    datetime.time,
    datetime.datetime,
)


def is_of_data(attribute: str) -> bool:
    """Whether something has this attribute of what JSON, or TOML, is made of."""
    return any(hasattr(kind, attribute) for kind in _DATA)


_OF_ANY_CLASS = (type, BaseException)  # who has one has mostly one of a derived class


def builtin_type(cls: str) -> type | None:
    """The builtin type of a name; none for `object`, as which anything counts."""
    kind = getattr(builtins, cls.removeprefix("builtins."), None) if "builtins." in cls else None
    return kind if isinstance(kind, type) and kind is not object else None


# where the types are whose methods are handed on as functions: `log.info`, `queue.put`, `buffer.write`
_TYPES = (collections, io, logging, queue, re, threading)


@cache
def methods_of_types() -> frozenset[str]:
    """The names of methods of these types, and of the builtin ones: worked out where a project is analysed."""
    return frozenset(
        name
        for module in (builtins, *_TYPES)
        for kind in vars(module).values()
        if isinstance(kind, type)
        for name in dir(kind)
        if not name.startswith("__") and callable(getattr(kind, name, None))
    )


@cache
def known_type(cls: str) -> type | None:
    """The type of Python that a name means, of those that are known here."""
    module, _, name = cls.rpartition(".")
    for one in _TYPES:
        if module in (one.__name__, f"_{one.__name__}"):
            kind = getattr(one, name, None)
            return kind if isinstance(kind, type) else None
    return builtin_type(cls)


def gives_data(name: str) -> bool:
    """Whether a function is one of Python's own, which gives nothing that could be awaited: `print`, `list.append`."""
    owner, _, last = name.rpartition(".")
    return callable(getattr(builtins if owner == "builtins" else known_type(owner), last, None))


def lacks(cls: str, attribute: str, *, derived: bool = False) -> bool:
    """Whether a builtin type has no such attribute; with `derived`, nor anything that is taken for one of it."""
    kind = builtin_type(cls)
    if kind is None:
        return False
    return not (derived and issubclass(kind, _OF_ANY_CLASS)) and not hasattr(kind, attribute)


def derives(name: str, external: str) -> bool:
    """Whether an external class is another one, or derives from it."""
    one, other = (
        getattr(builtins, each.removeprefix("builtins."), None) for each in (name, external)
    )
    if isinstance(one, type) and isinstance(other, type):
        return issubclass(one, other)
    return name == external
