"""`functools.singledispatch`: a call of the generic function calls whichever implementation is registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asyncify.analysis.hierarchy import Hierarchy
from asyncify.analysis.names import Names, Sort
from asyncify.model.attributes import DISPATCHERS
from asyncify.model.facts import Expression, FunctionId, Kind, Module, Role

# what the checker says of a call of a generic function
GENERIC_CALL = "functools._SingleDispatchCallable.__call__"

Implementation = tuple[FunctionId, FunctionId]  # the generic function, and one that is registered


def implementations(
    modules: Mapping[str, Module], names: Names, hierarchy: Hierarchy
) -> tuple[Implementation, ...]:
    """The generic functions of a project with what is registered for them."""
    generic = {
        function
        for function, found in hierarchy.decorators.items()
        if not DISPATCHERS.isdisjoint(found)
    }
    if not generic:
        return ()
    return tuple(
        (function, registered)
        for module in modules.values()
        for item in module.expressions
        if item.kind is Kind.ATTRIBUTE and item.text == "register"
        for function in _functions(module, names, module.children[item.id][0])
        if function in generic
        for registered in _registered(module, names, item)
    )


def _registered(module: Module, names: Names, register: Expression) -> Iterator[FunctionId]:
    """What one use of `register` decorates or gets."""
    place = register
    if register.role is Role.CALLEE:
        place = module.expressions[register.parent]
        for number in module.children[place.id][2:3]:
            yield from _functions(module, names, number)
    if place.role is Role.DECORATOR:
        yield from (f.id for f in module.functions if place.id in f.decorators)


def _functions(module: Module, names: Names, number: int) -> Iterator[FunctionId]:
    """The functions that an expression names, or the lambda that it is."""
    item = module.expressions[number]
    if item.kind is Kind.LAMBDA:
        yield item.text
    for one in names.expression(module, item):
        if one.sort is Sort.FUNCTION:
            yield one.name
