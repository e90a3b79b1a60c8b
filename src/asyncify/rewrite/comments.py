"""Comments with a line of their own, which change or go: the one thing that is done without a tree."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asyncify.errors import VerifyError
from asyncify.model.plan import Remark

_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_COMMENT = re.compile(rb"([ \t\f]*)#[ \t]*asyncify:[^\r\n]*")
# stands for a comment that goes until all other edits are done: they count lines
_GONE = b"# asyncify: this line goes"


def changed(source: bytes, remarks: Sequence[Remark], path: str) -> tuple[bytes, bytes]:
    """The text with other comments, on as many lines, and what stands on those that go.

    Raises `VerifyError` where there is no such comment.
    """
    gone = _GONE
    while gone in source:
        gone += b"."
    lines = _LINES.findall(source)
    for remark in remarks:
        line = lines[remark.line - 1] if remark.line <= len(lines) else b""
        found = _COMMENT.match(line)
        if found is None:
            raise VerifyError(path, f"line {remark.line} is no comment of asyncify")
        text = remark.text.encode("ascii", "backslashreplace") or gone
        lines[remark.line - 1] = found[1] + text + line[found.end() :]
    return b"".join(lines), gone


def without_gone(source: bytes, gone: bytes) -> bytes:
    """The text without the lines that go."""
    return b"".join(line for line in _LINES.findall(source) if line.strip() != gone)
