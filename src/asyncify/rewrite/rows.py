"""Comma-separated items with the layout between them: arguments of a call, names of an import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import libcst as cst

Space = cst.BaseParenthesizableWhitespace
_Item = TypeVar("_Item", cst.Arg, cst.ImportAlias, cst.Param)
_NOTHING = cst.SimpleWhitespace("")


@dataclass(slots=True)
class Row(Generic[_Item]):
    """Items without their commas; `gaps[i]` is what stands before item i, the last gap is what ends the row."""

    items: list[_Item]
    gaps: list[Space]
    commas: list[Space]  # what stands before the comma of item i
    trailing: bool  # whether the last item has a comma

    def drop(self, index: int, *, keep_comment: bool) -> None:
        """Remove an item. A comment behind it on its line goes unless it is to be kept; all others stay."""
        gap = _merge(
            self.gaps[index],
            self.gaps[index + 1],
            first=index == 0,
            last=index == len(self.items) - 1,
            keep_comment=keep_comment,
        )
        self.gaps[index : index + 2] = [gap]
        del self.items[index], self.commas[index]
        self.trailing = self.trailing and bool(self.items)

    def prepend(self, item: _Item) -> None:
        """Put an item before all others, on a line of its own where the others have theirs."""
        before = self.gaps[0]
        if not self.items:
            self.gaps.append(_NOTHING)
        elif isinstance(before, cst.ParenthesizedWhitespace):
            self.gaps.insert(1, _without_comments(before))
        else:
            self.gaps.insert(1, cst.SimpleWhitespace(" "))
        self.items.insert(0, item)
        self.commas.insert(0, _NOTHING)

    def append(self, item: _Item) -> None:
        """Put an item behind all others, on a line of its own where the others have theirs."""
        if not self.items:
            self.prepend(item)
            return
        inner = self.gaps[1:-1] or self.gaps[:1]
        if all(isinstance(gap, cst.ParenthesizedWhitespace) for gap in inner):
            self._append_line(item, inner[-1])
        else:
            self.gaps.insert(-1, cst.SimpleWhitespace(" "))
        self.items.append(item)
        self.commas.append(_NOTHING)

    def insert(self, index: int, item: _Item) -> None:
        """Put an item before the one at `index`; comments stay with the items that they are about."""
        if index == 0:
            self.prepend(item)
        elif index == len(self.items):
            self.append(item)
        else:
            gap = self.gaps[index]
            behind: Space = cst.SimpleWhitespace(" ")
            if isinstance(gap, cst.ParenthesizedWhitespace):
                behind = _without_comments(gap).with_changes(empty_lines=gap.empty_lines)
                gap = gap.with_changes(empty_lines=[])
            self.gaps[index : index + 1] = [gap, behind]
            self.items.insert(index, item)
            self.commas.insert(index, _NOTHING)

    def _append_line(self, item: _Item, model: Space) -> None:
        """A new last line; the comment behind the item that was last stays there."""
        end = self.gaps[-1]
        new = _without_comments(model)
        if isinstance(end, cst.ParenthesizedWhitespace):
            new = new.with_changes(first_line=end.first_line, empty_lines=end.empty_lines)
            end = _without_comments(end)
        self.gaps[-1:] = [new, end]

    def finish(self) -> tuple[Space, list[_Item], Space]:
        """What opens the row, its items with their commas, and what ends it."""
        items = []
        for index, item in enumerate(self.items):
            last = index == len(self.items) - 1
            comma: cst.Comma | cst.MaybeSentinel = cst.MaybeSentinel.DEFAULT
            if not last or self.trailing:
                comma = cst.Comma(self.commas[index], self.gaps[index + 1])
            items.append(item.with_changes(comma=comma))
        return self.gaps[0], items, _NOTHING if self.trailing else self.gaps[-1]


def argument_row(call: cst.Call) -> Row[cst.Arg]:
    """The arguments of a call."""
    gaps: list[Space] = [call.whitespace_before_args]
    commas: list[Space] = []
    for arg in call.args:
        if isinstance(arg.comma, cst.Comma):
            gaps.append(arg.comma.whitespace_after)
            commas.append(arg.comma.whitespace_before)
        else:
            gaps.append(arg.whitespace_after_arg)
            commas.append(_NOTHING)
    items = [arg.with_changes(whitespace_after_arg=_NOTHING) for arg in call.args]
    return Row(items, gaps, commas, bool(items) and isinstance(call.args[-1].comma, cst.Comma))


def with_arguments(call: cst.Call, row: Row[cst.Arg]) -> cst.Call:
    """The call with these arguments."""
    opening, items, end = row.finish()
    if items and not row.trailing:
        items[-1] = items[-1].with_changes(whitespace_after_arg=end)
    return call.with_changes(whitespace_before_args=opening, args=items)


def without_names(statement: cst.ImportFrom, indices: list[int]) -> cst.ImportFrom:
    """The import without the names at these places."""
    row = _from_row(statement)
    for index in sorted(indices, reverse=True):
        row.drop(index, keep_comment=False)
    return _with_row(statement, row)


def with_name(statement: cst.ImportFrom, alias: cst.ImportAlias, index: int) -> cst.ImportFrom:
    """The import with one more name before the one at `index`."""
    row = _from_row(statement)
    row.insert(index, alias)
    return _with_row(statement, row)


def _from_row(statement: cst.ImportFrom) -> Row[cst.ImportAlias]:
    names = statement.names
    if isinstance(names, cst.ImportStar):
        raise TypeError("a star import has no names")
    opening: Space = statement.lpar.whitespace_after if statement.lpar else _NOTHING
    ending: Space = statement.rpar.whitespace_before if statement.rpar else _NOTHING
    return _name_row(list(names), opening, ending)


def _with_row(statement: cst.ImportFrom, row: Row[cst.ImportAlias]) -> cst.ImportFrom:
    opening, items, end = row.finish()
    changed = statement.with_changes(names=items)
    if statement.lpar and statement.rpar:
        changed = changed.with_changes(
            lpar=statement.lpar.with_changes(whitespace_after=opening),
            rpar=statement.rpar.with_changes(whitespace_before=end),
        )
    return changed


def without_modules(statement: cst.Import, indices: list[int]) -> cst.Import:
    """The import without the modules at these places."""
    row = _name_row(list(statement.names), _NOTHING, _NOTHING)
    for index in sorted(indices, reverse=True):
        row.drop(index, keep_comment=False)
    return statement.with_changes(names=row.finish()[1])


def _name_row(names: list[cst.ImportAlias], opening: Space, ending: Space) -> Row[cst.ImportAlias]:
    gaps, commas = [opening], []
    for name in names:
        comma = name.comma if isinstance(name.comma, cst.Comma) else None
        gaps.append(comma.whitespace_after if comma else ending)
        commas.append(comma.whitespace_before if comma else _NOTHING)
    return Row(names, gaps, commas, isinstance(names[-1].comma, cst.Comma))


def _merge(before: Space, after: Space, *, first: bool, last: bool, keep_comment: bool) -> Space:
    """One gap instead of the two around a dropped item."""
    if not isinstance(before, cst.ParenthesizedWhitespace):
        if first and last and not _has_comment(after):
            return _NOTHING
        if isinstance(after, cst.ParenthesizedWhitespace):
            return before if first and not _has_comment(after) else after
        return after if last else before
    if not isinstance(after, cst.ParenthesizedWhitespace):
        return after if last and not _has_comment(before) else before
    if first and last and not (_has_comment(before) or _has_comment(after)):
        return _NOTHING
    lines = list(before.empty_lines)
    if keep_comment and (comment := after.first_line.comment):
        lines.append(
            cst.EmptyLine(before.indent, before.last_line, comment, after.first_line.newline)
        )
    lines.extend(after.empty_lines)
    end = after if last else before
    return before.with_changes(empty_lines=lines, indent=end.indent, last_line=end.last_line)


def _has_comment(space: Space) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace) and (
        space.first_line.comment is not None
        or any(line.comment is not None for line in space.empty_lines)
    )


def _without_comments(space: Space) -> Space:
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space
    return space.with_changes(
        first_line=cst.TrailingWhitespace(newline=space.first_line.newline), empty_lines=[]
    )
