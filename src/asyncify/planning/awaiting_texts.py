"""The texts of helpers in the place of functions that call what they get, which is awaited from now on."""

from __future__ import annotations

# begins the name of a helper that takes the place of another one where a function is awaited as well
AWAITING = "awaiting_"

_AWAITING_ACCUMULATE = '''
async def _awaiting_accumulate(items, func, *, initial=None):
    """Like itertools.accumulate, for a function that is awaited; the items may be async."""
    end, one = object(), aiter(items) if hasattr(items, "__aiter__") else iter(items)
    total, started = initial, initial is not None
    if started:
        yield total
    while True:
        item = await anext(one, end) if hasattr(one, "__anext__") else next(one, end)
        if item is end:
            return
        total, started = await func(total, item) if started else item, True
        yield total
'''
_AWAITING_TAKEWHILE = '''
async def _awaiting_takewhile(predicate, items):
    """Like itertools.takewhile, for a predicate that is awaited; the items may be async."""
    end, one = object(), aiter(items) if hasattr(items, "__aiter__") else iter(items)
    while True:
        item = await anext(one, end) if hasattr(one, "__anext__") else next(one, end)
        if item is end:
            return
        if not await predicate(item):
            return
        yield item
'''
_AWAITING_DROPWHILE = '''
async def _awaiting_dropwhile(predicate, items):
    """Like itertools.dropwhile, for a predicate that is awaited; the items may be async."""
    end, one = object(), aiter(items) if hasattr(items, "__aiter__") else iter(items)
    dropping = True
    while True:
        item = await anext(one, end) if hasattr(one, "__anext__") else next(one, end)
        if item is end:
            return
        dropping = dropping and await predicate(item)
        if not dropping:
            yield item
'''
_AWAITING_GROUPBY = '''
async def _awaiting_groupby(items, key):
    """Like itertools.groupby, for a key that is awaited; the items may be async, and the groups are."""
    end, turn = object(), 0
    one = aiter(items) if hasattr(items, "__aiter__") else iter(items)
    item, found = end, end

    async def advance():
        nonlocal item, found
        item = await anext(one, end) if hasattr(one, "__anext__") else next(one, end)
        found = item if item is end else await key(item)

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
_AWAITING_ITER = '''
async def _awaiting_iter(function, end):
    """Like iter with two arguments, for a function that is awaited."""
    while (item := await function()) is not end and not end == item:
        yield item
'''
_AWAITING_REDUCE = '''
async def _awaiting_reduce(function, items, *initial):
    """Like functools.reduce, for a function that is awaited; the items may be async."""
    end, one = object(), aiter(items) if hasattr(items, "__aiter__") else iter(items)
    value, started = (initial or (end,))[0], bool(initial)
    while True:
        item = await anext(one, end) if hasattr(one, "__anext__") else next(one, end)
        if item is end:
            break
        value, started = await function(value, item) if started else item, True
    if not started:
        raise TypeError("reduce() of empty iterable with no initial value")
    return value
'''
AWAITING_TEXTS = {
    f"{AWAITING}accumulate": _AWAITING_ACCUMULATE,
    f"{AWAITING}dropwhile": _AWAITING_DROPWHILE,
    f"{AWAITING}groupby": _AWAITING_GROUPBY,
    f"{AWAITING}iter": _AWAITING_ITER,
    f"{AWAITING}reduce": _AWAITING_REDUCE,
    f"{AWAITING}takewhile": _AWAITING_TAKEWHILE,
}
