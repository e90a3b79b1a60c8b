"""Edits of the parameters of a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import libcst as cst

from asyncify.rewrite.rows import Row, Space
from asyncify.rewrite.templates import TemplateError

_NOTHING = cst.SimpleWhitespace("")


def with_parameter(node: cst.FunctionDef, text: str) -> cst.FunctionDef:
    """The definition with one more parameter that only a keyword can name, behind all others."""
    parameters, (new,) = node.params, _parsed(text).kwonly_params
    if parameters.star_kwarg is not None:
        raise TemplateError(f"a parameter cannot stand behind **{parameters.star_kwarg.name.value}")
    row = _row(node)
    if not isinstance(parameters.star_arg, cst.Param | cst.ParamStar):
        row.append(cast(cst.Param, cst.ParamStar()))
    row.append(new)
    opening, items, end = row.finish()
    if not row.trailing:
        items[-1] = items[-1].with_changes(whitespace_after_param=end)
    return node.with_changes(params=_dealt(parameters, items), whitespace_before_params=opening)


def _parsed(text: str) -> cst.Parameters:
    try:
        statement = cst.parse_statement(f"def f(*, {text}): pass")
    except cst.ParserSyntaxError as error:
        raise TemplateError(f"not a parameter: {text}") from error
    return cst.ensure_type(statement, cst.FunctionDef).params


def _row(node: cst.FunctionDef) -> Row[cst.Param]:
    """Everything between the parentheses of a definition, `/` and `*` included."""
    given = node.params
    found: list[cst.Param | cst.ParamSlash | cst.ParamStar] = [*given.posonly_params]
    found += [given.posonly_ind] if isinstance(given.posonly_ind, cst.ParamSlash) else []
    found += given.params
    if isinstance(given.star_arg, cst.Param | cst.ParamStar):
        found.append(given.star_arg)
    found += given.kwonly_params
    gaps: list[Space] = [node.whitespace_before_params]
    commas: list[Space] = []
    items = []
    for item in found:
        comma = item.comma if isinstance(item.comma, cst.Comma) else None
        behind: Space = _NOTHING
        if isinstance(item, cst.Param):
            behind, item = item.whitespace_after_param, _bare(item)
        items.append(cast(cst.Param, item))
        gaps.append(comma.whitespace_after if comma else behind)
        commas.append(comma.whitespace_before if comma else _NOTHING)
    return Row(items, gaps, commas, bool(items) and isinstance(items[-1].comma, cst.Comma))


def _bare(parameter: cst.Param) -> cst.Param:
    return parameter.with_changes(whitespace_after_param=_NOTHING)


def _dealt(old: cst.Parameters, items: Sequence[cst.Param]) -> cst.Parameters:
    """The parameters in their places; what follows the star, or the new one, is for keywords."""
    first = len(old.posonly_params)
    rest = first + isinstance(old.posonly_ind, cst.ParamSlash)
    star = rest + len(old.params)
    return old.with_changes(
        posonly_params=items[:first],
        posonly_ind=items[first] if rest > first else old.posonly_ind,
        params=items[rest:star],
        star_arg=items[star],
        kwonly_params=items[star + 1 :],
    )
