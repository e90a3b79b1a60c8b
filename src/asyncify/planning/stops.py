"""StopIteration: it cannot come out of a coroutine, and an async iterator ends with another exception.

Python makes a RuntimeError of a StopIteration that leaves a coroutine. Where somebody waits for it, the
function stays as it is; a handler beside the call of `next` follows the iterator.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import FlowKind, Function, FunctionId, Kind, Role, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import Edit, Replace
from asyncify.planning.colour import Limit
from asyncify.planning.project import Project

STOP = "StopIteration"
_NEXT = ("builtins.next",)
_WIDE = frozenset({"Exception", "BaseException"})


def stop_limit(project: Project, function: Function) -> Limit | None:
    """Why a function cannot become a coroutine: somebody waits for a StopIteration that comes out of it."""
    if function.kind != "def" or function.is_generator or function.name == "__next__":
        return None
    for site, is_raised in project.memory("stops", _stops).get(function.id, ()):
        if (is_raised or end_is_awaited(project, function.id)) and not _catches(project, site):
            return Limit("ASY912", f"{STOP} cannot come out of a coroutine", site)
    return None


def _stops(project: Project) -> dict[FunctionId, list[tuple[Reference, bool]]]:
    """By function, the places where a StopIteration begins, and whether it is raised by name there."""
    found: dict[FunctionId, list[tuple[Reference, bool]]] = {}
    begins = [(site, True) for site in _mentions(project) if raised(project, site)]
    begins += [(site, False) for site in project.calls_to(*_NEXT) if _may_end(project, site)]
    for site, is_raised in sorted(begins):
        found.setdefault(project.expression(site).function, []).append((site, is_raised))
    return found


def _mentions(project: Project) -> list[Reference]:
    """Every place that names StopIteration."""
    return project.memory(STOP, _named_stops)


def _named_stops(project: Project) -> list[Reference]:
    return [
        Reference(name, expression.id)
        for name, module in project.graph.modules.items()
        for expression in module.expressions
        if expression.text == STOP
    ]


def _may_end(project: Project, call: Reference) -> bool:
    """Whether a call of `next` has no default."""
    return project.callee_names(call) == _NEXT and len(project.arguments(call)) == 1


def raised(project: Project, reference: Reference) -> bool:
    """Whether an exception class is raised where it is named, with arguments or without."""
    expression = project.expression(reference)
    if expression.role is Role.CALLEE:
        outer = project.parent(reference)
        return outer is not None and outer[1].role is Role.RAISED
    return expression.role is Role.RAISED and expression.detail != "cause"


def end_is_awaited(project: Project, function: FunctionId) -> bool:
    """Whether somebody above a function knows what to do with a StopIteration, or is `__next__`."""
    return function in project.memory("awaited ends", _below_catchers)


def _below_catchers(project: Project) -> frozenset[FunctionId]:
    used: dict[FunctionId, set[FunctionId]] = {}
    for edge in project.graph.edges:
        user = project.expression(edge.site).function
        reached = (target.function for target in edge.targets if target.function is not None)
        used.setdefault(user, set()).update(reached)
    todo = [f.id for f in project.functions.values() if f.owner and f.name == "__next__"]
    named = (site for site in _mentions(project) if not raised(project, site))
    todo.extend(project.expression(site).function for site in named)
    found: set[FunctionId] = set()
    while todo:
        for callee in used.get(todo.pop(), ()):
            for member in project.family(callee) - found:
                found.add(member)
                todo.append(member)
    return frozenset(found)


# -- handlers ------------------------------------------------------------------------------------


def bodies(project: Project, site: Reference) -> Iterator[Statement]:
    """The statements in whose body a place lies, in its own function, inside out."""
    function = project.expression(site).function
    inner: Statement | None = None
    for statement in project.ancestry(project.module(site), project.statement(site)):
        if statement.function != function:
            return
        if inner is not None and inner.block == "body":
            yield statement
        inner = statement


def _handlers(project: Project, site: Reference) -> Iterator[tuple[Statement, Statement]]:
    """The handlers around a place in its own function, inside out, each with its try statement."""
    statements = project.module(site).statements
    for statement in bodies(project, site):
        if statement.kind == "Try":
            for handler in statements:
                if handler.parent == statement.id and handler.block == "handlers":
                    yield statement, handler


def _named(project: Project, site: Reference, handler: Statement) -> list[Reference]:
    """The classes that a handler names."""
    module = project.module(site)
    return [
        Reference(module.name, expression.id)
        for expression in module.expressions
        if expression.statement == handler.id
        and expression.kind in (Kind.NAME, Kind.ATTRIBUTE)
        and expression.role in (Role.CAUGHT, Role.ELEMENT)
    ]


def _catches(project: Project, site: Reference) -> bool:
    """Whether a StopIteration from here is caught in the same function."""
    for _, handler in _handlers(project, site):
        names = {project.expression(one).text for one in _named(project, site, handler)}
        if not names or names & {STOP, *_WIDE}:
            return True
    return False


def catcher_edits(project: Project, call: Reference) -> tuple[Edit, ...] | None:
    """The edits of the handler that catches the end at a call of `next`; None where it cannot follow.

    There is nothing to edit where nobody waits for the end, or somebody catches every exception.
    """
    function = project.expression(call).function
    if _in_with(project, call):
        return None
    for statement, handler in _handlers(project, call):
        named = _named(project, call, handler)
        stops = [one for one in named if project.expression(one).text == STOP]
        if stops:
            if _asks_for_value(project, call, handler):
                return None
            spans = [project.expression(one).span for one in stops]
            alone = len(named) == 1
            text = _caught_text(alone=alone, only=_only_call(project, call, statement))
            return tuple(Replace(span, text) for span in spans)
        if not named or {project.expression(one).text for one in named} & _WIDE:
            return ()
    return None if end_is_awaited(project, function) else ()


def _in_with(project: Project, site: Reference) -> bool:
    """Whether a `with` statement around a place knows the exception: `suppress`, `pytest.raises`."""
    module = project.module(site)
    around = {one.id for one in project.ancestry(module, project.statement(site))}
    return any(
        expression.text == STOP
        and expression.statement in around
        and module.statements[expression.statement].kind in ("With", "AsyncWith")
        for expression in module.expressions
    )


def _caught_text(*, alone: bool, only: bool) -> str:
    if only:
        return "StopAsyncIteration"
    both = f"{STOP}, StopAsyncIteration"
    return f"({both})" if alone else both


def _only_call(project: Project, call: Reference, statement: Statement) -> bool:
    """Whether nothing else in a try block can raise a StopIteration: it calls nothing but builtins."""
    module = project.module(call)
    for expression in module.expressions:
        around = project.ancestry(module, module.statements[expression.statement])
        if not any(one.parent == statement.id and one.block == "body" for one in around):
            continue
        site = Reference(module.name, expression.id)
        if expression.kind is not Kind.CALL or site == call:
            continue
        names = project.callee_names(site)
        if not names or not all(n.startswith("builtins.") and n not in _NEXT for n in names):
            return False
    return True


def _asks_for_value(project: Project, call: Reference, handler: Statement) -> bool:
    """Whether a handler does more with its exception than to catch it: an async generator returns no value."""
    module = project.module(call)
    flows = [
        flow
        for flow in module.flows
        if flow.kind is FlowKind.CAUGHT and module.expressions[flow.source].statement == handler.id
    ]
    return any(
        expression.kind is Kind.NAME
        and expression.variable == module.expressions[flow.target].variable
        and expression.id != flow.target
        and handler.span.contains(expression.span)
        for flow in flows
        for expression in module.expressions
    )
