"""Where an expression needs parentheses: one number per node, one row per place."""

from __future__ import annotations

from collections.abc import Container
from typing import TypeVar

import libcst as cst

# How tightly an expression holds together, from loose to tight.
BARE, YIELD, TUPLE, WALRUS, LAMBDA, CONDITION, OR, AND, NOT, COMPARISON = range(10)
BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, PRODUCT, SIGN, POWER, AWAIT, ATOM = range(10, 20)

_BINARY: dict[type[cst.CSTNode], int] = {
    cst.BitOr: BIT_OR,
    cst.BitXor: BIT_XOR,
    cst.BitAnd: BIT_AND,
    cst.LeftShift: SHIFT,
    cst.RightShift: SHIFT,
    cst.Add: SUM,
    cst.Subtract: SUM,
    cst.Power: POWER,
}
_PRECEDENCE: dict[type[cst.CSTNode], int] = {
    cst.GeneratorExp: BARE,
    cst.StarredElement: BARE,
    cst.Yield: YIELD,
    cst.Tuple: TUPLE,
    cst.NamedExpr: WALRUS,
    cst.Lambda: LAMBDA,
    cst.IfExp: CONDITION,
    cst.Comparison: COMPARISON,
    cst.Await: AWAIT,
}

# (least precedence, precedences below it that the grammar admits all the same)
_Place = tuple[int, tuple[int, ...]]
_ANY: _Place = (LAMBDA, ())
_NAMED: _Place = (LAMBDA, (WALRUS,))
_LIST: _Place = (LAMBDA, (TUPLE,))
_VALUE: _Place = (LAMBDA, (TUPLE, YIELD))
_TARGET: _Place = (LAMBDA, (TUPLE,))

_PLACES: dict[type[cst.CSTNode], dict[str, _Place]] = {
    cst.Attribute: {"value": (ATOM, ())},
    cst.Call: {"func": (ATOM, ())},
    cst.Subscript: {"value": (ATOM, ())},
    cst.Await: {"expression": (ATOM, ())},
    cst.Comparison: {"left": (BIT_OR, ())},
    cst.ComparisonTarget: {"comparator": (BIT_OR, ())},
    cst.IfExp: {"body": (OR, ()), "test": (OR, ()), "orelse": _ANY},
    cst.Lambda: {"body": _ANY},
    cst.NamedExpr: {"value": _ANY},
    cst.StarredElement: {"value": (BIT_OR, ())},
    cst.StarredDictElement: {"value": (BIT_OR, ())},
    cst.Element: {"value": _NAMED},
    cst.DictElement: {"key": _ANY, "value": _ANY},
    cst.Index: {"value": _ANY},
    cst.Slice: {"lower": _ANY, "upper": _ANY, "step": _ANY},
    cst.FormattedStringExpression: {"expression": (CONDITION, (TUPLE, YIELD))},
    cst.TemplatedStringExpression: {"expression": (CONDITION, (TUPLE, YIELD))},
    cst.CompFor: {"target": _TARGET, "iter": (OR, ())},
    cst.CompIf: {"test": (OR, ())},
    cst.GeneratorExp: {"elt": _NAMED},
    cst.ListComp: {"elt": _NAMED},
    cst.SetComp: {"elt": _NAMED},
    cst.DictComp: {"key": _ANY, "value": _ANY},
    cst.Yield: {"value": _LIST},
    cst.From: {"item": _ANY},
    cst.Return: {"value": _LIST},
    cst.Expr: {"value": _VALUE},
    cst.Assign: {"value": _VALUE},
    cst.AnnAssign: {"value": _VALUE},
    cst.AugAssign: {"value": _VALUE},
    cst.AssignTarget: {"target": _TARGET},
    cst.Assert: {"test": _ANY, "msg": _ANY},
    cst.Raise: {"exc": _ANY},
    cst.Del: {"target": _TARGET},
    cst.If: {"test": _NAMED},
    cst.While: {"test": _NAMED},
    cst.For: {"target": _TARGET, "iter": _LIST},
    cst.WithItem: {"item": _ANY},
    cst.AsName: {"name": _ANY},
    cst.ExceptHandler: {"type": _ANY},
    cst.ExceptStarHandler: {"type": _ANY},
    cst.Match: {"subject": _LIST},
    cst.MatchCase: {"guard": _NAMED},
    cst.Decorator: {"decorator": _NAMED},
    cst.Annotation: {"annotation": _ANY},
    cst.Param: {"default": _ANY},
}

_Node = TypeVar("_Node", bound=cst.CSTNode)
_Expression = TypeVar("_Expression", bound=cst.BaseExpression)


def precedence(node: cst.BaseExpression) -> int:
    """How tightly the expression holds together, its own parentheses included."""
    if node.lpar:
        return ATOM
    if isinstance(node, cst.BinaryOperation):
        return _BINARY.get(type(node.operator), PRODUCT)
    if isinstance(node, cst.BooleanOperation):
        return OR if isinstance(node.operator, cst.Or) else AND
    if isinstance(node, cst.UnaryOperation):
        return NOT if isinstance(node.operator, cst.Not) else SIGN
    return _PRECEDENCE.get(type(node), ATOM)


def parenthesize(node: _Expression) -> _Expression:
    """The expression in one more pair of parentheses."""
    return node.with_changes(
        lpar=[cst.LeftParen(), *node.lpar], rpar=[*node.rpar, cst.RightParen()]
    )


def own_parens(node: cst.BaseExpression) -> int:
    """How many pairs of parentheses belong to the expression itself: `ast` puts them inside its span."""
    return 1 if isinstance(node, cst.Tuple | cst.GeneratorExp) and node.lpar else 0


def strip_parens(
    node: _Expression,
) -> tuple[_Expression, list[cst.LeftParen], list[cst.RightParen]]:
    """The expression without the parentheses around it, and these."""
    own = own_parens(node)
    count = len(node.lpar) - own
    if not count:
        return node, [], []
    bare = node.with_changes(lpar=node.lpar[count:], rpar=node.rpar[:own])
    return bare, list(node.lpar[:count]), list(node.rpar[own:])


def protect(node: _Node, fresh: Container[cst.CSTNode]) -> _Node:
    """Parenthesise those children in `fresh` which need it below this node; leave the others alone."""
    changes = _bare_generators(node) if isinstance(node, cst.Call) else {}
    for name, place in _places(node).items():
        child = getattr(node, name)
        if isinstance(child, cst.BaseExpression) and child in fresh:
            if not _fits(child, place) or (
                isinstance(node, cst.Attribute) and isinstance(child, cst.Integer)
            ):
                changes[name] = parenthesize(child)
            elif isinstance(node, cst.FormattedStringExpression) and _opens_brace(child):
                changes["whitespace_before_expression"] = cst.SimpleWhitespace(" ")
    return node.with_changes(**changes) if changes else node


def _fits(child: cst.BaseExpression, place: _Place) -> bool:
    least, admitted = place
    own = precedence(child)
    return own >= least or own in admitted


def _places(node: cst.CSTNode) -> dict[str, _Place]:
    match node:
        case cst.UnaryOperation(operator=cst.Not()):
            return {"expression": (NOT, ())}
        case cst.UnaryOperation():
            return {"expression": (SIGN, ())}
        case cst.BinaryOperation(operator=cst.Power()):
            return {"left": (AWAIT, ()), "right": (SIGN, ())}
        case cst.BinaryOperation(operator=operator):
            level = _BINARY.get(type(operator), PRODUCT)
            return {"left": (level, ()), "right": (level + 1, ())}
        case cst.BooleanOperation():
            # `a or (b or c)` is `a or b or c`.
            level = OR if isinstance(node.operator, cst.Or) else AND
            return {"left": (level, ()), "right": (level, ())}
        case cst.Arg(star="", keyword=None):
            return {"value": (LAMBDA, (WALRUS, BARE))}
        case cst.Arg():
            return {"value": _ANY}
    return _PLACES.get(type(node), {})


def _bare_generators(call: cst.Call) -> dict[str, object]:
    """A generator expression goes without parentheses only as the single argument."""
    match call.args:
        case [cst.Arg(comma=cst.MaybeSentinel(), keyword=None)]:
            return {}
    if not any(_is_bare_generator(arg.value) for arg in call.args):
        return {}
    return {
        "args": [
            (
                arg.with_changes(value=parenthesize(arg.value))
                if _is_bare_generator(arg.value)
                else arg
            )
            for arg in call.args
        ]
    }


def _is_bare_generator(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.GeneratorExp) and not node.lpar


def _opens_brace(node: cst.BaseExpression) -> bool:
    return cst.Module([]).code_for_node(node).startswith("{")
