"""Where async meets code that stays sync: main guards and entry points start the event loop.

An entry point that a framework calls without awaiting it keeps its signature, its decorators and its
colour; its body moves into a nested coroutine function that it runs (a *bridge*).
"""

from __future__ import annotations

from asyncify.model.facts import Function, Kind, Place, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Edit, Insert, Wrap
from asyncify.planning.colour import Limit
from asyncify.planning.frameworks import callers, client_users
from asyncify.planning.hooks import in_test_file
from asyncify.planning.interrupts import interruption
from asyncify.planning.project import Project
from asyncify.planning.scripts import DEFINITIONS, is_alone, is_movable, is_script, script_body

RUNNER = "_run"
_MOVING = (Place.BODY, Place.COMPREHENSION)


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


def starts_each(project: Project, site: Reference) -> bool:
    """Whether a call stands in a test that has to stay: each of its calls may start a loop of its own."""
    expression = project.expression(site)
    function = project.functions[expression.function]
    if function.is_async or expression.place not in _MOVING:
        return False
    if function.id in project.starting:
        return True
    if function.id not in client_users(project) or not in_test_file(project.path(function.id)):
        return False
    return not any(project.functions[one].is_async for one in callers(project, function.id))


def taken_limit(project: Project, site: Reference) -> Limit | None:
    """Why a call at module level cannot be run in one loop with others, where there are any."""
    handled = interruption(project, site)
    return handled if isinstance(handled, Limit) and not is_alone(project, site) else None


def starts_program(project: Project, site: Reference) -> bool:
    """Whether a place at module level is part of a program that starts here: no loop can be running.

    That is the body of a main guard, and the module level of a script that nobody imports.
    """
    expression = project.expression(site)
    module = project.module(site)
    if project.functions[expression.function].kind != "module" or expression.place not in _MOVING:
        return False
    around = project.ancestry(module, project.statement(site))
    if script_body(project, module) or any(each.kind in DEFINITIONS for each in around):
        return False
    guarded = project.guard(site) is not None
    return (guarded or is_script(project, module)) and is_movable(project, site)
