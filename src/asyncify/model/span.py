"""Places in a source text, and the one conversion between the ways of counting columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text: lines count from 1, columns are characters from 0, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def contains(self, other: Span) -> bool:
        """Whether `other` lies inside this span (or is equal to it)."""
        return (self.line, self.column) <= (other.line, other.column) and (
            other.end_line,
            other.end_column,
        ) <= (self.end_line, self.end_column)

    def __str__(self) -> str:
        return f"{self.line}:{self.column + 1}"


class Columns:
    """Turns UTF-8 byte columns (`ast` counts from 0, pyrefly from 1) into the characters of `Span`."""

    def __init__(self, source: str) -> None:
        self._lines = _LINE_END.split(source)

    def character(self, line: int, utf8_column: int) -> int:
        """The character column of a UTF-8 byte column (from 0) on a line (from 1)."""
        if line > len(self._lines):
            return utf8_column
        text = self._lines[line - 1]
        if text.isascii():
            return utf8_column
        return len(text.encode()[:utf8_column].decode(errors="replace"))

    def span(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        """A `Span` from UTF-8 byte columns that count from 0."""
        return Span(
            line, self.character(line, column), end_line, self.character(end_line, end_column)
        )
