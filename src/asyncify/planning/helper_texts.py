"""The texts of the helpers that go into a changed file, by their names without the underscore."""

from __future__ import annotations

from asyncify.planning.awaiting_texts import AWAITING_TEXTS

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
_CONTAINS_EITHER = '''
async def _contains_either(value, items):
    """Like `value in items`, for an iterable that may be async."""

    async def found():
        async for item in items:
            if item is value or item == value:
                return True
        return False

    return await found() if hasattr(items, "__aiter__") else value in items
'''
_CLOSING = '''
@contextlib.asynccontextmanager
async def _closing(thing):
    """Like contextlib.closing, for an object whose `close` waits."""
    try:
        yield thing
    finally:
        await thing.close()
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
_ZIP_LONGEST = '''
async def _zip_longest(*iterables, fillvalue=None):
    """Like itertools.zip_longest, for iterables of which some are async."""
    iterators = [aiter(one) if hasattr(one, "__aiter__") else iter(one) for one in iterables]
    left = len(iterators)
    while left:
        row = [fillvalue] * len(iterators)
        for number, one in enumerate(iterators):
            try:
                if one is not None:
                    row[number] = await anext(one) if hasattr(one, "__anext__") else next(one)
            except (StopIteration, StopAsyncIteration):
                iterators[number], left = None, left - 1
                if not left:
                    return
        yield tuple(row)
'''
_CHAIN_FROM_ITERABLE = '''
async def _chain_from_iterable(iterables):
    """Like itertools.chain.from_iterable, where the iterable or its items are async."""
    outer, end = aiter(iterables) if hasattr(iterables, "__aiter__") else iter(iterables), object()
    while True:
        one = await anext(outer, end) if hasattr(outer, "__anext__") else next(outer, end)
        if one is end:
            return
        inner = aiter(one) if hasattr(one, "__aiter__") else iter(one)
        while True:
            item = await anext(inner, end) if hasattr(inner, "__anext__") else next(inner, end)
            if item is end:
                break
            yield item
'''
_COMPRESS = '''
async def _compress(*iterables):
    """Like itertools.compress, for iterables of which some are async."""
    iterators = [aiter(one) if hasattr(one, "__aiter__") else iter(one) for one in iterables]
    while True:
        pair = []
        for one in iterators:
            try:
                pair.append(await anext(one) if hasattr(one, "__anext__") else next(one))
            except (StopIteration, StopAsyncIteration):
                return
        if pair[1]:
            yield pair[0]
'''
_BATCHED = '''
async def _batched(items, n):
    """Like itertools.batched, for an async iterable."""
    if n < 1:
        raise ValueError("n must be at least one")
    batch = []
    async for item in items:
        batch.append(item)
        if len(batch) == n:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)
'''
_GROUPBY = '''
async def _groupby(items, key=None):
    """Like itertools.groupby, for an async iterable; the groups are async as well."""
    iterator, end, turn = aiter(items), object(), 0
    item, found = end, end

    async def advance():
        nonlocal item, found
        item = await anext(iterator, end)
        found = item if key is None or item is end else key(item)

    def stays(value):
        return item is not end and (found is value or value == found)

    async def group(value, own):
        while own == turn and stays(value):
            yield item
            if own == turn:
                await advance()

    await advance()
    while item is not end:
        value = found
        yield value, group(value, turn)
        turn += 1
        while stays(value):
            await advance()
'''
_TEE = '''
def _tee(items, n=2):
    """Like itertools.tee, for an async iterable."""
    iterator, kept = aiter(items), [[] for _ in range(n)]

    async def copy(own):
        while True:
            if not own:
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    return
                for each in kept:
                    each.append(item)
            yield own.pop(0)

    return tuple(copy(own) for own in kept)
'''
_MERGE = '''
async def _merge(*iterables, key=None, reverse=False):
    """Like heapq.merge, for iterables of which some are async."""
    heads, end = [], object()

    async def fetched(one):
        item = await anext(one, end) if hasattr(one, "__anext__") else next(one, end)
        return [] if item is end else [(item if key is None else key(item), item, one)]

    for one in iterables:
        heads += await fetched(aiter(one) if hasattr(one, "__aiter__") else iter(one))
    while heads:
        number = 0
        for other in range(1, len(heads)):
            first, second = (number, other) if reverse else (other, number)
            if heads[first][0] < heads[second][0]:
                number = other
        yield heads[number][1]
        heads[number : number + 1] = await fetched(heads[number][2])
'''
_REDUCE_ITEMS = '''
async def _reduce_items(function, items, *initial):
    """Like functools.reduce, for an async iterable."""
    end, iterator = object(), aiter(items)
    value = initial[0] if initial else await anext(iterator, end)
    if value is end:
        raise TypeError("reduce() of empty iterable with no initial value")
    async for item in iterator:
        value = function(value, item)
    return value
'''
_EACH = '''
async def _each(items):
    """The items of an iterable that may be async."""
    end, one = object(), aiter(items) if hasattr(items, "__aiter__") else iter(items)
    while True:
        item = await anext(one, end) if hasattr(one, "__anext__") else next(one, end)
        if item is end:
            return
        yield item
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
_AWAITED = '''
async def _awaited(value):
    """What a function gives that may be async, or a plain one."""
    return await value if inspect.isawaitable(value) else value
'''
TEXTS = {
    **AWAITING_TEXTS,
    "cached_property": _CACHED_PROPERTY,
    "each": _EACH,
    "each_in_thread": _EACH_IN_THREAD,
    "any": _ANY,
    "all": _ALL,
    "contains": _CONTAINS,
    "contains_either": _CONTAINS_EITHER,
    "closing": _CLOSING,
    "enumerate": _ENUMERATE,
    "zip": _ZIP,
    "awaited": _AWAITED,
    "strict_zip": _STRICT_ZIP,
    "chain": _CHAIN,
    "accumulate": _ACCUMULATE,
    "pairwise": _PAIRWISE,
    "cycle": _CYCLE,
    "islice": _ISLICE,
    "takewhile": _TAKEWHILE,
    "dropwhile": _DROPWHILE,
    "reduce_items": _REDUCE_ITEMS,
    "zip_longest": _ZIP_LONGEST,
    "chain_from_iterable": _CHAIN_FROM_ITERABLE,
    "compress": _COMPRESS,
    "batched": _BATCHED,
    "groupby": _GROUPBY,
    "tee": _TEE,
    "merge": _MERGE,
}
