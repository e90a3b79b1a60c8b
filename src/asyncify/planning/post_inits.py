"""Dataclasses whose `__post_init__` waits: who makes their objects besides those that call the class."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asyncify.model.facts import Class, ClassId, Place, Role
from asyncify.model.graph import Reference, SourceKind, Target
from asyncify.planning.project import Project

DATACLASS = "dataclasses.dataclass"
_NAME = re.compile(r"[^\W\d]\w*")
_REPLACING = ("dataclasses.replace", "copy.replace")


def is_dataclass(project: Project, cls: Class) -> bool:
    """Whether a class is a dataclass with the constructor that Python makes for it."""
    for number in cls.decorators:
        place = Reference(cls.module, number)
        if project.denoted(place) == DATACLASS:
            return all(expression.detail != "init" for _, expression in project.children(place))
    return False


def is_generated(project: Project, target: Target) -> bool:
    """Whether a call reaches the `__init__` that Python makes for a dataclass."""
    known = (target.receiver or "").replace(":", ".")
    return target.external == known and target.receiver in project.graph.classes


def replaced_objects(project: Project, cls: ClassId) -> Iterator[tuple[str, Reference]]:
    """The places that make a changed copy of what may be an object of a class: that calls the constructor."""
    for call in project.calls_to(*_REPLACING):
        copied = [r for r, e in project.arguments(call) if e.detail in ("0", "obj")]
        if not copied or _may_be(project, copied[0], cls):
            yield "`replace` makes objects of it", call


def _may_be(project: Project, site: Reference, cls: ClassId) -> bool:
    """Whether an expression may be an object of a class, or of one that derives from it."""
    known = {s.name for s in project.sources(site) if s.kind is SourceKind.INSTANCE}
    if not known or len(known) < len(project.sources(site)):
        known = {project.graph.types.get(site, "")}
    bases = project.graph.bases
    related = (cls in (each, *bases.get(each, ())) or each in bases.get(cls, ()) for each in known)
    return not known <= project.graph.classes.keys() or any(related)


def holders(project: Project, cls: ClassId) -> Iterator[ClassId]:
    """The classes that have a class in a field, or have such a one: what fills them may go by their annotations."""
    naming = project.memory("named in fields", _named_in_fields)
    seen, todo = {cls}, [cls]
    while todo:
        for other in naming.get(todo.pop().rpartition(":")[2].rpartition(".")[2], ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
                yield other


def _named_in_fields(project: Project) -> dict[str, dict[ClassId, None]]:
    """By name, the classes that have it in the annotation of a field."""
    found: dict[str, dict[ClassId, None]] = {}
    for module in project.graph.modules.values():
        owners = {
            item.statement: item.variable[0]
            for item in module.expressions
            if item.role is Role.TARGET and item.variable is not None
            if item.variable[0] in project.graph.classes
        }
        for item in module.expressions:
            owner = owners.get(item.statement)
            if owner is None or item.place is not Place.ANNOTATION:
                continue
            for name in _words(item.string or item.text):
                found.setdefault(name, {})[owner] = None
    return found


def _words(text: str) -> list[str]:
    """The names in an annotation, also in one that is a string."""
    return _NAME.findall(text)
