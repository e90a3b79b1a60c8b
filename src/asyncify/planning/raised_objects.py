"""Exceptions of the project: what becomes of the arguments that they are made of."""

from __future__ import annotations

from asyncify.model.facts import FunctionId
from asyncify.model.graph import Access, Reference
from asyncify.planning.project import Project

_NEW, _INIT = "builtins.BaseException", "builtins.BaseException.__init__"


def forgets_arguments(project: Project, call: Reference) -> bool:
    """Whether a call makes an exception that tells its base something else than it gets.

    Python keeps the arguments of every exception in `args` until its base hears of others.
    """
    edge = project.call_edge(call)
    if edge is None or edge.access is not Access.CONSTRUCT or edge.open:
        return False
    made = [target.function for target in edge.targets if target.function is not None]
    others = {target.external for target in edge.targets if target.external is not None}
    return bool(made) and others <= {_NEW} and all(_tells(project, one) for one in made)


def _tells(
    project: Project, initial: FunctionId, seen: frozenset[FunctionId] = frozenset()
) -> bool:
    """Whether a constructor calls that of `BaseException`, whichever way it takes."""
    module = project.graph.modules[project.functions[initial].module]
    inside = [e for e in module.expressions if e.function == initial]
    if any(module.statements[e.statement].kind == "Return" for e in inside):
        return False
    for e in inside:
        edge = project.call_edge(Reference(module.name, e.id))
        above = list(project.ancestry(module, module.statements[e.statement]))[1:2]
        if edge is None or not all(one.kind.endswith("FunctionDef") for one in above):
            continue
        further = [target.function for target in edge.targets if target.function is not None]
        if any(target.external == _INIT for target in edge.targets):
            return True
        seen = seen | {initial}
        named = [f for f in further if project.functions[f].name == "__init__" and f not in seen]
        if named and len(named) == len(edge.targets):
            return all(_tells(project, f, seen) for f in named)
    return False
