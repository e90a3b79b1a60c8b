"""Edits of statements: wrap, insert, delete, replace; one block at a time."""

from __future__ import annotations

import re
import textwrap
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from typing import cast

import libcst as cst

from asyncify.model.plan import Delete, Edit, Insert, MakeAsync, MakeTwin, Replace, Wrap
from asyncify.rewrite import templates
from asyncify.rewrite.index import DELEGATIONS, STATEMENT, Index, delegated, describe
from asyncify.rewrite.precedence import parenthesize
from asyncify.rewrite.templates import (
    Line,
    TemplateError,
    comment_behind,
    is_docstring,
    leading_lines,
)
from asyncify.rewrite.twins import twin

Lines = list[cst.EmptyLine]
Block = cst.Module | cst.IndentedBlock | cst.SimpleStatementSuite


@dataclass(slots=True)
class Item:
    """A statement on its way into the new block; without one, a comment."""

    statement: Line | None
    lines: Lines  # blank lines and comments before it
    deleted: bool = False


@dataclass(slots=True)
class _Unit:
    """A statement, or a line of small ones; `originals` are the nodes that edits refer to."""

    originals: Sequence[cst.CSTNode]
    item: Item


@dataclass(slots=True)
class Blocks:
    """What the edits say about statements.

    `removed` are the import statements of which nothing is left, `results` the nodes at holes.
    """

    index: Index
    applied: set[Edit] = field(default_factory=set)
    removed: set[cst.CSTNode] = field(default_factory=set)
    results: dict[cst.CSTNode, cst.CSTNode] = field(default_factory=dict)

    def touches(self, block: Block) -> bool:
        """Whether the block gets other statements."""
        return self._structural(block) or any(
            self._structural(node) for line in _lines(block) for node in _parts(line)
        )

    def items(self, old: Block, new: Block, indent: str | None) -> list[Item]:
        """The new statements of a block; its own statements have their edits already."""
        first = self._inserts(old, "first")
        units: list[_Unit] = []
        for original, statement in zip(_lines(old), _lines(new), strict=True):
            units.extend(self._units(original, statement, split=bool(first and not units)))
        begin = int(bool(first and units) and is_docstring(units[0].item.statement))
        items: list[Item] = []
        ranges: dict[cst.CSTNode, tuple[int, int]] = {}
        for number, unit in enumerate(units):
            if number == begin:
                _put_before(items, first, unit.item)
            start, after = len(items), self._inserts(unit.originals[-1], "after")
            self._add(items, unit, after)
            ranges.update((node, (start, len(items))) for node in unit.originals)
            items.extend(after)
        if begin >= len(units):
            items.extend(first)
        items.extend(self._inserts(old, "last"))
        wraps = deque(self._wraps(ranges))
        return list(self._nested(items, 0, len(items), wraps, indent)) if wraps else items

    def _structural(self, node: cst.CSTNode) -> bool:
        return (
            node in self.removed
            or node in self.index.ends_at
            or any(
                isinstance(edit, Insert | Delete | MakeTwin | Wrap) or _replaces(edit, node)
                for edit in self.index.edits.get(node, ())
            )
        )

    def _units(self, original: Line, statement: Line, *, split: bool) -> Iterator[_Unit]:
        parts = _parts(original)
        lines = leading_lines(statement)
        if not isinstance(statement, cst.SimpleStatementLine) or len(parts) == 1:
            gone = self._goes(parts[0])
            if gone and parts[0] not in self.removed:
                if self._keeps_comments(parts[0]):
                    lines = [*lines, *comment_behind(statement)]
                elif not self._has_inserts(parts[0]):
                    lines = _without_attached(lines)
            yield _Unit(parts, Item(statement, lines, gone))
        elif self._splits(parts) or (split and is_docstring(statement)):
            for number, (node, part) in enumerate(zip(parts, statement.body, strict=True)):
                line = _single(part, statement, last=number == len(parts) - 1)
                yield _Unit([node], Item(line, [] if number else lines, self._goes(node)))
        else:
            kept = [
                part
                for node, part in zip(parts, statement.body, strict=True)
                if not self._goes(node)
            ]
            if kept and len(kept) < len(parts):
                kept[-1] = kept[-1].with_changes(semicolon=statement.body[-1].semicolon)
                statement = statement.with_changes(body=kept)
            yield _Unit(parts, Item(statement, lines, not kept))

    def _splits(self, parts: Sequence[cst.CSTNode]) -> bool:
        """Whether the small statements of one line cannot stay on it."""
        for number, node in enumerate(parts):
            inner, last = number > 0, number == len(parts) - 1
            for edit in self.index.edits.get(node, ()):
                match edit:
                    case Wrap() | Insert(where="before") if inner:
                        return True
                    case Insert(where="after") if not last:
                        return True
                    case _ if _replaces(edit, node):
                        return True
            if node in self.index.ends_at and not last:
                return True
        return False

    def _goes(self, node: cst.CSTNode) -> bool:
        deletes = [e for e in self.index.edits.get(node, ()) if isinstance(e, Delete)]
        self.applied.update(deletes)
        return bool(deletes) or node in self.removed

    def _keeps_comments(self, node: cst.CSTNode) -> bool:
        edits = self.index.edits.get(node, ())
        return any(isinstance(edit, Delete) and edit.comments for edit in edits)

    def _has_inserts(self, node: cst.CSTNode) -> bool:
        return any(isinstance(edit, Insert) for edit in self.index.edits.get(node, ()))

    def _add(self, items: list[Item], unit: _Unit, after: list[Item]) -> None:
        """The unit and what is inserted before it."""
        before = self._inserts(unit.originals[0], "before")
        item = unit.item
        if item.deleted and (new := before or after):
            new[0].lines, item.lines = _joined(item.lines, new[0].lines), []
            items.extend(before)
        else:
            _put_before(items, before, item)
        items.extend(self._twins(unit) or self._replacement(unit) or [item])

    def _twins(self, unit: _Unit) -> list[Item]:
        """A function as it was, and its copy with all edits."""
        original, copy = unit.originals[0], unit.item.statement
        for edit in self.index.edits.get(original, ()):
            if isinstance(edit, MakeTwin):
                assert isinstance(original, cst.FunctionDef)
                assert isinstance(copy, cst.FunctionDef)
                self.applied.add(edit)
                copy = twin(original, copy, edit)
                gap = [cst.EmptyLine(indent=False)] * (1 if self._is_method(original) else 2)
                return [Item(original, unit.item.lines), Item(copy, gap)]
        return []

    def _is_method(self, function: cst.FunctionDef) -> bool:
        return self.index.source.positions[function].start.column > 0

    def _replacement(self, unit: _Unit) -> list[Item]:
        original, item = unit.originals[0], unit.item
        for edit in self.index.edits.get(original, ()):
            if not _replaces(edit, original):
                continue
            with naming(edit):
                new, comments = self._spelled_out(edit, original)
                if comments or not new:
                    raise TemplateError("the template is neither an expression nor statements")
            if isinstance(item.statement, cst.SimpleStatementLine):
                new[-1] = _with_comment_of(item.statement, new[-1])
            self.applied.add(edit)
            items = [Item(statement, leading_lines(statement)) for statement in new]
            items[0].lines[:0] = item.lines
            return items
        return []

    def _spelled_out(self, edit: Edit, original: cst.CSTNode) -> tuple[list[Line], Lines]:
        if isinstance(edit, Replace):
            holes = [self.results[self.index.holes[hole]] for hole in edit.holes]
            return templates.statements(edit.template, holes)
        assert isinstance(edit, MakeAsync)
        item = self.free_name("item")
        loop = f"{DELEGATIONS[edit.node]} {item} in {{0}}:\n    yield {item}\n"
        if edit.node == "closing delegation":
            items = self.free_name("items")
            loop = textwrap.indent(loop.format(items), "    ")
            loop = f"async with aclosing({{0}}) as {items}:\n{loop}"
        return templates.statements(loop, [self.results[delegated(original)]])

    def free_name(self, name: str) -> str:
        """A name that the module does not have."""
        while re.search(rf"\b{name}\b", self.index.source.text):
            name = f"{name}_"
        return name

    def _inserts(self, node: cst.CSTNode, where: str) -> list[Item]:
        items: list[Item] = []
        for edit in self.index.edits.get(node, ()):
            if isinstance(edit, Insert) and edit.where == where:
                self.applied.add(edit)
                with naming(edit):
                    holes = [self.results[self.index.holes[hole]] for hole in edit.holes]
                    new, comments = templates.statements(edit.text, holes or None)
                items.extend(Item(statement, leading_lines(statement)) for statement in new)
                if comments:
                    items.append(Item(None, comments))
        return items

    def _wraps(self, ranges: dict[cst.CSTNode, tuple[int, int]]) -> list[tuple[int, int, Wrap]]:
        """The wraps of a block, outer ones first. Of equal ones that is a function, or the earlier edit."""
        wraps = [
            (start, ranges[self.index.ends[edit]][1], edit)
            for node, (start, _) in ranges.items()
            for edit in self.index.edits.get(node, ())
            if isinstance(edit, Wrap) and self.index.ends[edit] in ranges
        ]
        return sorted(wraps, key=lambda wrap: (wrap[0], -wrap[1], not _is_function(wrap[2].header)))

    def _nested(
        self,
        items: list[Item],
        start: int,
        end: int,
        wraps: deque[tuple[int, int, Wrap]],
        indent: str | None,
    ) -> Iterator[Item]:
        while start < end:
            if not wraps or wraps[0][0] != start:
                yield items[start]
                start += 1
                continue
            _, stop, edit = wraps.popleft()
            with naming(edit):
                if not start < stop <= end:
                    raise TemplateError("it crosses another one, or ends before it starts")
            inner = list(self._nested(items, start, stop, wraps, indent))
            with naming(edit):
                whole = _enclose(inner, edit.header, indent)
            yield whole
            self.applied.add(edit)
            start = stop


@contextmanager
def naming(edit: Edit) -> Iterator[None]:
    """Puts the edit into the message of an error about its text."""
    try:
        yield
    except TemplateError as error:
        raise TemplateError(f"{describe(edit)}: {error}") from error


def _replaces(edit: Edit, node: cst.CSTNode) -> bool:
    """Whether the edit puts other statements in the place of this one."""
    if isinstance(edit, MakeAsync):
        return edit.node in DELEGATIONS
    return isinstance(edit, Replace) and isinstance(node, STATEMENT)


def settle(items: Iterable[Item], *, begins: bool = True) -> tuple[list[Line], Lines]:
    """The statements with the lines before each, and the lines that are left.

    What stands before a deleted statement passes on to the next one, but no blank lines are left
    where the block `begins`.
    """
    statements: list[Line] = []
    pending: Lines = []
    deleted = False
    for item in items:
        pending = _joined(pending, item.lines)
        if item.statement is None or item.deleted:
            deleted = deleted or item.deleted
            continue
        if begins and deleted and not statements:
            pending = pending[len(blanks(pending)) :]
        statements.append(item.statement.with_changes(leading_lines=pending))
        pending = []
    return statements, pending if any(line.comment for line in pending) else []


def rebuilt(block: Block, items: list[Item], indent: str | None) -> Block:
    """The block with these items; `pass` where nothing is left."""
    statements, rest = settle(items)
    if isinstance(block, cst.SimpleStatementSuite):
        if not statements:
            return block.with_changes(body=[cst.Pass()])
        only = statements[0]
        if len(statements) == 1 and not rest and isinstance(only, cst.SimpleStatementLine):
            if not leading_lines(only):
                return block.with_changes(body=only.body)
        newline = cst.TrailingWhitespace(newline=block.trailing_whitespace.newline)
        return cst.IndentedBlock(statements, header=newline, indent=indent, footer=rest)
    return block.with_changes(body=statements or [_pass()], footer=[*rest, *block.footer])


def split_with(statement: cst.With, flags: Sequence[bool], indent: str | None) -> cst.With:
    """Nested statements for a `with` of which only some items become async."""
    groups: list[tuple[bool, list[cst.WithItem]]] = []
    comments: Lines = []
    for item, flag in zip(statement.items, flags, strict=True):
        if isinstance(item.comma, cst.Comma):
            comments.extend(_comments(item.comma.whitespace_after))
        expression = item.item
        if templates.needs_brackets(expression):
            expression = parenthesize(expression)
        item = item.with_changes(item=expression, comma=cst.MaybeSentinel.DEFAULT)
        if groups and groups[-1][0] == flag:
            groups[-1][1].append(item)
        else:
            groups.append((flag, [item]))
    if isinstance(statement.lpar, cst.LeftParen) and isinstance(statement.rpar, cst.RightParen):
        comments[:0] = _comments(statement.lpar.whitespace_after)
        comments.extend(_comments(statement.rpar.whitespace_before))
    body = statement.body
    for flag, items in reversed(groups):
        asynchronous = cst.Asynchronous() if flag else None
        body = cst.IndentedBlock([cst.With(items, body, asynchronous)], indent=indent)
    whole = cast(cst.With, body.body[0])
    return whole.with_changes(leading_lines=[*statement.leading_lines, *comments])


def _comments(space: cst.BaseParenthesizableWhitespace) -> Lines:
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return []
    found = [space.first_line.comment, *(line.comment for line in space.empty_lines)]
    return [cst.EmptyLine(comment=comment) for comment in found if comment]


def with_short_header(module: cst.Module) -> cst.Module:
    """The module with the blank lines and the comment above its first statement moved to that.

    LibCST counts everything at the top as the header; what stays is the license or the like.
    """
    above, attached = split_lines(module.header)
    moved = blanks(reversed(above))
    if not module.body or not moved:
        return module
    first = module.body[0]
    first = first.with_changes(leading_lines=[*moved, *attached, *leading_lines(first)])
    return module.with_changes(
        header=above[: len(above) - len(moved)], body=[first, *module.body[1:]]
    )


def split_lines(lines: Sequence[cst.EmptyLine]) -> tuple[Lines, Lines]:
    """The lines up to the last blank one, and the comment that hangs on the statement."""
    attached = list(takewhile(lambda line: line.comment, reversed(lines)))[::-1]
    return list(lines[: len(lines) - len(attached)]), attached


def blanks(lines: Iterable[cst.EmptyLine]) -> Lines:
    """The blank lines that come first."""
    return list(takewhile(lambda line: not line.comment, lines))


def _joined(first: Lines, second: Lines) -> Lines:
    """Both, without adding up the blank lines between them."""
    ending, opening = blanks(reversed(first)), blanks(second)
    longer = ending if len(ending) > len(opening) else opening
    return [*first[: len(first) - len(ending)], *longer, *second[len(opening) :]]


def _without_attached(lines: Lines) -> Lines:
    return split_lines(lines)[0]


def _put_before(items: list[Item], new: list[Item], item: Item) -> None:
    """Items before another one: between the blank lines above it and the comment that hangs on it."""
    if new:
        above, item.lines = split_lines(item.lines)
        new[0].lines = _joined(above, new[0].lines)
        items.extend(new)


def _enclose(items: list[Item], header: str, indent: str | None) -> Item:
    """One compound statement around the items; what stands before the first stays before the header."""
    compound = templates.header(header)
    wanted = [cst.EmptyLine(indent=False)] * (len(header) - len(header.lstrip("\n")))
    lines, items[0].lines = _joined(wanted, items[0].lines), []
    for item in items:
        item.lines = [templates.without_indent(line) for line in item.lines]
    statements, rest = settle(items)
    body = cast(cst.IndentedBlock, compound.body).with_changes(
        body=statements or [_pass()], indent=indent, footer=rest
    )
    return Item(compound.with_changes(body=body), lines)


def _lines(block: Block) -> Sequence[Line]:
    if isinstance(block, cst.SimpleStatementSuite):
        return [cst.SimpleStatementLine(block.body, trailing_whitespace=block.trailing_whitespace)]
    return cast(Sequence[Line], block.body)


def _parts(line: Line) -> Sequence[cst.CSTNode]:
    return line.body if isinstance(line, cst.SimpleStatementLine) else [line]


def _single(
    part: cst.BaseSmallStatement, line: cst.SimpleStatementLine, *, last: bool
) -> cst.SimpleStatementLine:
    end = line.trailing_whitespace
    if not last:
        end = cst.TrailingWhitespace(newline=end.newline)
        part = part.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
    return cst.SimpleStatementLine([part], trailing_whitespace=end)


def _with_comment_of(old: cst.SimpleStatementLine, new: Line) -> Line:
    """The statement with the comment that stood behind the old one."""
    end = old.trailing_whitespace
    if isinstance(new, cst.SimpleStatementLine):
        return new.with_changes(trailing_whitespace=end)
    if end.comment and isinstance(new.body, cst.IndentedBlock):
        return new.with_changes(body=new.body.with_changes(header=end))
    return new


def _is_function(header: str) -> bool:
    return header.split()[:1] == ["def"] or header.split()[:2] == ["async", "def"]


def _pass() -> cst.SimpleStatementLine:
    return cst.SimpleStatementLine([cst.Pass()])
