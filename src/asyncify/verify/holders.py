"""The values of `yield from` in async generators: what is read from a holder, somebody has put there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from asyncify.model.facts import Expression, FunctionId, Kind, Module, Role
from asyncify.model.graph import Access, CallGraph, Edge, Reference
from asyncify.verify.lost import Lost, parent_of

_HOLDER = "types.SimpleNamespace"
_Variable = tuple[str, str]


def unfilled(graph: CallGraph, became_async: Set[FunctionId]) -> Iterator[Lost]:
    """Every holder in the new text that is read, and that no generator fills which it is handed to."""
    calls: dict[Reference, Edge] = {}
    for module in graph.modules.values():
        if not any(
            (one.module, one.attribute) == ("types", "SimpleNamespace") for one in module.imports
        ):
            continue
        for variable in _holders(graph, module, became_async):
            calls = calls or {e.site: e for e in graph.edges if e.access is Access.CALL}
            places = [e for e in module.expressions if e.variable == variable]
            read = next((e for e in places if _is_read(module, e)), None)
            if read is not None and not _is_filled(graph, module, places, calls):
                message = f"nobody puts a value into {variable[1]}, which is read here"
                yield Lost(module.path, read.span, read.function, message)


def _holders(
    graph: CallGraph, module: Module, became_async: Set[FunctionId]
) -> Iterator[_Variable]:
    """The variables of functions that became async which hold an empty namespace, and nothing else."""
    made: dict[_Variable, list[bool]] = {}
    for flow in module.flows:
        target, source = module.expressions[flow.target], module.expressions[flow.source]
        if target.variable is not None and target.variable[0] in became_async:
            made.setdefault(target.variable, []).append(_is_empty(graph, module, source))
    yield from (variable for variable, empty in made.items() if all(empty))


def _is_empty(graph: CallGraph, module: Module, source: Expression) -> bool:
    """Whether an expression is `SimpleNamespace(value=None)`."""
    parts = [module.expressions[number] for number in module.children[source.id]]
    named = [graph.names.get(Reference(module.name, e.id)) for e in parts if e.role is Role.CALLEE]
    given = [(e.detail, e.text) for e in parts if e.role is not Role.CALLEE]
    return named == [_HOLDER] and given == [("value", "None")]


def _is_read(module: Module, place: Expression) -> bool:
    if place.role is not Role.RECEIVER:
        return False
    attribute = module.expressions[place.parent]
    return attribute.text == "value" and attribute.role is not Role.TARGET


def _is_filled(
    graph: CallGraph, module: Module, places: list[Expression], calls: Mapping[Reference, Edge]
) -> bool:
    """Whether something else than reading is done with a holder, or a generator that gets it writes to it."""
    for place in places:
        if place.role is Role.TARGET or _is_read(module, place):
            continue
        outer = parent_of(graph, Reference(module.name, place.id))
        if place.role is not Role.KEYWORD or outer is None:
            return True
        edge = calls.get(outer[0])
        for target in edge.targets if edge is not None else ():
            if _fills(graph, target.function, place.detail):
                return True
    return False


def _fills(graph: CallGraph, function: FunctionId | None, parameter: str) -> bool:
    """Whether a function writes to its holder, hands it on, or is one that others override."""
    if function is None:
        return True
    family = next((each for each in graph.families if function in each), frozenset({function}))
    for member in family:
        module = graph.modules[graph.functions[member].module]
        for place in module.expressions:
            if place.variable == (member, parameter):
                if place.role is Role.KEYWORD or _is_written(module, place):
                    return True
    return False


def _is_written(module: Module, place: Expression) -> bool:
    attribute = module.expressions[place.parent] if place.role is Role.RECEIVER else None
    return (
        attribute is not None
        and attribute.kind is Kind.ATTRIBUTE
        and (attribute.text, attribute.role) == ("value", Role.TARGET)
    )
