"""Async generators and async context managers that are kept: who uses one must use it as what it is.

The call that makes one is awaited by nobody. It may be assigned, returned and handed on before somebody
iterates over it, or enters it; every such place of the new text is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from asyncify.model.facts import Expression, FunctionId, Kind, Role
from asyncify.model.graph import Access, CallGraph, Reference, SourceKind
from asyncify.verify.lost import Lost, is_manager, parent_of, statement_of

_CONSUMING = (
    frozenset(
        f"builtins.{name}"
        for name in (
            *("list", "tuple", "set", "frozenset", "dict", "sorted"),
            *("sum", "min", "max", "any", "all"),
            *("next", "iter", "zip", "enumerate", "map", "filter", "reversed", "str.join"),
            *("list.extend", "set.update", "dict.update", "dict.fromkeys", "bytearray.extend"),
        )
    )
    | frozenset(
        f"itertools.{name}"
        for name in (
            *("accumulate", "chain", "chain.from_iterable", "cycle", "dropwhile", "filterfalse"),
            *("groupby", "islice", "pairwise", "product", "starmap"),
            *("takewhile", "tee", "zip_longest"),
            *("batched", "combinations", "compress", "permutations"),
        )
    )
    | frozenset(
        {
            *("functools.reduce", "_functools.reduce", "heapq.merge", "math.fsum", "math.prod"),
            *("collections.Counter", "collections.Counter.update", "collections.deque"),
        }
    )
)
_ENTERING = frozenset(
    f"contextlib.{name}.{method}"
    for name in ("ExitStack", "_BaseExitStack", "AsyncExitStack")
    for method in ("enter_context", "push")
) | {"contextlib.closing", "unittest.case.TestCase.enterContext"}
_SPECIAL = frozenset({"__enter__", "__exit__", "__iter__", "__next__"})
_ASKS = ("'__aiter__'", "'__anext__'")  # who asks for these knows both forms


def misused(graph: CallGraph, became_async: Set[FunctionId]) -> Iterator[Lost]:
    """Every place in the new text that uses what one of these functions makes as if it were not async."""
    externals = {
        edge.site: {target.external for target in edge.targets if target.external is not None}
        for edge in graph.edges
        if edge.access in (Access.CALL, Access.CONSTRUCT)
    }
    yield from _misused_expressions(graph, externals)
    for value in graph.values:
        made = {s.name for s in value.sources if s.kind is SourceKind.GENERATOR} & became_async
        for name in sorted(made):
            function = graph.functions[name]
            if not function.is_async:
                continue
            manager = is_manager(graph, function)
            for place in value.places_of(SourceKind.GENERATOR, name):
                look = _entered if manager else _iterated
                problem = look(graph, place, externals)
                if problem:
                    path, span = graph.modules[place.module].path, graph.expression(place).span
                    what = "async context manager" if manager else "async generator"
                    yield Lost(path, span, name, f"{function.name}() is an {what} and {problem}")


def _misused_expressions(
    graph: CallGraph, externals: Mapping[Reference, Set[str]]
) -> Iterator[Lost]:
    """The places that consume an async generator expression as if it were not async."""
    for value in graph.values:
        for source in value.sources:
            if source.kind is not SourceKind.EXPRESSION or source.site is None:
                continue
            if graph.expression(source.site).kind is not Kind.GENERATOR:
                continue  # `map(...)` and its like are never async
            if not any(_awaits(graph, source.site)):
                continue
            for place in value.places_of(SourceKind.EXPRESSION, source.name):
                if problem := _iterated(graph, place, externals):
                    path, expression = graph.modules[place.module].path, graph.expression(place)
                    message = f"an async generator expression {problem}"
                    yield Lost(path, expression.span, expression.function, message)


def _awaits(graph: CallGraph, site: Reference) -> Iterator[bool]:
    """Whether each part of a generator expression makes it an async one."""
    for inner, expression in _children(graph, site):
        first = expression.role is Role.ITERATED and expression.detail.endswith("0")
        yield expression.kind is Kind.AWAIT and not first
        yield expression.role is Role.ITERATED and "async" in expression.detail
        if not first and expression.kind not in (Kind.GENERATOR, Kind.LAMBDA):
            yield from _awaits(graph, inner)


def _entered(graph: CallGraph, place: Reference, externals: Mapping[Reference, Set[str]]) -> str:
    expression = graph.expression(place)
    if expression.role is Role.ENTERED and statement_of(graph, place) != "AsyncWith":
        return "is entered by a plain `with`"
    if expression.role is Role.DECORATOR and not all(
        function.is_async
        for function in graph.modules[place.module].functions
        if place.expression in function.decorators
    ):
        return "decorates a function that is not async"
    if _is_handed_to(graph, place, externals, _ENTERING):
        return "is handed to what enters it synchronously"
    return _special(graph, place, expression)


def _iterated(graph: CallGraph, place: Reference, externals: Mapping[Reference, Set[str]]) -> str:
    expression, outer = graph.expression(place), parent_of(graph, place)
    if expression.role is Role.ITERATED:
        plain = statement_of(graph, place) != "AsyncFor"
        if (outer is None and plain) or (outer is not None and "async" not in expression.detail):
            return "is iterated by a plain `for`"
    if _is_taken_apart(graph, place, expression):
        return "is taken apart"
    if expression.role in (Role.UNPACKED, Role.DELEGATED):
        return f"is {expression.role}"
    if (
        expression.role is Role.COMPARED
        and expression.detail != "0"
        and (outer is None or outer[1].text not in ("is", "is not"))
        and not (_with_none(graph, outer) or _asked(graph, outer))
    ):
        return "is searched by `in`"
    if _is_handed_to(graph, place, externals, _CONSUMING) and not _asked(graph, outer):
        return "is consumed by a function that does not await"
    return _special(graph, place, expression)


def _is_taken_apart(graph: CallGraph, place: Reference, expression: Expression) -> bool:
    """Whether it is the value of `first, second = ...`."""
    return expression.role is Role.ASSIGNED and any(
        other.statement == expression.statement
        and (other.role, other.kind, other.parent) == (Role.TARGET, Kind.CONTAINER, -1)
        for other in graph.modules[place.module].expressions
    )


def _special(graph: CallGraph, place: Reference, expression: Expression) -> str:
    outer = parent_of(graph, place)
    if expression.role is Role.RECEIVER and outer is not None and outer[1].text in _SPECIAL:
        return f"has no {outer[1].text}"
    return ""


def _with_none(graph: CallGraph, outer: tuple[Reference, Expression] | None) -> bool:
    return outer is not None and any(e.text == "None" for _, e in _children(graph, outer[0]))


def _is_handed_to(
    graph: CallGraph, place: Reference, externals: Mapping[Reference, Set[str]], names: Set[str]
) -> bool:
    expression, outer = graph.expression(place), parent_of(graph, place)
    if expression.role is not Role.ARGUMENT or outer is None or outer[1].kind is not Kind.CALL:
        return False
    named = {graph.names.get(r) for r, e in _children(graph, outer[0]) if e.role is Role.CALLEE}
    return bool((externals.get(outer[0]) or named) & names)


def _asked(graph: CallGraph, call: tuple[Reference, Expression] | None) -> bool:
    """Whether a call stands in `next(it) if hasattr(it, "__next__") else await anext(it)`, or the like."""
    while call is not None:
        if call[1].kind is Kind.CHOICE and call[1].text == "if":
            texts = (e.text for e in _below(graph, call[0]))
            return any(text in _ASKS for text in texts)
        call = parent_of(graph, call[0])
    return False


def _children(graph: CallGraph, site: Reference) -> Iterable[tuple[Reference, Expression]]:
    module = graph.modules[site.module]
    for number in module.children[site.expression]:
        yield Reference(site.module, number), module.expressions[number]


def _below(graph: CallGraph, site: Reference) -> Iterator[Expression]:
    for inner, expression in _children(graph, site):
        yield expression
        yield from _below(graph, inner)
