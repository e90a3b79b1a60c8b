"""What else than an iterator that becomes async may be in its place: somebody iterates over either of them."""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Expression, FunctionId, Kind, Role
from asyncify.model.graph import Reference, Source, SourceKind, Value
from asyncify.planning.cleanup import GENERATOR_TYPES
from asyncify.planning.project import Project
from asyncify.planning.purity import other_way_text


def mixed_source(
    project: Project, value: Value, used: FunctionId, itself: Source | None = None
) -> str | None:
    """What else than iterators that become async together with a function, or `itself`, a value may be."""
    for source in value.sources:
        if source.kind is SourceKind.GENERATOR and source.name in project.family(used):
            continue
        if itself is not None and source.name in _classes(project, itself):
            continue  # what the type checker calls `map(...)`
        if source != itself and not _is_harmless(project, value, source, used):
            kept = source.kind is SourceKind.EXPRESSION
            return "another generator expression" if kept else source.name or str(source.kind)
    return other_way_text(project, value)


def _classes(project: Project, made: Source) -> tuple[str, ...]:
    """The classes of an iterator that a call makes, of itself or by a method of the class."""
    names = project.callee_names(made.site) if made.site is not None else ()
    return (*names, *(name.rpartition(".")[0] for name in names))


def _is_harmless(project: Project, value: Value, source: Source, used: FunctionId) -> bool:
    if source.kind is SourceKind.EXPRESSION:
        assert source.site is not None
        return _follows(project, value, source.site, used)
    if source.kind is SourceKind.CONSTANT:
        return source.name == "None"
    return source.kind is not SourceKind.GENERATOR and source.name in GENERATOR_TYPES


def _follows(project: Project, value: Value, generator: Reference, used: FunctionId) -> bool:
    """Whether a generator expression, or `map(...)`, becomes async as soon as a function does."""
    family = project.family(used)
    if project.expression(generator).kind is Kind.CALL:
        return any(
            source.name in family and source.kind in (SourceKind.GENERATOR, SourceKind.FUNCTION)
            for argument, _ in project.arguments(generator)
            for source in project.sources(argument)
        )
    for place, expression in evaluated(project, generator):
        if expression.role is Role.ITERATED:
            made = (s.name for s in project.sources(place) if s.kind is SourceKind.GENERATOR)
            if project.value(place) is value or not family.isdisjoint(made):
                return True
        edge = project.call_edge(place) if expression.kind is Kind.CALL else None
        for target in edge.targets if edge is not None and not edge.open else ():
            if target.function in family and not project.functions[target.function].is_generator:
                return True
    return False


def evaluated(project: Project, site: Reference) -> Iterator[tuple[Reference, Expression]]:
    """The expressions that a generator expression evaluates itself, with what its first clause iterates over."""
    for inner, expression in project.children(site):
        yield inner, expression
        eager = expression.role is Role.ITERATED and expression.detail.endswith("0")
        if not eager and expression.kind not in (Kind.GENERATOR, Kind.LAMBDA):
            yield from evaluated(project, inner)
