"""Edits of expressions: await, replace, change the arguments; and of the names in imports."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from asyncify.model.plan import Arguments, HandOver, Replace
from asyncify.rewrite import templates
from asyncify.rewrite.precedence import ATOM, parenthesize, precedence, protect, strip_parens
from asyncify.rewrite.rows import argument_row, with_arguments, without_modules, without_names


def awaited(node: cst.BaseExpression) -> cst.BaseExpression:
    """`await` before the expression. Parentheses around it move around the whole."""
    bare, lpar, rpar = strip_parens(node)
    if precedence(bare) >= ATOM:
        return cst.Await(bare, lpar=lpar, rpar=rpar)
    return cst.Await(node if lpar else parenthesize(node))


def replaced(
    node: cst.CSTNode, edit: Replace, holes: Sequence[cst.CSTNode], avoid: str
) -> cst.CSTNode:
    """What the template makes of the node; parentheses around it stay."""
    match node:
        case cst.BaseExpression():
            bare, lpar, rpar = strip_parens(node)
            bracketed = bool(lpar) or templates.needs_brackets(bare)
            new = templates.expression(edit.template, holes, avoid=avoid, bracketed=bracketed)
            if precedence(new) >= ATOM and _are_of_yield(bare, lpar, rpar):
                return new
            if lpar:
                new, _, _ = strip_parens(new)
            return new.with_changes(lpar=[*lpar, *new.lpar], rpar=[*new.rpar, *rpar])
        case cst.Arg():
            argument = templates.argument(edit.template, holes, avoid)
            return argument.with_changes(
                comma=node.comma, whitespace_after_arg=node.whitespace_after_arg
            )
        case cst.ImportAlias():
            return templates.alias(edit.template).with_changes(comma=node.comma)
    raise templates.TemplateError(f"a {type(node).__name__} cannot be replaced")


def _are_of_yield(
    bare: cst.BaseExpression, lpar: Sequence[cst.LeftParen], rpar: Sequence[cst.RightParen]
) -> bool:
    """Whether an expression has parentheses only as it is a `yield`, on one line."""
    spaces = [*(one.whitespace_after for one in lpar), *(one.whitespace_before for one in rpar)]
    plain = all(isinstance(space, cst.SimpleWhitespace) for space in spaces)
    return isinstance(bare, cst.Yield) and plain and not templates.needs_brackets(bare)


def decorated(node: cst.FunctionDef, text: str) -> cst.FunctionDef:
    """The definition with one more decorator above those that it has."""
    new = cst.Decorator(templates.expression(text, ()))
    return node.with_changes(decorators=[new, *node.decorators])


def with_edited_arguments(call: cst.Call, edit: Arguments, avoid: str) -> cst.Call:
    """Drop, rename and add arguments; comments between them stay."""
    row = argument_row(call)
    for index in {*edit.drop, *(index for index, _ in edit.rename)}:
        if not 0 <= index < len(row.items):
            raise templates.TemplateError(f"the call has no argument {index}")
    for index, keyword in edit.rename:
        row.items[index] = _renamed(row.items[index], keyword)
    for index in sorted(set(edit.drop), reverse=True):
        row.drop(index, keep_comment=True)
    for text in reversed(edit.first):
        row.prepend(templates.argument(text, avoid=avoid))
    for text in edit.last:
        row.append(templates.argument(text, avoid=avoid))
    return protect(with_arguments(call, row), ())


def handed_over(call: cst.Call, edit: HandOver) -> cst.Call:
    """The call of another function that gets the callee as its first argument."""
    row = argument_row(call)
    callee, _, _ = strip_parens(call.func)
    row.prepend(cst.Arg(callee))
    function = templates.expression(edit.to, ())
    return protect(with_arguments(call, row).with_changes(func=function), ())


def retexted(node: cst.CSTNode, old: str, new: str) -> cst.CSTNode:
    """The string with another text; one that spells the text in another way stays."""
    match node:
        case cst.SimpleString(raw_value=text) if text.count(old) == 1:
            opening = node.prefix + node.quote
            return node.with_changes(value=f"{opening}{text.replace(old, new)}{node.quote}")
        case cst.ConcatenatedString(left=left, right=right):
            return node.with_changes(left=retexted(left, old, new), right=retexted(right, old, new))
    return node


def listed(generator: cst.GeneratorExp) -> cst.ListComp:
    """The list comprehension of a generator expression, whose own parentheses become the brackets."""
    lpar, rpar = list(generator.lpar), list(generator.rpar)
    left, right = cst.LeftSquareBracket(), cst.RightSquareBracket()
    if lpar:
        left = cst.LeftSquareBracket(lpar.pop().whitespace_after)
        right = cst.RightSquareBracket(rpar.pop(0).whitespace_before)
    return cst.ListComp(generator.elt, generator.for_in, left, right, lpar, rpar)


def _renamed(argument: cst.Arg, keyword: str) -> cst.Arg:
    if argument.star:
        raise templates.TemplateError(f"{argument.star}-argument cannot become {keyword}=")
    value = argument.value
    if keyword == "**":
        no_equal = cst.MaybeSentinel.DEFAULT
        return argument.with_changes(keyword=None, equal=no_equal, star="**", value=value)
    if argument.keyword:
        return argument.with_changes(keyword=cst.Name(keyword))
    if isinstance(value, cst.NamedExpr | cst.GeneratorExp) and not value.lpar:
        value = parenthesize(value)
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return argument.with_changes(keyword=cst.Name(keyword), equal=equal, value=value)


def asynchronous(node: cst.CSTNode) -> cst.CSTNode:
    """`async` before the `def`, `for` or `with`, unless it is there."""
    if not isinstance(node, cst.FunctionDef | cst.For | cst.With | cst.CompFor):
        raise templates.TemplateError(f"a {type(node).__name__} cannot become async")
    if node.asynchronous:
        return node
    node = node.with_changes(asynchronous=cst.Asynchronous())
    if isinstance(node, cst.CompFor) and node.whitespace_before.empty:
        node = node.with_changes(whitespace_before=cst.SimpleWhitespace(" "))
    return node


def closing(loop: cst.For, name: str, indent: str | None) -> cst.With:
    """The loop in a block that closes the async generator which it runs over."""
    source, _, _ = strip_parens(loop.iter)
    manager = cst.Call(cst.Name("aclosing"), [cst.Arg(source)])
    inner = loop.with_changes(iter=cst.Name(name), leading_lines=[])
    return cst.With(
        [cst.WithItem(manager, cst.AsName(cst.Name(name)))],
        cst.IndentedBlock([inner], indent=indent),
        asynchronous=cst.Asynchronous(),
        leading_lines=loop.leading_lines,
    )


def without_imports(statement: cst.CSTNode, names: set[str]) -> cst.CSTNode | None:
    """The import without these local names; None when nothing is left of it."""
    if not isinstance(statement, cst.Import | cst.ImportFrom):
        raise templates.TemplateError("not an import")
    aliases = () if isinstance(statement.names, cst.ImportStar) else statement.names
    found = {index: local_name(alias) for index, alias in enumerate(aliases)}
    found = {index: name for index, name in found.items() if name in names}
    if missing := names - set(found.values()):
        raise templates.TemplateError(f"it does not import {', '.join(sorted(missing))}")
    if len(found) == len(aliases):
        return None
    if isinstance(statement, cst.Import):
        return without_modules(statement, list(found))
    return without_names(statement, list(found))


def local_name(alias: cst.ImportAlias) -> str:
    """The name that an import binds."""
    return alias.evaluated_alias or alias.evaluated_name.partition(".")[0]
