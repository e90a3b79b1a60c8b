"""What a wrapper makes of the arguments that it hands on.

Each call of a decorated function binds its arguments to that function. So what ``function(*args, **kwargs)``
hands on in its place is not bound once more: that would mix the arguments of everything that is decorated.
What the wrapper adds, moves or changes, nobody else binds.

Some wrappers hand on a list that they made of the arguments, one item for each: ``[convert(x) for x in args]``.
Of that, too, an argument that is an item as it came is at its place already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from asyncify.analysis.binding import Argument
from asyncify.analysis.narrowing import binds
from asyncify.analysis.optional import parts
from asyncify.model.facts import Expression, Function, Kind, Module, Role, Statement

_POSITIONAL = ("positional", "positional-only")
_SKIPPING = frozenset({"Break", "Continue"})
_ADDING = frozenset({"__setitem__", "setdefault", "update"})


def added(
    module: Module,
    wrapper: Function,
    arguments: Iterable[Argument],
    listed: Callable[[Sequence[Expression]], int],
) -> tuple[Argument, ...]:
    """The arguments of a call that are not what its function got in the same place.

    Args:
        module: the module of the function.
        wrapper: the function that makes the call.
        arguments: those of the call.
        listed: gives the slot of a list of some expressions.
    """
    found = []
    for one in arguments:
        if _is_handed_on(module, wrapper, one):
            continue
        others = _converted(module, wrapper, one)
        if others is None:
            found.append(one)
        elif others:
            found.append(one._replace(slot=listed(others)))
    return tuple(found)


def _is_handed_on(module: Module, wrapper: Function, argument: Argument) -> bool:
    item = module.expressions[argument.expression]
    if item.variable is None or item.variable[0] != wrapper.id:
        return False
    name = item.variable[1]
    plain = [one.name for one in wrapper.parameters if one.kind in _POSITIONAL]
    if argument.star == "*":
        fits = _has(wrapper, name, "*") and argument.position == len(plain)
    elif argument.star:
        fits = _has(wrapper, name, "**")
    elif argument.keyword:
        fits = argument.keyword == name and not _has(wrapper, name, "*", "**")
    else:
        fits = plain[argument.position : argument.position + 1] == [name]
    return fits and not any(
        _changes(module, one) for one in module.expressions if one.variable == item.variable
    )


def _has(function: Function, name: str, *kinds: str) -> bool:
    return any(one.name == name and one.kind in kinds for one in function.parameters)


def _changes(module: Module, item: Expression) -> bool:
    """Whether a variable gets another value here, or its value another item."""
    if binds(item):
        return True
    outer = module.expressions[item.parent] if item.parent >= 0 else None
    if outer is None:
        return False
    if item.role is Role.SUBSCRIPTED:
        return outer.role is Role.TARGET
    return item.role is Role.RECEIVER and outer.role is Role.CALLEE and outer.text in _ADDING


# lists that are made of the arguments


def _converted(module: Module, wrapper: Function, argument: Argument) -> list[Expression] | None:
    """What a list that has an item for each of ``*args`` has in the place of one; None if it is no such list."""
    plain = [one.name for one in wrapper.parameters if one.kind in _POSITIONAL]
    if argument.star != "*" or argument.position != len(plain):
        return None
    item = module.expressions[argument.expression]
    if item.kind in (Kind.COMPREHENSION, Kind.GENERATOR):
        made = _of_comprehension(module, item)
    else:
        made = _of_loop(module, wrapper, item)
    if made is None or not _goes_over_all(module, wrapper, made[0], made[1]):
        return None
    target, _, elements = made
    every = (part for element in elements for part in parts(module, element))
    return [part for part in every if part.variable != target.variable]


_Made = tuple[Expression, Expression, list[Expression]]  # what a loop binds, goes over, and puts in


def _goes_over_all(
    module: Module, wrapper: Function, target: Expression, source: Expression
) -> bool:
    """Whether a loop binds each of the arguments of a wrapper in turn, and nothing else."""
    named = source.variable is not None and source.variable[0] == wrapper.id
    if not named or not _has(wrapper, source.text, "*") or target.kind is not Kind.NAME:
        return False
    changed = (each for each in module.expressions if each.variable == source.variable)
    bound = [
        each for each in module.expressions if each.variable == target.variable and binds(each)
    ]
    return len(bound) == 1 and not any(_changes(module, each) for each in changed)


def _of_comprehension(module: Module, item: Expression) -> _Made | None:
    found = [module.expressions[number] for number in module.children[item.id]]
    if [one.role for one in found] != [Role.ELEMENT, Role.TARGET, Role.ITERATED]:
        return None  # it leaves some out, or has more than one loop
    return found[1], found[2], found[:1]


def _of_loop(module: Module, wrapper: Function, item: Expression) -> _Made | None:
    """``items = []``, and a loop that puts in one for each."""
    if item.variable is None or item.variable[0] != wrapper.id:
        return None
    made, put = [], dict[int, Expression]()
    for one in module.expressions:
        if one.variable != item.variable or one is item:
            continue
        call = module.expressions[module.expressions[one.parent].parent] if one.parent >= 0 else one
        if one.role is Role.TARGET and one.parent < 0:
            made.append(one)
        elif one.role is Role.RECEIVER and _is_append(module, call):
            put[one.statement] = module.expressions[module.children[call.id][1]]
        else:
            return None
    loops = {_loop(module, module.statements[number]) for number in put}
    loop = loops.pop() if len(loops) == 1 else None
    if loop is None or len(made) != 1 or not _starts_empty(module, made[0], loop):
        return None
    if not _puts_one(module, loop, "body", put.keys()):
        return None
    inside = [one for one in module.expressions if one.statement == loop.id]
    bound = [one for one in inside if one.role is Role.TARGET]
    source = [one for one in inside if one.role is Role.ITERATED]
    return bound[0], source[0], list(put.values())


def _is_append(module: Module, call: Expression) -> bool:
    children = module.children[call.id]
    named = call.kind is Kind.CALL and module.expressions[children[0]].text == "append"
    return named and call.role is Role.DISCARDED and len(children) == 2


def _starts_empty(module: Module, target: Expression, loop: Statement) -> bool:
    """Whether a list is made, without items, before a loop in the same block."""
    own = module.statements[target.statement]
    values = [one for one in module.expressions if one.statement == own.id and one is not target]
    empty = [one.kind is Kind.CONTAINER and one.text == "list" for one in values]
    return empty == [True] and own.block == loop.block and own.parent == loop.parent


def _loop(module: Module, statement: Statement) -> Statement | None:
    """The loop around a statement."""
    while statement.parent >= 0:
        statement = module.statements[statement.parent]
        if statement.kind == "For":
            return statement
        if statement.kind != "If":
            break
    return None


def _puts_one(module: Module, outer: Statement, block: str, put: Iterable[int]) -> bool:
    """Whether a block runs one of some statements, whichever way it takes."""
    inside = [one for one in module.statements if (one.parent, one.block) == (outer.id, block)]
    if any(each.kind in _SKIPPING for one in inside for each in _within(module, one)):
        return False
    having = [one for one in inside if any(each.id in put for each in _within(module, one))]
    if len(having) != 1:
        return False
    (one,) = having
    return one.id in put or all(_puts_one(module, one, each, put) for each in ("body", "orelse"))


def _within(module: Module, statement: Statement) -> Iterator[Statement]:
    """A statement, and those in it."""
    yield statement
    for one in module.statements:
        if one.parent == statement.id:
            yield from _within(module, one)
