"""Text and syntax tree of one file: parsing, and where things stand that `ast` gives no position for.

`ast` counts UTF-8 bytes and gives no place to the name of a definition, of an ``except ... as`` or
to a `match_case`. Inside f-strings its positions are right, also on 3.11, where they are computed by
another parser than later: the tests compare every span of many modules, and a page of odd f-strings,
with the text that stands there. The one exception is `Layout.without_braces`.
"""

from __future__ import annotations

import ast
import bisect
import re
import warnings
from functools import cached_property
from itertools import accumulate
from typing import cast

from asyncify.errors import ParseError
from asyncify.model.source import Source, read_source
from asyncify.model.span import Span

_LINE_END = re.compile(r"\r\n|\r|\n")
_WORD = rb"[A-Za-z0-9_\x80-\xff]+"
_GAP = rb"(?:[ \t\f\n\\]|#[^\n]*)*"

DEFINITION = re.compile(rb"(?:async" + _GAP + rb")?(?:def|class)" + _GAP + rb"(" + _WORD + rb")")
AS_NAME = re.compile(rb"(?:[ \t\f\n\\)]|#[^\n]*)*as" + _GAP + rb"(" + _WORD + rb")")
REST = re.compile(rb"(?:[^*#]|#[^\n]*)*?\*\*" + _GAP + rb"(" + _WORD + rb")")
EQUALS = re.compile(rb"[ \t\f\n)]*(=)(?!=)")
CASE = re.compile(rb"(?:[ \t\f\n\\);:,]|#[^\n]*)*(case)")
LAST_WORD = re.compile(rb"(" + _WORD + rb")\Z")

# Line and byte column of both ends, as `ast` counts them.
Position = tuple[int, int, int, int]


def decode(data: bytes, path: str) -> Source:
    """Read the bytes of a file.

    Raises:
        ParseError: its encoding is unknown or wrong.
    """
    try:
        return read_source(data)
    except SyntaxError as error:
        raise _parse_error(path, error) from error


def parse(source: str, path: str) -> ast.Module:
    """The syntax tree of a text; never prints a warning.

    Raises:
        ParseError: it is not Python, or it exceeds a limit of Python's own parser.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, path)
    except SyntaxError as error:
        raise _parse_error(path, error) from error
    except ValueError as error:  # null bytes, lone surrogates
        raise ParseError(path, 1, 1, str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise ParseError(path, 1, 1, "nested too deeply for Python's own parser") from error


def _parse_error(path: str, error: SyntaxError) -> ParseError:
    return ParseError(path, max(error.lineno or 1, 1), max(error.offset or 1, 1), error.msg)


class Layout:
    """The lines of a text, and the way from the positions of `ast` to a `Span`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.is_ascii = source.isascii()
        self.lines = _LINE_END.split(source)

    def span(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        """A `Span` from UTF-8 byte columns that count from 0."""
        if not self.is_ascii:
            column = self._character(line, column)
            end_column = self._character(end_line, end_column)
        return Span(line, column, end_line, end_column)

    def _character(self, line: int, column: int) -> int:
        text = self.lines[line - 1]
        if text.isascii():
            return column
        return len(text.encode()[:column].decode(errors="replace"))

    def whole(self) -> Span:
        """The span of the whole text."""
        return Span(1, 0, len(self.lines), len(self.lines[-1]))

    def definition_name(self, node: ast.stmt, name: str) -> Span:
        """Where the name of a ``def`` or ``class`` statement stands."""
        text = self.lines[node.lineno - 1]
        start = node.col_offset + (6 if type(node) is ast.ClassDef else 4)
        end = start + len(name)
        if self.is_ascii and text.startswith(name, start) and text[start - 1] in " \t":
            if not text[end : end + 1].isidentifier() and text[node.col_offset] in "dc":
                return Span(node.lineno, start, node.lineno, end)
        position = self.search(DEFINITION, node.lineno, node.col_offset)
        return self.span(*position)

    def decorated(self, header: Span, first: Span) -> Span:
        """The span of a definition, from the ``@`` of its first decorator on."""
        line = first.line
        while line > 1 and not self.lines[line - 1].lstrip(" \t\f").startswith("@"):
            line -= 1
        column = self.lines[line - 1].find("@")
        return Span(line, column, header.end_line, header.end_column)

    def search(self, pattern: re.Pattern[bytes], line: int, column: int) -> Position:
        """Where group 1 of a pattern stands that matches at a place; the place itself if it does not."""
        found = pattern.match(self._data, self._starts[line - 1] + column)
        if not found:
            return line, column, line, column
        return *self._place(found.start(1)), *self._place(found.end(1))

    def last_word(self, line: int, column: int) -> Position:
        """Where the word stands that ends at a place."""
        start = self._starts[line - 1]
        found = LAST_WORD.search(self._data, start, start + column)
        return line, found.start(1) - start if found else column, line, column

    def is_shown(self, node: ast.expr) -> bool:
        """Whether an expression of an f-string is followed by ``=``, which prints its own text."""
        *_, line, column = position(node)
        return self.search(EQUALS, line, column)[2:] > (line, column)

    def without_braces(self, node: ast.expr) -> None:
        """Correct an expression of an f-string that stands there without parentheses, on 3.11.

        ``f"{1, 2}"`` is parsed as ``(1, 2)`` there, and so its position includes the braces.
        """
        line, column, end_line, end_column = position(node)
        start = self._starts[line - 1] + column
        end = self._starts[end_line - 1] + end_column
        if self._data[start : start + 1] == b"{":
            inside = self._data[start + 1 : end - 1]
            start += len(inside) - len(inside.lstrip()) + 1
            end -= len(inside) - len(inside.rstrip()) + 1
            node.lineno, node.col_offset = self._place(start)
            node.end_lineno, node.end_col_offset = self._place(end)

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]

    @cached_property
    def _data(self) -> bytes:
        return "\n".join(self.lines).encode(errors="replace")

    @cached_property
    def _starts(self) -> list[int]:
        sizes = (len(line.encode(errors="replace")) + 1 for line in self.lines)
        return list(accumulate(sizes, initial=0))


def name_at(name: str, position: Position) -> ast.Name:
    """A name that the syntax tree keeps as a bare string, as a node that stores it."""
    line, column, end_line, end_column = position
    return ast.Name(
        id=name,
        ctx=ast.Store(),
        lineno=line,
        col_offset=column,
        end_lineno=end_line,
        end_col_offset=end_column,
    )


def position(node: ast.AST) -> Position:
    """The four numbers of a node that has them."""
    placed = cast(ast.expr, node)
    end_line, end_column = cast(int, placed.end_lineno), cast(int, placed.end_col_offset)
    return placed.lineno, placed.col_offset, end_line, end_column
