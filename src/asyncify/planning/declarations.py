"""Functions that only say what others do: overloads, abstract methods, members of protocols."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asyncify.model.facts import Expression, Function, FunctionId, Kind, Role, Statement
from asyncify.model.graph import Access, SourceKind
from asyncify.planning.colour import Limit

if TYPE_CHECKING:
    from asyncify.planning.project import Project

OVERLOAD = frozenset({"typing.overload", "typing_extensions.overload"})


def overloads(project: Project) -> Iterator[list[FunctionId]]:
    """The overloads of a function, and the function."""
    for module in project.graph.modules.values():
        group: list[Function] = []
        for function in module.functions:
            same = group and (group[-1].name, group[-1].owner, group[-1].parent) == (
                function.name,
                function.owner,
                function.parent,
            )
            if not same:
                group = []
            group = [*group, function]
            if not _is_overload(project, function):
                if len(group) > 1:
                    yield [one.id for one in group]
                group = []


def _is_overload(project: Project, function: Function) -> bool:
    return any(name in OVERLOAD for _, name in project.decorators(function))


def callback_protocols(project: Project) -> Iterator[list[FunctionId]]:
    """The `__call__` of a class, and the functions that are called as its instances are."""
    for edge in project.graph.edges:
        if edge.access is not Access.CALL:
            continue
        methods = [
            target.function
            for target in edge.targets
            if target.function is not None and target.function.endswith(".__call__")
        ]
        callee = project.child(edge.site, Role.CALLEE) if methods else None
        value = project.value(callee) if callee is not None else None
        if value is not None:
            functions = [s.name for s in value.sources if s.kind is SourceKind.FUNCTION]
            yield [*methods, *functions]


def is_declaration(project: Project, function: Function) -> bool:
    """Whether a function has no body to speak of."""
    if function.kind != "def" or function.is_generator:
        return False
    for statement, inside in body_of(project, function):
        if statement.kind == "Pass":
            continue
        if statement.kind == "Expr":
            if all(e.kind is Kind.CONSTANT for e in inside):
                continue
        elif statement.kind == "Raise":
            if any(e.text == "NotImplementedError" for e in inside):
                continue
        return False
    return True


def body_of(project: Project, function: Function) -> list[tuple[Statement, list[Expression]]]:
    """The statements of a function, each with the expressions that are its own."""
    statements, expressions = project.memory("bodies", _bodies)
    found = statements.get((function.module, function.statement), [])
    return [(one, expressions.get((function.module, one.id), [])) for one in found]


def _bodies(
    project: Project,
) -> tuple[dict[tuple[str, int], list[Statement]], dict[tuple[str, int], list[Expression]]]:
    statements: dict[tuple[str, int], list[Statement]] = {}
    expressions: dict[tuple[str, int], list[Expression]] = {}
    for name, module in project.graph.modules.items():
        for statement in module.statements:
            if statement.block == "body":
                statements.setdefault((name, statement.parent), []).append(statement)
        for expression in module.expressions:
            expressions.setdefault((name, expression.statement), []).append(expression)
    return statements, expressions


def stands_for_generator(project: Project, function: Function) -> bool:
    """Whether a declaration is one of generators: async generators are declared without `async`."""
    if function.is_generator or function.is_async or function.kind != "def":
        return False
    family = project.family(function.id)
    if not any(project.functions[member].is_generator for member in family):
        return False
    return is_declaration(project, function)


def mixed_limit(project: Project, function: Function) -> Limit | None:
    """The limit of a function that stands for generators as well, and is no declaration."""
    if function.kind != "def" or function.is_generator or is_declaration(project, function):
        return None
    for group in project.memory("alternatives", _alternatives).get(function.id, ()):
        if any(project.functions[member].is_generator for member in group):
            return Limit("ASY912", "a generator is called at the same places, and it is none")
    return None


def _alternatives(project: Project) -> dict[FunctionId, list[tuple[FunctionId, ...]]]:
    """By function, the groups of those that one call may reach."""
    found: dict[FunctionId, list[tuple[FunctionId, ...]]] = {}
    groups = [tuple(sorted(family)) for family in project.graph.families]
    groups.extend(
        tuple(target.function for target in edge.targets if target.function is not None)
        for edge in project.graph.edges
        if edge.access is Access.CALL and len(edge.targets) > 1
    )
    for group in groups:
        for member in group:
            found.setdefault(member, []).append(group)
    return found
