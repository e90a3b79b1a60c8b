"""Names of a class body: those of an enumeration are its members, of a dataclass its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asyncify.analysis.assigned import VALUES
from asyncify.analysis.binding import Argument, Call
from asyncify.analysis.calls import Calls
from asyncify.analysis.heap import Heap
from asyncify.model.facts import ClassId, Expression, FlowKind, Kind, Module, Place, Role


def link(module: Module, heap: Heap, calls: Calls) -> None:
    """Lets what a class body assigns to its names move to where the class has it.

    The value of an enumeration's member is what its constructor gets, the items of a tuple one by one.
    """
    sources = _sources(module)
    for item in module.expressions:
        if (
            item.place is not Place.CLASS_BODY
            or item.role is not Role.TARGET
            or item.variable is None
        ):
            continue
        owner, name = item.variable
        if heap.hierarchy.is_enumeration(owner):
            heap.instance(heap.variable(owner, name), owner)
            if item.id in sources:
                _member(module, owner, module.expressions[sources[item.id]], heap, calls)
        elif module.statements[item.statement].kind == "AnnAssign":
            calls.fields.setdefault(owner, []).append(name)


def _sources(module: Module) -> Mapping[int, int]:
    """What is assigned, by the expression that it is assigned to."""
    return {flow.target: flow.source for flow in module.flows if flow.kind is FlowKind.VALUE}


def _member(module: Module, cls: ClassId, value: Expression, heap: Heap, calls: Calls) -> None:
    for name in VALUES:
        heap.slots.move(heap.at(module.name, value.id), heap.written(cls, name))
    arguments = tuple(_arguments(module, value, heap))
    calls.make(Call(None, heap.slots.new(), arguments), cls, 0)


def _arguments(module: Module, value: Expression, heap: Heap) -> Iterator[Argument]:
    whole = value.kind is Kind.CONTAINER and value.text == "tuple"
    for position, part in enumerate(module.children[value.id] if whole else (value.id,)):
        yield Argument(heap.at(module.name, part), position, expression=part)
