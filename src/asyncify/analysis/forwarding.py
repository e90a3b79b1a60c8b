"""What a wrapper makes of the arguments that it hands on.

Each call of a decorated function binds its arguments to that function. So what ``function(*args, **kwargs)``
hands on in its place is not bound once more: that would mix the arguments of everything that is decorated.
What the wrapper adds, moves or changes, nobody else binds.
"""

from __future__ import annotations

from collections.abc import Iterable

from asyncify.analysis.binding import Argument
from asyncify.analysis.narrowing import binds
from asyncify.model.facts import Expression, Function, Module, Role

_POSITIONAL = ("positional", "positional-only")
_ADDING = frozenset({"__setitem__", "setdefault", "update"})


def added(module: Module, wrapper: Function, arguments: Iterable[Argument]) -> tuple[Argument, ...]:
    """The arguments of a call that are not what its function got in the same place.

    Args:
        module: the module of the function.
        wrapper: the function that makes the call.
        arguments: those of the call.
    """
    return tuple(one for one in arguments if not _is_handed_on(module, wrapper, one))


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
