"""Libraries without the wider forms of their objects (`spec.Call.wider`)."""

from __future__ import annotations

from dataclasses import replace

from asyncify.rules.spec import Call, Library


def plain(library: Library) -> Library:
    """A library whose objects have one form: what has no place in it goes on in threads."""
    entries = tuple(
        replace(entry, wider=()) if isinstance(entry, Call) and entry.wider else entry
        for entry in library.entries
    )
    return replace(library, entries=entries)
