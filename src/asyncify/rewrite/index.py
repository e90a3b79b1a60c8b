"""Finds the node of every edit by its place in the text."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst

from asyncify.errors import VerifyError
from asyncify.model.plan import (
    AddImport,
    AddParameter,
    Arguments,
    Await,
    Decorate,
    Define,
    Delete,
    Edit,
    HandOver,
    Insert,
    MakeAsync,
    MakeList,
    MakeTwin,
    Remark,
    RemoveImport,
    Replace,
    Retext,
    Wrap,
)
from asyncify.model.span import Span
from asyncify.rewrite.positions import Position, Range
from asyncify.rewrite.precedence import own_parens
from asyncify.rewrite.source import Source
from asyncify.rewrite.templates import TemplateError, is_expression

Place = tuple[int, int]
# How a `yield from` statement is spelled out, by the `node` of its edit.
DELEGATIONS = {
    "delegation": "async for",
    "plain delegation": "for",
    "closing delegation": "async for",
}
STATEMENT = (
    cst.BaseSmallStatement,
    cst.BaseCompoundStatement,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
    cst.MatchCase,
)
_ELEMENT = (cst.Arg, cst.ImportAlias)
_KINDS: dict[type[Edit], tuple[type[cst.CSTNode], ...]] = {
    Await: (cst.BaseExpression,),
    Arguments: (cst.Call,),
    HandOver: (cst.Call,),
    MakeList: (cst.GeneratorExp,),
    MakeTwin: (cst.FunctionDef,),
    Decorate: (cst.FunctionDef,),
    AddParameter: (cst.FunctionDef,),
    RemoveImport: (cst.Import, cst.ImportFrom),
    Retext: (cst.SimpleString, cst.ConcatenatedString),
}
_ASYNC: dict[str, type[cst.CSTNode]] = {
    "def": cst.FunctionDef,
    "for": cst.For,
    "closing": cst.For,
    "with": cst.With,
}
# Of the nodes that own an expression, those which edits of that expression are about.
_OWNERS: dict[str, type[cst.CSTNode]] = {
    "item": cst.WithItem,
    "clause": cst.CompFor,
    **dict.fromkeys(DELEGATIONS, cst.Expr),
}


def describe(edit: Edit) -> str:
    """The edit in a message: its name and its place."""
    name = type(edit).__name__
    match edit:
        case AddImport(text=text) | Define(name=text):
            return f"{name}({text!r})"
        case Wrap(first=span):
            return f"{name} at {span}"
        case Remark(line=line):
            return f"{name} at line {line}"
    return f"{name} at {edit.span}"


def delegated(statement: cst.CSTNode) -> cst.BaseExpression:
    """What a `yield from` statement goes over."""
    match statement:
        case cst.Expr(value=cst.Yield(value=cst.From(item=item))):
            return item
    raise TemplateError("it is no `yield from` statement")


@dataclass(slots=True)
class Index:
    """Where the edits apply: by node, and by the block that gets statements first or last."""

    source: Source
    edits: dict[cst.CSTNode, list[Edit]] = field(default_factory=dict)
    holes: dict[Span, cst.CSTNode] = field(default_factory=dict)
    ends: dict[Wrap, cst.CSTNode] = field(default_factory=dict)
    ends_at: dict[cst.CSTNode, list[Wrap]] = field(default_factory=dict)
    delegated: set[cst.CSTNode] = field(default_factory=set)  # what `yield from` goes over
    starts: list[Place] = field(default_factory=list)

    def needed(self, node: cst.CSTNode) -> bool:
        """Whether some edit or hole lies inside this node."""
        positions = self.source.positions
        place = positions.get(node)
        if place is None:
            return True
        start = place.start
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.decorators:
            start = positions[node.decorators[0]].start
        index = bisect_left(self.starts, (start.line, start.column))
        end = (place.end.line, place.end.column)
        return index < len(self.starts) and self.starts[index] < end


def build(source: Source, edits: Sequence[Edit]) -> Index:
    """Locate every edit; `VerifyError` for one that is not found exactly once."""
    return _Builder(source, Index(source)).build(edits)


class _Builder:
    def __init__(self, source: Source, index: Index) -> None:
        self._source, self._index = source, index
        self._at: dict[Span, list[cst.CSTNode]] = {}
        self._owners: dict[cst.CSTNode, cst.CSTNode] | None = None

    def build(self, edits: Sequence[Edit]) -> Index:
        index = self._index
        self._at = self._nodes({span for edit in edits for span in _spans(edit)})
        for edit in edits:
            if not isinstance(edit, AddImport | Define):
                index.edits.setdefault(self._target(edit), []).append(edit)
            if isinstance(edit, Wrap):
                last = self._one(edit, edit.last, STATEMENT)
                index.ends[edit] = last
                index.ends_at.setdefault(last, []).append(edit)
            if isinstance(edit, Replace | Insert):
                for hole in edit.holes:
                    index.holes[hole] = self._hole(edit, hole)
        index.delegated = {
            delegated(node)
            for node, found in index.edits.items()
            if any(isinstance(edit, MakeAsync) and edit.node in DELEGATIONS for edit in found)
        }
        nodes = [*index.edits, *index.ends.values(), *index.holes.values(), *index.delegated]
        starts = {(place.line, place.column) for place in (self._start(node) for node in nodes)}
        index.starts = sorted(starts)
        return index

    def _start(self, node: cst.CSTNode) -> Span:
        start = self._source.positions[node].start
        return Span(start.line, start.column, start.line, start.column)

    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        if self._owners is None:
            self._owners = {}
            for node in self._source.positions:
                match node:
                    case cst.CompFor(iter=child) | cst.WithItem(item=child):
                        self._owners[child] = node
                    case cst.Decorator(decorator=child) | cst.Expr(value=child):
                        self._owners[child] = node
        return self._owners

    def _nodes(self, spans: set[Span]) -> dict[Span, list[cst.CSTNode]]:
        found: defaultdict[Span, list[cst.CSTNode]] = defaultdict(list)
        shifts = {line: len(prefix) for line, prefix in self._source.prefixes.items()}
        wanted = {(span.end_line, span.end_column - shifts.get(span.end_line, 0)) for span in spans}
        for node, place in self._source.positions.items():
            end = place.end
            if (end.line, end.column) in wanted or isinstance(node, cst.Tuple | cst.GeneratorExp):
                for one, seen in self._places(node, place):
                    if (span := _span(seen, shifts)) in spans:
                        found[span].append(one)
        return found

    def _places(self, node: cst.CSTNode, place: Range) -> Iterable[tuple[cst.CSTNode, Range]]:
        """The nodes that end here and their places as `ast` sees them."""
        positions = self._source.positions
        match node:
            case cst.Tuple() | cst.GeneratorExp() if own_parens(node):
                yield node, Range(positions[node.lpar[-1]].start, positions[node.rpar[0]].end)
                return
            case cst.Call(args=[cst.Arg(value=cst.GeneratorExp(lpar=[]) as generator)]):
                # `ast` lends it the parentheses of the call.
                inside = positions[node.whitespace_before_args].start
                opening = Position(inside.line, inside.column - 1)
                yield generator, Range(opening, place.end)
            case cst.FunctionDef(decorators=[first, *_]) | cst.ClassDef(decorators=[first, *_]):
                yield node, Range(positions[first].start, place.end)
        yield node, place

    def _target(self, edit: Edit) -> cst.CSTNode:
        match edit:
            case MakeAsync():
                return self._asynchronous(edit)
            case Replace():
                return self._replaced(edit)
            case Insert(span=span, where="before" | "after") | Wrap(first=span):
                return self._one(edit, span, STATEMENT)
            case Insert(span=span, where="first" | "last"):
                return self._body(edit, span)
            case Delete(span=span):
                return self._deleted(edit, span)
            case AddImport() | Define() | Insert() | Remark():
                raise self._error(edit, "it is not known how to carry it out")
        return self._one(edit, edit.span, _KINDS[type(edit)])

    def _asynchronous(self, edit: MakeAsync) -> cst.CSTNode:
        if edit.node in _ASYNC:
            return self._one(edit, edit.span, (_ASYNC[edit.node],))
        if edit.node not in _OWNERS:
            raise self._error(edit, f"{edit.node!r} cannot become async")
        node = self._one(edit, edit.span, (cst.BaseExpression,))
        return self._parent(edit, node, _OWNERS[edit.node])

    def _one(self, edit: Edit, span: Span, kinds: tuple[type[cst.CSTNode], ...]) -> cst.CSTNode:
        nodes = [node for node in self._at.get(span, ()) if isinstance(node, kinds)]
        if len(nodes) != 1:
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise self._error(edit, f"{len(nodes)} of {wanted} found at {span}, not one")
        return nodes[0]

    def _has(self, span: Span, kinds: tuple[type[cst.CSTNode], ...]) -> bool:
        return any(isinstance(node, kinds) for node in self._at.get(span, ()))

    def _replaced(self, edit: Replace) -> cst.CSTNode:
        span = edit.span
        if self._has(span, STATEMENT) and not (
            is_expression(edit.template, len(edit.holes)) and self._has(span, (cst.BaseExpression,))
        ):
            return self._one(edit, span, STATEMENT)
        if self._has(span, (cst.BaseExpression,)):
            return self._one(edit, span, (cst.BaseExpression,))
        return self._one(edit, span, _ELEMENT)

    def _hole(self, edit: Edit, span: Span) -> cst.CSTNode:
        if self._has(span, (cst.BaseExpression,)):
            return self._one(edit, span, (cst.BaseExpression,))
        return self._one(edit, span, _ELEMENT)

    def _deleted(self, edit: Edit, span: Span) -> cst.CSTNode:
        if self._has(span, STATEMENT):
            return self._one(edit, span, STATEMENT)
        if self._has(span, (cst.Decorator,)):
            return self._one(edit, span, (cst.Decorator,))
        # Its expression: `ast` knows no decorator but this.
        node = self._one(edit, span, (cst.BaseExpression,))
        return self._parent(edit, node, cst.Decorator)

    def _parent(self, edit: Edit, node: cst.CSTNode, kind: type[cst.CSTNode]) -> cst.CSTNode:
        parent = self._parents().get(node)
        if not isinstance(parent, kind):
            raise self._error(edit, f"the expression belongs to no {kind.__name__}")
        return parent

    def _body(self, edit: Edit, span: Span) -> cst.CSTNode:
        node = self._one(edit, span, STATEMENT)
        body = getattr(node, "body", None)
        if not isinstance(body, cst.BaseSuite):
            raise self._error(edit, "the statement has no body")
        return body

    def _error(self, edit: Edit, message: str) -> VerifyError:
        return VerifyError(self._source.path, f"{describe(edit)}: {message}")


def _spans(edit: Edit) -> tuple[Span, ...]:
    match edit:
        case AddImport() | Define() | Remark():
            return ()
        case Wrap(first=first, last=last):
            return (first, last)
        case Replace(span=span, holes=holes) | Insert(span=span, holes=holes):
            return (span, *holes)
    return (edit.span,)


def _span(place: Range, shifts: Mapping[int, int]) -> Span:
    start, end = place.start, place.end
    return Span(
        start.line,
        start.column + shifts.get(start.line, 0),
        end.line,
        end.column + shifts.get(end.line, 0),
    )
