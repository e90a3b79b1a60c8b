"""Docstrings keep telling the truth about results: the types that they name follow the annotations.

Only what stands where a type has to stand is changed, and only in Sphinx fields and in the sections of
Google and NumPy that say what is returned.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from asyncify.model.facts import Function
from asyncify.model.graph import Reference
from asyncify.model.plan import Edit, Retext
from asyncify.planning.declarations import body_of
from asyncify.planning.doctests import is_string
from asyncify.planning.project import Project

_ITERATOR = re.compile(r"((?:~?[\w.]+\.)?)(Iterator|Iterable|Generator)\b(?=$|\[|`|\s*$|\s+of\b)")
_DOTTED = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.\w+)+(?![\w.])")
_FIELD = re.compile(r"(\s*:(?:rtype|return|returns)\s*:\s*)(\S.*)$")
_GOOGLE = re.compile(r"(\s+)([^:`]+?|:\w+:`[^`]+`)(:\s.*|:)$")
_UNDERLINE = re.compile(r"\s*-{3,}\s*$")


@dataclass(frozen=True, slots=True)
class Renamed:
    """How the types of results change: iterators become async, types of a library get another name."""

    iterator: bool
    dotted: Callable[[str], str | None]

    def new(self, written: str) -> str:
        """The new text of a type."""
        if self.iterator:
            written = _ITERATOR.sub(_asynchronous, written, count=1)
        return _DOTTED.sub(lambda match: self.dotted(match[0]) or match[0], written)


def _asynchronous(match: re.Match[str]) -> str:
    return (
        f"{match[1]}Async{match[2]}" if match.start() == 0 or match.string[0] == ":" else match[0]
    )


def docstring_edits(project: Project, function: Function, renamed: Renamed) -> Iterator[Edit]:
    """The edits of the docstring of a function."""
    found = _docstring(project, function)
    if found is None:
        return
    reference, text = found
    span = project.expression(reference).span
    for old, written in _result_types(text.split("\n")):
        new = renamed.new(written)
        if new != written and text.count(old) == 1:
            yield Retext(span, old, old.replace(written, new, 1))


def _docstring(project: Project, function: Function) -> tuple[Reference, str] | None:
    for _, inside in body_of(project, function)[:1]:
        if len(inside) == 1 and is_string(inside[0]):
            text = ast.literal_eval(inside[0].text)
            if isinstance(text, str):
                return Reference(function.module, inside[0].id), text
    return None


def _result_types(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Lines that name the type of a result, each with that type."""
    for number, line in enumerate(lines):
        field = _FIELD.match(line)
        if field is not None:
            yield line.strip(), field[2]
        elif line.strip() in ("Returns:", "Return:"):
            found = _GOOGLE.match(lines[number + 1]) if number + 1 < len(lines) else None
            if found is not None:
                yield lines[number + 1].strip(), found[2]
        elif line.strip() == "Returns" and number + 2 < len(lines):
            if _UNDERLINE.match(lines[number + 1]):
                written = lines[number + 2].strip()
                yield written, written.rpartition(" : ")[2]
