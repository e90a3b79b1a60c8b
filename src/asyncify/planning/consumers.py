"""Places where `await` stands, and what consumes an iterable that becomes asynchronous.

An async iterable is consumed by `async for`, by a comprehension, or by a function. Functions that take
all of it get a list in its place. Lazy ones get an async helper that keeps their order, their laziness
and their short circuit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from asyncify.model.facts import Expression, FunctionId, Kind, Place, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Await, Edit, MakeAsync, MakeList, Replace
from asyncify.model.span import Span
from asyncify.planning.applied import applied
from asyncify.planning.cleanup import is_generator, left_early
from asyncify.planning.colour import Limit, Use
from asyncify.planning.delegation import hands_on
from asyncify.planning.helpers import (
    AWAITED,
    LAZY,
    call_name,
    eager_argument,
    helper,
    put_away,
    sole_argument,
)
from asyncify.planning.interrupts import interruption
from asyncify.planning.project import PASSING_ROLES, Project
from asyncify.planning.scripts import outside_limit
from asyncify.planning.stops import catcher_edits

_METHODS = frozenset({"send", "throw", "close"})
CLOSING = "contextlib.closing"
_ACLOSING = AddImport("from contextlib import aclosing")


@dataclass(frozen=True, slots=True)
class Step:
    """What one place needs: its edits, and the functions that have to be async for them (often one, or nobody)."""

    edits: tuple[tuple[str, Edit], ...] = ()
    uses: tuple[Use, ...] = ()
    limit: Limit | None = None
    bridge: Reference | None = None  # a call in a main guard, to be run by asyncio.run


@dataclass(frozen=True, slots=True)
class Items:
    """An expression that becomes an async iterable.

    Args:
        inside: how it reads between the brackets of a comprehension; ``{0}`` ... stand for `holes`.
        remade: it is written anew, by `inside`; otherwise it stays as it is.
        literal: it is a generator expression.
        closable: it is a new async generator that nobody else holds.
        cleanup: something happens in it when it is left before its end.
        tracked: analysis follows it through variables and calls.
    """

    inside: str
    holes: tuple[Span, ...]
    remade: bool = False
    literal: bool = False
    closable: bool = False
    cleanup: bool = False
    tracked: bool = False


def existing(project: Project, site: Reference, *, closable: bool, cleanup: bool = False) -> Items:
    """An expression that is an async iterable as it stands; analysis follows it."""
    span = project.expression(site).span
    inside = "item async for item in {0}"
    return Items(inside, (span,), closable=closable, cleanup=cleanup, tracked=True)


# -- where await stands --------------------------------------------------------------------------


def async_context(project: Project, site: Reference) -> Limit | tuple[tuple[str, Edit], ...]:
    """Whether `await` may stand at a place inside its function; generator expressions become async, or lists."""
    outside = outside_limit(project, site)
    if outside is not None:
        return outside
    edits: list[tuple[str, Edit]] = []
    for child, parent in project.enclosing(site):
        first_iterable = child.role is Role.ITERATED and child.detail.endswith("0")
        if child.role is Role.FORMATTED and child.detail == "=":
            return Limit("ASY901", "`{...=}` in an f-string would print the await", site)
        if parent.kind is Kind.GENERATOR and not first_iterable:
            step = consume_generator(project, Reference(site.module, parent.id), site, "")
            if step.limit is not None:
                return step.limit
            edits.extend(step.edits)
    if project.expression(site).place is Place.CLASS_BODY:
        return Limit("ASY901", "a class body cannot await", site)
    handled = interruption(project, site)
    return handled if isinstance(handled, Limit) else tuple(dict.fromkeys((*edits, *handled)))


def need_async(project: Project, site: Reference, used: str, edits: Iterable[Edit]) -> Step:
    """The step for edits that are only legal in an async function."""
    context = async_context(project, site)
    if isinstance(context, Limit):
        return Step(limit=context)
    path = project.module(site).path
    function = project.expression(site).function
    made = (*context, *((path, edit) for edit in edits))
    return Step(made, (Use(function, used, site),))


def joined(first: Step, second: Step) -> Step:
    """Two steps of one place as one."""
    limit = first.limit or second.limit
    if limit is not None:
        return Step(limit=limit)
    return Step((*first.edits, *second.edits), tuple(dict.fromkeys((*first.uses, *second.uses))))


# -- consumers -----------------------------------------------------------------------------------


def consume_generator(
    project: Project, generator: Reference, site: Reference, used: FunctionId
) -> Step:
    """A generator expression that becomes an async one because of a place inside."""
    inside = "{0}"
    items = Items(inside, (project.expression(generator).span,), literal=True, closable=True)
    step = consume(project, generator, items, used)
    if step.limit is not None and step.limit.code == "ASY912":
        message = "await in a generator expression that is consumed lazily"
        return Step(limit=Limit("ASY901", message, generator))
    return step


def consume(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    """What the place of an iterable that becomes async needs."""
    expression = project.expression(site)
    if expression.role is Role.ITERATED:
        return _iterated(project, site, items, used)
    if expression.role is Role.UNPACKED or _takes_all(project, site):
        return _as_list(project, site, items, used)
    if expression.role is Role.ASSIGNED and (escape := put_away(project, site)):
        return _unknown(site, escape)
    if expression.role in PASSING_ROLES:
        return Step() if items.tracked else _follow(project, site, items, used)
    if expression.role is Role.TESTED or compared_with_none(project, site):
        return Step()
    outer = project.parent(site)
    if outer is not None:
        around, parent = outer
        if expression.role is Role.DELEGATED:
            return _delegated(project, site, items, used, parent)
        if expression.role in (Role.ARGUMENT, Role.KEYWORD) and parent.kind is Kind.CALL:
            return _handed_over(project, site, items, used, around)
        if expression.role is Role.RECEIVER and items.tracked:
            return _method(project, site, used, around)
    return _unknown(site, f"the iterator is used as {expression.role}")


def _delegated(
    project: Project, site: Reference, items: Items, used: FunctionId, whole: Expression
) -> Step:
    if whole.role is not Role.DISCARDED:
        return Step(limit=Limit("ASY911", "the value of `yield from` is used", site))
    closing = items.cleanup and items.closable
    node = "closing delegation" if closing else "delegation"
    edits: list[Edit] = [*_remade(site, items, project), MakeAsync(whole.span, node)]
    if closing:
        edits.append(_ACLOSING)
    return need_async(project, site, used, edits)


def compared_with_none(project: Project, site: Reference) -> bool:
    """Whether an expression is only compared with None."""
    outer = project.parent(site)
    if outer is None or project.expression(site).role is not Role.COMPARED:
        return False
    return all(r == site or e.text == "None" for r, e in project.children(outer[0]))


def _unknown(site: Reference, message: str) -> Step:
    return Step(limit=Limit("ASY912", message, site))


def _remade(site: Reference, items: Items, project: Project) -> list[Edit]:
    """The edit that writes the iterable anew, as an async generator expression."""
    if not items.remade:
        return []
    return [Replace(project.expression(site).span, f"({items.inside})", items.holes)]


def _with(project: Project, step: Step, site: Reference, edits: Iterable[Edit]) -> Step:
    """A step with more edits in the same file."""
    path = project.module(site).path
    more = tuple((path, edit) for edit in edits)
    return step if step.limit is not None else replace(step, edits=(*step.edits, *more))


def _as_list(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    span = project.expression(site).span
    if items.literal:
        return need_async(project, site, used, [MakeList(span)])
    made = Replace(span, f"[{items.inside}]", items.holes, around=not items.remade)
    return need_async(project, site, used, [made])


def _iterated(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    expression = project.expression(site)
    outer = project.parent(site)
    edits = _remade(site, items, project)
    if outer is None:
        statement = project.statement(site)
        edits.append(MakeAsync(statement.span, "for"))
        if items.cleanup and items.closable:
            edits.extend((MakeAsync(statement.span, "closing"), _ACLOSING))
            return need_async(project, site, used, edits)
        if items.cleanup and left_early(project, site):
            return _unknown(site, "the loop may leave a generator that has to clean up")
        return need_async(project, site, used, edits)
    around, parent = outer
    step = need_async(project, site, used, [*edits, MakeAsync(expression.span, "clause")])
    if parent.kind is not Kind.GENERATOR:
        return step
    made = consume_generator(project, around, site, used)
    lazy = not any(
        isinstance(edit, MakeList) and edit.span == parent.span for _, edit in made.edits
    )
    if items.cleanup and lazy:
        return _unknown(site, "a lazy expression may leave a generator that has to clean up")
    if made.limit is not None:
        return _unknown(site, "a lazy generator expression runs over it")
    return joined(step, made)


def _takes_all(project: Project, site: Reference) -> bool:
    """Whether an assignment takes its value apart, and does nothing else with it.

    That are `a, b = value`, `items[:] = value` and `items += value`.
    """
    expression, module = project.expression(site), project.module(site)
    if expression.role is not Role.ASSIGNED or expression.parent >= 0:
        return False
    targets = [
        Reference(site.module, other.id)
        for other in module.expressions
        if other.statement == expression.statement
        and other.role is Role.TARGET
        and other.parent < 0
    ]
    if len(targets) != 1:
        return False
    if expression.detail == "augmented":
        return project.graph.types.get(targets[0]) not in project.graph.classes
    index = project.child(targets[0], Role.INDEX)
    sliced = index is not None and project.expression(index).text == "Slice"
    return sliced or project.expression(targets[0]).kind is Kind.CONTAINER


def _follow(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    """An iterable in a local variable that is assigned once: every use of the variable consumes it."""
    if items.remade or not items.literal:
        return _unknown(site, "the iterator is kept for later")
    places = _uses(project, site)
    if places is None:
        return _unknown(site, "the iterator is kept for later")
    step = Step()
    for place in places:
        held = existing(project, place, closable=False)
        step = joined(step, consume(project, place, replace(held, tracked=False), used))
    return step


def _uses(project: Project, site: Reference) -> list[Reference] | None:
    expression = project.expression(site)
    module = project.module(site)
    if expression.role is not Role.ASSIGNED or expression.parent >= 0:
        return None
    targets = [
        other
        for other in module.expressions
        if other.statement == expression.statement
        and other.role is Role.TARGET
        and other.parent < 0
    ]
    if len(targets) != 1 or targets[0].kind is not Kind.NAME or targets[0].variable is None:
        return None
    if targets[0].variable[0] != expression.function or expression.function == f"{module.name}:":
        return None
    found = [
        e for e in module.expressions if e.variable == targets[0].variable and e is not targets[0]
    ]
    if any(e.role is Role.TARGET or e.function != expression.function for e in found):
        return None
    if any(e.statement <= expression.statement for e in found):
        return None  # `items = (... for item in items)`: it was something else before
    return [Reference(module.name, e.id) for e in found]


# -- functions that consume ----------------------------------------------------------------------


def _handed_over(
    project: Project, site: Reference, items: Items, used: FunctionId, call: Reference
) -> Step:
    """An iterable that is handed to a function."""
    edge = project.call_edge(call)
    if items.tracked and edge is not None and edge.targets:
        if all(target.function is not None for target in edge.targets):
            return Step()  # the parameter is an occurrence itself
    names = project.callee_names(call)
    callee = project.child(call, Role.CALLEE)
    alone = sole_argument(project, call)
    if names == ("builtins.list",) and alone:
        display = "{0}" if items.literal else f"[{items.inside}]"
        edits = [Replace(project.expression(call).span, display, items.holes)]
        made = [MakeList(project.expression(site).span)] if items.literal else []
        return need_async(project, site, used, [*edits, *made])
    name = names[0].removeprefix("builtins.") if len(names) == 1 else ""
    if name == "iter" and callee is not None and alone and items.tracked:
        edit = Replace(project.expression(callee).span, "aiter")
        return Step(((project.module(site).path, edit),))
    if name == "next" and callee is not None:
        return _next(project, site, items, used, call, callee)
    if names == (CLOSING,) and callee is not None:
        return _closed(project, site, used, call, callee)
    if len(names) == 1 and names[0] in LAZY and callee is not None:
        return _helper(project, site, items, used, call, LAZY[names[0]])
    if name in ("map", "filter"):
        return _mapped(project, site, items, used, call)
    if eager_argument(project, site):
        return _as_list(project, site, items, used)
    return _unknown(site, f"the iterator is handed to {call_name(project, call)}()")


def _closed(
    project: Project, site: Reference, used: FunctionId, call: Reference, callee: Reference
) -> Step:
    """`with closing(generator)`, which closes an async one by `aclosing`."""
    entered = project.expression(call).role is Role.ENTERED
    if not entered or not is_generator(project.value(site)):
        return _unknown(site, "the iterator is handed to contextlib.closing()")
    edits: list[Edit] = [
        Replace(project.expression(callee).span, "aclosing"),
        _ACLOSING,
        MakeAsync(project.expression(call).span, "item"),
    ]
    return need_async(project, call, used, edits)


def _mapped(
    project: Project, site: Reference, items: Items, used: FunctionId, call: Reference
) -> Step:
    """`map` or `filter` over it. If the callback becomes async too, the edits of both are merged."""
    name, arguments = call_name(project, call), project.arguments(call)
    made = applied(project, arguments[0][0], 0, 1, awaited=False)
    if [e.detail for _, e in arguments] != ["0", "1"] or arguments[1][0] != site or made is None:
        return _unknown(site, f"the iterator is handed to {name}()")
    span = project.expression(site).span
    clause = f"{made.item} async for {made.item} in {{1}} if {made.text}"
    if name == "map":
        clause = f"{made.text} async for {made.item} in {{1}}"
    again = Items(clause, (*made.holes, span), remade=True, closable=True)
    return _with(project, consume(project, call, again, used), site, _remade(site, items, project))


def _next(
    project: Project,
    site: Reference,
    items: Items,
    used: FunctionId,
    call: Reference,
    callee: Reference,
) -> Step:
    if project.expression(site).detail != "0":
        return _unknown(site, "the iterator is handed to next()")
    if items.cleanup and items.closable:
        return _unknown(site, "next() leaves a generator that has to clean up")
    followed = catcher_edits(project, call) if len(project.arguments(call)) == 1 else ()
    if followed is None:
        return _unknown(call, "the end of the iterator is caught as StopIteration")
    edits = [
        *followed,
        *_remade(site, items, project),
        Replace(project.expression(callee).span, "anext"),
        Await(project.expression(call).span),
    ]
    return need_async(project, site, used, edits)


def _helper(
    project: Project, site: Reference, items: Items, used: FunctionId, call: Reference, name: str
) -> Step:
    """A lazy builtin: its async helper takes its place."""
    callee = project.child(call, Role.CALLEE)
    define = helper(project, site.module, name)
    assert callee is not None
    awaited, alone = name in AWAITED, sole_argument(project, call)
    if define is None or not _helped(project, site, call, name):
        return _unknown(site, f"the iterator is handed to {name}()")
    if items.cleanup and not (awaited and items.closable):
        return _unknown(site, f"{name}() may leave a generator that has to clean up")
    edits: list[Edit] = [Replace(project.expression(callee).span, define.name), define]
    if items.remade or (awaited and not items.closable):
        inside = items.inside if alone else f"({items.inside})"
        span = project.expression(site).span
        edits.append(Replace(span, inside, items.holes, around=not items.remade))
    if awaited:
        return need_async(project, call, used, [*edits, Await(project.expression(call).span)])
    again = replace(existing(project, call, closable=False), tracked=False)
    return _with(project, consume(project, call, again, used), site, edits)


def _helped(project: Project, site: Reference, call: Reference, name: str) -> bool:
    """Whether the helper takes the arguments of a call as they are."""
    callee = project.child(call, Role.CALLEE)
    if callee is None or project.expression(callee).kind not in (Kind.NAME, Kind.ATTRIBUTE):
        return False
    if project.expression(site).role is not Role.ARGUMENT:
        return False
    keywords = [e.detail for _, e in project.arguments(call) if e.role is Role.KEYWORD]
    allowed = {"start"} if name == "enumerate" else set()
    return set(keywords) <= allowed and (name not in AWAITED or sole_argument(project, call))


def _method(project: Project, site: Reference, used: FunctionId, attribute: Reference) -> Step:
    """`generator.send(value)` and its like."""
    written = project.expression(attribute)
    call = project.parent(attribute)
    if written.text not in _METHODS or written.role is not Role.CALLEE or call is None:
        return _unknown(site, f"its .{written.text} is used")
    followed = catcher_edits(project, call[0]) if written.text != "close" else ()
    if written.text != "close" and hands_on(project, site):
        message = f"what .{written.text}() gives it goes on through `yield from`"
        return Step(limit=Limit("ASY911", message, call[0]))
    if followed is None:
        return _unknown(call[0], "the end of the iterator is caught as StopIteration")
    receiver = project.expression(site).span
    edits: list[Edit] = [
        *followed,
        Replace(written.span, f"{{0}}.a{written.text}", (receiver,)),
        Await(call[1].span),
    ]
    return need_async(project, call[0], used, edits)
