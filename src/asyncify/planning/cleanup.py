"""Generators in which something happens when they are left before their end.

A generator is closed as soon as nobody holds it; an async one some time later. Where it has a `with`
or a `finally` around a `yield`, that would move its side effects: such a generator is closed by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asyncify.model.facts import LOOPS, Expression, FunctionId, Kind, Role
from asyncify.model.graph import Reference, SourceKind, Value

if TYPE_CHECKING:
    from asyncify.planning.project import Project

# what annotations and the type checker call the generators of the project
GENERATOR_TYPES = frozenset({"typing.Generator", "typing.Iterator", "typing.Iterable"})


def cleans_up(project: Project, function: FunctionId) -> bool:
    """Whether something happens in a generator function when its generator is closed before its end."""
    return function in project.memory("cleanup", _cleaning)


def is_generator(value: Value | None) -> bool:
    """Whether an object is a generator of the project, wherever it comes from."""
    return (
        value is not None
        and bool(value.sources)
        and all(s.kind is SourceKind.GENERATOR or s.name in GENERATOR_TYPES for s in value.sources)
    )


def _cleaning(project: Project) -> frozenset[FunctionId]:
    found = {
        f for f, item in project.functions.items() if item.is_generator and _guarded(project, f)
    }
    todo = list(found)
    while todo:  # who yields out of a loop over one of them closes it
        for edge in project.reaching(todo.pop()):
            expression = project.expression(edge.site)
            user = project.functions[expression.function]
            if user.is_generator and user.id not in found:
                if expression.role in (Role.ITERATED, Role.DELEGATED):
                    found.add(user.id)
                    todo.append(user.id)
    return frozenset(found)


def _guarded(project: Project, function: FunctionId) -> bool:
    module = project.graph.modules[project.functions[function].module]
    for expression in module.expressions:
        if expression.function != function or expression.kind not in (Kind.YIELD, Kind.YIELD_FROM):
            continue
        inner = module.statements[expression.statement]
        for statement in project.ancestry(module, inner):
            if statement.function != function:
                break
            if statement is not inner and statement.kind in ("With", "AsyncWith"):
                return True
            if statement.kind in ("Try", "TryStar") and _catches_exit(
                project, statement.id, module.name
            ):
                return True
    return False


def _catches_exit(project: Project, statement: int, name: str) -> bool:
    """Whether a try statement does something when the generator is closed."""
    module = project.graph.modules[name]
    for inner in module.statements:
        if inner.parent != statement:
            continue
        if inner.block == "finalbody":
            return True
        if inner.kind == "ExceptHandler":
            caught = [e.text for e in _caught(project, name, inner.id)]
            if not caught or {"BaseException", "GeneratorExit"} & set(caught):
                return True
    return False


def _caught(project: Project, module: str, handler: int) -> Iterator[Expression]:
    for expression in project.graph.modules[module].expressions:
        if expression.statement == handler and expression.kind in (Kind.NAME, Kind.ATTRIBUTE):
            yield expression


def left_early(project: Project, site: Reference) -> bool:
    """Whether the body of the loop over an iterable has a way out of it."""
    module = project.module(site)
    loop = project.statement(site)
    for statement in module.statements:
        if statement.function != loop.function or not loop.span.contains(statement.span):
            continue
        if statement.kind in ("Return", "Raise"):
            return True
        if statement.kind == "Break":
            around = project.ancestry(module, statement)
            if next(s for s in around if s.kind in LOOPS).id == loop.id:
                return True
    return False
