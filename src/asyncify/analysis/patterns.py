"""The ``match`` statement: its subject, its cases and what its patterns compare and capture."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from asyncify.analysis import layout
from asyncify.analysis.walk import Context, Walk
from asyncify.model.facts import FlowKind, Role


def match(walk: Walk, node: ast.Match, number: int, context: Context) -> None:
    """Handle the statement; its cases follow as statements of their own."""
    walk.stack.append((node.subject, -1, Role.MATCHED, "subject", context))
    *_, line, column = layout.position(node.subject)
    for case in node.cases:
        start = walk.layout.search(layout.CASE, line, column)
        *_, line, column = layout.position(case.body[-1])
        walk.cases[case] = (start[0], start[1], line, column, node.subject)
        walk.stack.append((case, number, Role.OTHER, "cases", context))


def _case(walk: Walk, node: ast.match_case, number: int, context: Context) -> None:
    subject = walk.cases[node][-1]
    pending: list[tuple[ast.AST, FlowKind]] = [(node.pattern, FlowKind.VALUE)]
    read: dict[ast.AST, str] = {}
    while pending:
        part, kind = pending.pop()
        if isinstance(part, ast.MatchClass):
            read[part.cls] = _attributes(part)
        if isinstance(part, ast.pattern):
            pending += reversed(_parts(walk, part, kind))
        elif isinstance(part, ast.Name) and type(part.ctx) is ast.Store:
            walk.stack.append((part, -1, Role.TARGET, "", context))
            walk.flow(kind, subject, part)
        else:
            walk.stack.append((part, -1, Role.MATCHED, read.get(part, ""), context))
    if node.guard:
        walk.stack.append((node.guard, -1, Role.TESTED, "", context))
    walk.block(node.body, number, "body", context)


def _attributes(pattern: ast.MatchClass) -> str:
    """The attributes that a class pattern reads: ``.name`` for each, and ``.*`` for those by position."""
    names = [*pattern.kwd_attrs, *(["*"] if pattern.patterns else [])]
    return "".join(f".{name}" for name in names)


def _parts(walk: Walk, pattern: ast.pattern, kind: FlowKind) -> list[tuple[ast.AST, FlowKind]]:
    """What a pattern is made of, in source order, and how the subject gets there.

    A capture inside of a pattern counts as an element of the subject, however deep it is.
    """
    inner: list[ast.AST] = []
    match pattern:
        case ast.MatchAs(pattern=whole, name=str(name)):
            return [*([(whole, kind)] if whole else []), (_last(walk, pattern, name), kind)]
        case ast.MatchStar(name=str(name)):
            return [(_last(walk, pattern, name), kind)]
        case ast.MatchOr(patterns=patterns):
            return [(part, kind) for part in patterns]
        case ast.MatchValue(value=value):
            inner = [value]
        case ast.MatchSequence(patterns=patterns):
            inner = [*patterns]
        case ast.MatchClass(cls=cls, patterns=patterns, kwd_patterns=keywords):
            inner = [cls, *patterns, *keywords]
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
            inner = [part for pair in zip(keys, patterns, strict=True) for part in pair]
            if rest:
                return [*_elements(inner, kind), (_rest(walk, pattern, rest), kind)]
    return _elements(inner, kind)


def _elements(parts: list[ast.AST], kind: FlowKind) -> list[tuple[ast.AST, FlowKind]]:
    """The parts as elements; a ``*rest`` is a list of them, as the subject is."""
    return [(part, kind if isinstance(part, ast.MatchStar) else FlowKind.ELEMENT) for part in parts]


def _last(walk: Walk, pattern: ast.pattern, name: str) -> ast.Name:
    *_, line, column = layout.position(pattern)
    return layout.name_at(name, walk.layout.last_word(line, column))


def _rest(walk: Walk, pattern: ast.MatchMapping, name: str) -> ast.Name:
    line, column, *_ = layout.position(pattern)
    if pattern.patterns:
        *_, line, column = layout.position(pattern.patterns[-1])
    return layout.name_at(name, walk.layout.search(layout.REST, line, column))


PATTERNS: dict[type[ast.AST], Callable[[Walk, Any, int, Context], None]] = {ast.match_case: _case}
