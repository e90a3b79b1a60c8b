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
    pending: list[tuple[ast.pattern, FlowKind]] = [(node.pattern, FlowKind.VALUE)]
    while pending:
        pattern, kind = pending.pop()
        for part in _parts(walk, pattern):
            if isinstance(part, ast.pattern):
                whole = isinstance(pattern, ast.MatchAs | ast.MatchOr)
                pending.append((part, kind if whole else FlowKind.ELEMENT))
            elif isinstance(part, ast.Name) and type(part.ctx) is ast.Store:
                walk.stack.append((part, -1, Role.TARGET, "", context))
                walk.flow(kind, subject, part)
            else:
                walk.stack.append((part, -1, Role.MATCHED, "", context))
    if node.guard:
        walk.stack.append((node.guard, -1, Role.TESTED, "", context))
    walk.block(node.body, number, "body", context)


def _parts(walk: Walk, pattern: ast.pattern) -> list[ast.AST]:
    """Names that a pattern binds and expressions that it compares with; inner patterns last, reversed."""
    parts: list[ast.AST] = []
    match pattern:
        case ast.MatchValue(value=value):
            parts = [value]
        case ast.MatchSequence(patterns=patterns) | ast.MatchOr(patterns=patterns):
            parts = [*reversed(patterns)]
        case ast.MatchClass(cls=cls, patterns=patterns, kwd_patterns=keywords):
            parts = [cls, *reversed(keywords), *reversed(patterns)]
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
            parts = [*keys]
            if rest:
                parts.append(_rest(walk, pattern, rest))
            parts += reversed(patterns)
        case ast.MatchAs(pattern=inner, name=str(name)):
            parts = [_last(walk, pattern, name), *([inner] if inner else [])]
        case ast.MatchStar(name=str(name)):
            parts = [_last(walk, pattern, name)]
    return parts


def _last(walk: Walk, pattern: ast.pattern, name: str) -> ast.Name:
    *_, line, column = layout.position(pattern)
    return layout.name_at(name, walk.layout.last_word(line, column))


def _rest(walk: Walk, pattern: ast.MatchMapping, name: str) -> ast.Name:
    line, column, *_ = layout.position(pattern)
    if pattern.patterns:
        *_, line, column = layout.position(pattern.patterns[-1])
    return layout.name_at(name, walk.layout.search(layout.REST, line, column))


PATTERNS: dict[type[ast.AST], Callable[[Walk, Any, int, Context], None]] = {ast.match_case: _case}
