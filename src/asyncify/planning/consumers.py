"""Places where `await` stands, and what consumes an iterable that becomes asynchronous.

An async iterable is consumed by `async for`, by a comprehension, or by a function. Functions that take
all of it get a list in its place. Lazy ones get an async helper that keeps their order, their laziness
and their short circuit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from asyncify.model.facts import Expression, FunctionId, Kind, Place, Role
from asyncify.model.graph import Reference, Source, Value
from asyncify.model.plan import AddImport, Arguments, Await, Edit, MakeAsync, MakeList, Replace
from asyncify.planning.applied import applied_items
from asyncify.planning.assigned import is_taken_apart, put_away
from asyncify.planning.chosen import weighing
from asyncify.planning.cleanup import is_generator, left_early
from asyncify.planning.colour import Limit, Use
from asyncify.planning.delegation import hands_on
from asyncify.planning.helpers import (
    AWAITED,
    LAZY,
    call_name,
    compared_with_none,
    eager_argument,
    helper,
    helper_name,
    is_helped,
    is_listed,
    sole_argument,
)
from asyncify.planning.interrupts import interruption
from asyncify.planning.items import (
    existing,
    made_at,
    rebound,
    remade,
    rewritten,
    unknown,
    with_edits,
)
from asyncify.planning.mixing import mixed_source
from asyncify.planning.project import PASSING_ROLES, UNSEEN, Project
from asyncify.planning.scripts import outside_limit
from asyncify.planning.steps import Items, Step, joined
from asyncify.planning.stops import catcher_edits

SEARCHES = ("in", "not in")
_METHODS = frozenset({"send", "throw", "close"})
_APPLYING = frozenset({"map", "filter", "itertools.filterfalse"})
CLOSING = "contextlib.closing"
_ACLOSING = AddImport("from contextlib import aclosing")


# -- where await stands --------------------------------------------------------------------------


def async_context(project: Project, site: Reference) -> Limit | tuple[tuple[str, Edit], ...]:
    """Whether `await` may stand at a place inside its function; generator expressions become async, or lists."""
    step = placed(project, site, "")
    function = project.expression(site).function
    if step.limit is None and (step.gives or any(use.user != function for use in step.uses)):
        return Limit("ASY901", "await in a generator expression that others consume", site)
    return step.limit or step.edits


def placed(project: Project, site: Reference, used: FunctionId) -> Step:
    """What `await` needs at a place: its function async, or who consumes the generator expression around it."""
    outside = outside_limit(project, site)
    if outside is not None:
        return Step(limit=outside)
    function = project.expression(site).function
    own = Use(function, used, site)
    made = Step((), (own,))
    for child, parent in project.enclosing(site):
        first_iterable = child.role is Role.ITERATED and child.detail.endswith("0")
        if child.role is Role.FORMATTED and child.detail == "=":
            message = "`{...=}` in an f-string would print the await"
            return Step(limit=Limit("ASY901", message, site))
        if parent.kind is Kind.GENERATOR and not first_iterable:
            step = consume_generator(project, Reference(site.module, parent.id), used)
            uses = tuple(own if use.user == function else use for use in step.uses)
            made = replace(step, uses=tuple(dict.fromkeys(uses)))
            break  # a generator expression is a function of its own: what is around it has had its say
    if made.limit is not None:
        return made
    if project.expression(site).place is Place.CLASS_BODY:
        return Step(limit=Limit("ASY901", "a class body cannot await", site))
    handled = interruption(project, site)
    if isinstance(handled, Limit):
        return Step(limit=handled)
    return replace(made, edits=tuple(dict.fromkeys((*made.edits, *handled))))


def need_async(project: Project, site: Reference, used: str, edits: Iterable[Edit]) -> Step:
    """The step for edits that are only legal in an async function, or in an async generator expression."""
    step = placed(project, site, used)
    if step.limit is not None:
        return step
    path = project.module(site).path
    return replace(step, edits=(*step.edits, *((path, edit) for edit in edits)))


# -- consumers -----------------------------------------------------------------------------------


def consume_generator(project: Project, generator: Reference, used: FunctionId) -> Step:
    """A generator expression that becomes an async one because of a place inside."""
    value = project.value(generator)
    if value is not None and (made := made_at(value, generator)) is not None:
        span = project.expression(generator).span
        items = Items("{0}", (span,), literal=True, closable=True)
        return _consume_kept(project, value, made, items, used)
    return _in_place(project, generator, used)


def _in_place(project: Project, generator: Reference, used: FunctionId) -> Step:
    inside = "{0}"
    items = Items(inside, (project.expression(generator).span,), literal=True, closable=True)
    step = consume(project, generator, items, used)
    if step.limit is not None and step.limit.code == "ASY912":
        message = "await in a generator expression that is consumed lazily"
        return Step(limit=Limit("ASY901", message, generator))
    return step


def _consume_kept(
    project: Project, value: Value, made: Source, items: Items, used: FunctionId
) -> Step:
    """Every place that sees a generator expression, or `map(...)`, which is assigned, returned or handed on."""
    assert made.site is not None
    followed = project.memory("generator expressions that are being followed", _nothing)
    if made.site in followed:
        return Step()  # one of its own uses asks
    if value.lost is not None:
        return Step(limit=Limit("ASY901", UNSEEN, value.lost))
    if (other := mixed_source(project, value, used, made)) is not None:
        message = f"the generator expression is mixed with {other}"
        return Step(limit=Limit("ASY901", message, made.site))
    followed.add(made.site)
    step = Step()
    for place in value.occurrences:
        held = existing(project, place, closable=False, cleanup=items.cleanup)
        if place == made.site:
            held = replace(items, tracked=True)
        step = joined(step, consume(project, place, held, used))
        expression = project.expression(place)
        if expression.role is Role.RETURNED and step.limit is None:
            step = replace(step, gives=tuple(dict.fromkeys((*step.gives, expression.function))))
        if step.limit is not None:
            break
    followed.discard(made.site)
    if step.limit is not None and step.limit.code == "ASY912":
        step = Step(limit=replace(step.limit, code="ASY901"))
    return step


def _nothing(project: Project) -> set[Reference]:
    return set()


def consume(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    """What the place of an iterable that becomes async needs."""
    expression = project.expression(site)
    value = project.value(site) if not items.tracked and expression.kind is Kind.CALL else None
    if value is not None and (made := made_at(value, site)) is not None:
        if items.remade and rebound(project, project.arguments(site)[0][0]):
            return unknown(site, "its function may be another one by the time it is called")
        return _consume_kept(project, value, made, items, used)
    if expression.role is Role.ITERATED:
        return _iterated(project, site, items, used)
    if is_listed(expression) or is_taken_apart(project, site):
        return _as_list(project, site, items, used)
    if expression.role is Role.ASSIGNED and (escape := put_away(project, site)):
        return unknown(site, escape)
    if expression.role in PASSING_ROLES:
        kept = unknown(site, "the iterator is kept for later")
        return rewritten(project, site, items) if items.tracked else kept
    if expression.role is Role.TESTED or compared_with_none(project, site):
        return Step()
    outer = project.parent(site)
    step = _part(project, site, items, used, *outer) if outer is not None else None
    return step or unknown(site, f"the iterator is used as {expression.role}")


def _part(
    project: Project,
    site: Reference,
    items: Items,
    used: FunctionId,
    around: Reference,
    parent: Expression,
) -> Step | None:
    """What the expression around an iterable needs, if it does something with it that is known."""
    expression = project.expression(site)
    if expression.role is Role.DELEGATED:
        return _delegated(project, site, items, used, parent)
    if expression.role in (Role.ARGUMENT, Role.KEYWORD) and parent.kind is Kind.CALL:
        return _handed_over(project, site, items, used, around)
    if expression.role is Role.RECEIVER and items.tracked:
        return _method(project, site, used, around)
    if parent.text in SEARCHES and expression.detail == "1":
        return _searched(project, site, items, used, around)
    return None


def _delegated(
    project: Project, site: Reference, items: Items, used: FunctionId, whole: Expression
) -> Step:
    if whole.role is not Role.DISCARDED:
        if items.remade:
            return Step(limit=Limit("ASY911", "the value of `yield from` is used", site))
        # the rest is the generator's own: `planning.returned`
        return need_async(project, site, used, ())
    closing = items.cleanup and items.closable
    node = "closing delegation" if closing else "delegation"
    edits: list[Edit] = [*remade(site, items, project), MakeAsync(whole.span, node)]
    if closing:
        edits.append(_ACLOSING)
    return need_async(project, site, used, edits)


def _searched(
    project: Project, site: Reference, items: Items, used: FunctionId, around: Reference
) -> Step:
    """`value in iterable`, which takes items until it finds the value."""
    define = helper(project, site.module, "contains")
    if define is None or items.remade or items.cleanup:
        return unknown(site, "`in` would iterate over it")
    comparison = project.expression(around)
    spans = tuple(e.span for _, e in project.children(around))
    negation = "not " if comparison.text == SEARCHES[1] else ""
    made = Replace(comparison.span, f"{negation}await {define.name}({{0}}, {{1}})", spans)
    return need_async(project, around, used, [made, define])


def _as_list(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    span = project.expression(site).span
    if items.literal:
        return need_async(project, site, used, [MakeList(span)])
    made = Replace(span, f"[{items.inside}]", items.holes, around=not items.remade)
    return need_async(project, site, used, [made])


def _iterated(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    expression = project.expression(site)
    outer = project.parent(site)
    edits = remade(site, items, project)
    if outer is None:
        statement = project.statement(site)
        edits.append(MakeAsync(statement.span, "for"))
        if items.cleanup and items.closable:
            edits.extend((MakeAsync(statement.span, "closing"), _ACLOSING))
            return need_async(project, site, used, edits)
        if items.cleanup and left_early(project, site):
            return unknown(site, "the loop may leave a generator that has to clean up")
        return need_async(project, site, used, edits)
    around, parent = outer
    edits.append(MakeAsync(expression.span, "clause"))
    if parent.kind is not Kind.GENERATOR:
        return need_async(project, site, used, edits)
    path = project.module(site).path
    step = Step(tuple((path, edit) for edit in edits))
    made = consume_generator(project, around, used)
    lazy = not any(
        isinstance(edit, MakeList) and edit.span == parent.span for _, edit in made.edits
    )
    if items.cleanup and lazy:
        return unknown(site, "a lazy expression may leave a generator that has to clean up")
    if made.limit is not None:
        return unknown(site, "a lazy generator expression runs over it")
    return joined(step, made)


# -- functions that consume ----------------------------------------------------------------------


def _handed_over(
    project: Project, site: Reference, items: Items, used: FunctionId, call: Reference
) -> Step:
    """An iterable that is handed to a function."""
    edge = project.call_edge(call)
    if items.tracked and edge is not None and edge.targets:
        if all(target.function is not None for target in edge.targets):
            return rewritten(project, site, items)  # the parameter is an occurrence itself
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
        return _helper(project, site, items, used, call, helper_name(project, call, names[0]))
    if name in _APPLYING:
        return _mapped(project, site, items, used, call)
    if eager_argument(project, site):
        return _taken_whole(project, site, items, used, call)
    return unknown(site, f"the iterator is handed to {call_name(project, call)}()")


def _taken_whole(
    project: Project, site: Reference, items: Items, used: FunctionId, call: Reference
) -> Step:
    """What takes all of it at once, or all of it one by one."""
    weighed = weighing(project, site, items, call)
    if isinstance(weighed, Limit):
        return Step(limit=weighed)
    if weighed is not None:
        return need_async(project, site, used, weighed)
    return _as_list(project, site, items, used)


def _closed(
    project: Project, site: Reference, used: FunctionId, call: Reference, callee: Reference
) -> Step:
    """`with closing(generator)`, which closes an async one by `aclosing`."""
    entered = project.expression(call).role is Role.ENTERED
    if not entered or not is_generator(project.value(site)):
        return unknown(site, "the iterator is handed to contextlib.closing()")
    edits: list[Edit] = [
        Replace(project.expression(callee).span, "aclosing"),
        _ACLOSING,
        MakeAsync(project.expression(call).span, "item"),
    ]
    return need_async(project, call, used, edits)


def closed_generator(project: Project, site: Reference, used: FunctionId) -> Step:
    """What the places need that see a generator which `contextlib.closing` gets where it is made."""
    outer, value = project.parent(site), project.value(site)
    if outer is None or project.callee_names(outer[0]) != (CLOSING,) or value is None:
        return Step()
    if value.lost is not None or any(source.site != site for source in value.sources):
        return unknown(site, "the iterator is mixed with others")
    step = Step()
    for place in value.occurrences:
        if place != site:
            items = existing(project, place, closable=False)
            step = joined(step, consume(project, place, items, used))
    return step


def _mapped(
    project: Project, site: Reference, items: Items, used: FunctionId, call: Reference
) -> Step:
    """`map` or `filter` over it. If the callback becomes async too, the edits of both are merged."""
    name = call_name(project, call)
    again = applied_items(project, site, call, name)
    if again is None:
        return unknown(site, f"the iterator is handed to {name}()")
    if items.cleanup and not eager_argument(project, call):
        return unknown(site, f"{name}() may leave a generator that has to clean up")
    edits = remade(site, items, project)
    if "in _zip(" in again.inside and (define := helper(project, site.module, "zip")) is not None:
        edits.append(define)
    return with_edits(project, consume(project, call, again, used), site, edits)


def _next(
    project: Project,
    site: Reference,
    items: Items,
    used: FunctionId,
    call: Reference,
    callee: Reference,
) -> Step:
    if project.expression(site).detail != "0":
        return unknown(site, "the iterator is handed to next()")
    if items.cleanup and items.closable:
        return unknown(site, "next() leaves a generator that has to clean up")
    followed = catcher_edits(project, call) if len(project.arguments(call)) == 1 else ()
    if followed is None:
        return unknown(call, "the end of the iterator is caught as StopIteration")
    edits = [
        *followed,
        *remade(site, items, project),
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
    if define is None or not is_helped(project, site, call, name):
        return unknown(site, f"the iterator is handed to {name}()")
    if items.cleanup and not (awaited and items.closable):
        return unknown(site, f"{name}() may leave a generator that has to clean up")
    edits: list[Edit] = [Replace(project.expression(callee).span, define.name), define]
    for number, (_, argument) in enumerate(project.arguments(call)):
        if name == "strict_zip" and argument.role is Role.KEYWORD:
            edits.append(Arguments(project.expression(call).span, drop=(number,)))
    if items.remade or (awaited and not items.closable):
        inside = items.inside if alone else f"({items.inside})"
        span = project.expression(site).span
        edits.append(Replace(span, inside, items.holes, around=not items.remade))
    if awaited:
        return need_async(project, call, used, [*edits, Await(project.expression(call).span)])
    again = replace(existing(project, call, closable=False), tracked=False)
    return with_edits(project, consume(project, call, again, used), site, edits)


def _method(project: Project, site: Reference, used: FunctionId, attribute: Reference) -> Step:
    """`generator.send(value)` and its like."""
    written = project.expression(attribute)
    call = project.parent(attribute)
    if written.text not in _METHODS or written.role is not Role.CALLEE or call is None:
        return unknown(site, f"its .{written.text} is used")
    followed = catcher_edits(project, call[0]) if written.text != "close" else ()
    if written.text != "close" and hands_on(project, site):
        message = f"what .{written.text}() gives it goes on through `yield from`"
        return Step(limit=Limit("ASY911", message, call[0]))
    if followed is None:
        return unknown(call[0], "the end of the iterator is caught as StopIteration")
    receiver = project.expression(site).span
    edits: list[Edit] = [
        *followed,
        Replace(written.span, f"{{0}}.a{written.text}", (receiver,)),
        Await(call[1].span),
    ]
    return need_async(project, call[0], used, edits)
