"""Whether a value can be something else than what planning turns into its async form.

Analysis reports the origins of a value that matter to it; a list or a tuple is none of those. Whoever
iterates over a generator must not get a list from another caller, so every way into the value counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import FlowKind, Function, FunctionId, Kind, Parameter, Role
from asyncify.model.graph import Access, Edge, Reference, Value
from asyncify.planning.cleanup import GENERATOR_TYPES
from asyncify.planning.project import Project


def other_way_in(project: Project, value: Value) -> Reference | None:
    """An expression that comes into a value from outside of it; None if there is none."""
    inside = set(value.occurrences)
    for occurrence in value.occurrences:
        if _is_of_others(project, occurrence):
            return occurrence
        for origin in _origins(project, occurrence):
            if origin not in inside and project.expression(origin).text != "None":
                return origin
    return None


def other_way_text(project: Project, value: Value) -> str | None:
    """What comes into a value from outside of it, for a message."""
    origin = other_way_in(project, value)
    if origin is None:
        return None
    expression = project.expression(origin)
    where = f"{project.module(origin).path}:{expression.span.line}"
    return f"another value ({where})"


def _is_of_others(project: Project, site: Reference) -> bool:
    """Whether a call of others makes an iterator of which nothing more is known: `reversed([1, 2])`."""
    edge = project.call_edge(site) if project.expression(site).kind is Kind.CALL else None
    if edge is None or any(target.function is not None for target in edge.targets):
        return False
    return all(source.name in GENERATOR_TYPES for source in project.sources(site))


def returned_by(project: Project, function: FunctionId) -> list[Reference]:
    """Every expression that a function returns."""
    return project.memory("returned", _returns).get(function, [])


def _origins(project: Project, site: Reference) -> Iterator[Reference]:
    """What an expression directly gets its value from."""
    yield from (origin for kind, origin in project.origins(site) if kind is FlowKind.VALUE)
    expression = project.expression(site)
    if expression.kind is Kind.CHOICE:
        for inner, child in project.children(site):
            if child.role is Role.BRANCH:
                yield inner
    elif expression.kind is Kind.CALL:
        edge = project.call_edge(site)
        for target in edge.targets if edge is not None else ():
            if target.function is not None:
                yield from _returned(project, project.functions[target.function])
    elif expression.kind is Kind.NAME and expression.variable is not None:
        function = project.functions.get(expression.variable[0])
        for index, parameter in enumerate(function.parameters if function is not None else ()):
            if function is not None and parameter.name == expression.text:
                yield from _passed(project, function, index, parameter)


def _returned(project: Project, function: Function) -> list[Reference]:
    if function.is_generator or function.name in ("__init__", "__new__"):
        return []
    return returned_by(project, function.id)


def _returns(project: Project) -> dict[str, list[Reference]]:
    found: dict[str, list[Reference]] = {}
    for name, module in project.graph.modules.items():
        for expression in module.expressions:
            if expression.role is Role.RETURNED:
                found.setdefault(expression.function, []).append(Reference(name, expression.id))
    return found


def _passed(
    project: Project, function: Function, index: int, parameter: Parameter
) -> Iterator[Reference]:
    """The arguments that callers give for a parameter; the call itself where nobody knows which."""
    static = any(name == "builtins.staticmethod" for _, name in project.decorators(function))
    bound = function.owner is not None and not static
    if bound and index == 0:
        return
    for edge in project.reaching(function.id):
        if edge.access in (Access.CALL, Access.CONSTRUCT):
            yield _argument(project, edge, index - bound, parameter, function.module)


def _argument(
    project: Project, edge: Edge, position: int, parameter: Parameter, module: str
) -> Reference:
    arguments = project.arguments(edge.site)
    for reference, expression in arguments:
        if expression.role is Role.KEYWORD and expression.detail == parameter.name:
            return reference
        if expression.kind is Kind.STARRED or (
            expression.role is Role.KEYWORD and not expression.detail
        ):
            return edge.site
        if expression.role is Role.ARGUMENT and expression.detail == str(position):
            if parameter.kind in ("positional", "positional-only"):
                return reference
    return Reference(module, parameter.default) if parameter.default >= 0 else edge.site
