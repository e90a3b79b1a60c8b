"""Iterators that are used by hand: `next`, `send` and `close`, `closing`, and `in`, with what they become."""

from __future__ import annotations

from asyncify.model.facts import Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Await, Edit, MakeAsync, Replace
from asyncify.planning.cleanup import is_generator
from asyncify.planning.colour import Limit
from asyncify.planning.delegation import hands_on
from asyncify.planning.helpers import helper
from asyncify.planning.items import remade
from asyncify.planning.project import Project
from asyncify.planning.steps import Items
from asyncify.planning.stops import catcher_edits

Made = Limit | list[Edit]  # the edits of a place, or why there are none

SEARCHES = ("in", "not in")
CLOSING = "contextlib.closing"
ACLOSING = AddImport("from contextlib import aclosing")
_METHODS = frozenset({"send", "throw", "close"})


def searched(project: Project, site: Reference, items: Items, around: Reference) -> Made:
    """`value in iterable`, which takes items until it finds the value."""
    define = helper(project, site.module, "contains_either" if items.either else "contains")
    if define is None or (items.remade and not items.either) or items.cleanup:
        return Limit("ASY912", "`in` would iterate over it", site)
    comparison = project.expression(around)
    spans = tuple(e.span for _, e in project.children(around))
    negation = "not " if comparison.text == SEARCHES[1] else ""
    text = f"{negation}await {define.name}({{0}}, {{1}})"
    return [Replace(comparison.span, text, spans), define]


def closed(project: Project, site: Reference, call: Reference) -> Made:
    """`with closing(generator)`, which closes an async one by `aclosing`."""
    entered, callee = project.expression(call).role is Role.ENTERED, project.child(
        call, Role.CALLEE
    )
    if callee is None or not entered or not is_generator(project.value(site)):
        return Limit("ASY912", "the iterator is handed to contextlib.closing()", site)
    return [
        Replace(project.expression(callee).span, "aclosing"),
        ACLOSING,
        MakeAsync(project.expression(call).span, "item"),
    ]


def following(project: Project, site: Reference, items: Items, call: Reference) -> Made:
    """`next(iterator)`."""
    callee = project.child(call, Role.CALLEE)
    if callee is None or project.expression(site).detail != "0":
        return Limit("ASY912", "the iterator is handed to next()", site)
    if items.cleanup and items.closable:
        return Limit("ASY912", "next() leaves a generator that has to clean up", site)
    followed = catcher_edits(project, call) if len(project.arguments(call)) == 1 else ()
    if followed is None:
        return Limit("ASY912", "the end of the iterator is caught as StopIteration", call)
    return [
        *followed,
        *remade(site, items, project),
        Replace(project.expression(callee).span, "anext"),
        Await(project.expression(call).span),
    ]


def method(project: Project, site: Reference, attribute: Reference) -> Made:
    """`generator.send(value)` and its like."""
    written, call = project.expression(attribute), project.parent(attribute)
    if written.text not in _METHODS or written.role is not Role.CALLEE or call is None:
        return Limit("ASY912", f"its .{written.text} is used", site)
    followed = catcher_edits(project, call[0]) if written.text != "close" else ()
    if written.text != "close" and hands_on(project, site):
        message = f"what .{written.text}() gives it goes on through `yield from`"
        return Limit("ASY911", message, call[0])
    if followed is None:
        return Limit("ASY912", "the end of the iterator is caught as StopIteration", call[0])
    receiver = project.expression(site).span
    return [
        *followed,
        Replace(written.span, f"{{0}}.a{written.text}", (receiver,)),
        Await(call[1].span),
    ]
