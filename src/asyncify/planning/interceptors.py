"""Tests that replace a library from outside: what they replace must still be there after the conversion."""

from __future__ import annotations

import re
from collections.abc import Iterable

from asyncify.model.facts import Expression, Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.project import Project
from asyncify.rules.spec import Library

_PATCHERS = frozenset({"patch", "object", "dict", "multiple", "setattr", "delattr", "setitem", "spy"})


def interceptor(project: Project, library: Library) -> str | None:
    """Where and with what the project replaces a library; None if nobody does."""
    for module in project.graph.modules.values():
        for one in module.imports:
            top = one.module.partition(".")[0]
            if top in library.interceptors:
                return f"{module.path}:{one.span.line} intercepts it with {top}"
    for reference, expression in patched(project):
        if _names(project, reference, expression, library.name):
            return f"{project.module(reference).path}:{expression.span.line} patches it"
    return None


def patched(project: Project) -> Iterable[tuple[Reference, Expression]]:
    """The first arguments of calls that put something else in place of an object."""
    for name, module in project.graph.modules.items():
        for expression in module.expressions:
            if expression.role is not Role.ARGUMENT or expression.detail != "0":
                continue
            callee = module.expressions[module.children[expression.parent][0]]
            if callee.role is Role.CALLEE and callee.text in _PATCHERS:
                yield Reference(name, expression.id), expression


def _names(project: Project, reference: Reference, expression: Expression, library: str) -> bool:
    if expression.kind is Kind.CONSTANT:
        return re.search(rf"(^|\W){re.escape(library)}(\W|$)", expression.text) is not None
    denoted = project.graph.names.get(reference, "")
    return denoted == library or denoted.startswith(f"{library}.")
