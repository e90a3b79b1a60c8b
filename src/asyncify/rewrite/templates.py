"""Texts that become nodes: templates with holes, argument texts, statements, headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar, cast

import libcst as cst

from asyncify.rewrite.precedence import parenthesize, protect, strip_parens

_Node = TypeVar("_Node", bound=cst.CSTNode)
Line = cst.SimpleStatementLine | cst.BaseCompoundStatement
_HOLE = "_asyncify_hole_{}_"


class TemplateError(ValueError):
    """A text of an edit is not what it should be."""


def is_expression(template: str, holes: int) -> bool:
    """Whether the template is one expression (and not statements)."""
    try:
        _expression(_formatted(template, holes))
    except TemplateError:
        return False
    return True


def expression(
    template: str, holes: Sequence[cst.CSTNode], *, avoid: str = "", bracketed: bool = False
) -> cst.BaseExpression:
    """The expression of a template.

    Strings are written without the quote `avoid`, which an enclosing f-string uses. `bracketed` says
    that lines may break anywhere in the result, because it will stand inside brackets.
    """
    return _fill(_expression(_formatted(template, len(holes))), holes, avoid, bracketed)


def argument(template: str, holes: Sequence[cst.CSTNode] = (), avoid: str = "") -> cst.Arg:
    """The argument of a call."""
    call = _expression(f"f({_formatted(template, len(holes))})")
    if not isinstance(call, cst.Call) or len(call.args) != 1:
        raise TemplateError(f"not one argument: {template}")
    return _fill(call.args[0], holes, avoid)


def alias(template: str) -> cst.ImportAlias:
    """One name of an import."""
    match _module(f"import {template}").body:
        case [cst.SimpleStatementLine(body=[cst.Import(names=[name])])]:
            return name.deep_clone()
    raise TemplateError(f"not one name of an import: {template}")


def statements(
    text: str, holes: Sequence[cst.CSTNode] | None = None
) -> tuple[list[Line], list[cst.EmptyLine]]:
    """The statements of a text and the comments behind the last one."""
    module = _module(text if holes is None else _formatted(text, len(holes)))
    if not module.body:
        return [], list(module.header) or list(module.footer)
    body = [_fill(statement, holes or ()) for statement in module.body]
    if module.header:
        above = [without_indent(line) for line in module.header]
        body[0] = body[0].with_changes(leading_lines=[*above, *leading_lines(body[0])])
    return body, [without_indent(line) for line in module.footer]


def is_docstring(line: cst.BaseStatement | None) -> bool:
    """Whether a statement begins with a text that nobody uses."""
    match line:
        case cst.SimpleStatementLine(
            body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()), *_]
        ):
            return True
    return False


def without_indent(line: cst.EmptyLine) -> cst.EmptyLine:
    """A blank line that stays empty wherever it is put."""
    return line if line.comment is not None else line.with_changes(indent=False)


def comment_behind(line: Line) -> list[cst.EmptyLine]:
    """The comment at the end of a line of small statements, as a line of its own."""
    behind = line.trailing_whitespace if isinstance(line, cst.SimpleStatementLine) else None
    return [cst.EmptyLine(comment=behind.comment)] if behind and behind.comment else []


def header(text: str) -> cst.BaseCompoundStatement:
    """A compound statement by its first line; its body is to be filled."""
    module = _module(f"{text.rstrip()}\n    pass\n")
    if len(module.body) != 1 or not isinstance(module.body[0], cst.BaseCompoundStatement):
        raise TemplateError(f"not the header of one block: {text}")
    return module.body[0].deep_clone()


def leading_lines(statement: cst.BaseStatement) -> list[cst.EmptyLine]:
    """The blank lines and comments before a statement."""
    return list(cast(Sequence[cst.EmptyLine], statement.leading_lines))  # type: ignore[attr-defined]


def code(node: cst.CSTNode) -> str:
    """The text of a node alone."""
    return cst.Module([]).code_for_node(node)


def needs_brackets(node: cst.CSTNode) -> bool:
    """Whether the expression has several lines and no brackets of its own around their ends."""
    text = code(node)
    if "\n" not in text and "\r" not in text:
        return False
    try:
        cst.parse_statement(text)
    except cst.ParserSyntaxError:
        return True
    return False


def used_holes(template: str, holes: int) -> set[int]:
    """The numbers of the holes that the template has."""
    try:
        text = _formatted(template, holes)
    except TemplateError:
        return set()
    return {number for number in range(holes) if _HOLE.format(number) in text}


def _formatted(template: str, holes: int) -> str:
    try:
        return template.format(*(_HOLE.format(number) for number in range(holes)))
    except (IndexError, KeyError, AttributeError, ValueError, TypeError) as error:
        raise TemplateError(f"not a template for {holes} holes: {template}") from error


@lru_cache(maxsize=1024)
def _expression(text: str) -> cst.BaseExpression:
    try:
        node = cst.parse_expression(f"({text})")
    except cst.ParserSyntaxError as error:
        raise TemplateError(f"not an expression: {text}") from error
    if not node.lpar:
        raise TemplateError(f"not an expression: {text}")
    return node.with_changes(lpar=node.lpar[1:], rpar=node.rpar[:-1])


@lru_cache(maxsize=1024)
def _module(text: str) -> cst.Module:
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise TemplateError(f"not statements: {text}") from error


def _fill(
    tree: _Node, holes: Sequence[cst.CSTNode], avoid: str = "", bracketed: bool = False
) -> _Node:
    names = {_HOLE.format(number): node for number, node in enumerate(holes)}
    return cast(_Node, tree.deep_clone().visit(_Fill(names, avoid, bracketed)))


class _Fill(cst.CSTTransformer):
    """Puts nodes into the holes, with parentheses where they need some."""

    def __init__(self, nodes: Mapping[str, cst.CSTNode], avoid: str, bracketed: bool) -> None:
        super().__init__()
        self._nodes, self._avoid, self._all = nodes, avoid, bracketed
        self._fresh: dict[cst.CSTNode, None] = {}
        self._bracketed: set[cst.CSTNode] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Arg | cst.Element):
            self._bracketed.add(node.value)
        return True

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> cst.CSTNodeT:
        new: cst.CSTNode = updated_node
        match original_node:
            case cst.Name(value=name) if name in self._nodes:
                new = self._expression(original_node, self._nodes[name])
            case cst.Arg(value=cst.Name(value=name), keyword=None, star=""):
                if isinstance(hole := self._nodes.get(name), cst.Arg):
                    new = hole.deep_clone().with_changes(comma=original_node.comma)
            case cst.SimpleString() if self._avoid:
                new = _requoted(original_node, self._avoid)
        return cast(cst.CSTNodeT, protect(new, self._fresh))

    def _expression(self, place: cst.CSTNode, node: cst.CSTNode) -> cst.CSTNode:
        if not isinstance(node, cst.BaseExpression):
            return place  # an argument: taken as a whole
        bare, lpar, rpar = strip_parens(node.deep_clone())
        if not self._all and place not in self._bracketed and needs_brackets(bare):
            own = bare.with_changes(lpar=[*lpar, *bare.lpar], rpar=[*bare.rpar, *rpar])
            bare = own if lpar else parenthesize(bare)
        self._fresh[bare] = None
        return bare


def _requoted(node: cst.SimpleString, avoid: str) -> cst.SimpleString:
    other = "'" if avoid == '"' else '"'
    if node.quote != avoid or other in node.raw_value or "\\" in node.raw_value:
        return node
    return node.with_changes(value=f"{node.prefix}{other}{node.raw_value}{other}")
