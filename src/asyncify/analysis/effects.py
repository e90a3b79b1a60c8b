"""What calls of the standard library do with the values that go in: data only.

A flow ``left = right`` makes two places one value. A place starts with ``return``, ``receiver``, the
position or keyword of an argument, or ``*`` for every positional argument; then ``[]`` is an
element, ``[1]`` the element at that index, ``{0}`` the element whose key is argument 0, ``<x>`` a
child of that name, ``{}`` are all elements with their keys; ``**`` are the keyword arguments, as elements by their names. A callback is (who is called, with which places, where its result goes).
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from asyncify.model.attributes import WRAPS


class Callback(NamedTuple):
    """A function that is called by the callee: ``*1`` are all arguments from 1 on, ``*args`` an iterable."""

    callee: str
    arguments: tuple[str, ...]
    result: str


_SAME = ("return = 0",)
_ELEMENTS = ("return[] = 0[]",)
_WRITE = ("receiver[] = 0",)

CONTAINERS = (
    frozenset(f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "dict"))
    | frozenset(
        f"collections.{name}"
        for name in ("deque", "OrderedDict", "defaultdict", "ChainMap", "UserDict", "UserList")
    )
    | frozenset({"types.MappingProxyType"})
)
MAPPINGS = frozenset(
    {
        "builtins.dict",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.ChainMap",
        "types.MappingProxyType",
        "typing.Mapping",
        "typing.MutableMapping",
    }
)
ABSTRACT = frozenset(
    f"typing.{name}"
    for name in (
        "Collection",
        "Iterable",
        "Iterator",
        "Mapping",
        "MutableMapping",
        "MutableSequence",
        "MutableSet",
        "Sequence",
    )
)
QUEUES = frozenset(
    f"{module}.{name}"
    for module in ("queue", "asyncio", "asyncio.queues", "multiprocessing")
    for name in ("Queue", "SimpleQueue", "LifoQueue", "PriorityQueue")
)
ITERATORS = frozenset(
    {"typing.Generator", "typing.Iterator", "types.GeneratorType", "itertools.chain"}
)

# By method name; for the receivers above.
METHODS: dict[str, tuple[str, ...]] = {
    "add": _WRITE,
    "append": _WRITE,
    "appendleft": _WRITE,
    "insert": ("receiver[] = 1",),
    "extend": ("receiver[] = 0[]",),
    "extendleft": ("receiver[] = 0[]",),
    "update": ("receiver[] = 0[]", "receiver = **"),
    "setdefault": ("receiver{0} = 1", "return = receiver{0}"),
    "get": ("return = receiver{0}", "return = 1"),
    "pop": ("return = receiver{0}", "return = 1"),
    "popleft": ("return = receiver[]",),
    "popitem": ("return[1] = receiver[]",),
    "values": ("return[] = receiver[]",),
    "items": ("return[][1] = receiver[]",),
    "copy": ("return = receiver",),
    "__getitem__": ("return = receiver{0}",),
    "__setitem__": ("receiver{0} = 1",),
    "__iter__": ("return = receiver",),
    "__next__": ("return = receiver[]",),
    **dict.fromkeys(
        ("union", "intersection", "symmetric_difference"),
        ("return[] = receiver[]", "return[] = 0[]"),
    ),
    "difference": ("return[] = receiver[]",),
    # these change or tell something, and hand nothing on
    **dict.fromkeys(
        ("clear", "count", "discard", "index", "keys", "remove", "reverse", "sort"), ()
    ),
    **dict.fromkeys(("difference_update", "issubset", "issuperset", "isdisjoint", "rotate"), ()),
    **dict.fromkeys(("__contains__", "__delitem__", "__len__"), ()),
}
QUEUE_METHODS: dict[str, tuple[str, ...]] = {
    "put": _WRITE,
    "put_nowait": _WRITE,
    "get": ("return = receiver[]",),
    "get_nowait": ("return = receiver[]",),
}

# By canonical name of the callee.
FLOWS: dict[str, tuple[str, ...]] = {
    "builtins.iter": _SAME,
    "builtins.next": ("return = 0[]", "return = 1"),
    "builtins.list": _ELEMENTS,
    "builtins.tuple": _ELEMENTS,
    "builtins.set": _ELEMENTS,
    "builtins.frozenset": _ELEMENTS,
    "builtins.sorted": _ELEMENTS,
    "builtins.reversed": _ELEMENTS,
    "builtins.dict": ("return{} = 0", "return[] = 0[][1]", "return = **"),
    "builtins.enumerate": ("return[][1] = 0[]",),
    "builtins.zip": ("return[][*] = *[]",),
    "builtins.filter": ("return[] = 1[]",),
    "builtins.min": ("return = 0[]", "return = default"),
    "builtins.max": ("return = 0[]", "return = default"),
    "builtins.map": (),
    "builtins.staticmethod": _SAME,
    "collections.deque": _ELEMENTS,
    "collections.ChainMap": ("return[] = *[]",),
    "collections.OrderedDict": ("return{} = 0", "return[] = 0[][1]", "return = **"),
    "contextlib.closing": ("return<enter> = 0",),
    "contextlib.aclosing": ("return<enter> = 0",),
    "contextlib.nullcontext": ("return<enter> = 0",),
    "contextlib.ExitStack.enter_context": ("return = 0<enter>",),
    "contextlib._BaseExitStack.enter_context": ("return = 0<enter>",),
    "contextlib.AsyncExitStack.enter_async_context": ("return = 0<enter>",),
    "copy.copy": _SAME,
    "copy.deepcopy": _SAME,
    "dataclasses.field": ("return = default",),
    "enum.member": _SAME,
    "weakref.proxy": _SAME,
    "_weakref.proxy": _SAME,
    "types.MappingProxyType": _SAME,
    "typing.cast": ("return = 1",),
    "functools.reduce": ("return = 2",),
    "functools.partial": (),
    "functools.partialmethod": (),
    "itertools.chain": ("return[] = *[]",),
    "itertools.chain.from_iterable": ("return[] = 0[][]",),
    "itertools.cycle": _ELEMENTS,
    "itertools.islice": _ELEMENTS,
    "itertools.product": ("return[][*] = *[]",),
    "itertools.repeat": ("return[] = 0",),
    "itertools.tee": ("return[][] = 0[]",),
    "itertools.zip_longest": ("return[][*] = *[]",),
    "itertools.batched": ("return[][] = 0[]",),
    "itertools.compress": _ELEMENTS,
    "heapq.merge": ("return[] = *[]",),
    **dict.fromkeys(("heapq.heappush", "_heapq.heappush"), ("0[] = 1",)),
    **dict.fromkeys(("heapq.heappop", "_heapq.heappop"), ("return = 0[]",)),
    **dict.fromkeys(("heapq.heapify", "_heapq.heapify"), ()),
    **dict.fromkeys(
        ("operator.itemgetter.__call__", "_operator.itemgetter.__call__"),
        ("return = 0[]", "return[] = 0[]"),
    ),
    "random.choice": ("return = 0[]",),
    "random.Random.choice": ("return = 0[]",),
    "random.sample": _ELEMENTS,
    "random.Random.sample": _ELEMENTS,
    "random.shuffle": (),
    "random.Random.shuffle": (),
    "itertools.takewhile": ("return[] = 1[]",),
    "itertools.dropwhile": ("return[] = 1[]",),
    "asyncio.run": _SAME,
    "asyncio.gather": ("return[] = *",),
    "asyncio.wait_for": _SAME,
    "asyncio.shield": _SAME,
    "asyncio.create_task": _SAME,
    "asyncio.ensure_future": _SAME,
    "concurrent.futures.as_completed": _ELEMENTS,
    "concurrent.futures._base.as_completed": _ELEMENTS,
    "concurrent.futures.Future.result": ("return = receiver<result>",),
    "concurrent.futures._base.Future.result": ("return = receiver<result>",),
}

# Functions that make an iterator over others, which asks them for an item when it is asked for one
LAZY = frozenset(
    {
        *(f"builtins.{name}" for name in ("enumerate", "filter", "map", "zip")),
        *(f"itertools.{name}" for name in ("accumulate", "chain", "cycle", "dropwhile")),
        *(f"itertools.{name}" for name in ("filterfalse", "islice", "pairwise", "starmap")),
        *(f"itertools.{name}" for name in ("batched", "chain.from_iterable", "compress")),
        *(f"itertools.{name}" for name in ("takewhile", "zip_longest")),
        "heapq.merge",
    }
)

# Who gives whichever exception was raised, and where in the result it is; the attributes that have one.
EXCEPTIONS: dict[str, str] = {
    **dict.fromkeys(
        (
            *("concurrent.futures.Future.exception", "concurrent.futures._base.Future.exception"),
            *("asyncio.Future.exception", "asyncio.futures.Future.exception"),
            *("asyncio.Task.exception", "asyncio.tasks.Task.exception"),
        ),
        "return",
    ),
    "sys.exc_info": "return[1]",
    "sys.exception": "return",
}
EXCEPTION_ATTRIBUTES = frozenset({"__cause__", "__context__"})

CALLBACKS: dict[str, Callback] = {
    "builtins.map": Callback("0", ("1[]", "2[]", "3[]"), "return[]"),
    "builtins.filter": Callback("0", ("1[]",), ""),
    "builtins.sorted": Callback("key", ("0[]",), ""),
    "builtins.min": Callback("key", ("0[]",), ""),
    "builtins.max": Callback("key", ("0[]",), ""),
    "builtins.list.sort": Callback("key", ("receiver[]",), ""),
    "functools.reduce": Callback("0", ("2", "1[]"), "return"),
    "itertools.starmap": Callback("0", ("*1[]",), "return[]"),
    "collections.defaultdict": Callback("0", (), "return[]"),
    "dataclasses.field": Callback("default_factory", (), "return"),
    "asyncio.to_thread": Callback("0", ("*1",), "return"),
    "asyncio.events.AbstractEventLoop.run_in_executor": Callback("1", ("*2",), "return"),
    "threading.Thread": Callback("target", ("*args", "**kwargs"), ""),
    "threading.Timer": Callback("1", ("*args", "**kwargs"), ""),
    "multiprocessing.Process": Callback("target", ("*args", "**kwargs"), ""),
    "multiprocessing.context.Process": Callback("target", ("*args", "**kwargs"), ""),
}
REPEATED = Callback("0", (), "return[]")
# Who calls what it gets at these places: others by their whole names, or by the last part of them.
_CALLERS: dict[str, tuple[str, ...]] = {
    "atexit.register": ("0",),
    "json.dump": ("default", "object_hook"),
    "json.dumps": ("default",),
    "json.load": ("object_hook", "object_pairs_hook"),
    "json.loads": ("object_hook", "object_pairs_hook"),
    "re.Pattern.sub": ("0", "repl"),
    "re.Pattern.subn": ("0", "repl"),
    "re.sub": ("1", "repl"),
    "re.subn": ("1", "repl"),
    "signal.signal": ("1", "handler"),
    "weakref.finalize": ("1",),
}
_CALLERS_BY_LAST_NAME: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Thread", "Process"), ("target",)),
    **dict.fromkeys(("submit", "map", "imap", "imap_unordered", "starmap", "apply"), ("0",)),
    **dict.fromkeys(("apply_async", "map_async", "to_thread", "run_sync"), ("0",)),
    **dict.fromkeys(("add_done_callback", "call_soon", "call_soon_threadsafe"), ("0",)),
    **dict.fromkeys(("Timer", "run_in_executor", "call_later", "call_at", "after"), ("1",)),
    **dict.fromkeys(("add_signal_handler", "add_reader", "add_writer"), ("1",)),
    **dict.fromkeys(("register", "subscribe", "add_listener", "add_callback"), ("0", "1")),
}
_CALLED_KEYWORDS = frozenset({"callback", "func", "function", "handler", "hook"})
# Who looks at a function that is handed over, but never calls it.
HARMLESS = frozenset(
    {
        "builtins.all",
        "builtins.any",
        "builtins.bool",
        "builtins.callable",
        "builtins.getattr",
        "builtins.hasattr",
        "builtins.hash",
        "builtins.id",
        "builtins.isinstance",
        "builtins.issubclass",
        "builtins.len",
        "builtins.print",
        "builtins.repr",
        "builtins.setattr",
        "builtins.str",
        "builtins.type",
        *WRAPS,
        "inspect.getdoc",
        "inspect.iscoroutinefunction",
        "inspect.isgeneratorfunction",
        "inspect.signature",
    }
)

# Objects of others that are called as functions are.
CALLABLE = frozenset(
    f"{module}.{name}"
    for module in ("operator", "_operator")
    for name in ("attrgetter", "itemgetter", "methodcaller")
)

# What makes a container, by its class.
MAKES: dict[str, str] = {
    "builtins.list": "builtins.list",
    "builtins.sorted": "builtins.list",
    "builtins.tuple": "builtins.tuple",
    "builtins.set": "builtins.set",
    "builtins.frozenset": "builtins.frozenset",
    "builtins.dict": "builtins.dict",
    "collections.deque": "collections.deque",
    "collections.OrderedDict": "collections.OrderedDict",
    "collections.defaultdict": "collections.defaultdict",
}

for _executor in (
    "concurrent.futures.Executor",
    "concurrent.futures.ThreadPoolExecutor",
    "concurrent.futures.ProcessPoolExecutor",
    "concurrent.futures._base.Executor",
    "concurrent.futures.thread.ThreadPoolExecutor",
    "concurrent.futures.process.ProcessPoolExecutor",
):
    CALLBACKS[f"{_executor}.submit"] = Callback("0", ("*1",), "return<result>")
    CALLBACKS[f"{_executor}.map"] = Callback("0", ("1[]", "2[]", "3[]"), "return[]")
    MAKES[f"{_executor}.submit"] = "concurrent.futures.Future"

# What is a value and nothing else: it holds nothing, and nobody asks where it came from.
# By its name the number of its slot, 0 for None.
_SCALARS = (
    *(str, bytes, range, int, float, complex, bool, slice),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
    *(Decimal, re.Match, re.Pattern, UUID),
)
SCALARS = {
    **{f"{kind.__module__}.{kind.__qualname__}": n for n, kind in enumerate(_SCALARS, 1)},
    **dict.fromkeys(("builtins.NoneType", "types.NoneType"), 0),
}
_ITERABLE = sum(1 << SCALARS[f"builtins.{name}"] for name in ("str", "bytes", "range"))


def scalar(text: str) -> int:
    """The number of a literal."""
    if text[:1] in ("'", '"'):
        return SCALARS["builtins.str"]
    if text[:2] in ("b'", 'b"'):
        return SCALARS["builtins.bytes"]
    return SCALARS["builtins.int"] if text.isdigit() else 0


def is_iterable(scalars: int) -> bool:
    """Whether some scalars, their numbers as bits, can be iterated over."""
    return bool(scalars & _ITERABLE)


def methods_of_scalars(scalars: int, attribute: str) -> list[str]:
    """What an attribute of some scalars, their numbers as bits, may be."""
    return [
        f"{name}.{attribute}"
        for name, number in SCALARS.items()
        if number and scalars >> number & 1 and hasattr(_SCALARS[number - 1], attribute)
    ]


def calls(name: str, place: str) -> bool:
    """Whether a callee is known, or named like somebody, to call what it gets at a place."""
    if name in _CALLERS:
        return place in _CALLERS[name]
    last = name.rpartition(".")[2]
    return place in _CALLERS_BY_LAST_NAME.get(last, ()) or place in _CALLED_KEYWORDS


def keeps(name: str) -> bool:
    """Whether a function that is handed to this callee is called by nobody but who is known here."""
    return name in HARMLESS or name in CALLBACKS or flows(name) is not None


def flows(name: str) -> tuple[str, ...] | None:
    """What a callee does with its arguments, None if the table does not know it."""
    found = FLOWS.get(name)
    if found is not None:
        return found
    owner, _, method = name.rpartition(".")
    if owner in QUEUES:
        return QUEUE_METHODS.get(method)
    if owner in CONTAINERS or owner in ABSTRACT or owner in ITERATORS:
        return METHODS.get(method)
    return None
