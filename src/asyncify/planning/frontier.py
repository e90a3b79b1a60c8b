"""Where async meets code that stays sync: main guards and entry points start the event loop.

An entry point that a framework calls without awaiting it keeps its signature, its decorators and its
colour; its body moves into a nested coroutine function that it runs (a *bridge*).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asyncify.model.facts import Class, Function, FunctionId, Kind, Module, Place, Role, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Await, Edit, Insert, Replace, Wrap
from asyncify.planning.frameworks import stored_callers
from asyncify.planning.project import Project

RUNNER = "_run"


def bridge_edits(project: Project, function: Function) -> list[tuple[str, Edit]] | None:
    """Lets a function run its own body in an event loop; None where the body cannot be moved."""
    module = project.graph.modules[function.module]
    own = [e for e in module.expressions if e.function == function.id]
    if function.is_generator or any(
        e.kind is Kind.NAME and e.text in ("super", "locals") for e in own
    ):
        return None
    if RUNNER in function.names or any(e.kind is Kind.NAME and e.text == RUNNER for e in own):
        return None
    body = [s for s in module.statements if s.parent == function.statement and s.block == "body"]
    docstring = next(
        (
            e
            for e in module.expressions
            if body
            and e.statement == body[0].id
            and e.kind is Kind.CONSTANT
            and e.role is Role.DISCARDED
            and e.text[:1] in "'\""
        ),
        None,
    )
    if docstring is not None:
        body = body[1:]
    if not body or any(
        s.kind in ("Global", "Nonlocal") for s in module.statements if s.function == function.id
    ):
        return None
    first, last = body[0], body[-1]
    parameters = {p.name for p in function.parameters}
    bound = {e.text for e in own if e.kind is Kind.NAME and e.role in (Role.TARGET, Role.DELETED)}
    rebound = sorted(parameters & bound)
    start = "return " if function.returns_value else ""
    edits: list[Edit] = [
        Wrap(first.span, last.span, f"async def {RUNNER}():"),
        Insert(last.span, "after", f"{start}asyncio.run({RUNNER}())"),
        AddImport("import asyncio"),
    ]
    if rebound:
        edits.append(Insert(first.span, "before", f"nonlocal {', '.join(rebound)}"))
    return [(module.path, edit) for edit in edits]


def may_run_in_loop(
    project: Project,
    function: FunctionId,
    coloured: frozenset[FunctionId],
    bridges: Iterable[Reference] = (),
) -> FunctionId | None:
    """A caller, however far away, that is async: in its loop `asyncio.run` would fail.

    `bridges` are the calls at module level that start a loop: several of one program share one.
    """
    shared = [program for program in programs(project, bridges) if program.statements]
    coloured |= {f"{program.calls[0].module}:" for program in shared}
    seen = {function}
    todo = [function]
    while todo:
        current = todo.pop()
        callers = [project.expression(edge.site).function for edge in project.reaching(current)]
        callers.extend(stored_callers(project, project.functions[current]))
        for caller in callers:
            if caller in seen:
                continue
            if caller in coloured or project.functions[caller].is_async:
                return caller
            seen.add(caller)
            todo.append(caller)
    return None


def starts_program(project: Project, site: Reference) -> bool:
    """Whether a call at module level is part of a program that starts here: no loop can be running.

    That is the body of a main guard, and the module level of a script that nobody imports.
    """
    expression = project.expression(site)
    if expression.place is not Place.BODY:
        return False
    module = project.module(site)
    if project.guard(site) is not None:
        return True
    return project.is_script(module) and not _unmovable(module)


def _unmovable(module: Module) -> bool:
    """Whether the module level holds what may not stand in a function with `global` names."""
    if any(one.name == "*" for one in module.imports):
        return True
    return any(s.kind == "AnnAssign" and s.function == f"{module.name}:" for s in module.statements)


@dataclass(frozen=True, slots=True)
class Program:
    """The calls of one main guard, or of the module level, that need a loop."""

    calls: tuple[Reference, ...]
    statements: tuple[
        Statement, ...
    ]  # that become an async function; none if one call is run by itself

    def holds(self, statement: Statement) -> bool:
        """Whether a statement becomes part of the async function."""
        lines = [s.span.line for s in self.statements], [s.span.end_line for s in self.statements]
        return bool(self.statements) and (
            min(lines[0]) <= statement.span.line <= statement.span.end_line <= max(lines[1])
        )


def programs(project: Project, sites: Iterable[Reference]) -> Iterable[Program]:
    """What becomes of calls at module level: one is run by itself, several by one async function.

    Two `asyncio.run` in a row would be two event loops, and objects of the first are dead in the second.
    """
    found: dict[tuple[str, int], list[Reference]] = {}
    for site in sorted(set(sites)):
        guard = project.guard(site)
        found.setdefault((site.module, -1 if guard is None else guard.id), []).append(site)
    for (module, parent), calls in sorted(found.items()):
        tops: list[Statement] = []
        if len(calls) > 1 or _repeated(project, calls[0]):
            for call in calls:
                around = project.ancestry(project.graph.modules[module], project.statement(call))
                tops.extend(statement for statement in around if statement.parent == parent)
        yield Program(tuple(calls), tuple(tops))


def program_edits(project: Project, sites: Sequence[Reference]) -> list[tuple[str, Edit]]:
    """The bridges of calls at module level."""
    edits: list[tuple[str, Edit]] = []
    for program in programs(project, sites):
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
    for site in program.calls:
        yield Await(project.expression(site).span)
    module, tops = project.module(program.calls[0]), program.statements
    first, last = min(tops, key=lambda s: s.span), max(tops, key=lambda s: s.span)
    taken = {e.text for e in module.expressions if e.kind is Kind.NAME}
    name = next(n for n in ("_main", "_amain", "_async_main", "_run_main") if n not in taken)
    bound = sorted(_bound(module, first.span.line, last.span.end_line))
    if bound:
        yield Insert(first.span, "before", f"global {', '.join(bound)}")
    yield Wrap(first.span, last.span, f"async def {name}():")
    yield Insert(last.span, "after", f"asyncio.run({name}())")


def _bound(module: Module, start: int, end: int) -> set[str]:
    """The names that statements at module level bind."""
    body = f"{module.name}:"
    names = {
        e.text
        for e in module.expressions
        if e.kind is Kind.NAME
        and e.role in (Role.TARGET, Role.DELETED)
        and e.variable == (body, e.text)
        and start <= e.span.line <= end
    }
    names.update(
        one.name for one in module.imports if one.scope == body and start <= one.span.line <= end
    )
    definitions: list[Function | Class] = [
        *(f for f in module.functions if f.kind == "def" and f.owner is None),
        *module.classes,
    ]
    names.update(d.name for d in definitions if d.parent == body and start <= d.span.line <= end)
    return names
