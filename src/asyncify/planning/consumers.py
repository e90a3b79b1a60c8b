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
from asyncify.model.plan import Arguments, Await, Edit, MakeAsync, MakeList, Replace
from asyncify.planning.applied import applied_items
from asyncify.planning.assigned import is_taken_apart, put_away
from asyncify.planning.by_hand import (
    ACLOSING,
    CLOSING,
    SEARCHES,
    closed,
    following,
    method,
    searched,
)
from asyncify.planning.cleanup import left_early
from asyncify.planning.colour import Limit, Use
from asyncify.planning.companions import lambda_form
from asyncify.planning.contained import is_dealt_out, is_looped_over, taker
from asyncify.planning.either import EACH, either, either_problem, is_for_lists
from asyncify.planning.frontier import starts_program
from asyncify.planning.helpers import (
    AWAITED,
    LAZY,
    call_name,
    eager_argument,
    has_others,
    helper,
    helper_name,
    is_helped,
    is_listed,
    sole_argument,
)
from asyncify.planning.interrupts import interruption
from asyncify.planning.items import (
    as_list,
    existing,
    made_at,
    rebound,
    remade,
    rewritten,
    unknown,
    untracked,
    with_edits,
)
from asyncify.planning.kept_items import is_only_compared, kept_step
from asyncify.planning.lambdas import LambdaForm
from asyncify.planning.mixing import mixed_source
from asyncify.planning.one_by_one import added, one_by_one
from asyncify.planning.parts import COPIES, GROUPS, users
from asyncify.planning.project import PASSING_ROLES, UNSEEN, Project
from asyncify.planning.scripts import outside_limit
from asyncify.planning.steps import Items, Step, joined

_APPLYING = frozenset({"map", "filter", "itertools.filterfalse", "itertools.starmap"})
# what a list has not, or in another way
_OF_ITERATORS = ("builtins.iter", "builtins.next", CLOSING)


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
    around = project.functions[function]
    if around.kind == "lambda" and lambda_form(project, around) is LambdaForm.TAIL:
        return Step(limit=Limit("ASY901", "a lambda cannot await", site))
    own = Use(function, used, site)
    made = Step((), (own,), moved=(site,) if starts_program(project, site) else ())
    for child, parent in project.enclosing(site):
        first_iterable = child.role is Role.ITERATED and child.detail.endswith("0")
        if child.role is Role.FORMATTED and child.detail == "=":
            message = "`{...=}` in an f-string would print the await"
            return Step(limit=Limit("ASY901", message, site))
        if parent.kind is Kind.GENERATOR and not first_iterable:
            step = consume_generator(project, Reference(site.module, parent.id), used)
            uses = tuple(
                own if use.user == function and use.site not in step.moved else use
                for use in step.uses
            )
            made = replace(step, uses=tuple(dict.fromkeys(uses)))
            break  # a generator expression is a function of its own: what is around it has had its say
    if made.limit is not None:
        return made
    if project.expression(site).place is Place.CLASS_BODY:
        return Step(limit=Limit("ASY901", "a class body cannot await", site))
    handled = interruption(project, site)
    if isinstance(handled, Limit):
        return Step(limit=handled)
    return made.with_edits(edit for edit in handled if edit not in made.edits)


def need_async(project: Project, site: Reference, used: str, edits: Iterable[Edit]) -> Step:
    """The step for edits that are only legal in an async function, or in an async generator expression."""
    return with_edits(project, placed(project, site, used), site, edits)


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
    other = mixed_source(project, value, used, made)
    if other is not None and (problem := either_problem(project, value)) is not None:
        message = f"the generator expression is mixed with {other}, and {problem}"
        return Step(limit=Limit("ASY901", message, made.site))
    followed.add(made.site)
    step = Step()
    for place in value.occurrences if other is None else value.places_of(*made[:2]):
        held = existing(project, place, closable=False, cleanup=items.cleanup)
        if other is not None:
            held = either(project, held, place)
        if place == made.site:
            held = replace(items, tracked=True)
        step = joined(step, consume_either(project, place, held, used))
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


def consume_either(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    """What the place of an iterable needs that becomes async, or may be one that does not."""
    step = consume(project, site, items, used)
    if not items.either or step.limit is not None or project.expression(site).role is Role.COMPARED:
        return step
    define = helper(project, site.module, EACH)
    if define is None or items.cleanup:
        return unknown(site, "it may be a plain iterable as well")
    return with_edits(project, step, site, [define] if step.edits else [])


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
        return _taken_whole(project, site, items, used, added(project, site, items))
    if expression.role is Role.ASSIGNED and (escape := put_away(project, site)):
        return unknown(site, escape)
    if expression.role in PASSING_ROLES:
        if (expression.role, expression.kind) == (Role.TARGET, Kind.CONTAINER):
            return unknown(site, "it is taken apart")
        kept = unknown(site, "the iterator is kept for later")
        return rewritten(project, site, items) if items.tracked else kept
    if expression.role is Role.TESTED or is_only_compared(project, site):
        return Step()
    outer = project.parent(site)
    if items.either and is_for_lists(project, site):
        return Step()
    step = _part(project, site, items, used, *outer) if outer else None
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
    if expression.role is Role.YIELDED:
        return kept_step(project, site, items)
    if expression.role is Role.ELEMENT:
        return _contained(project, site, items, used)
    if expression.role is Role.RECEIVER and items.tracked and not items.either:
        called = project.parent(around)
        made = method(project, site, around)
        return _made(project, called[0] if called is not None else around, used, made)
    if parent.text in SEARCHES and expression.detail == "1":
        return _made(project, around, used, searched(project, site, items, around))
    return None


def _contained(project: Project, site: Reference, items: Items, used: FunctionId) -> Step | None:
    """One of several in a container that is taken apart where it stands."""
    taking = taker(project, site)
    if taking is None:
        if items.tracked and (is_dealt_out(project, site) or is_looped_over(project, site)):
            return rewritten(project, site, items)
        return kept_step(project, site, items)
    call, name = taking
    callee, made = project.child(call, Role.CALLEE), helper_name(project, call, name)
    define = helper(project, site.module, made)
    if callee is None or define is None or items.cleanup or has_others(project, call, made):
        return None
    renamed: list[Edit] = [Replace(project.expression(callee).span, define.name), define]
    step = consume(project, call, untracked(project, call), used)
    return with_edits(project, step, site, [*remade(site, items, project), *renamed])


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
        edits.append(ACLOSING)
    return need_async(project, site, used, edits)


def _taken_whole(
    project: Project,
    site: Reference,
    items: Items,
    used: FunctionId,
    doing: Limit | list[Edit] | None,
) -> Step:
    """A list in the place of all the items, if nothing else has to be done with them."""
    made = as_list(project, site, items) if doing is None else doing
    return _made(project, site, used, made)


def _made(project: Project, site: Reference, used: FunctionId, made: Limit | list[Edit]) -> Step:
    return Step(limit=made) if isinstance(made, Limit) else need_async(project, site, used, made)


def _iterated(project: Project, site: Reference, items: Items, used: FunctionId) -> Step:
    expression = project.expression(site)
    outer = project.parent(site)
    edits = remade(site, items, project)
    if outer is None:
        statement = project.statement(site)
        edits.append(MakeAsync(statement.span, "for"))
        if items.cleanup and items.closable:
            edits.extend((MakeAsync(statement.span, "closing"), ACLOSING))
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
    if (kept := kept_step(project, site, items)) is not None:
        return kept
    names = project.callee_names(call)
    callee = project.child(call, Role.CALLEE)
    if names == ("builtins.list",) and sole_argument(project, call):
        display = "{0}" if items.literal else f"[{items.inside}]"
        edits = [Replace(project.expression(call).span, display, items.holes)]
        made = [MakeList(project.expression(site).span)] if items.literal else []
        return need_async(project, site, used, [*edits, *made])
    if len(names) == 1 and callee is not None:
        known = _known_call(project, site, items, used, call, callee, names[0])
        if known is not None:
            return known
    doing = one_by_one(project, site, items, call)
    if doing is not None or eager_argument(project, site):
        return _taken_whole(project, site, items, used, doing)
    return unknown(site, f"the iterator is handed to {call_name(project, call)}()")


def _known_call(
    project: Project,
    site: Reference,
    items: Items,
    used: FunctionId,
    call: Reference,
    callee: Reference,
    name: str,
) -> Step | None:
    """A call of a function that has a counterpart for async iterables."""
    if items.either and name in _OF_ITERATORS:
        return unknown(site, f"{call_name(project, call)}() gets something else as well")
    if name == "builtins.iter" and sole_argument(project, call) and items.tracked:
        edit = Replace(project.expression(callee).span, "aiter")
        return Step(((project.module(site).path, edit),))
    if name == "builtins.next":
        return _made(project, site, used, following(project, site, items, call))
    if name == CLOSING:
        return _made(project, call, used, closed(project, site, call))
    if name in LAZY:
        return _helper(project, site, items, used, call, helper_name(project, call, name))
    if name.removeprefix("builtins.") in _APPLYING:
        return _mapped(project, site, items, used, call)
    return None


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
        inside = items.either or (items.inside if alone else f"({items.inside})")
        span = project.expression(site).span
        edits.append(Replace(span, inside, items.holes, around=items.around))
    if awaited:
        return need_async(project, call, used, [*edits, Await(project.expression(call).span)])
    if name in (GROUPS, COPIES):
        step = several(project, call, name, used)
    else:
        step = consume(project, call, untracked(project, call), used)
    return with_edits(project, step, site, edits)


def several(project: Project, call: Reference, name: str, used: FunctionId) -> Step:
    """Who uses the groups, or the copies, that a call gives."""
    places = users(project, call, name)
    if places is None:
        return unknown(call, f"the iterators of {name}() have no names of their own")
    step = Step() if name == COPIES else consume(project, call, untracked(project, call), used)
    for place in places:
        step = joined(step, consume(project, place, untracked(project, place), used))
    return step
