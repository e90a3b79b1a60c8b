"""What each kind of statement does with its expressions and blocks.

One small function per class of `ast`. It puts the parts on the stack in source order; the context it
gets already names the statement itself.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from asyncify.analysis import layout
from asyncify.analysis.expressions import in_source_order, parameters, position_text
from asyncify.analysis.patterns import PATTERNS, match
from asyncify.analysis.scopes import ScopeKind
from asyncify.analysis.walk import ClassDraft, Context, FunctionDraft, ImportDraft, Walk
from asyncify.model.facts import FlowKind, Place, Role

StatementHandler = Callable[[Walk, Any, int, Context], None]


def _nothing(walk: Walk, node: ast.stmt, number: int, context: Context) -> None:
    """``pass``, ``break`` and ``continue``."""


def _expression(walk: Walk, node: ast.Expr, number: int, context: Context) -> None:
    walk.stack.append((node.value, -1, Role.DISCARDED, "", context))


def _assign(walk: Walk, node: ast.Assign, number: int, context: Context) -> None:
    for target in node.targets:
        walk.stack.append((target, -1, Role.TARGET, "", context))
        walk.flow(FlowKind.VALUE, node.value, target)
    walk.stack.append((node.value, -1, Role.ASSIGNED, "", context))


def _aug_assign(walk: Walk, node: ast.AugAssign, number: int, context: Context) -> None:
    walk.stack.append((node.target, -1, Role.TARGET, "", context))
    walk.stack.append((node.value, -1, Role.ASSIGNED, "augmented", context))
    walk.flow(FlowKind.VALUE, node.value, node.target)


def _ann_assign(walk: Walk, node: ast.AnnAssign, number: int, context: Context) -> None:
    walk.stack.append((node.target, -1, Role.TARGET, "", context))
    walk.stack.append((node.annotation, -1, Role.ANNOTATION, "", context.at(Place.ANNOTATION)))
    if node.value:
        walk.stack.append((node.value, -1, Role.ASSIGNED, "", context))
        walk.flow(FlowKind.VALUE, node.value, node.target)


def _return(walk: Walk, node: ast.Return, number: int, context: Context) -> None:
    if node.value:
        context.function.returns_value = True
        walk.stack.append((node.value, -1, Role.RETURNED, "", context))


def _delete(walk: Walk, node: ast.Delete, number: int, context: Context) -> None:
    for target in node.targets:
        walk.stack.append((target, -1, Role.DELETED, "", context))


def _raise(walk: Walk, node: ast.Raise, number: int, context: Context) -> None:
    for detail, value in (("", node.exc), ("cause", node.cause)):
        if value:
            walk.stack.append((value, -1, Role.RAISED, detail, context))


def _assert(walk: Walk, node: ast.Assert, number: int, context: Context) -> None:
    walk.stack.append((node.test, -1, Role.TESTED, "", context))
    if node.msg:
        walk.stack.append((node.msg, -1, Role.OTHER, "", context))


def _global(walk: Walk, node: ast.Global, number: int, context: Context) -> None:
    context.scope.globals.update(node.names)


def _nonlocal(walk: Walk, node: ast.Nonlocal, number: int, context: Context) -> None:
    context.scope.nonlocals.update(node.names)


def _if(walk: Walk, node: ast.If, number: int, context: Context) -> None:
    walk.stack.append((node.test, -1, Role.TESTED, "", context))
    there = context
    if isinstance(node.test, ast.Name | ast.Attribute):
        test = node.test
        if (test.id if isinstance(test, ast.Name) else test.attr) == "TYPE_CHECKING":
            there = context.at(context.place)
            there.type_checking = True
    walk.block(node.body, number, "body", there)
    walk.block(node.orelse, number, "orelse", context)


def _while(walk: Walk, node: ast.While, number: int, context: Context) -> None:
    walk.stack.append((node.test, -1, Role.TESTED, "", context))
    walk.block(node.body, number, "body", context)
    walk.block(node.orelse, number, "orelse", context)


def _for(walk: Walk, node: ast.For | ast.AsyncFor, number: int, context: Context) -> None:
    walk.stack.append((node.target, -1, Role.TARGET, "", context))
    walk.stack.append((node.iter, -1, Role.ITERATED, "", context))
    walk.flow(FlowKind.ELEMENT, node.iter, node.target)
    walk.block(node.body, number, "body", context)
    walk.block(node.orelse, number, "orelse", context)


def _with(walk: Walk, node: ast.With | ast.AsyncWith, number: int, context: Context) -> None:
    for index, item in enumerate(node.items):
        detail = position_text(index)
        walk.stack.append((item.context_expr, -1, Role.ENTERED, detail, context))
        if item.optional_vars:
            walk.stack.append((item.optional_vars, -1, Role.TARGET, detail, context))
            walk.flow(FlowKind.ENTER, item.context_expr, item.optional_vars)
    walk.block(node.body, number, "body", context)


def _try(walk: Walk, node: ast.Try, number: int, context: Context) -> None:
    walk.block(node.body, number, "body", context)
    walk.stack += [(part, number, Role.OTHER, "handlers", context) for part in node.handlers]
    walk.block(node.orelse, number, "orelse", context)
    walk.block(node.finalbody, number, "finalbody", context)


def _handler(walk: Walk, node: ast.ExceptHandler, number: int, context: Context) -> None:
    if node.type:
        walk.stack.append((node.type, -1, Role.CAUGHT, "", context))
        if node.name:
            *_, line, column = layout.position(node.type)
            target = layout.name_at(node.name, walk.layout.search(layout.AS_NAME, line, column))
            walk.stack.append((target, -1, Role.TARGET, "", context))
            walk.flow(FlowKind.CAUGHT, node.type, target)
    walk.block(node.body, number, "body", context)


def _import(walk: Walk, node: ast.Import, number: int, context: Context) -> None:
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        module = alias.name if alias.asname else name
        _bind_import(walk, alias, number, context, (name, module, None, alias.name))


def _import_from(walk: Walk, node: ast.ImportFrom, number: int, context: Context) -> None:
    module = node.module or ""
    if node.level:
        base = walk.package.split(".") if walk.package else []
        base = base[: max(len(base) - node.level + 1, 0)]
        module = ".".join([*base, *([module] if module else [])])
    for alias in node.names:
        name = alias.asname or alias.name
        _bind_import(walk, alias, number, context, (name, module, alias.name, ""))


def _bind_import(
    walk: Walk,
    alias: ast.alias,
    number: int,
    context: Context,
    names: tuple[str, str, str | None, str],
) -> None:
    name, module, attribute, dotted = names
    if name != "*":
        context.scope.bindings.add(name)
    span = walk.span(alias)
    walk.imports.append(
        ImportDraft(
            number, context.scope, name, module, attribute, span, dotted, context.type_checking
        )
    )


def _function(
    walk: Walk, node: ast.FunctionDef | ast.AsyncFunctionDef, number: int, context: Context
) -> None:
    outer = context.scope
    outer.bindings.add(node.name)
    identifier = walk.unique(outer.prefix + node.name)
    _decorators(walk, node, context)
    around = _type_parameters(walk, node, identifier, context)
    scope = walk.scope(ScopeKind.FUNCTION, identifier, around.scope)
    draft = FunctionDraft(identifier, node.name, "def", scope)
    draft.span = draft.header = walk.span(node)
    if node.decorator_list:
        draft.span = walk.layout.decorated(draft.header, walk.span(node.decorator_list[0]))
    draft.name_span = walk.layout.definition_name(node, node.name)
    draft.statement = number
    draft.parent, draft.owner = context.function.id, outer.owner
    draft.is_async = type(node) is ast.AsyncFunctionDef
    draft.decorators = node.decorator_list
    draft.arguments, draft.returns = node.args, node.returns
    walk.functions.append(draft)
    if outer.owner is not None:
        walk.methods[outer.owner][node.name] = identifier
    parameters(walk, node.args, -1, draft, context, around)
    if node.returns:
        notes = around.at(Place.ANNOTATION)
        walk.stack.append((node.returns, -1, Role.ANNOTATION, "return", notes))
    inner = Context(draft, scope, Place.BODY, number, context.type_checking)
    walk.block(node.body, number, "body", inner)


def _class(walk: Walk, node: ast.ClassDef, number: int, context: Context) -> None:
    outer = context.scope
    outer.bindings.add(node.name)
    identifier = walk.unique(outer.prefix + node.name)
    _decorators(walk, node, context)
    around = _type_parameters(walk, node, identifier, context)
    first = len(walk.stack)
    for index, base in enumerate(node.bases):
        walk.stack.append((base, -1, Role.BASE, position_text(index), around))
    for keyword in node.keywords:
        walk.stack.append((keyword.value, -1, Role.BASE, keyword.arg or "", around))
    if node.bases and node.keywords:
        in_source_order(walk, first)
    span = walk.span(node)
    if node.decorator_list:
        span = walk.layout.decorated(span, walk.span(node.decorator_list[0]))
    name_span = walk.layout.definition_name(node, node.name)
    methods = walk.methods[identifier] = {}
    walk.classes.append(
        ClassDraft(identifier, node, span, name_span, number, context.function.id, methods)
    )
    scope = walk.scope(ScopeKind.CLASS, identifier, around.scope)
    walk.block(node.body, number, "body", around.at(Place.CLASS_BODY, scope))


def _decorators(
    walk: Walk, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, context: Context
) -> None:
    if node.decorator_list:
        there = context.at(Place.DECORATOR)
        for index, decorator in enumerate(node.decorator_list):
            walk.stack.append((decorator, -1, Role.DECORATOR, position_text(index), there))


def _type_parameters(walk: Walk, node: ast.AST, identifier: str, context: Context) -> Context:
    """PEP 695: open the scope of ``[T: bound]``, if the definition has one."""
    declared: list[ast.AST] = getattr(node, "type_params", [])
    if not declared:
        return context
    scope = walk.scope(ScopeKind.TYPE_PARAMETERS, f"{identifier}.<type parameters>", context.scope)
    around = context.at(context.place, scope)
    notes = context.at(Place.ANNOTATION, scope)
    for parameter in declared:
        scope.bindings.add(parameter.name)  # type: ignore[attr-defined]
        for field in ("bound", "default_value"):
            if value := getattr(parameter, field, None):
                walk.stack.append((value, -1, Role.ANNOTATION, "", notes))
    return around


def _type_alias(walk: Walk, node: Any, number: int, context: Context) -> None:
    walk.stack.append((node.name, -1, Role.TARGET, "", context))
    identifier = walk.unique(context.scope.prefix + node.name.id)
    around = _type_parameters(walk, node, identifier, context)
    walk.stack.append((node.value, -1, Role.ANNOTATION, "", around.at(Place.ANNOTATION)))


STATEMENTS: dict[type[ast.AST], StatementHandler] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AugAssign: _aug_assign,
    ast.AnnAssign: _ann_assign,
    ast.Return: _return,
    ast.Delete: _delete,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Pass: _nothing,
    ast.Break: _nothing,
    ast.Continue: _nothing,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.ExceptHandler: _handler,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Match: match,
    **PATTERNS,
}
if hasattr(ast, "TypeAlias"):  # 3.12
    STATEMENTS[ast.TypeAlias] = _type_alias
