"""What classes have under a name: by their own text, by the classes above and below, by what is put into objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from asyncify.model.attributes import DELEGATING, lacks
from asyncify.model.facts import ClassId, Function, FunctionId, Kind, Place, Role, short
from asyncify.model.graph import Edge, Reference, SourceKind

if TYPE_CHECKING:
    from asyncify.planning.project import Project


def methods_named(project: Project, *names: str) -> list[Function]:
    """The methods of the project of some names."""
    known = project.memory("methods by name", _methods)
    return [one for name in names for one in known.get(name, ())]


def methods_of(project: Project, cls: ClassId) -> Mapping[str, FunctionId]:
    """The methods that objects of a class have, by name: its own, and those of its bases in the project."""
    return project.memory(("methods of", cls), partial(_methods_of, cls))


def _methods_of(cls: ClassId, project: Project) -> Mapping[str, FunctionId]:
    found: dict[str, FunctionId] = {}
    for each in (cls, *project.graph.bases.get(cls, ())):
        known = project.graph.classes.get(each)
        for name, method in known.methods if known is not None else ():
            found.setdefault(name, method)
    return found


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
    owners = (one.owner or "" for one in methods_named(project, name))
    return is_akin(project, owners, function)


def may_give(project: Project, cls: str, name: str) -> bool:
    """Whether objects of a class may have an attribute: by a method, by what they ask, or by what is put into them."""
    line = (cls, *project.graph.bases.get(cls, ()))
    if _has_one_of(project, line, "__get__"):
        return False  # as an attribute it gives another object
    if _has_one_of(project, line, name, *DELEGATING):
        return True
    put = project.memory("put into objects", _put)
    return any(not put.get(each, set()).isdisjoint(line) for each in (name, ""))


def plain_attributes(project: Project, edge: Edge, receiver: Reference, name: str) -> Iterator[str]:
    """What has an attribute where a property is read, and that is none of the properties which are reached."""
    owners = {project.functions[t.function].owner for t in edge.targets if t.function is not None}
    bodies = project.memory("names of class bodies", _bodies).get(name, ())
    in_bodies = {(project.expression(place).variable or ("",))[0] for place in bodies}
    for source in project.sources(receiver):
        line = (source.name, *project.graph.bases.get(source.name, ()))
        if source.kind is not SourceKind.INSTANCE or not owners.isdisjoint(line):
            continue
        ours = source.name in project.graph.classes
        if ours and not may_give(project, source.name, name) and in_bodies.isdisjoint(line):
            continue
        if ours or not lacks(source.name, name):
            yield f"{short(source.name)}.{name}"


def is_akin(project: Project, classes: Iterable[str], function: Function) -> bool:
    """Whether one of these classes derives from that of a method, or the other way round."""
    lines = project.graph.bases
    return any(
        function.owner in (one, *lines.get(one or "", ()))
        or one in lines.get(function.owner or "", ())
        for one in classes
    )


def _has_one_of(project: Project, line: Sequence[str], *names: str) -> bool:
    return any((one.owner or "") in line for one in methods_named(project, *names))


def _methods(project: Project) -> Mapping[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for function in project.functions.values():
        if function.owner is not None:
            found.setdefault(function.name, []).append(function)
    return found


def _put(project: Project) -> Mapping[str, set[str]]:
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


def _bodies(project: Project) -> Mapping[str, list[Reference]]:
    found: dict[str, list[Reference]] = {}
    for module in project.graph.modules.values():
        for item in module.expressions:
            if item.place is Place.CLASS_BODY and item.role is Role.TARGET and item.variable:
                found.setdefault(item.variable[1], []).append(Reference(module.name, item.id))
    return found
