"""Calls at module level that need an event loop: one is run by itself, several by one async function.

Two `asyncio.run` in a row would be two event loops, and objects of the first are dead in the second.
Blocking calls among the statements that become such a function go with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from asyncify.model.facts import FunctionId, Kind, Module, Place, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Await, Edit, Replace
from asyncify.planning.colour import Limit
from asyncify.planning.decided import Decided
from asyncify.planning.interrupts import interruption
from asyncify.planning.project import Programs, Project
from asyncify.planning.scripts import (
    INNER_NAMES,
    annotated_names,
    bound_names,
    entry,
    function_edits,
)
from asyncify.planning.units import Seed


@dataclass(frozen=True, slots=True)
class Program:
    """The calls of one main guard, or of the module level, that need a loop."""

    calls: tuple[Reference, ...]  # and other places that need it: loops, and what enters a manager
    moved: frozenset[Reference]  # these
    statements: tuple[
        Statement, ...
    ]  # that become an async function; none if one call is run by itself

    def holds(self, statement: Statement) -> bool:
        """Whether a statement becomes part of the async function."""
        if not self.statements:
            return False
        start, end = _lines(self.statements)
        return start <= statement.span.line <= statement.span.end_line <= end


def _lines(statements: Sequence[Statement]) -> tuple[int, int]:
    """The first and the last line of statements."""
    return min(s.span.line for s in statements), max(s.span.end_line for s in statements)


def programs(
    project: Project, sites: Iterable[Reference], moved: Set[Reference]
) -> Iterable[Program]:
    """The programs of calls, in a test each its own; the `moved` are places that stand in an async function."""
    found: dict[tuple[str, int], list[Reference]] = {}
    for site in sorted({*sites, *moved}):
        if project.functions[project.expression(site).function].kind != "module":
            yield Program((site,), frozenset(), ())
            continue
        found.setdefault(entry(project, site), []).append(site)
    for (module, parent), calls in sorted(found.items()):
        tops: list[Statement] = []
        if len(calls) > 1 or calls[0] in moved or _repeated(project, calls[0]):
            for call in calls:
                around = project.ancestry(project.graph.modules[module], project.statement(call))
                tops.extend(statement for statement in around if statement.parent == parent)
            tops = _with_readers(project, project.graph.modules[module], tops)
        yield Program(tuple(calls), frozenset(moved).intersection(calls), tuple(tops))


def _with_readers(project: Project, module: Module, tops: list[Statement]) -> list[Statement]:
    """Statements with those behind them that use a name which has an annotation, and cannot be global."""
    start, end = _lines(tops)
    names = annotated_names(module, start, end)
    for item in module.expressions if names else ():
        if item.kind is Kind.NAME and item.function == f"{module.name}:" and item.span.line > end:
            if item.text in names:
                around = project.ancestry(module, module.statements[item.statement])
                tops = [*tops, *(s for s in around if s.parent == tops[0].parent)]
                start, end = _lines(tops)
                names = annotated_names(module, start, end)
    return tops


def program_edits(
    project: Project, sites: Sequence[Reference], moved: Set[Reference]
) -> list[tuple[str, Edit]]:
    """The bridges of calls at module level."""
    edits: list[tuple[str, Edit]] = []
    for program in programs(project, sites, moved):
        made = _several(project, program) if program.statements else _one(project, program.calls[0])
        path = project.module(program.calls[0]).path
        edits.extend((path, edit) for edit in (*made, AddImport("import asyncio")))
    return edits


def _repeated(project: Project, site: Reference) -> bool:
    if project.expression(site).place is not Place.BODY:
        return True
    module = project.module(site)
    around = project.ancestry(module, project.statement(site))
    return any(statement.kind in ("For", "While") for statement in around)


def _one(project: Project, site: Reference) -> Iterable[Edit]:
    span = project.expression(site).span
    yield Replace(span, "asyncio.run({0})", (span,))


def _several(project: Project, program: Program) -> Iterable[Edit]:
    for site in (each for each in program.calls if each not in program.moved):
        yield Await(project.expression(site).span)
        handled = interruption(project, site)
        assert not isinstance(handled, Limit)  # `frontier.taken_limit` asked before
        yield from (edit for _, edit in handled)
    module, tops = project.module(program.calls[0]), program.statements
    start, end = _lines(tops)
    bound = bound_names(module, start, end) - annotated_names(module, start, end)
    yield from function_edits(project, module, tops, bound, names=INNER_NAMES)


def lines_of_programs(
    project: Project, bridges: Mapping[Reference, FunctionId], moved: Set[Reference]
) -> Programs:
    """The statements at module level that become async functions.

    Args:
        project: the project.
        bridges: the calls that start a loop, and the places that need one, each with what it reaches.
        moved: those among them that stand in an async function.
    """
    lines: dict[str, list[tuple[int, int, FunctionId]]] = {}
    for one in programs(project, bridges, moved):
        if one.statements:
            first = one.calls[0]
            lines.setdefault(first.module, []).append((*_lines(one.statements), bridges[first]))
    return {module: tuple(sorted(found)) for module, found in lines.items()}


def used_in_programs(project: Project, modules: Iterable[str]) -> set[FunctionId]:
    """The functions that are called or named at the level of some modules."""
    found: set[FunctionId] = set()
    for name in modules:
        for item in project.graph.modules[name].expressions:
            if item.function == f"{name}:":
                place = Reference(name, item.id)
                targets = (t.function for edge in project.edges_at(place) for t in edge.targets)
                found.update(target for target in targets if target is not None)
                found.update(source.name for source in project.sources(place))
    return found


def taken_along(decided: Decided, seeds: Iterable[Seed]) -> list[Seed]:
    """The seeds, those at module level with the programs that their statements become part of."""
    project = decided.project
    starting = {
        site: function
        for function in decided.colouring.causes
        for site in decided.conversions[function].starting
    }
    inside = {site for f in decided.colouring.causes for site in decided.conversions[f].moved}
    held = {name for name, limit in decided.colouring.held.items() if limit.code == "ASY913"}
    made = [each for each in programs(project, starting, inside) if each.statements]
    if not made or not held:
        return list(seeds)
    found: list[Seed] = []
    for seed in seeds:
        # a client is opened around statements that are moved already
        small = seed.fallback if seed.clients else (seed,)
        names = {seed.unit.name, *(each.unit.name for each in seed.fallback)}
        moved = [_moved(project, each, made, starting) for each in small]
        keep = not names & held or not moved or None in moved
        found.extend([seed] if keep else [each for each in moved if each is not None])
    return found


def _moved(
    project: Project, seed: Seed, made: Iterable[Program], starting: Mapping[Reference, FunctionId]
) -> Seed | None:
    """A seed whose calls at module level are part of programs; None if one of them is not."""
    sites: list[tuple[Reference, FunctionId]] = []
    for site, function in seed.unit.sites:
        if project.functions[function].kind == "module":
            own = [each for each in made if each.calls[0].module == site.module]
            program = next((each for each in own if each.holds(project.statement(site))), None)
            if program is None:
                return None
            function = starting[program.calls[0]]
        sites.append((site, function))
    return replace(seed, unit=replace(seed.unit, sites=tuple(sites)))
