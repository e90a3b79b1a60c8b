"""Where an object may come from: out of a library, or from a stranger."""

from __future__ import annotations

from asyncify.model.attributes import is_of_data
from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Source, SourceKind
from asyncify.planning.project import Project
from asyncify.rules.registry import Rules

_OBJECTS = (SourceKind.CALL, SourceKind.INSTANCE, SourceKind.EXTERNAL)
_PLAIN = (
    "pathlib.",
    *(f"builtins.{name}" for name in ("str", "bytes", "list", "dict", "tuple", "set")),
)
_DECODERS = frozenset({"json.load", "json.loads", "tomllib.load", "tomllib.loads"})
_ENVIRONMENT = frozenset({"os.getenv", "os.environ.get"})


def stranger(rules: Rules, source: Source) -> str:
    """Why a source does not give an object of the library; nothing if it may."""
    if source.kind in (SourceKind.PARAMETER, SourceKind.UNKNOWN):
        return ""
    if source.kind is SourceKind.CONSTANT:
        return "" if source.name == "None" else f"it may be {source.name}"
    if source.kind in _OBJECTS:
        if rules.resource(source.name) is not None:
            return ""
        found = rules.blocking(source.name)
        if found is not None and found[1].returns:
            return ""
    return f"it may come from {source.name}"


def is_own(rules: Rules, source: Source) -> bool:
    """Whether a source surely gives an object of a library."""
    return source.kind in _OBJECTS and not stranger(rules, source)


def is_plain(source: Source) -> bool:
    """Whether a source gives a value that nobody mistakes for an object of a library."""
    made = source.kind in (SourceKind.INSTANCE, SourceKind.CALL)
    return made and source.name.startswith(_PLAIN)


def runs_code(source: Source) -> bool:
    """Whether a thread that works on what comes from a source may run code of the project."""
    if source.kind is SourceKind.INSTANCE:
        return ":" in source.name
    return source.kind not in (SourceKind.CALL, SourceKind.EXTERNAL, SourceKind.CONSTANT)


def has_attribute(project: Project, source: Source, name: str) -> bool:
    """Whether what a call of others gives may have an attribute; JSON and the environment give plain values only."""
    if source.site is None or is_of_data(name):
        return True
    given = project.arguments(source.site)
    if source.name in _ENVIRONMENT:
        return any(e.kind is not Kind.CONSTANT for _, e in given[1:])
    decoded = source.name in _DECODERS or source.name in project.data
    hooked = any(e.role is not Role.ARGUMENT for _, e in given)  # hooks may give anything
    return not decoded or hooked
