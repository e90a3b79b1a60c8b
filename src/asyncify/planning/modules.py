"""Modules of the project that expressions name."""

from __future__ import annotations

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.project import Project


def named_module(project: Project, place: Reference) -> str | None:
    """The module of the project that an expression names: `pkg`, `pkg.core`, or what an import calls so."""
    expression = project.expression(place)
    receiver = project.child(place, Role.RECEIVER)
    if receiver is not None:
        outer = named_module(project, receiver)
        path = f"{outer}.{expression.text}" if outer is not None else ""
        return path if path in project.graph.modules else None
    if expression.kind is not Kind.NAME or expression.variable is None:
        return None
    paths = {
        f"{one.module}.{one.attribute}" if one.attribute else one.module
        for one in project.module(place).imports
        if one.name == expression.text and one.scope == expression.variable[0]
    }
    known = paths & project.graph.modules.keys()
    return known.pop() if len(paths) == len(known) == 1 else None


def reached_from(project: Project, module: str, wanted: str) -> str | None:
    """The attributes that lead from one module to another in it: "" from one to itself, None if none do."""
    if module == wanted:
        return ""
    if not wanted.startswith(f"{module}."):
        return None
    rest = wanted.removeprefix(f"{module}.")
    first, known = rest.partition(".")[0], project.graph.modules[module]
    names = {name for each in known.functions if each.kind == "module" for name in each.names}
    own = names - {one.name for one in known.imports}
    others = {
        one.name
        for one in known.imports
        if one.attribute is not None and f"{one.module}.{one.attribute}" != f"{module}.{first}"
    }
    return None if first in own | others else rest
