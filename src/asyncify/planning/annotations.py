"""Annotations of resources follow the objects that they describe."""

from __future__ import annotations

from collections.abc import Iterable

from asyncify.model.facts import Kind, Place, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Edit, Replace
from asyncify.planning.project import Project
from asyncify.planning.seeds import import_text
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Resource


def annotation_edits(
    project: Project, rules: Rules, translated: frozenset[int]
) -> Iterable[tuple[str, str, Edit]]:
    """Renames the types of translated objects in annotations; each edit with its library.

    An annotation is renamed if every object of its type in the project is translated: an annotation
    is read by people and type checkers only, so a rest of doubt leaves it alone.
    """
    kept = _kept_types(project, rules, translated)
    for reference, name in project.graph.names.items():
        expression = project.expression(reference)
        if expression.place is not Place.ANNOTATION or not _whole(project, reference):
            continue
        found = rules.resource(name)
        if found is None or not found[1].annotation or found[1].name in kept:
            continue
        path = project.module(reference).path
        yield found[0].name, path, Replace(expression.span, found[1].annotation)
        if "." in found[1].annotation:
            yield found[0].name, path, AddImport(import_text(found[1].annotation))


def _whole(project: Project, reference: Reference) -> bool:
    """Whether a name is not the receiver of a longer dotted one."""
    expression = project.expression(reference)
    return expression.kind in (Kind.NAME, Kind.ATTRIBUTE) and expression.role is not Role.RECEIVER


def _kept_types(project: Project, rules: Rules, translated: frozenset[int]) -> set[str]:
    """Resource types of which at least one object stays what it was, or none was translated."""
    kept = {
        entry.name
        for library in rules.libraries
        for entry in library.entries
        if isinstance(entry, Resource)
    }
    seen: set[str] = set()
    rest: set[str] = set()
    for value in project.graph.values:
        names = {
            project.graph.types[occurrence]
            for occurrence in value.occurrences
            if occurrence in project.graph.types
        }
        names |= {source.name for source in value.sources}
        for name in names:
            found = rules.resource(name)
            if found is not None:
                (seen if value.id in translated else rest).add(found[1].name)
    return (kept - seen) | rest
