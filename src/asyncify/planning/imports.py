"""Imports that nothing uses any more once the edits are done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asyncify.model.facts import Kind, Module, Place, Role
from asyncify.model.plan import Edit, MakeTwin, RemoveImport, Replace
from asyncify.model.span import Span
from asyncify.planning.project import Project


def unused_imports(
    project: Project, edits: Sequence[tuple[str, Edit]]
) -> Iterable[tuple[str, Edit]]:
    """Removes the imports whose every use is replaced by an edit."""
    replaced: dict[str, list[Replace]] = {}
    kept: dict[str, list[Span]] = {}  # functions that stay as they are, beside their twins
    for path, edit in edits:
        if isinstance(edit, Replace):
            replaced.setdefault(path, []).append(edit)
        elif isinstance(edit, MakeTwin):
            kept.setdefault(path, []).append(edit.span)
    for module in project.graph.modules.values():
        if module.path in replaced:
            for edit in _module(module, replaced[module.path], kept.get(module.path, [])):
                yield module.path, edit


def _module(module: Module, replaced: list[Replace], kept: list[Span]) -> Iterable[Edit]:
    body = f"{module.name}:"
    uses: dict[str, list[Span]] = {}
    for expression in module.expressions:
        if expression.kind is Kind.NAME and expression.role is not Role.TARGET:
            uses.setdefault(expression.text, []).append(expression.span)
    annotations = " ".join(
        e.text
        for e in module.expressions
        if e.kind is Kind.CONSTANT and e.place is Place.ANNOTATION and e.text[:1] in "'\""
    )
    for found in module.imports:
        statement = module.statements[found.statement]
        if found.scope != body or found.name == "*" or statement.parent >= 0:
            continue
        if "." in found.dotted:
            continue  # `import a.b` may be there for its side effect
        spans = uses.get(found.name, [])
        if not spans or not all(_gone(span, replaced) for span in spans):
            continue
        if any(outer.contains(span) for outer in kept for span in spans):
            continue
        exported = module.exports is not None and found.name in module.exports
        if exported or found.name in annotations:
            continue
        yield RemoveImport(statement.span, found.name)


def _gone(span: Span, replaced: list[Replace]) -> bool:
    """Whether an edit replaces a name without keeping it in a hole."""
    inside = [edit for edit in replaced if edit.span.contains(span)]
    return any(not any(hole.contains(span) for hole in edit.holes) for edit in inside)
