"""Imports and helpers that a module has to have, each in the place where a person would look for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from asyncify.model.plan import AddImport, Define
from asyncify.rewrite import merging, templates
from asyncify.rewrite.blocks import Item, blanks
from asyncify.rewrite.templates import TemplateError, is_docstring

_Import = cst.Import | cst.ImportFrom
# The sections of a block of imports, in their order.
_STDLIB, _OTHER, _OWN, _RELATIVE = range(4)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What matters of a file beside its statements.

    `header` says that a comment stands at the top, `own` are the packages (and directories) that
    the file lies in, `width` is how long a line may get.
    """

    header: bool = False
    own: frozenset[str] = frozenset()
    width: int = 88


def surroundings(path: str, lines: Sequence[str], *, header: bool) -> Surroundings:
    """Those of a file; its longest line says what the authors find too long, if that is more than usual."""
    own = frozenset(path.removesuffix(".py").replace("\\", "/").split("/"))
    longest = max((len(line.rstrip()) for line in lines), default=0)
    return Surroundings(header, own, min(max(88, longest), 120))


def add(items: list[Item], edit: AddImport | Define, around: Surroundings) -> None:
    """Add an import or a helper to the statements of a module, unless it is there."""
    new, comments = templates.statements(edit.text)
    if comments or len(new) != 1:
        raise TemplateError(f"not one statement: {edit.text}")
    if isinstance(edit, Define):
        if not any(edit.name in _defined(item) for item in items):
            _add_helper(items, new[0])
        return
    (statement,) = _imports(new[0]) or (None,)
    if statement is None:
        raise TemplateError(f"not an import: {edit.text}")
    present = {name for item in items if not item.deleted for name in _names(item.statement)}
    if set(_names(new[0])) <= present:
        return
    known = items[: _after_imports(items)]
    if isinstance(statement, cst.Import) or not merging.extend(known, statement, around.width):
        _add_import(items, new[0], statement, around)


def _imports(line: cst.BaseStatement | None) -> Sequence[_Import] | None:
    """The imports on a line that has nothing else."""
    if isinstance(line, cst.SimpleStatementLine):
        found = [part for part in line.body if isinstance(part, cst.Import | cst.ImportFrom)]
        if len(found) == len(line.body):
            return found
    return None


def _names(line: cst.BaseStatement | None) -> Iterator[tuple[str, str, str]]:
    """What a line imports: module, attribute, alias."""
    if not isinstance(line, cst.SimpleStatementLine):
        return
    for part in line.body:
        if isinstance(part, cst.Import | cst.ImportFrom):
            module = _module(part) if isinstance(part, cst.ImportFrom) else ""
            for alias in () if isinstance(part.names, cst.ImportStar) else part.names:
                yield module, alias.evaluated_name, alias.evaluated_alias or ""


def _module(statement: _Import) -> str:
    """The module of a from-import, or the first one of a plain import; relative ones begin with dots."""
    if isinstance(statement, cst.Import):
        return statement.names[0].evaluated_name
    return merging.module_name(statement)


def _section(statement: _Import, own: frozenset[str]) -> int:
    module = _module(statement)
    if module.startswith("."):
        return _RELATIVE
    package = module.partition(".")[0]
    if package in sys.stdlib_module_names:
        return _STDLIB
    return _OWN if package in own else _OTHER


def _add_import(
    items: list[Item], line: templates.Line, statement: _Import, around: Surroundings
) -> None:
    start, end = _leading_block(items)
    if start == end:
        _add_first_import(items, line, start, header=around.header)
        return
    section = _section(statement, around.own)
    groups = [
        (group, {_section(one, around.own) for one in _of(items, group)})
        for group in _groups(items, start, end)
    ]
    for group, sections in groups:
        if sections == {section}:
            _add_to_group(items, group, line, statement)
            return
    for group, sections in groups:
        if section in sections:
            _add_to_group(items, group, line, statement)
            return
    for group, sections in groups:
        if section < min(sections):
            _add_group_before(items, group.start, line)
            return
    items.insert(end, Item(line, [_blank()]))
    _ensure_blanks(items, end + 1, 1)


def _leading_block(items: Sequence[Item]) -> tuple[int, int]:
    """Where the first block of imports is; where it would be, if there is none."""
    start = _after_future(items)
    first = start
    while first < len(items) and _is_dunder(items[first]):
        first += 1
    end = first
    while end < len(items) and _imports(items[end].statement) is not None:
        end += 1
    return (first, end) if first < end else (start, start)


def _after_future(items: Sequence[Item]) -> int:
    start = 0
    for number, item in enumerate(items):
        found = _imports(item.statement)
        if (number == 0 and is_docstring(item.statement)) or (
            found and any(_module(part) == "__future__" for part in found)
        ):
            start = number + 1
        elif item.statement is not None:
            break
    return start


def _is_dunder(item: Item) -> bool:
    match item.statement:
        case cst.SimpleStatementLine(
            body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))])]
        ):
            return name.startswith("__") and name.endswith("__")
    return False


def _groups(items: Sequence[Item], start: int, end: int) -> Iterator[range]:
    """The groups of a block of imports; blank lines part them."""
    begin = start
    for number in range(start + 1, end):
        if blanks(items[number].lines):
            yield range(begin, number)
            begin = number
    yield range(begin, end)


def _of(items: Sequence[Item], group: range) -> list[_Import]:
    return [part for number in group for part in _imports(items[number].statement) or ()]


def _by_kind(statement: _Import) -> tuple[bool, str, str]:
    """As isort and ruff sort: plain imports first."""
    return isinstance(statement, cst.ImportFrom), *_by_module(statement)


def _by_module(statement: _Import) -> tuple[str, str]:
    names = () if isinstance(statement.names, cst.ImportStar) else statement.names
    first = names[0].evaluated_name if names and isinstance(statement, cst.ImportFrom) else ""
    return _module(statement).lower(), first.lower()


def _add_to_group(
    items: list[Item], group: range, line: templates.Line, statement: _Import
) -> None:
    present = _of(items, group)
    place = group.stop
    orders: tuple[Callable[[_Import], tuple[object, ...]], ...] = (_by_kind, _by_module)
    for order in orders:
        keys = [order(one) for one in present]
        if keys == sorted(keys) and len(keys) == len(group):
            new = order(statement)
            place = group.start + sum(key < new for key in keys)
            break
    lines: list[cst.EmptyLine] = []
    if place == group.start:
        # A comment above the first import is the title of the group.
        lines, items[place].lines = items[place].lines, []
    items.insert(place, Item(line, lines))


def _add_group_before(items: list[Item], place: int, line: templates.Line) -> None:
    above = blanks(items[place].lines)
    items.insert(place, Item(line, above))
    _ensure_blanks(items, place + 1, 1)


def _add_first_import(items: list[Item], line: templates.Line, place: int, *, header: bool) -> None:
    following = items[place].lines if place < len(items) else []
    separate = place > 0 or (header and bool(blanks(following)))
    items.insert(place, Item(line, [_blank()] if separate else []))
    _ensure_blanks(items, place + 1, 1)


def _ensure_blanks(items: Sequence[Item], place: int, least: int) -> None:
    """At least so many blank lines before the item; two before a definition, as black does."""
    if place < len(items):
        item = items[place]
        if isinstance(item.statement, cst.FunctionDef | cst.ClassDef):
            least = 2
        missing = least - len(blanks(item.lines))
        item.lines[:0] = [_blank() for _ in range(missing)]


def _add_helper(items: list[Item], line: templates.Line) -> None:
    place = _after_imports(items)
    definition = isinstance(line, cst.FunctionDef | cst.ClassDef)
    least = 2 if definition else 1
    above = [_blank() for _ in range(least if place else 0)]
    items.insert(place, Item(line, [*above, *templates.leading_lines(line)]))
    _ensure_blanks(items, place + 1, least)


def _after_imports(items: Sequence[Item]) -> int:
    """Behind the last import at the top of the module, guarded ones included, and earlier helpers."""
    place = _after_future(items)
    for number in range(place, len(items)):
        statement = items[number].statement
        if _imports(statement) is not None or _guards_import(statement):
            place = number + 1
        elif statement is not None and not _is_dunder(items[number]):
            break
    return place


def _guards_import(statement: cst.BaseStatement | None) -> bool:
    if not isinstance(statement, cst.If | cst.Try):
        return False
    body = statement.body.body
    return any(_imports(line) for line in body if isinstance(line, cst.BaseStatement))


def _defined(item: Item) -> Iterator[str]:
    if item.deleted:
        return
    match item.statement:
        case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            yield name.value
        case cst.SimpleStatementLine(body=body):
            for part in body:
                yield from _assigned(part)


def _assigned(part: cst.BaseSmallStatement) -> Iterator[str]:
    match part:
        case cst.Assign(targets=targets):
            for target in targets:
                if isinstance(target.target, cst.Name):
                    yield target.target.value
        case cst.AnnAssign(target=cst.Name(value=name)):
            yield name
        case cst.Import(names=names) | cst.ImportFrom(names=names):
            for alias in () if isinstance(names, cst.ImportStar) else names:
                yield alias.evaluated_alias or alias.evaluated_name.partition(".")[0]


def _blank() -> cst.EmptyLine:
    return cst.EmptyLine(indent=False)
