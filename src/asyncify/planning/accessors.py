"""Properties: who sets and deletes them, which stays as it is when reading them becomes async, and who reads them by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from asyncify.model.attributes import DELEGATING
from asyncify.model.composed import Written, written
from asyncify.model.facts import Expression, Function, Kind, Place, Role
from asyncify.model.graph import Reference, SourceKind

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


def overriding_attributes(
    project: Project, function: Function, name: str = ""
) -> Iterator[Reference]:
    """The names in the bodies of classes above and below that stand in the place of a method, or of another name."""
    for place in project.memory("names of class bodies", _bodies).get(name or function.name, ()):
        variable = project.expression(place).variable
        if variable is not None and is_akin(project, variable[:1], function):
            yield place


def is_in_line(project: Project, function: Function, name: str) -> bool:
    """Whether a class above or below that of a method has anything of a name."""
    if any(True for _ in overriding_attributes(project, function, name)):
        return True
    methods = project.memory("owners", _owners).get(name, ())
    return any(is_akin(project, (cls,), function) for cls in methods)


def may_have(project: Project, cls: str, name: str) -> bool:
    """Whether objects of a class may have an attribute: by a method, by what they ask, or by what is put into them."""
    line, owners = (cls, *project.graph.bases.get(cls, ())), project.memory("owners", _owners)
    if not owners.get("__get__", set()).isdisjoint(line):
        return False  # as an attribute it gives another object
    if any(not owners.get(each, set()).isdisjoint(line) for each in (name, *DELEGATING)):
        return True
    put = project.memory("put into objects", _put)
    return any(not put.get(each, set()).isdisjoint(line) for each in (name, ""))


def _put(project: Project) -> dict[str, set[str]]:
    """The classes whose methods assign to an attribute, by its name; "" for any name."""
    found: dict[str, set[str]] = {}
    for module in project.graph.modules.values():
        for item in module.expressions:
            owner = project.functions[item.function].owner
            if owner is None:
                continue
            if item.kind is Kind.ATTRIBUTE and item.role is Role.TARGET:
                found.setdefault(item.text, set()).add(owner)
            elif item.text in ("setattr", "__dict__", "vars"):
                found.setdefault("", set()).add(owner)
    return found


def _owners(project: Project) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for function in project.functions.values():
        if function.owner is not None:
            found.setdefault(function.name, set()).add(function.owner)
    return found


def _bodies(project: Project) -> dict[str, list[Reference]]:
    found: dict[str, list[Reference]] = {}
    for module in project.graph.modules.values():
        for item in module.expressions:
            if item.place is Place.CLASS_BODY and item.role is Role.TARGET and item.variable:
                found.setdefault(item.variable[1], []).append(Reference(module.name, item.id))
    return found


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


def is_akin(project: Project, classes: Iterable[str], function: Function) -> bool:
    """Whether one of these classes derives from that of a method, or the other way round."""
    lines = project.graph.bases
    return any(
        function.owner in (one, *lines.get(one or "", ()))
        or one in lines.get(function.owner or "", ())
        for one in classes
    )
