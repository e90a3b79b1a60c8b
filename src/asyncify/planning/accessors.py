"""The functions that set and delete a property: they stay as they are when reading it becomes async."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncify.model.facts import Function, Kind
from asyncify.model.graph import Reference

if TYPE_CHECKING:
    from asyncify.planning.project import Project


def is_accessor(project: Project, function: Function) -> bool:
    """Whether a function is the setter or the deleter of a property: `@name.setter`."""
    if function.owner is None:
        return False
    for number in function.decorators:
        decorator = project.expression(Reference(function.module, number))
        if decorator.kind is Kind.ATTRIBUTE and decorator.text in ("setter", "deleter"):
            return True
    return False


def has_accessor(project: Project, function: Function) -> bool:
    """Whether a property has a setter or a deleter beside it."""
    module = project.graph.modules[function.module]
    return any(
        other.owner == function.owner
        and other.name == function.name
        and is_accessor(project, other)
        for other in module.functions
    )
