"""No edit gets lost: none lies in text that another edit throws away."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import libcst as cst

from asyncify.errors import VerifyError
from asyncify.model.plan import (
    AddImport,
    Arguments,
    Await,
    Define,
    Delete,
    Edit,
    Insert,
    MakeAsync,
    Remark,
    Replace,
    Wrap,
)
from asyncify.model.span import Span
from asyncify.rewrite.index import STATEMENT, Index, describe
from asyncify.rewrite.templates import used_holes

_AROUND = ("item", "clause")  # edits of the syntax around an expression, at its place


class _Placed(NamedTuple):
    span: Span
    number: int
    edit: Edit


def check(index: Index, edits: Sequence[Edit]) -> None:
    """Raise `VerifyError` for an edit in an expression, statement or argument that goes."""
    placed = sorted(_placed(edits), key=lambda one: one[:2])
    kept = [hole for one in placed for hole in _used_holes(one.edit)]
    nodes = {edit: node for node, found in index.edits.items() for edit in found}
    for cause in placed:
        node = nodes[cause.edit]
        for span in _thrown_away(index, node, cause.edit):
            for other in _inside(placed, span):
                if _is_lost(node, cause, other, span) and not any(
                    hole.contains(other.span) for hole in kept
                ):
                    raise VerifyError(
                        index.source.path,
                        f"{describe(other.edit)}: {describe(cause.edit)} throws its place away",
                    )


def _placed(edits: Sequence[Edit]) -> Iterator[_Placed]:
    for number, edit in enumerate(edits):
        if isinstance(edit, Wrap):
            yield _Placed(edit.first, number, edit)
        elif not isinstance(edit, AddImport | Define | Remark):
            yield _Placed(edit.span, number, edit)


def _used_holes(edit: Edit) -> list[Span]:
    if isinstance(edit, Insert):
        return list(edit.holes)
    if not isinstance(edit, Replace):
        return []
    return [edit.holes[number] for number in used_holes(edit.template, len(edit.holes))]


def _thrown_away(index: Index, node: cst.CSTNode, edit: Edit) -> Iterator[Span]:
    match edit:
        case Replace(span=span) | Delete(span=span):
            yield span
        case Arguments(drop=drop) if isinstance(node, cst.Call):
            for number in drop:
                if 0 <= number < len(node.args):
                    place = index.source.positions[node.args[number]]
                    start, end = place.start, place.end
                    yield Span(start.line, start.column, end.line, end.column)


def _inside(placed: Sequence[_Placed], span: Span) -> Iterator[_Placed]:
    first = bisect_left(
        placed, (span.line, span.column), key=lambda p: (p.span.line, p.span.column)
    )
    for other in placed[first:]:
        if (other.span.line, other.span.column) >= (span.end_line, span.end_column):
            break
        if span.contains(other.span):
            yield other


def _is_lost(node: cst.CSTNode, cause: _Placed, other: _Placed, span: Span) -> bool:
    """Whether an edit inside the span does not survive, as far as holes do not save it."""
    if other.edit is cause.edit:
        return False
    if other.span != span or isinstance(cause.edit, Arguments):
        return True
    match other.edit:
        case Insert() | Wrap():
            return False
        case Await() if isinstance(cause.edit, Replace):
            return isinstance(node, STATEMENT)
        case MakeAsync(node=name) if isinstance(cause.edit, Replace):
            return isinstance(node, STATEMENT) or name not in _AROUND
        case Replace() if isinstance(cause.edit, Replace):
            # The later one replaces what the earlier one made.
            return other.number < cause.number
    return True
