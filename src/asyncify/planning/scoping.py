"""Names that new text uses, in places where they mean something else."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from asyncify.model.facts import FunctionId
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Define, Edit
from asyncify.planning.project import Project


def misread(
    project: Project,
    edits: Iterable[tuple[str, Edit]],
    sites: Iterable[tuple[Reference, FunctionId]],
) -> tuple[Reference, str] | None:
    """The first place at which a name that the edits bring has another meaning, and why."""
    needed: dict[str, dict[str, AddImport | Define]] = {}
    for path, edit in edits:
        if isinstance(edit, AddImport | Define):
            for name in _names(edit):
                needed.setdefault(path, {})[name] = edit
    for site, function in sites:
        for name, edit in needed.get(project.module(site).path, {}).items():
            if _is_other(project, function, name, edit):
                return site, f"the name {name} means something else there"
    return None


def _names(edit: AddImport | Define) -> Iterator[str]:
    if isinstance(edit, Define):
        yield edit.name
        return
    for statement in ast.parse(edit.text).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                yield alias.asname or alias.name.partition(".")[0]


def _is_other(project: Project, function: FunctionId, name: str, edit: AddImport | Define) -> bool:
    found = project.functions[function]
    module = project.graph.modules[found.module]
    while found.kind != "module":
        if name in found.names and not _imports(project, found.id, name, edit):
            return True
        found = project.functions[found.parent]
    if name not in found.names:
        return False
    if isinstance(edit, AddImport):
        return not _imports(project, found.id, name, edit)
    (helper,) = ast.parse(edit.text).body
    same = project.functions.get(f"{module.name}:{name}")
    if not isinstance(helper, ast.FunctionDef | ast.AsyncFunctionDef):
        return same is not None
    if same is None or same.is_async is not isinstance(helper, ast.AsyncFunctionDef):
        return True
    # a run before this one may have put it there
    arguments = [*helper.args.args, *filter(None, (helper.args.vararg, helper.args.kwarg))]
    return [p.name for p in same.parameters] != [a.arg for a in arguments]


def _imports(project: Project, scope: FunctionId, name: str, edit: AddImport | Define) -> bool:
    """Whether a scope gets a name from the very import that is needed."""
    if isinstance(edit, Define):
        return False
    (statement,) = ast.parse(edit.text).body
    module = project.graph.modules[project.functions[scope].module]
    for each in module.imports:
        if each.scope == scope and each.name == name:
            if isinstance(statement, ast.Import) and each.attribute is None:
                return each.module == name
            if isinstance(statement, ast.ImportFrom):
                return (each.module, each.attribute) == (statement.module, name)
    return False


def is_free(project: Project, site: Reference, module: str) -> bool:
    """Whether the name of a module means that module, or nothing yet, at a place."""
    function = project.expression(site).function
    return not _is_other(project, function, module, AddImport(f"import {module}"))
