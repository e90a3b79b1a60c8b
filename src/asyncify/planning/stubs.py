"""The `.pyi` file beside a module: what it declares follows the code."""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Function, FunctionId, Module
from asyncify.model.graph import CallGraph, Reference
from asyncify.model.plan import Edit, MakeAsync, Replace
from asyncify.planning.declarations import stands_for_generator
from asyncify.planning.helpers import renamed
from asyncify.planning.iteration import stays_plain
from asyncify.planning.limits import MANAGER, RENAMED
from asyncify.planning.project import Project
from asyncify.planning.terms import denoted


def alone(stub: Module) -> Project:
    """A stub as a project of its own: nobody calls anything in it."""
    functions = {function.id: function for function in stub.functions}
    classes = {cls.id: cls for cls in stub.classes}
    return Project(CallGraph({stub.name: stub}, functions, classes))


def declaration_edits(
    project: Project, own: Project, stub: Module, coloured: frozenset[FunctionId]
) -> Iterator[tuple[FunctionId, Edit]]:
    """The edits of the declarations of functions that become async, each with its function."""
    declared = {
        identifier.partition("~")[0]: project.functions[identifier]
        for identifier in sorted(coloured)
        if project.functions[identifier].module == stub.name
    }
    for function in stub.functions:
        meant = declared.get(function.id.partition("~")[0])
        if meant is None or function.kind != "def" or function.is_async:
            continue
        for edit in _edits(project, own, function, meant):
            yield meant.id, edit


def _edits(project: Project, own: Project, function: Function, meant: Function) -> Iterator[Edit]:
    generator = meant.is_generator or stands_for_generator(project, meant)
    if not (generator or stays_plain(project, meant) or meant.is_async):
        yield MakeAsync(function.header, "def")
    if meant.owner is not None and meant.name in RENAMED:
        yield Replace(function.name_span, RENAMED[meant.name])
    for number in function.decorators:
        decorator = Reference(function.module, number)
        if denoted(own, decorator)[0] in MANAGER:
            yield from renamed(own, decorator, "asynccontextmanager", "contextlib")
