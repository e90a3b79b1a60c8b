"""Functions that consume iterables: those that take all at once, and async helpers for the lazy ones.

The texts of the helpers go into the changed file.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Expression, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Define, Edit, Replace
from asyncify.planning.project import Project

# builtins and methods that take all of an iterable before they return: a list in its place changes nothing
EAGER = frozenset(
    {
        "builtins.list",
        "builtins.tuple",
        "builtins.set",
        "builtins.frozenset",
        "builtins.dict",
        "builtins.sorted",
        "builtins.sum",
        "builtins.min",
        "builtins.max",
        "builtins.str.join",
        "builtins.bytes.join",
        "builtins.bytes",
        "builtins.bytearray",
        "builtins.dict.fromkeys",
        "builtins.list.extend",
        "builtins.set.update",
        "builtins.dict.update",
        "collections.Counter",
        "collections.deque",
        "collections.deque.extend",
        "collections.deque.extendleft",
        "collections.OrderedDict",
        "statistics.mean",
        "math.fsum",
        "math.prod",
    }
)
# bases that call no attribute of an object but its special methods
_CHOOSING = frozenset(
    {"builtins.min", "builtins.max"}
)  # of several arguments, or of the items of one
_TAKING_SEVERAL = frozenset(
    {
        *(
            f"builtins.{owner}.{name}"
            for owner in ("set", "frozenset")
            for name in ("union", "difference")  # intersection may stop early
        ),
        "builtins.set.update",
        "itertools.product",
    }
)
_TAKING_SECOND = frozenset({"array.array", "heapq.nlargest", "heapq.nsmallest"})
_ANY = '''
async def _any(items):
    """Like any, for an async iterator, which is closed."""
    try:
        async for item in items:
            if item:
                return True
        return False
    finally:
        await items.aclose()
'''
_ALL = '''
async def _all(items):
    """Like all, for an async iterator, which is closed."""
    try:
        async for item in items:
            if not item:
                return False
        return True
    finally:
        await items.aclose()
'''
_CONTAINS = '''
async def _contains(value, items):
    """Like `value in items`, for an async iterable."""
    async for item in items:
        if item is value or item == value:
            return True
    return False
'''
_ENUMERATE = '''
async def _enumerate(items, start=0):
    """Like enumerate, for an async iterable."""
    async for item in items:
        yield start, item
        start += 1
'''
_ZIP = '''
async def _zip(*iterables):
    """Like zip, for iterables of which some are async."""
    iterators = [aiter(one) if hasattr(one, "__aiter__") else iter(one) for one in iterables]
    while True:
        row = []
        for one in iterators:
            try:
                row.append(await anext(one) if hasattr(one, "__anext__") else next(one))
            except (StopIteration, StopAsyncIteration):
                return
        yield tuple(row)
'''
_STRICT_ZIP = '''
async def _strict_zip(*iterables):
    """Like zip(strict=True), for iterables of which some are async."""
    iterators = [aiter(one) if hasattr(one, "__aiter__") else iter(one) for one in iterables]
    while True:
        row, ended = [], 0
        for number, one in enumerate(iterators, 1):
            others = f"argument {number - 1}" if number == 2 else f"arguments 1-{number - 1}"
            try:
                row.append(await anext(one) if hasattr(one, "__anext__") else next(one))
            except (StopIteration, StopAsyncIteration):
                if row:
                    raise ValueError(f"zip() argument {number} is shorter than {others}") from None
                ended = number
            else:
                if ended:
                    raise ValueError(f"zip() argument {number} is longer than {others}")
        if not row:
            return
        yield tuple(row)
'''
_CHAIN = '''
async def _chain(*iterables):
    """Like itertools.chain, for iterables of which some are async."""
    end = object()
    for one in iterables:
        one = aiter(one) if hasattr(one, "__aiter__") else iter(one)
        while True:
            item = await anext(one, end) if hasattr(one, "__anext__") else next(one, end)
            if item is end:
                break
            yield item
'''
_ACCUMULATE = '''
async def _accumulate(items, func=None, *, initial=None):
    """Like itertools.accumulate, for an async iterable."""
    total, started = initial, initial is not None
    if started:
        yield total
    async for item in items:
        if not started:
            total, started = item, True
        else:
            total = total + item if func is None else func(total, item)
        yield total
'''
_PAIRWISE = '''
async def _pairwise(items):
    """Like itertools.pairwise, for an async iterable."""
    previous, started = None, False
    async for item in items:
        if started:
            yield previous, item
        previous, started = item, True
'''
_CYCLE = '''
async def _cycle(items):
    """Like itertools.cycle, for an async iterable."""
    kept = []
    async for item in items:
        kept.append(item)
        yield item
    while kept:
        for item in kept:
            yield item
'''
_ISLICE = '''
async def _islice(items, *bounds):
    """Like itertools.islice, for an async iterable."""
    span, count, end, iterator = slice(*bounds), 0, object(), aiter(items)
    following, step = span.start or 0, span.step or 1
    while True:
        while count < following:
            if await anext(iterator, end) is end:
                return
            count += 1
        if span.stop is not None and count >= span.stop:
            return
        if (item := await anext(iterator, end)) is end:
            return
        count, following = count + 1, following + step
        if span.stop is not None:
            following = min(following, span.stop)
        yield item
'''
_TAKEWHILE = '''
async def _takewhile(predicate, items):
    """Like itertools.takewhile, for an async iterable."""
    async for item in items:
        if not predicate(item):
            return
        yield item
'''
_DROPWHILE = '''
async def _dropwhile(predicate, items):
    """Like itertools.dropwhile, for an async iterable."""
    dropping = True
    async for item in items:
        dropping = dropping and predicate(item)
        if not dropping:
            yield item
'''
_REDUCE = '''
async def _reduce(function, items, *initial):
    """Like functools.reduce, for an async function."""
    items = iter(items)
    if initial:
        (value,) = initial
    else:
        for value in items:
            break
        else:
            raise TypeError("reduce() of empty iterable with no initial value")
    for item in items:
        value = await function(value, item)
    return value
'''
_EACH_IN_THREAD = '''
async def _each_in_thread(items):
    """The items of a blocking iterable, each fetched in a thread."""
    iterator, end = iter(items), object()
    while (item := await asyncio.to_thread(next, iterator, end)) is not end:
        yield item
'''
_CACHED_PROPERTY = '''
class _cached_property:
    """Like functools.cached_property, for an async function: `await object.name` calls it once."""

    def __init__(self, function, key="", instance=None):
        self.function, self.key, self.instance = function, key, instance
        self.__doc__ = function.__doc__

    def __set_name__(self, owner, name):
        self.key = f"await {name}"

    def __get__(self, instance, owner=None):
        return self if instance is None else type(self)(self.function, self.key, instance)

    def __await__(self):
        kept = vars(self.instance)
        if self.key not in kept:
            kept[self.key] = yield from self.function(self.instance).__await__()
        return kept[self.key]
'''
_TEXTS = {
    "cached_property": _CACHED_PROPERTY,
    "each_in_thread": _EACH_IN_THREAD,
    "any": _ANY,
    "all": _ALL,
    "contains": _CONTAINS,
    "enumerate": _ENUMERATE,
    "zip": _ZIP,
    "strict_zip": _STRICT_ZIP,
    "chain": _CHAIN,
    "accumulate": _ACCUMULATE,
    "pairwise": _PAIRWISE,
    "cycle": _CYCLE,
    "islice": _ISLICE,
    "takewhile": _TAKEWHILE,
    "dropwhile": _DROPWHILE,
    "reduce": _REDUCE,
}
AWAITED = frozenset({"any", "all"})  # lazy ones with a value; the others give an iterable again
# lazy functions, and the names of their helpers
LAZY = {
    **{f"builtins.{name}": name for name in (*AWAITED, "enumerate", "zip")},
    **{f"itertools.{name}": name for name in ("islice", "takewhile", "dropwhile")},
    **{f"itertools.{name}": name for name in ("accumulate", "chain", "cycle", "pairwise")},
}

# what the helpers take by these names, as what they stand for does
_KEYWORDS = {
    "accumulate": frozenset({"func", "initial"}),
    "enumerate": frozenset({"start"}),
    "strict_zip": frozenset({"strict"}),
}


def helper(project: Project, module: str, name: str) -> Define | None:
    """The helper for a function; None where the module has something else of its name."""
    made = f"_{name}"
    known = project.graph.modules[module]
    if any(f.name == made and not f.is_async for f in known.functions):
        return None
    if any(e.text == made and e.role is Role.TARGET for e in known.expressions):
        return None
    return Define(made, _TEXTS[name].lstrip("\n"))


def call_name(project: Project, call: Reference) -> str:
    """How a call reads to a person: the external name, or the last part of what is called."""
    names = project.callee_names(call)
    if names:
        return names[0].removeprefix("builtins.")
    callee = project.child(call, Role.CALLEE)
    return project.expression(callee).text if callee is not None else "a call"


def sole_argument(project: Project, call: Reference) -> bool:
    """Whether a call has one argument, given by position."""
    arguments = project.arguments(call)
    return len(arguments) == 1 and arguments[0][1].role is Role.ARGUMENT


def eager_argument(project: Project, reference: Reference) -> bool:
    """Whether an expression is an argument of a function that takes all of it at once."""
    expression = project.expression(reference)
    if expression.role is Role.UNPACKED:
        return True
    outer = project.parent(reference)
    if expression.role is not Role.ARGUMENT or outer is None or outer[1].kind is not Kind.CALL:
        return False
    names = project.callee_names(outer[0])
    alone = [e.role for _, e in project.arguments(outer[0])].count(Role.ARGUMENT)
    first = expression.detail == "0" and (alone == 1 or not _CHOOSING.intersection(names))
    taken = EAGER | _TAKING_SEVERAL if first else _TAKING_SEVERAL
    if expression.detail == "1" and alone == 2 and len(project.arguments(outer[0])) == 2:
        taken = taken | _TAKING_SECOND
    return bool(names) and all(name in taken for name in names)


def renamed(project: Project, site: Reference, name: str, module: str) -> Iterator[Edit]:
    """The edits of a place that names something of a module, and another name of it from now on."""
    span, receiver = project.expression(site).span, project.child(site, Role.RECEIVER)
    if receiver is not None:
        yield Replace(span, f"{{0}}.{name}", (project.expression(receiver).span,))
    else:
        yield Replace(span, name)
        yield AddImport(f"from {module} import {name}")


def compared_with_none(project: Project, site: Reference) -> bool:
    """Whether an expression is only compared with None."""
    outer = project.parent(site)
    if outer is None or project.expression(site).role is not Role.COMPARED:
        return False
    return all(r == site or e.text == "None" for r, e in project.children(outer[0]))


def is_listed(expression: Expression) -> bool:
    """Whether all of an iterable goes where it stands, ``*items``; in ``{**more}`` that is no more than a mapping."""
    return expression.role is Role.UNPACKED and expression.detail != "**"


def helper_name(project: Project, call: Reference, name: str) -> str:
    """The helper that takes the place of a lazy function in a call."""
    strict = any((e.detail, e.text) == ("strict", "True") for _, e in project.arguments(call))
    return "strict_zip" if strict and LAZY[name] == "zip" else LAZY[name]


def is_helped(project: Project, site: Reference, call: Reference, name: str) -> bool:
    """Whether the helper takes the arguments of a call as they are."""
    callee = project.child(call, Role.CALLEE)
    if callee is None or project.expression(callee).kind not in (Kind.NAME, Kind.ATTRIBUTE):
        return False
    if project.expression(site).role is not Role.ARGUMENT:
        return False
    keywords = [e.detail for _, e in project.arguments(call) if e.role is Role.KEYWORD]
    if name in ("accumulate", "cycle", "enumerate", "pairwise") and (
        project.expression(site).detail != "0"
    ):
        return False
    return set(keywords) <= _KEYWORDS.get(name, frozenset()) and (
        name not in AWAITED or sole_argument(project, call)
    )
