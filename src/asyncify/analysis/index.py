"""One file in, one `Module` out: every definition, expression, statement, flow and import.

One pass over the syntax tree with a stack of its own, dispatched by the class of the node:
`expressions`, `statements` and `patterns` say what each of them means, `walk` keeps what was found.
What depends on whole scopes (whose name is it?) is settled at the end.
"""

from __future__ import annotations

import ast
from typing import cast

from asyncify.analysis.collector import no_collection
from asyncify.analysis.directives import read_directives, read_exports
from asyncify.analysis.expressions import EXPRESSIONS, in_order
from asyncify.analysis.layout import Layout, parse
from asyncify.analysis.statements import STATEMENTS
from asyncify.analysis.walk import (
    ClassDraft,
    Context,
    Draft,
    DraftSpan,
    FunctionDraft,
    ImportDraft,
    Walk,
)
from asyncify.model.facts import (
    Class,
    Expression,
    Flow,
    Function,
    Import,
    Module,
    Parameter,
    Place,
    Statement,
)
from asyncify.model.span import Span


def index_module(source: str, *, name: str, path: str, is_package: bool) -> Module:
    """Read the facts out of the text of one module.

    Raises:
        ParseError: the text is not Python, or nests deeper than Python's own parser goes.
    """
    with no_collection():
        return _index(parse(source, path), source, name, path, is_package)


def _index(tree: ast.Module, source: str, name: str, path: str, is_package: bool) -> Module:
    layout = Layout(source)
    walk = Walk(name, name if is_package else name.rpartition(".")[0], layout)
    context = Context(walk.body, walk.body.scope, Place.BODY, -1)
    walk.block(tree.body, -1, "body", context)
    walk.stack.reverse()
    _run(walk)
    for scope in walk.scopes:
        scope.settle()
    return Module(
        name=name,
        path=path,
        is_package=is_package,
        functions=tuple(_function(walk, draft) for draft in walk.functions),
        classes=tuple(_class(walk, draft) for draft in walk.classes),
        expressions=_expressions(walk),
        statements=tuple(walk.statements),
        flows=tuple(
            Flow(kind, walk.numbers[source], walk.numbers[target])
            for kind, source, target in walk.flows
        ),
        imports=tuple(_import(draft) for draft in walk.imports),
        directives=read_directives(layout),
        exports=read_exports(tree),
        children=_children(walk.drafts),
    )


def _run(walk: Walk) -> None:
    """Take nodes from the stack until it is empty. This is the hot loop of the whole program."""
    stack, drafts, numbers = walk.stack, walk.drafts, walk.numbers
    is_ascii, layout = walk.layout.is_ascii, walk.layout
    while stack:
        node, parent, role, detail, context = stack.pop()
        mark = len(stack)
        found = EXPRESSIONS.get(type(node))
        if found is None:
            _statement(walk, node, parent, detail, context)
        else:
            kind, handler = found
            placed = cast(ast.expr, node)
            line, end_line = placed.lineno, cast(int, placed.end_lineno)
            column, end_column = placed.col_offset, cast(int, placed.end_col_offset)
            if line == end_line:
                end_line = line  # one object instead of two
            span: Span | DraftSpan
            if is_ascii:
                span = DraftSpan(line, column, end_line, end_column)
                span.__class__ = Span  # type: ignore[assignment]
            else:
                span = layout.span(line, column, end_line, end_column)
            number = len(drafts)
            draft = Draft(number, kind, span, parent, role, detail)
            draft.function = context.function.id
            draft.statement = context.statement
            draft.place = context.place
            drafts.append(draft)
            numbers[node] = number
            draft.text = handler(walk, node, number, context)
        if len(stack) > mark + 1:
            stack[mark:] = stack[: mark - 1 : -1] if mark else stack[::-1]


def _statement(walk: Walk, node: ast.AST, parent: int, block: str, context: Context) -> None:
    number = len(walk.statements)
    if type(node) is ast.match_case:
        span = walk.layout.span(*walk.cases[node][:4])
    else:
        span = walk.span(node)
    walk.statements.append(
        Statement(number, type(node).__name__, span, parent, block, context.function.id)
    )
    inner = Context(context.function, context.scope, context.place, number, context.type_checking)
    STATEMENTS[type(node)](walk, node, number, inner)


def _expressions(walk: Walk) -> tuple[Expression, ...]:
    """Give names their variables and turn every draft into what it stands for."""
    drafts = walk.drafts
    for number, scope, name in walk.names:
        drafts[number].variable = scope.variables.get(name) or scope.variable(name)
    for draft in drafts:
        draft.__class__ = Expression  # type: ignore[assignment]
    return cast(tuple[Expression, ...], tuple(drafts))


def _children(drafts: list[Draft]) -> tuple[tuple[int, ...], ...]:
    children: list[list[int] | tuple[int, ...]] = [()] * len(drafts)
    for draft in drafts:
        parent = draft.parent
        if parent >= 0:
            family = children[parent]
            if family:
                cast(list[int], family).append(draft.id)
            else:
                children[parent] = [draft.id]
    return tuple(map(tuple, children))


def _function(walk: Walk, draft: FunctionDraft) -> Function:
    return Function(
        id=draft.id,
        module=walk.body.id[:-1],
        name=draft.name,
        kind=draft.kind,
        span=draft.span,
        header=draft.header,
        name_span=draft.name_span,
        statement=draft.statement,
        parent=draft.parent,
        owner=draft.owner,
        is_async=draft.is_async,
        is_generator=draft.is_generator,
        returns_value=draft.returns_value,
        decorators=tuple(walk.numbers[node] for node in draft.decorators),
        parameters=_parameters(walk, draft.arguments),
        returns=_number(walk, draft.returns),
        names=frozenset(draft.scope.bindings),
    )


def _parameters(walk: Walk, arguments: ast.arguments | None) -> tuple[Parameter, ...]:
    if arguments is None:
        return ()
    return tuple(
        Parameter(
            node.arg,
            kind,
            walk.span(node),
            _number(walk, node.annotation),
            _number(walk, default),
        )
        for kind, node, default in in_order(arguments)
    )


def _class(walk: Walk, draft: ClassDraft) -> Class:
    return Class(
        id=draft.id,
        module=walk.body.id[:-1],
        name=draft.node.name,
        span=draft.span,
        name_span=draft.name_span,
        statement=draft.statement,
        parent=draft.parent,
        bases=tuple(walk.numbers[node] for node in draft.node.bases),
        decorators=tuple(walk.numbers[node] for node in draft.node.decorator_list),
        methods=tuple(draft.methods.items()),
    )


def _import(draft: ImportDraft) -> Import:
    scope, name = draft.scope, draft.name
    return Import(
        draft.statement,
        scope.id if name == "*" else scope.variable(name)[0],
        name,
        draft.module,
        draft.attribute,
        draft.span,
        draft.dotted,
        draft.type_checking,
    )


def _number(walk: Walk, node: ast.expr | None) -> int:
    return -1 if node is None else walk.numbers[node]
