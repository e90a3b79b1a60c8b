"""Imports that nothing uses any more once the edits are done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from asyncify.model.facts import Import, Kind, Module, Place, Role, Statement
from asyncify.model.plan import Delete, Edit, MakeTwin, RemoveImport, Replace, Retext
from asyncify.model.span import Span
from asyncify.planning.project import Project


def unused_imports(
    project: Project, edits: Sequence[tuple[str, Edit]]
) -> Iterable[tuple[str, Edit]]:
    """Removes the imports whose every use is replaced by an edit."""
    replaced: dict[str, list[Replace]] = {}
    kept: dict[str, list[Span]] = {}  # functions that stay as they are, beside their twins
    texts: dict[str, dict[Span, str]] = {}  # strings with another text
    for path, edit in edits:
        if isinstance(edit, Replace):
            replaced.setdefault(path, []).append(edit)
        elif isinstance(edit, Retext):
            texts.setdefault(path, {})[edit.span] = edit.new
        elif isinstance(edit, MakeTwin):
            kept.setdefault(path, []).append(edit.span)
    for module in project.graph.modules.values():
        path = module.path
        if path in replaced or path in texts:
            twins = [each.span for each in module.functions if each.header in kept.get(path, ())]
            changed = replaced.get(path, []), twins, texts.get(path, {})
            for edit in _module(module, *changed):
                yield path, edit


def _module(
    module: Module, replaced: list[Replace], kept: list[Span], texts: Mapping[Span, str]
) -> Iterable[Edit]:
    uses: dict[str, list[Span]] = {}
    for expression in module.expressions:
        if expression.kind is Kind.NAME and expression.role is not Role.TARGET:
            uses.setdefault(expression.text, []).append(expression.span)
    before, after = _quoted(module, texts)
    gone: list[Import] = []
    for found in module.imports:
        spans = uses.get(found.name, [])
        if not _is_removable(module, found) or found.name in after:
            continue
        if not (spans or found.name in before):
            continue
        if not all(_gone(span, replaced) for span in spans):
            continue
        if any(outer.contains(span) for outer in kept for span in spans):
            continue
        gone.append(found)
    yield from _removals(module, gone, uses)


def _is_removable(module: Module, found: Import) -> bool:
    statement = module.statements[found.statement]
    if found.scope != f"{module.name}:" or found.name == "*":
        return False
    if statement.parent >= 0 and not found.type_checking:
        return False
    if module.exports is not None and found.name in module.exports:
        return False
    return "." not in found.dotted  # `import a.b` may be there for its side effect


def _quoted(module: Module, texts: Mapping[Span, str]) -> tuple[set[str], set[str]]:
    """The words in strings that may be annotations, before and after the edits."""
    before: set[str] = set()
    after: set[str] = set()
    for e in module.expressions:
        if e.kind is Kind.CONSTANT and e.text[:1] in "'\"":
            if e.place is Place.ANNOTATION or (e.role is Role.ARGUMENT and e.detail == "0"):
                before.update(_words(e.text))
                after.update(_words(texts.get(e.span, e.text)))
    return before, after


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text) if len(text) < 1000 else []


def _removals(module: Module, gone: list[Import], uses: Mapping[str, list[Span]]) -> Iterable[Edit]:
    """Removes imports; a block for the type checker goes with its last one."""
    blocks: dict[int, list[Import]] = {}
    for found in gone:
        blocks.setdefault(module.statements[found.statement].parent, []).append(found)
    for parent, names in blocks.items():
        if parent >= 0 and _is_all(module, module.statements[parent], names):
            yield Delete(module.statements[parent].span)
            if len(uses.get("TYPE_CHECKING", ())) == 1:
                for found in module.imports:
                    if found.name == "TYPE_CHECKING" and found.scope == f"{module.name}:":
                        yield RemoveImport(module.statements[found.statement].span, found.name)
            continue
        for found in names:
            yield RemoveImport(module.statements[found.statement].span, found.name)


def _is_all(module: Module, block: Statement, names: Sequence[Import]) -> bool:
    """Whether nothing but these names is in a block."""
    inside = {s.id for s in module.statements if s.parent == block.id}
    if inside != {found.statement for found in names}:
        return False
    return sum(found.statement in inside for found in module.imports) == len(names)


def _gone(span: Span, replaced: list[Replace]) -> bool:
    """Whether an edit replaces a name without keeping it in a hole."""
    inside = [edit for edit in replaced if edit.span.contains(span)]
    return any(not any(hole.contains(span) for hole in edit.holes) for edit in inside)
