"""What `__iter__` gives that is no generator itself: a generator, or another iterator of the project.

Nobody calls `__iter__` by its name, so what it gives is not followed as a value to who iterates. It changes
colour together with it: `def __aiter__(self): return self.pages()` is as right as the other one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asyncify.model.facts import Expression, Function, FunctionId, Kind, Role
from asyncify.model.graph import Access, Reference, Source, SourceKind
from asyncify.planning.cleanup import GENERATOR_TYPES

if TYPE_CHECKING:
    from asyncify.planning.project import Project

_METHODS = ("__iter__", "__next__")


def is_plain(function: Function) -> bool:
    """Whether a function is an `__iter__` that gives an iterator made elsewhere."""
    own = function.owner is not None and function.name == "__iter__"
    return own and not function.is_generator and not function.is_async


def given(project: Project, function: FunctionId) -> list[FunctionId]:
    """The generators, and the methods of other iterators, that an `__iter__` gives."""
    return project.memory("given by __iter__", _given).get(function, [])


def given_together(project: Project) -> Iterator[list[FunctionId]]:
    """Every `__iter__` with what it gives."""
    found = project.memory("given by __iter__", _given)
    yield from ([function, *methods] for function, methods in found.items())


def gives_ours(project: Project, site: Reference) -> bool:
    """Whether an expression gives an iterator that changes colour with who returns it, and nothing is awaited for it."""
    found = project.sources(_without_iter(project, site))
    sources = [source for source in found if source.name not in GENERATOR_TYPES]
    if not sources or not all(_methods(project, source) for source in sources):
        return False
    return all(not _waits(project, one) for one in (site, *project.inside(site)))


def called_in_place(project: Project, site: Reference) -> bool:
    """Whether a call is part of what is given: a generator function, or `iter` around its generator."""
    edge = project.call_edge(site)
    targets = edge.targets if edge is not None else ()
    if project.callee_names(site) == ("builtins.iter",):
        return _without_iter(project, site) != site and gives_ours(project, site)
    made = all(t.function and project.functions[t.function].is_generator for t in targets)
    return bool(targets) and made and project.expression(site).role is not Role.DISCARDED


def waits_elsewhere(project: Project, site: Reference) -> bool:
    """Whether an expression runs code of the project without calling it by name: a property, an operator."""
    return any(
        edge.access not in (Access.CALL, Access.CONSTRUCT)
        and any(target.function is not None for target in edge.targets)
        for edge in project.edges_at(site)
    )


def _waits(project: Project, site: Reference) -> bool:
    if waits_elsewhere(project, site):
        return True
    if project.expression(site).kind is not Kind.CALL:
        return False
    return project.callee_names(site) != ("builtins.iter",) and not called_in_place(project, site)


def _given(project: Project) -> dict[FunctionId, list[FunctionId]]:
    plain = [f for f in project.functions.values() if is_plain(f)]
    names = {function.id for function in plain}
    found: dict[FunctionId, list[FunctionId]] = {}
    for module in dict.fromkeys(function.module for function in plain):
        for expression in project.graph.modules[module].expressions:
            if expression.role is Role.RETURNED and expression.function in names:
                site = _without_iter(project, Reference(module, expression.id))
                for source in project.sources(site):
                    found.setdefault(expression.function, []).extend(_methods(project, source))
    return found


def _without_iter(project: Project, site: Reference) -> Reference:
    """What an expression gives an iterator of, where it is a call of `iter`."""
    expression: Expression = project.expression(site)
    if expression.kind is Kind.CALL and project.callee_names(site) == ("builtins.iter",):
        arguments = project.arguments(site)
        if len(arguments) == 1:
            return arguments[0][0]
    return site


def _methods(project: Project, source: Source) -> list[FunctionId]:
    """The functions that make an iterator what it is."""
    if source.kind is SourceKind.GENERATOR:
        function = project.functions.get(source.name)
        return [source.name] if function is not None and not function.is_async else []
    if source.kind is not SourceKind.INSTANCE:
        return []
    line = (source.name, *project.graph.bases.get(source.name, ()))
    classes = [project.graph.classes[one] for one in line if one in project.graph.classes]
    found = (dict(cls.methods).get(name) for cls in classes for name in _METHODS)
    return [method for method in found if method is not None]
