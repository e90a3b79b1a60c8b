"""What a program sets in its context, and reads again behind its event loop: ``asyncio.run`` works in a copy.

A `ContextVar` that a coroutine sets, and the precision of `decimal`, are what they were once the loop ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from asyncify.model.facts import FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.colour import Limit
from asyncify.planning.programs import Program, programs
from asyncify.planning.project import Project

_VARIABLES = ("contextvars.ContextVar.", "_contextvars.ContextVar.")
_READING = ("get", "reset")
_DECIMAL = ("decimal.", "_decimal.")


@dataclass(frozen=True, slots=True)
class _Context:
    """The functions that set something in the context, and the places that read it."""

    setting: Set[FunctionId]
    reading: Set[Reference]
    readers: Set[FunctionId]


def lost_contexts(
    project: Project, bridges: Iterable[Reference], moved: Set[Reference]
) -> dict[FunctionId, Limit]:
    """The functions that a loop runs by itself, although what they set in the context is read behind it."""
    contexts = project.memory("contexts", _contexts)
    found: dict[FunctionId, Limit] = {}
    for program in programs(project, bridges, moved) if contexts else ():
        run = {
            target.function
            for call in program.calls
            for edge in project.edges_at(call)
            for target in edge.targets
            if target.function is not None
        }
        for context in contexts:
            place = next(_read_behind(project, program, context), None)
            if place is not None and not run.isdisjoint(context.setting):
                message = (
                    "asyncio.run works in a copy of the context, and what it sets is read here"
                )
                found.update(dict.fromkeys(run & context.setting, Limit("ASY919", message, place)))
    return found


def _contexts(project: Project) -> list[_Context]:
    variables = (
        [f"{owner}set" for owner in _VARIABLES],
        [f"{owner}{name}" for owner in _VARIABLES for name in _READING],
    )
    made = [
        _context(project, project.calls_to(*variables[0]), set(project.calls_to(*variables[1]))),
        _context(project, list(_set_decimals(project)), set(_decimals(project))),
    ]
    return [context for context in made if context.setting and context.reading]


def _context(project: Project, setting: Iterable[Reference], reading: Set[Reference]) -> _Context:
    functions = [
        {project.expression(site).function for site in sites} for sites in (setting, reading)
    ]
    called = (f for f in functions[1] if project.functions[f].kind != "module")
    return _Context(project.users(functions[0]), reading, project.users(called))


def _set_decimals(project: Project) -> Iterator[Reference]:
    """The places that change the context of `decimal`, or get hold of it."""
    for site in project.calls_to(*(f"{owner}setcontext" for owner in _DECIMAL)):
        yield site
    for site in project.calls_to(*(f"{owner}getcontext" for owner in _DECIMAL)):
        outer = project.parent(site)
        if outer is None or outer[1].role is Role.TARGET:
            yield site


def _decimals(project: Project) -> Iterator[Reference]:
    for place, name in (*project.graph.names.items(), *project.graph.types.items()):
        if name.startswith(_DECIMAL):
            yield place


def _read_behind(project: Project, program: Program, context: _Context) -> Iterator[Reference]:
    """The places at module level that read a context when the program is over."""
    module = project.module(program.calls[0])
    last = max(project.expression(call).span for call in program.calls)
    end = max((s.span.end_line for s in program.statements), default=0)
    for item in module.expressions:
        site = Reference(module.name, item.id)
        behind = item.span > last and not last.contains(item.span) and item.span.line > end
        if not behind or project.functions[item.function].kind != "module":
            continue
        calls = project.edges_at(site) if item.kind is Kind.CALL else ()
        if site in context.reading or any(
            target.function in context.readers for edge in calls for target in edge.targets
        ):
            yield site
