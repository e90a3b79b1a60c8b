"""Unified diffs that `git apply` takes: over bytes, lines end at LF only, names are relative and quoted.

`difflib.unified_diff` knows neither files without a final newline nor names with spaces.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Sequence

from asyncify.report.run import Run

_CONTEXT = 3
_ESCAPES = {
    ord("\t"): "\\t",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}
_COLOURS = {
    b"---": b"\x1b[1m",
    b"+++": b"\x1b[1m",
    b"@": b"\x1b[36m",
    b"-": b"\x1b[31m",
    b"+": b"\x1b[32m",
}


def render(run: Run, *, colour: bool = False) -> bytes:
    """The patch of a whole run, files in the order of their names."""
    parts = sorted((run.path(result.path), result) for result in run.changed)
    patch = b"".join(
        unified(name, result.before, result.after, created=result.path in run.created)
        for name, result in parts
    )
    return _coloured(patch) if colour else patch


def unified(path: str, before: bytes, after: bytes, *, created: bool = False) -> bytes:
    """The patch of one file; empty if nothing changes."""
    old, new = _lines(before), _lines(after)
    hunks = [piece for group in _groups(old, new) for piece in _hunk(group, old, new)]
    if not hunks:
        return b""
    source = b"/dev/null" if created else _name(f"a/{path}")
    return b"".join((b"--- ", source, b"\n+++ ", _name(f"b/{path}"), b"\n", *hunks))


_Opcode = tuple[str, int, int, int, int]


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _groups(old: Sequence[bytes], new: Sequence[bytes]) -> Iterable[list[_Opcode]]:
    return difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT)


def _hunk(group: list[_Opcode], old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    (_, old_from, _, new_from, _), (_, _, old_to, _, new_to) = group[0], group[-1]
    yield b"@@ -%s +%s @@\n" % (_range(old_from, old_to), _range(new_from, new_to))
    for tag, start, end, new_start, new_end in group:
        if tag == "equal":
            yield from _marked(b" ", old[start:end])
        else:
            yield from _marked(b"-", old[start:end])
            yield from _marked(b"+", new[new_start:new_end])


def _marked(mark: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line
        if not line.endswith(b"\n"):
            yield b"\n\\ No newline at end of file\n"


def _range(start: int, end: int) -> bytes:
    length = end - start
    first = start + 1 if length else start
    return b"%d" % first if length == 1 else b"%d,%d" % (first, length)


def _name(name: str) -> bytes:
    """A file name as git writes it: quoted if it has unusual characters, a tab after it if it has spaces."""
    data = os.fsencode(name)
    if all(byte >= 0x20 and byte < 0x7F and byte not in b'"\\' for byte in data):
        return data + b"\t" if b" " in data else data
    escaped = (
        _ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}")
        for byte in data
    )
    return b'"%s"' % "".join(escaped).encode()


def _coloured(patch: bytes) -> bytes:
    return b"".join(_coloured_line(line) for line in _lines(patch))


def _coloured_line(line: bytes) -> bytes:
    for start, colour in _COLOURS.items():
        if line.startswith(start):
            text = line.rstrip(b"\r\n")
            return colour + text + b"\x1b[0m" + line[len(text) :]
    return line
