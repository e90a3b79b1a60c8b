"""Promise 2, proved on the new text: nothing that became async starts a second event loop.

``asyncio.run`` raises `RuntimeError` where a loop is running, so a function that became async must not
come to one, however many plain functions lie between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from asyncify.model.facts import FunctionId
from asyncify.model.graph import Access, CallGraph, Edge, Evidence
from asyncify.verify.lost import Lost

_STARTERS = ("asyncio.run", "asyncio.runners.run")
_ASKS = (".get_running_loop", "._get_running_loop", ".get_event_loop")


def nested_loops(graph: CallGraph, became_async: Set[FunctionId]) -> list[Lost]:
    """Every place in the new text where one of these functions comes to a call that starts a loop."""
    made: dict[FunctionId, list[Edge]] = {}
    for edge in graph.edges:
        if edge.access in (Access.CALL, Access.CONSTRUCT) and not edge.open:
            made.setdefault(graph.expression(edge.site).function, []).append(edge)
    starting = {
        function
        for function, edges in made.items()
        if any(_starts(edge) for edge in edges) and not any(_asks(edge) for edge in edges)
    }
    found = [
        _nested(graph, edge, function)
        for function in starting & became_async
        for edge in made[function]
        if _starts(edge)
    ]
    callers = _callers(edge for edges in made.values() for edge in edges)
    todo = [each for each in starting if not graph.functions[each].is_async]
    seen = set(todo)
    while todo:
        for edge in callers.get(todo.pop(), ()):
            function = graph.expression(edge.site).function
            if function in became_async:
                found.append(_nested(graph, edge, function))
            elif function not in seen and not graph.functions[function].is_async:
                seen.add(function)
                todo.append(function)
    return found


def _callers(edges: Iterable[Edge]) -> dict[FunctionId, list[Edge]]:
    """Who calls what, without what rests on a name."""
    found: dict[FunctionId, list[Edge]] = {}
    for edge in edges:
        for target in edge.targets:
            if target.function is not None and target.evidence is not Evidence.BY_NAME:
                found.setdefault(target.function, []).append(edge)
    return found


def _starts(edge: Edge) -> bool:
    return any(target.external in _STARTERS for target in edge.targets)


def _asks(edge: Edge) -> bool:
    """Whether a call asks for the loop that runs: its function knows what it does."""
    return any((target.external or "").endswith(_ASKS) for target in edge.targets)


def _nested(graph: CallGraph, edge: Edge, function: FunctionId) -> Lost:
    path, span = graph.modules[edge.site.module].path, graph.expression(edge.site).span
    message = f"this comes to asyncio.run, and {graph.functions[function].name}() runs in a loop"
    return Lost(path, span, function, message)
