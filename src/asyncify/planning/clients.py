"""Clients that calls of a library need: where the `async with` goes, and what the client is called there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asyncify.model.facts import LOOPS, FunctionId, Kind, Place, Role, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Edit, Insert, Replace, Wrap
from asyncify.planning.arguments import joined
from asyncify.planning.companions import lambda_form
from asyncify.planning.lambdas import LambdaForm
from asyncify.planning.named_lambdas import naming_edits
from asyncify.planning.project import Project
from asyncify.planning.settled import statements_around
from asyncify.planning.units import (
    ClientCall,
    Seed,
    helper_edits,
    import_text,
    noted,
    used_helpers,
)
from asyncify.rules.registry import Rules

_RESET_COMMENT = "  # a plain call keeps no cookies for the next one"


def without_conflicts(project: Project, seeds: Sequence[Seed]) -> list[Seed]:
    """The seeds; calls that share a client in a way in which no state can be reset between them go to threads."""
    calls: dict[FunctionId, list[tuple[int, ClientCall]]] = {}
    for index, seed in enumerate(seeds):
        for call in seed.clients:
            function = project.expression(call.site).function
            calls.setdefault(function, []).append((index, call))
    bad: set[int] = set()
    for found in calls.values():
        if not _resettable(project, [call for _, call in found]):
            bad.update(index for index, _ in found)
    result: list[Seed] = []
    for index, seed in enumerate(seeds):
        if index in bad and seed.fallback:
            note = "one client cannot serve these calls without sharing cookies"
            result.extend(noted(small, note) for small in seed.fallback)
        else:
            result.append(seed)
    return result


def _resettable(project: Project, calls: Sequence[ClientCall]) -> bool:
    """Whether a statement can be put before every call, where one client serves several.

    False for two calls in one statement, and for a call that its own statement repeats (the test of a
    `while`, a comprehension, a lambda that goes into one).
    """
    statements = [project.statement(call.site).id for call in calls]
    if len(set(statements)) != len(statements):
        return False
    for call in calls:
        expression = project.expression(call.site)
        around = project.functions[expression.function]
        if around.kind == "lambda" and lambda_form(project, around) is not LambdaForm.NAMED:
            return False
        if expression.place in (Place.COMPREHENSION, Place.GENERATOR):
            return False
        if project.statement(call.site).kind == "While":
            return False
    return True


def client_edits(
    project: Project, rules: Rules, calls: Iterable[ClientCall]
) -> list[tuple[FunctionId, str, Edit]]:
    """The edits for the clients of all calls that are converted, with the function each belongs to."""
    by_function: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], list[ClientCall]] = {}
    for call in calls:
        function = project.expression(call.site).function
        key = (function, call.library.name, call.client, call.options)
        by_function.setdefault(key, []).append(call)
    names = _Names(project)
    edits: list[tuple[FunctionId, str, Edit]] = []
    for (function, _, _, _), group in sorted(by_function.items(), key=lambda item: item[0]):
        path = project.path(function)
        made = _function_edits(project, rules, function, group, names)
        edits.extend((function, path, edit) for edit in made)
    return edits


def _function_edits(
    project: Project, rules: Rules, function: FunctionId, calls: list[ClientCall], names: _Names
) -> Iterable[Edit]:
    first = calls[0]
    client = rules.client(first.library, first.client)
    options = dict(client.options) | joined(client.made, dict(first.options))
    variable = names.free(function, client.variable)
    texts = ", ".join(f"{name}={value}" for name, value in options.items())
    header = f"async with {client.to}({texts}) as {variable}:"
    yield AddImport(import_text(client.to))
    for helper in used_helpers(rules, first.library, client.helpers, texts):
        yield from helper_edits(rules, first.library, helper)
    for call in calls:
        callee = project.child(call.site, Role.CALLEE)
        assert callee is not None
        yield Replace(project.expression(callee).span, f"{variable}.{call.method}")
    known = project.functions[function]
    if known.kind == "lambda":
        yield from naming_edits(project, known, header.replace("{", "{{").replace("}", "}}"))
        return
    for run in runs(project, function, [call.site for call in calls], alone=_is_local(first)):
        yield Wrap(run.first.span, run.last.span, header)
        if client.reset:
            for statement in run.again:
                yield Insert(
                    statement.span, "before", client.reset.format(client=variable) + _RESET_COMMENT
                )


def _is_local(call: ClientCall) -> bool:
    """Whether a client takes values of the place where it is opened, or keeps something for its call only."""
    return any(text not in ("None", "True", "False") for _, text in call.options)


@dataclass(frozen=True, slots=True)
class Run:
    """Sibling statements that one client serves; `again` are those of them that it serves not for the first time."""

    first: Statement
    last: Statement
    again: tuple[Statement, ...] = ()


def runs(
    project: Project, function: FunctionId, sites: Sequence[Reference], *, alone: bool = False
) -> list[Run]:
    """The smallest runs of statements that hold all calls, hoisted out of loops.

    With `alone` every statement is a run by itself: the values that its client takes are those of its
    own place. A run never holds a `yield`: a client that stays open while a generator is suspended would outlive
    the loop that abandons it. Calls around a `yield` get a client each.
    """
    paths = [statements_around(project, function, site) for site in sites]
    level = _common_level(paths)
    module = project.graph.modules[project.functions[function].module]
    spread = [path[level] for path in paths]
    first, last = min(spread, key=lambda s: s.span), max(spread, key=lambda s: s.span)
    yields = any(
        e.function == function
        and e.kind in (Kind.YIELD, Kind.YIELD_FROM)
        and first.span.line <= e.span.line <= last.span.end_line
        for e in module.expressions
    )
    if yields or alone:
        single = {path[-1].id: path[-1] for path in paths}
        return [Run(s, s) for s in single.values()]
    callers = {path[-1].id: path[-1] for path in paths}
    ordered = tuple(sorted(callers.values(), key=lambda s: s.span))
    start = next(path for path in paths if path[-1] == ordered[0])
    repeats = any(statement.kind in LOOPS for statement in start[level:])
    return [Run(first, last, ordered if repeats else ordered[1:])]


def _common_level(paths: Sequence[list[Statement]]) -> int:
    """The depth at which the calls still share a block, but not deeper than the outermost loop."""
    level = 0
    while True:
        here = {path[level].id for path in paths}
        if len(here) > 1 or any(len(path) <= level + 1 for path in paths):
            return level
        if paths[0][level].kind in LOOPS:
            return level
        blocks = {(path[level + 1].parent, path[level + 1].block) for path in paths}
        if len(blocks) > 1:
            return level
        level += 1


class _Names:
    """Finds names that nothing in a function uses."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._used: dict[str, set[str]] = {}

    def free(self, function: FunctionId, wish: str) -> str:
        """`wish`, or the first of ``http_client``, ``http_client_2`` ... that is free; it is taken from now on."""
        module = self._project.graph.modules[self._project.functions[function].module]
        used = self._used.setdefault(function, self._names(function, module.name))
        candidates = [wish, f"http_{wish}", *(f"http_{wish}_{n}" for n in range(2, 1000))]
        name = next(candidate for candidate in candidates if candidate not in used)
        used.add(name)
        return name

    def _names(self, function: FunctionId, module: str) -> set[str]:
        used: set[str] = set()
        for expression in self._project.graph.modules[module].expressions:
            inside = expression.function == function or expression.function.startswith(
                f"{function}."
            )
            if expression.kind is Kind.NAME and inside:
                used.add(expression.text)
        return used | set(self._project.functions[function].names)
