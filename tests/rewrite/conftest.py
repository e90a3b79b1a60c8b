"""Sources with marks: ``«...»`` is a place that an edit may name by its number, in order of opening."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from asyncify.model.plan import Edit
from asyncify.model.span import Span
from asyncify.rewrite import rewrite_module
from asyncify.verify.compiles import check_compiles

Rewrite = Callable[[str, Sequence[Edit]], str]


def unmark(marked: str) -> tuple[str, list[Span]]:
    """The source without its marks, and the marked places."""
    text = ""
    spans: list[Any] = []
    opened: list[int] = []
    for piece in re.split("([«»])", marked):
        if piece == "«":
            opened.append(len(spans))
            spans.append(_place(text))
        elif piece == "»":
            number = opened.pop()
            spans[number] = Span(*spans[number], *_place(text))
        else:
            text += piece
    assert not opened
    return text, spans


def _place(text: str) -> tuple[int, int]:
    lines = re.split(r"\r\n|\r|\n", text)
    return len(lines), len(lines[-1])


def placed(edit: Edit, spans: Sequence[Span]) -> Edit:
    """The edit with places for the numbers of marks."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(edit):
        value = getattr(edit, field.name)
        if field.name in ("span", "first", "last") and isinstance(value, int):
            changes[field.name] = spans[value]
        elif field.name == "holes":
            changes[field.name] = tuple(spans[number] for number in value)
    return dataclasses.replace(edit, **changes)


def rewritten(marked: str, edits: Sequence[Edit], encoding: str = "utf-8") -> str:
    """The new text, which compiles; without edits it stays."""
    text, spans = unmark(marked)
    before = text.encode(encoding)
    after = rewrite_module(before, [placed(edit, spans) for edit in edits], path="pkg/m.py")
    check_compiles("pkg/m.py", b"", after)
    assert rewrite_module(after, [], path="pkg/m.py") is after
    return after.decode(encoding)


@pytest.fixture
def rewrite() -> Rewrite:
    """Carry edits out on a marked source."""
    return rewritten
