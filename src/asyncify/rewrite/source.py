"""Bytes to a LibCST module and back, without losing what LibCST does not keep."""

from __future__ import annotations

import codecs
import difflib
import io
import re
import tokenize
import warnings
from dataclasses import dataclass

import libcst as cst

from asyncify.errors import ParseError, VerifyError
from asyncify.rewrite.positions import Positions, read_positions

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_TAIL = re.compile(r"(?:\r+|(?<=[\r\n])[ \t\f]+)\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file.

    LibCST loses a form feed (and blanks around it) before a statement, and lone carriage returns
    and blanks at the very end. `prefixes` (by line, from 1) and `tail` hold what it lost.
    """

    path: str
    text: str  # without `tail`
    encoding: str
    bom: bytes
    module: cst.Module
    code: str  # the text of `module`
    positions: Positions
    prefixes: dict[int, str]
    tail: str

    @property
    def lines(self) -> list[str]:
        """The lines of the text as LibCST counts them, without what it lost."""
        lines: list[str] = _LINES.findall(self.code)
        return lines

    def encode(self, module: cst.Module) -> bytes:
        """The new text as bytes; of the same encoding, with everything that LibCST lost put back."""
        code = module.code
        if self.prefixes:
            code = self._restore(code)
        try:
            return self.bom + (code + self.tail).encode(self.encoding)
        except UnicodeEncodeError as error:
            raise VerifyError(
                self.path, f"the new text does not fit the encoding {self.encoding}: {error}"
            ) from error

    def _restore(self, code: str) -> str:
        old, new = self.lines, _LINES.findall(code)
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for _, start, end, new_start, new_end in matcher.get_opcodes():
            free = list(range(new_start, new_end))
            for number in range(start, end):
                place = number - start + new_start
                if end - start != new_end - new_start:
                    place = _likest(old[number], new, free)
                if prefix := self.prefixes.get(number + 1):
                    if place < 0:
                        raise VerifyError(self.path, f"line {number + 1} loses its form feed")
                    new[place] = prefix + new[place]
        return "".join(new)


def _likest(line: str, lines: list[str], free: list[int]) -> int:
    """Which of the free lines the line became, which is free no more; -1 for none."""
    ratios = [(difflib.SequenceMatcher(None, line, lines[n]).ratio(), -n) for n in free]
    ratio, number = max(ratios, default=(0.0, 0))
    if ratio < 0.6:
        return -1
    free.remove(-number)
    return -number


def read(source: bytes, path: str) -> Source:
    """Parse a file; `ParseError` when it is not Python, or not reproducible byte for byte."""
    bom = codecs.BOM_UTF8 if source.startswith(codecs.BOM_UTF8) else b""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        encoding = "utf-8" if bom else encoding
        text = source[len(bom) :].decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise ParseError(path, 0, 0, str(error)) from error
    text, tail = _without_tail(text)
    try:
        module = cst.parse_module(text)
    # LibCST stumbles over `return(lambda: 0)()` with a TypeError
    except (cst.ParserSyntaxError, cst.CSTValidationError, TypeError) as error:
        raise _parse_error(source, path, error) from error
    code, positions = read_positions(module)
    return Source(path, text, encoding, bom, module, code, positions, _lost(text, code, path), tail)


def _without_tail(text: str) -> tuple[str, str]:
    """The text without lone carriage returns, and blanks on a line of their own, at its very end."""
    whole = text
    while found := _TAIL.search(text):
        text = text[: found.start()]
    return text, whole[len(text) :]


def _lost(text: str, code: str, path: str) -> dict[int, str]:
    if text == code:
        return {}
    old, new = _LINES.findall(text), _LINES.findall(code)
    prefixes = {}
    for number, (line, kept) in enumerate(zip(old, new, strict=False), 1):
        if line != kept:
            prefix = line.removesuffix(kept)
            if prefix == line or prefix.strip(" \t\f"):
                raise ParseError(path, number, 1, "the layout of this line cannot be kept")
            prefixes[number] = prefix
    if len(old) != len(new):
        raise ParseError(path, len(new) + 1, 1, "the layout of this line cannot be kept")
    return prefixes


def _parse_error(source: bytes, path: str, error: Exception) -> ParseError:
    """Python's own message where there is one: LibCST's places and words are rough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, path, "exec", dont_inherit=True)
        except SyntaxError as better:
            return ParseError(path, better.lineno or 0, better.offset or 0, better.msg)
        except (ValueError, RecursionError, MemoryError):
            pass
    message = "LibCST does not know this syntax"
    if isinstance(error, cst.ParserSyntaxError):
        return ParseError(path, error.editor_line, error.editor_column, message)
    if isinstance(error, cst.CSTValidationError):
        message = f"{message}: {error}"
    return ParseError(path, 0, 0, message)
