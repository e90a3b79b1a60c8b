"""What is right with threads and may be wrong with tasks: told beside the conversion, never a reason against it.

Only functions that await from now on are looked at. State of a thread belongs to all tasks of its loop;
what is read before an `await` may have changed behind it; and a task can be cancelled wherever it awaits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from asyncify.model.facts import Expression, FunctionId, Kind, Module, Role, Statement, short
from asyncify.model.graph import Reference
from asyncify.model.span import Span
from asyncify.planning.decided import Decided
from asyncify.planning.lost_updates import updates
from asyncify.planning.project import Project
from asyncify.planning.stretches import Stretch
from asyncify.rules.spec import Hazard

_CATCHING = frozenset({"BaseException", "KeyboardInterrupt"})


@dataclass(frozen=True, slots=True)
class Told:
    """One hazard."""

    code: str
    module: str
    span: Span
    message: str
    reason: str
    function: FunctionId


def hazards(
    decided: Decided,
    awaits: Mapping[FunctionId, Sequence[Reference]],
    locks: Sequence[Stretch],
) -> Iterator[Told]:
    """Every hazard of the conversions, once per place.

    Args:
        awaits: by function, the places that await from now on.
        locks: where a lock is held.
    """
    project = decided.project
    own = _own(project, awaits)
    for function, sites in sorted(awaits.items()):
        yield from _cancelled(project, function, sites)
        yield from _across(decided, own.get(function, ()), function, sites)
        for update in updates(project, function, own.get(function, ()), sites, locks):
            span = project.expression(update.written).span
            message = f"{update.text} is read before an await and written behind it"
            reason = f"another task may have changed it in between (read in line {update.line})"
            yield Told("ASY161", update.written.module, span, message, reason, function)
    yield from _of_the_thread(decided)


def _own(
    project: Project, functions: Mapping[FunctionId, Sequence[Reference]]
) -> dict[FunctionId, list[Expression]]:
    """The expressions of some functions."""
    found: dict[FunctionId, list[Expression]] = {}
    for name in sorted({project.functions[function].module for function in functions}):
        for expression in project.graph.modules[name].expressions:
            if expression.function in functions:
                found.setdefault(expression.function, []).append(expression)
    return found


# -- threads -------------------------------------------------------------------------------------


def _of_the_thread(decided: Decided) -> Iterator[Told]:
    """Objects that hold something for each thread, in functions that become async."""
    project = decided.project
    kinds = {
        name: found for name in set(project.graph.types.values()) if (found := _kind(decided, name))
    }
    if not kinds:
        return
    told: set[tuple[FunctionId, str]] = set()
    for site, name in sorted(each for each in project.graph.types.items() if each[1] in kinds):
        expression = project.expression(site)
        function = expression.function
        if function not in decided.colouring.causes:
            continue
        if expression.role is not Role.RECEIVER or project.functions[function].is_async:
            continue
        if (function, expression.text) not in told:
            told.add((function, expression.text))
            hazard = kinds[name]
            message = f"{expression.text} holds something for each thread"
            yield Told(hazard.code, site.module, expression.span, message, hazard.reason, function)


def _kind(decided: Decided, name: str) -> Hazard | None:
    """The hazard of a type, or of one of its bases."""
    for base in (name, *decided.project.graph.bases.get(name, ())):
        hazard = decided.rules.hazard(base)
        if hazard is not None and not hazard.across:
            return hazard
    return None


def _across(
    decided: Decided, own: Sequence[Expression], function: FunctionId, sites: Sequence[Reference]
) -> Iterator[Told]:
    """Calls whose effect lasts across an await."""
    project = decided.project
    for expression in own:
        if expression.kind is not Kind.CALL:
            continue
        call = Reference(project.functions[function].module, expression.id)
        found = [decided.rules.hazard(name) for name in project.callee_names(call)]
        hazard = next((one for one in found if one is not None and one.across), None)
        if hazard is None:
            continue
        whole = project.functions[function].span
        if expression.role is Role.ENTERED:
            whole = project.statement(call).span
        spans = [project.expression(site).span for site in sites]
        if any(span > expression.span and whole.contains(span) for span in spans):
            message = f"the effect of {hazard.name}() lasts across an await"
            yield Told(hazard.code, call.module, expression.span, message, hazard.reason, function)


# -- cancellation --------------------------------------------------------------------------------


def _cancelled(
    project: Project, function: FunctionId, sites: Sequence[Reference]
) -> Iterator[Told]:
    """`except` that also catches the cancellation of a task, and `finally` that awaits."""
    told: set[int] = set()
    for site in sites:
        module = project.module(site)
        inner: Statement | None = None
        for statement in project.ancestry(module, project.statement(site)):
            if statement.function != function:
                break
            if inner is not None and statement.kind in ("Try", "TryStar"):
                if inner.block == "finalbody" and statement.id not in told:
                    told.add(statement.id)
                    message = "an await stands in a finally block"
                    reason = "a task that is cancelled twice does not come to its end"
                    span = project.expression(site).span
                    yield Told("ASY163", module.name, span, message, reason, function)
                if inner.block == "body":
                    handler = _catching(module, statement)
                    if handler is not None and handler.id not in told:
                        told.add(handler.id)
                        message = "the handler also catches the cancellation of the task"
                        reason = (
                            f"{short(function)}() awaits inside and goes on after it was cancelled"
                        )
                        start = handler.span
                        end = Span(
                            start.line, start.column, start.line, start.column + len("except")
                        )
                        yield Told("ASY162", module.name, end, message, reason, function)
            inner = statement


def _catching(module: Module, statement: Statement) -> Statement | None:
    """The first handler of a try statement that a cancellation comes to, if it does not raise again."""
    for handler in module.statements:
        if handler.parent != statement.id or handler.block != "handlers":
            continue
        caught = [
            e.text
            for e in module.expressions
            if e.statement == handler.id and e.kind in (Kind.NAME, Kind.ATTRIBUTE)
        ]
        if "CancelledError" in caught:
            return None  # its author thought of it
        if caught and not set(caught) & _CATCHING:
            continue
        raises = any(s.kind == "Raise" and s.parent == handler.id for s in module.statements)
        return None if raises else handler
    return None
