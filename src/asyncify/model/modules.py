"""Modules that expressions name, and what they have under a name."""

from __future__ import annotations

from collections.abc import Mapping

from asyncify.model.facts import Kind, Module
from asyncify.model.graph import Reference


def named_module(modules: Mapping[str, Module], place: Reference) -> str | None:
    """The module that an expression names: `pkg`, `pkg.core`, or what an import calls so."""
    module = modules[place.module]
    expression = module.expressions[place.expression]
    if expression.kind is Kind.ATTRIBUTE:
        receiver = Reference(place.module, module.children[place.expression][0])
        outer = named_module(modules, receiver)
        path = f"{outer}.{expression.text}" if outer is not None else ""
        return path if path in modules else None
    if expression.kind is not Kind.NAME or expression.variable is None:
        return None
    paths = {
        f"{one.module}.{one.attribute}" if one.attribute else one.module
        for one in module.imports
        if one.name == expression.text and one.scope == expression.variable[0]
    }
    known = paths & modules.keys()
    return known.pop() if len(paths) == len(known) == 1 else None


def is_within(name: str, module: str) -> bool:
    """Whether a dotted name is that of a module, or of something in it."""
    return name == module or name.startswith(f"{module}.")


def imported_names(module: Module) -> set[str]:
    """The dotted names that a module imports, be they modules or what is in them."""
    return {
        dotted
        for each in module.imports
        for dotted in (each.module, each.dotted, f"{each.module}.{each.attribute}")
    }


def reached_from(modules: Mapping[str, Module], module: str, wanted: str) -> str | None:
    """The attributes that lead from one module to another in it: "" from one to itself, None if none do."""
    if module == wanted:
        return ""
    if not wanted.startswith(f"{module}."):
        return None
    rest = wanted.removeprefix(f"{module}.")
    first, known = rest.partition(".")[0], modules[module]
    own = bound_names(known) - {one.name for one in known.imports}
    others = {
        one.name
        for one in known.imports
        if one.attribute is not None and f"{one.module}.{one.attribute}" != f"{module}.{first}"
    }
    return None if first in own | others else rest


def has_name(modules: Mapping[str, Module], module: str, name: str) -> bool:
    """Whether a module has a name by its own text, or as that of a module in it."""
    return name in bound_names(modules[module]) or f"{module}.{name}" in modules


def bound_names(module: Module) -> frozenset[str]:
    """Every name that a module has by its own text."""
    bodies = (function for function in module.functions if function.kind == "module")
    return frozenset(name for body in bodies for name in body.names)
