"""Functions that only say what others do: overloads, abstract methods, members of protocols."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import TYPE_CHECKING

from asyncify.model.facts import Expression, Function, FunctionId, Kind, Role, Statement
from asyncify.model.graph import Access, Reference, SourceKind
from asyncify.planning.colour import Limit

if TYPE_CHECKING:
    from asyncify.planning.project import Project

_OVERLOAD = frozenset({"typing.overload", "typing_extensions.overload"})
_PLAIN = frozenset({Kind.CONTAINER, Kind.CONSTANT})
_INSIDE = frozenset({Role.ELEMENT, Role.OPERAND, Role.FORMATTED})
_MAKERS = frozenset(f"builtins.{name}" for name in ("iter", "list", "range", "set", "tuple"))


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
            if not is_overload(project, function):
                if len(group) > 1:
                    yield [one.id for one in group]
                group = []


def is_overload(project: Project, function: Function) -> bool:
    """Whether a function only declares one way to call another."""
    return any(name in _OVERLOAD for _, name in project.decorators(function))


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


def gives_plain(project: Project, function: Function) -> bool:
    """Whether all that a function does is to return something that is no generator, as a base may: `return []`."""
    if function.kind != "def" or function.is_generator or function.decorators:
        return False
    body = body_of(project, function)
    for statement, inside in body:
        documented = statement.kind == "Expr" and all(e.kind is Kind.CONSTANT for e in inside)
        own = (e for e in inside if e.role is not Role.ANNOTATION)
        if not documented and statement.kind != "Return":
            return False
        if not documented and not all(_is_plain(project, function.module, e) for e in own):
            return False
    return any(statement.kind == "Return" for statement, _ in body)


def _is_plain(project: Project, module: str, part: Expression) -> bool:
    """Whether a part of what a function returns is a container, is in one, or makes one of such parts."""
    if part.kind is Kind.NAME:
        return part.role is Role.CALLEE or part.role in _INSIDE
    if part.kind is Kind.OTHER:
        return part.role in _INSIDE
    if part.kind is not Kind.CALL:
        return part.kind in _PLAIN
    return not _MAKERS.isdisjoint(project.callee_names(Reference(module, part.id)))


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
    families = project.memory("families with generators", _families_with_generators)
    if project.family(function.id) not in families:
        return False
    return is_declaration(project, function) or gives_plain(project, function)


def beside_generators(project: Project, function: FunctionId) -> bool:
    """Whether one of a family is no generator, takes the place of one, and gives something plain."""
    family = project.family(function)  # it may have thousands of members, and each of them asks
    return project.memory(("plain beside generators", family), partial(_plain_member, family))


def _plain_member(family: frozenset[FunctionId], project: Project) -> bool:
    functions = [project.functions[member] for member in family]
    return any(
        stands_for_generator(project, f) and not is_declaration(project, f) for f in functions
    )


def _families_with_generators(project: Project) -> frozenset[frozenset[FunctionId]]:
    return frozenset(project.family(f.id) for f in project.functions.values() if f.is_generator)


def mixed_limit(project: Project, function: Function) -> Limit | None:
    """The limit of a function that stands for generators as well, and is no declaration."""
    if function.kind != "def" or function.is_generator:
        return None
    if function.id not in project.memory("beside generators", _beside_generators):
        return None
    if is_declaration(project, function) or gives_plain(project, function):
        return None
    return Limit("ASY912", "a generator is called at the same places, and it is none")


def _beside_generators(project: Project) -> frozenset[FunctionId]:
    """The functions of which one, or a generator, may be reached by the same call."""
    groups: list[Collection[FunctionId]] = [*project.graph.families]
    groups.extend(
        tuple(target.function for target in edge.targets if target.function is not None)
        for edge in project.graph.edges
        if edge.access is Access.CALL
        and len(edge.targets) > 1
        and edge.site not in project.wrapper_calls
    )
    mixed = (each for each in groups if any(project.functions[f].is_generator for f in each))
    return frozenset(function for group in mixed for function in group)
