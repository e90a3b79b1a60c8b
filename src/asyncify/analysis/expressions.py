"""What each kind of expression is and what it does with its parts.

One small function per class of `ast`: it puts the parts on the stack in source order and returns the
text of the `Expression`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from typing import Any, cast

from asyncify.analysis.scopes import ScopeKind
from asyncify.analysis.walk import Context, FunctionDraft, Walk
from asyncify.model.facts import FlowKind, Kind, Place, Role

ExpressionHandler = Callable[[Walk, Any, int, Context], str]

_BRACES_ARE_PARENTHESES = sys.version_info < (3, 12)

POSITIONS = tuple(str(number) for number in range(256))


def position_text(number: int) -> str:
    """The detail of the part with this number."""
    return POSITIONS[number] if number < len(POSITIONS) else str(number)


def _name(walk: Walk, node: ast.Name, number: int, context: Context) -> str:
    if type(node.ctx) is not ast.Load:
        context.scope.bindings.add(node.id)
    walk.names.append((number, context.scope, node.id))
    return node.id


def _constant(walk: Walk, node: ast.Constant, number: int, context: Context) -> str:
    try:
        return repr(node.value)
    except ValueError:  # more digits than Python likes to print
        return hex(cast(int, node.value))


def _attribute(walk: Walk, node: ast.Attribute, number: int, context: Context) -> str:
    walk.stack.append((node.value, number, Role.RECEIVER, "", context))
    return node.attr


def _call(walk: Walk, node: ast.Call, number: int, context: Context) -> str:
    push = walk.stack.append
    push((node.func, number, Role.CALLEE, "", context))
    if context.place is Place.ANNOTATION:  # `Annotated[str, Option(callback=check)]`: no type
        context = context.at(Place.DEFAULT)
    first = len(walk.stack)
    for index, argument in enumerate(node.args):
        push((argument, number, Role.ARGUMENT, position_text(index), context))
    for keyword in node.keywords:
        push((keyword.value, number, Role.KEYWORD, keyword.arg or "", context))
    if node.keywords and node.args:
        in_source_order(walk, first)
    return ""


def in_source_order(walk: Walk, first: int) -> None:
    """Sort the tasks from `first` on: ``f(a=1, *b)`` is kept by kind in the tree."""
    walk.stack[first:] = sorted(
        walk.stack[first:],
        key=lambda task: (task[0].lineno, task[0].col_offset),  # type: ignore[attr-defined]
    )


def _subscript(walk: Walk, node: ast.Subscript, number: int, context: Context) -> str:
    walk.stack.append((node.value, number, Role.SUBSCRIPTED, "", context))
    walk.stack.append((node.slice, number, Role.INDEX, "", context))
    return ""


def _slice(walk: Walk, node: ast.Slice, number: int, context: Context) -> str:
    for detail, part in (("lower", node.lower), ("upper", node.upper), ("step", node.step)):
        if part:
            walk.stack.append((part, number, Role.OTHER, detail, context))
    return "Slice"


def _bool_op(walk: Walk, node: ast.BoolOp, number: int, context: Context) -> str:
    for index, value in enumerate(node.values):
        walk.stack.append((value, number, Role.BRANCH, position_text(index), context))
    return "and" if type(node.op) is ast.And else "or"


def _if_exp(walk: Walk, node: ast.IfExp, number: int, context: Context) -> str:
    walk.stack.append((node.body, number, Role.BRANCH, "0", context))
    walk.stack.append((node.test, number, Role.TESTED, "", context))
    walk.stack.append((node.orelse, number, Role.BRANCH, "1", context))
    return "if"


def _bin_op(walk: Walk, node: ast.BinOp, number: int, context: Context) -> str:
    walk.stack.append((node.left, number, Role.OPERAND, "0", context))
    walk.stack.append((node.right, number, Role.OPERAND, "1", context))
    return "BinOp"


def _unary_op(walk: Walk, node: ast.UnaryOp, number: int, context: Context) -> str:
    role = Role.TESTED if type(node.op) is ast.Not else Role.OPERAND
    walk.stack.append((node.operand, number, role, "", context))
    return "UnaryOp"


_SPELLED: dict[type[ast.cmpop], str] = {
    ast.In: "in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.NotIn: "not in",
}


def _compare(walk: Walk, node: ast.Compare, number: int, context: Context) -> str:
    for index, value in enumerate([node.left, *node.comparators]):
        walk.stack.append((value, number, Role.COMPARED, position_text(index), context))
    return _SPELLED.get(type(node.ops[0]), "Compare") if len(node.ops) == 1 else "Compare"


def _named(walk: Walk, node: ast.NamedExpr, number: int, context: Context) -> str:
    container = context.scope.container()
    there = context if container is context.scope else context.at(context.place, container)
    walk.stack.append((node.target, number, Role.TARGET, "", there))
    walk.stack.append((node.value, number, Role.ASSIGNED, "", context))
    walk.flow(FlowKind.VALUE, node.value, node.target)
    return ""


_SEQUENCES: dict[type[ast.expr], str] = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}


def _sequence(
    walk: Walk, node: ast.List | ast.Tuple | ast.Set, number: int, context: Context
) -> str:
    load = type(getattr(node, "ctx", None)) not in _TARGETS
    role = Role.ELEMENT if load else _TARGETS[type(node.ctx)]  # type: ignore[union-attr]
    for index, part in enumerate(node.elts):
        walk.stack.append((part, number, role, position_text(index), context))
    return _SEQUENCES[type(node)]


_TARGETS: dict[type, Role] = {ast.Store: Role.TARGET, ast.Del: Role.DELETED}


def _dict(walk: Walk, node: ast.Dict, number: int, context: Context) -> str:
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            walk.stack.append((value, number, Role.UNPACKED, "**", context))
        else:
            walk.stack.append((key, number, Role.ELEMENT, "key", context))
            walk.stack.append((value, number, Role.ELEMENT, "value", context))
    return "dict"


def _starred(walk: Walk, node: ast.Starred, number: int, context: Context) -> str:
    role = Role.TARGET if type(node.ctx) is ast.Store else Role.UNPACKED
    walk.stack.append((node.value, number, role, "", context))
    return ""


def _await(walk: Walk, node: ast.Await, number: int, context: Context) -> str:
    walk.stack.append((node.value, number, Role.AWAITED, "", context))
    return ""


def _yield(walk: Walk, node: ast.Yield, number: int, context: Context) -> str:
    context.function.is_generator = True
    if node.value:
        walk.stack.append((node.value, number, Role.YIELDED, "", context))
    return ""


def _yield_from(walk: Walk, node: ast.YieldFrom, number: int, context: Context) -> str:
    context.function.is_generator = True
    walk.stack.append((node.value, number, Role.DELEGATED, "", context))
    return ""


_NAME = re.compile(r"[\w.]*\{\}[\w.]*")


def _formatted(walk: Walk, node: ast.JoinedStr, number: int, context: Context) -> str:
    """An f-string or t-string, flat: its literal parts are no expressions, those of a format spec are parts.

    The text is the kind of string, with a question mark if there is one in its literal parts. One that may
    be a name, or a dotted path, has its shape behind that: ``JoinedStr:do_{}``.
    """
    literal = (part.value for part in node.values if isinstance(part, ast.Constant))
    query = any(isinstance(text, str) and "?" in text for text in literal)
    pending = [(part, "") for part in reversed(node.values)]
    shown = False  # whether the literal part before ends like the one of `{x=}`
    while pending:
        part, detail = pending.pop()
        if isinstance(part, ast.Constant):
            shown = isinstance(part.value, str) and part.value.rstrip().endswith("=")
            continue
        value: ast.expr = part.value  # type: ignore[attr-defined]
        if _BRACES_ARE_PARENTHESES and isinstance(value, ast.Tuple | ast.GeneratorExp):
            walk.layout.without_braces(value)
        if shown and walk.layout.is_shown(value):
            detail = "="
        walk.stack.append((value, number, Role.FORMATTED, detail, context))
        spec: ast.JoinedStr | None = part.format_spec  # type: ignore[attr-defined]
        pending += [(inner, "spec") for inner in reversed(spec.values)] if spec else []
        shown = False
    name = "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
    shape = f":{name}" if _NAME.fullmatch(name) and name != "{}" else ""
    return type(node).__name__ + "?" * query + shape


_COMPREHENSIONS: dict[type[ast.expr], str] = {
    ast.ListComp: "list",
    ast.SetComp: "set",
    ast.DictComp: "dict",
    ast.GeneratorExp: "",
}


def _comprehension(
    walk: Walk,
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
    number: int,
    context: Context,
) -> str:
    push = walk.stack.append
    identifier = walk.unique(context.scope.prefix + "<comprehension>")
    scope = walk.scope(ScopeKind.COMPREHENSION, identifier, context.scope)
    inner = context.at(
        Place.GENERATOR if type(node) is ast.GeneratorExp else Place.COMPREHENSION, scope
    )
    if isinstance(node, ast.DictComp):
        push((node.key, number, Role.ELEMENT, "key", inner))
        push((node.value, number, Role.ELEMENT, "value", inner))
    else:
        push((node.elt, number, Role.ELEMENT, "0", inner))
    for index, clause in enumerate(node.generators):
        detail = f"async {index}" if clause.is_async else position_text(index)
        push((clause.target, number, Role.TARGET, position_text(index), inner))
        push((clause.iter, number, Role.ITERATED, detail, inner if index else context))
        for condition in clause.ifs:
            push((condition, number, Role.TESTED, position_text(index), inner))
        walk.flow(FlowKind.ELEMENT, clause.iter, clause.target)
    return _COMPREHENSIONS[type(node)]


def _lambda(walk: Walk, node: ast.Lambda, number: int, context: Context) -> str:
    identifier = walk.unique(context.scope.prefix + "<lambda>")
    scope = walk.scope(ScopeKind.FUNCTION, identifier, context.scope)
    draft = FunctionDraft(identifier, "<lambda>", "lambda", scope)
    draft.span = draft.header = walk.span(node)
    draft.name_span = walk.layout.span(
        node.lineno, node.col_offset, node.lineno, node.col_offset + len("lambda")
    )
    draft.statement = context.statement
    draft.parent, draft.owner = context.function.id, context.scope.owner
    draft.returns_value = True
    draft.arguments = node.args
    walk.functions.append(draft)
    parameters(walk, node.args, number, draft, context, context)
    inner = Context(draft, scope, Place.BODY, context.statement, context.type_checking)
    walk.stack.append((node.body, number, Role.RETURNED, "", inner))
    return identifier


def parameters(
    walk: Walk,
    arguments: ast.arguments,
    parent: int,
    draft: FunctionDraft,
    outer: Context,
    annotated: Context,
) -> None:
    """Put the annotations and defaults of a function on the stack, and bind its parameters."""
    defaults, notes = outer.at(Place.DEFAULT), annotated.at(Place.ANNOTATION)
    for _, argument, default in in_order(arguments):
        draft.scope.bindings.add(argument.arg)
        if argument.annotation:
            walk.stack.append((argument.annotation, parent, Role.ANNOTATION, argument.arg, notes))
        if default:
            walk.stack.append((default, parent, Role.DEFAULT, argument.arg, defaults))


def in_order(arguments: ast.arguments) -> list[tuple[str, ast.arg, ast.expr | None]]:
    """The parameters as written: kind, node, default."""
    plain = [("positional-only", argument) for argument in arguments.posonlyargs]
    plain += [("positional", argument) for argument in arguments.args]
    missing = len(plain) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [*[None] * missing, *arguments.defaults]
    found = [(kind, node, value) for (kind, node), value in zip(plain, defaults, strict=True)]
    if arguments.vararg:
        found.append(("*", arguments.vararg, None))
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found += [("keyword", node, value) for node, value in pairs]
    if arguments.kwarg:
        found.append(("**", arguments.kwarg, None))
    return found


EXPRESSIONS: dict[type[ast.AST], tuple[Kind, ExpressionHandler]] = {
    ast.Name: (Kind.NAME, _name),
    ast.Constant: (Kind.CONSTANT, _constant),
    ast.Attribute: (Kind.ATTRIBUTE, _attribute),
    ast.Call: (Kind.CALL, _call),
    ast.Subscript: (Kind.SUBSCRIPT, _subscript),
    ast.Slice: (Kind.OTHER, _slice),
    ast.BoolOp: (Kind.CHOICE, _bool_op),
    ast.IfExp: (Kind.CHOICE, _if_exp),
    ast.BinOp: (Kind.OTHER, _bin_op),
    ast.UnaryOp: (Kind.OTHER, _unary_op),
    ast.Compare: (Kind.OTHER, _compare),
    ast.NamedExpr: (Kind.WALRUS, _named),
    ast.List: (Kind.CONTAINER, _sequence),
    ast.Tuple: (Kind.CONTAINER, _sequence),
    ast.Set: (Kind.CONTAINER, _sequence),
    ast.Dict: (Kind.CONTAINER, _dict),
    ast.Starred: (Kind.STARRED, _starred),
    ast.Await: (Kind.AWAIT, _await),
    ast.Yield: (Kind.YIELD, _yield),
    ast.YieldFrom: (Kind.YIELD_FROM, _yield_from),
    ast.JoinedStr: (Kind.OTHER, _formatted),
    ast.ListComp: (Kind.COMPREHENSION, _comprehension),
    ast.SetComp: (Kind.COMPREHENSION, _comprehension),
    ast.DictComp: (Kind.COMPREHENSION, _comprehension),
    ast.GeneratorExp: (Kind.GENERATOR, _comprehension),
    ast.Lambda: (Kind.LAMBDA, _lambda),
}
if hasattr(ast, "TemplateStr"):  # 3.14
    EXPRESSIONS[ast.TemplateStr] = (Kind.OTHER, _formatted)
