"""One more name in a `from` import that stands there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import libcst as cst

from asyncify.rewrite import templates
from asyncify.rewrite.blocks import Item
from asyncify.rewrite.rows import with_name

_Key = Callable[[str], tuple[object, ...]]


def extend(items: Sequence[Item], new: cst.ImportFrom, width: int) -> bool:
    """Add the name to the import of its module, unless every name has a line of its own here.

    The layout stays; a line that would get longer than `width` gets one name per line.
    """
    if isinstance(new.names, cst.ImportStar) or len(new.names) != 1 or new.names[0].asname:
        return False
    found = [(item, part) for item in items if (part := _alone(item)) is not None]
    modules = Counter(module_name(part) for _, part in found)
    if any(count > 1 for count in modules.values()):
        return False
    for item, part in found:
        if module_name(part) == module_name(new) and _is_plain(part):
            changed = _with(part, new.names[0].with_changes(comma=cst.MaybeSentinel.DEFAULT), width)
            line = item.statement
            assert isinstance(line, cst.SimpleStatementLine)
            item.statement = line.with_changes(
                body=[changed.with_changes(semicolon=line.body[0].semicolon)]
            )
            return True
    return False


def module_name(statement: cst.ImportFrom) -> str:
    """The module, with the dots of a relative import."""
    name = templates.code(statement.module) if statement.module else ""
    return "." * len(statement.relative) + "".join(name.split())


def _alone(item: Item) -> cst.ImportFrom | None:
    """The import on a line that has nothing else."""
    match item.statement:
        case cst.SimpleStatementLine(body=[cst.ImportFrom() as part]) if not item.deleted:
            return part
    return None


def _is_plain(statement: cst.ImportFrom) -> bool:
    """Whether the import has names, and one at least is not renamed: those tend to stand alone."""
    names = statement.names
    return not isinstance(names, cst.ImportStar) and any(not name.asname for name in names)


def _with(statement: cst.ImportFrom, alias: cst.ImportAlias, width: int) -> cst.ImportFrom:
    assert not isinstance(statement.names, cst.ImportStar)
    present = [name.evaluated_name for name in statement.names]
    changed = with_name(statement, alias, _place(present, alias.evaluated_name))
    if changed.lpar is None and len(templates.code(changed)) > width:
        return _on_lines(changed)
    return changed


def _place(present: list[str], name: str) -> int:
    for key in (_by_type, _by_letters, _by_codes):
        keys = [key(one) for one in present]
        if keys == sorted(keys):
            return sum(one < key(name) for one in keys)
    return len(present)


def _by_type(name: str) -> tuple[object, ...]:
    """As isort and ruff sort: constants, classes, the rest."""
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2
    return kind, name.lower(), name


def _by_letters(name: str) -> tuple[object, ...]:
    return name.lower(), name


def _by_codes(name: str) -> tuple[object, ...]:
    return (name,)


def _on_lines(statement: cst.ImportFrom) -> cst.ImportFrom:
    """One name per line, as black writes what does not fit into one."""
    assert not isinstance(statement.names, cst.ImportStar)
    inner = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace("    "))
    last = cst.ParenthesizedWhitespace(indent=True)
    names = [name.with_changes(comma=cst.Comma(whitespace_after=inner)) for name in statement.names]
    names[-1] = names[-1].with_changes(comma=cst.Comma(whitespace_after=last))
    return statement.with_changes(
        names=names, lpar=cst.LeftParen(whitespace_after=inner), rpar=cst.RightParen()
    )
