"""Properties: who sets and deletes them, which stays as it is when reading them becomes async, and who reads them by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asyncify.model.composed import Written, written
from asyncify.model.facts import Expression, Function, Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.planning.class_attributes import is_akin

if TYPE_CHECKING:
    from asyncify.planning.project import Project

PROPERTY = frozenset({"builtins.property", "abc.abstractproperty"})
CACHED_PROPERTY = frozenset({"functools.cached_property"})
# who reads the attribute of its first argument that the second one names, and who reads all that there are
_READERS = ("builtins.getattr", "builtins.hasattr")
_WHOLE = ("inspect.getmembers",)
_INSIDE = frozenset({"func", "__func__", "__get__", "__self__", "__wrapped__"})
_FIELD = re.compile(r"\{\w*((?:\[\w*\])*(?:\.\w+)+)")


def opens(attribute: Expression) -> bool:
    """Whether an attribute has what is inside of a partial, a bound method or a wrapper."""
    return attribute.text in _INSIDE


def is_property(project: Project, function: Function) -> bool:
    """Whether a method is read as an attribute, by `property` or `cached_property`."""
    names = {name for _, name in project.decorators(function)}
    return not names.isdisjoint(PROPERTY | CACHED_PROPERTY)


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


def read_by_name(project: Project, function: Function) -> Iterator[tuple[str, Reference]]:
    """The places that read a property by its name, which nobody awaits: who does, and where."""
    for reader, name, site, place in project.memory("readers by name", _reads):
        if name.may_be(function.name) and _may_have(project, place, function):
            yield reader, site
    for attribute, classes, site in project.memory("class patterns", _patterns):
        if attribute in (function.name, "*") and is_akin(project, classes, function):
            yield "match", site
    if function.name in (fields := project.memory("format fields", _fields)):
        yield "str.format", fields[function.name]


def _patterns(project: Project) -> list[tuple[str, frozenset[str], Reference]]:
    """The attributes that class patterns read, with the classes."""
    found: list[tuple[str, frozenset[str], Reference]] = []
    for module in project.graph.modules.values():
        for expression in module.expressions:
            if expression.role is Role.MATCHED and expression.detail.startswith("."):
                site = Reference(module.name, expression.id)
                classes = frozenset(source.name for source in project.sources(site))
                names = expression.detail[1:].split(".")
                found.extend((name, classes, site) for name in names)
    return found


def _fields(project: Project) -> dict[str, Reference]:
    """The attributes that strings ask for when they are formatted: ``"{page.title}"``."""
    return {
        attribute: Reference(module.name, expression.id)
        for module in project.graph.modules.values()
        for expression in module.expressions
        if "{" in expression.string
        for field in _FIELD.findall(expression.string)
        for attribute in field.split(".")[1:]
    }


def _reads(project: Project) -> list[tuple[str, Written, Reference, Reference]]:
    """The calls that read an attribute by name, what the name may be, and the places of call and object."""
    found = []
    for called in (*_READERS, *_WHOLE):
        for site in project.calls_to(called):
            arguments = [place for place, _ in project.arguments(site)]
            if arguments:
                name = Written()
                if len(arguments) > 1 and called in _READERS:
                    name = written(project.module(site), arguments[1].expression)
                found.append((called.removeprefix("builtins."), name, site, arguments[0]))
    return found


def _may_have(project: Project, place: Reference, function: Function) -> bool:
    """Whether an object may be of the class that defines a method, or of one that derives from it."""
    sources, known = project.sources(place), project.graph.types.get(place)
    value = project.value(place)
    lost = value is not None and value.lost is not None
    if lost or not (sources or known or place in project.graph.names):
        return True  # nobody knows what it is
    found = {known or "", *(each.name for each in sources if each.kind is SourceKind.INSTANCE)}
    return is_akin(project, found, function)
