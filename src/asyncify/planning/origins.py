"""Where an object may come from: out of a library, or from a stranger."""

from __future__ import annotations

from asyncify.model.graph import Source, SourceKind
from asyncify.rules.registry import Rules

_OBJECTS = (SourceKind.CALL, SourceKind.INSTANCE, SourceKind.EXTERNAL)
_PLAIN = (
    "pathlib.",
    *(f"builtins.{name}" for name in ("str", "bytes", "list", "dict", "tuple", "set")),
)


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
