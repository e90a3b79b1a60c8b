"""The state of one walk through a syntax tree, and what is being put together on the way.

The walk keeps its own stack: the depth of the tree is bounded by Python's parser and by nothing
here. A handler appends its children to `Walk.stack` in source order; the loop in `index` turns them
round. Nothing about names is decided on the way, as a scope is only known at its end.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from asyncify.analysis.layout import Layout
from asyncify.analysis.scopes import Scope, ScopeKind
from asyncify.model.facts import FlowKind, FunctionId, Kind, Place, Role, Statement
from asyncify.model.span import Span


class Draft:
    """An `Expression` in the making: the same slots, so that it becomes one by changing its class.

    That is five times as fast as the ``__init__`` of a frozen dataclass, and a project has a million
    of them.
    """

    __slots__ = (
        "detail",
        "function",
        "id",
        "kind",
        "parent",
        "place",
        "role",
        "span",
        "statement",
        "text",
        "variable",
    )

    def __init__(
        self, id: int, kind: Kind, span: Span | DraftSpan, parent: int, role: Role, detail: str
    ) -> None:
        self.id = id
        self.kind = kind
        self.span = span
        self.parent = parent
        self.role = role
        self.detail = detail
        self.text = ""
        self.function: FunctionId
        self.statement: int
        self.place: Place
        self.variable: tuple[str, str] | None = None


class DraftSpan:
    """A `Span` in the making, for the same reason as `Draft`."""

    __slots__ = ("column", "end_column", "end_line", "line")

    def __init__(self, line: int, column: int, end_line: int, end_column: int) -> None:
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column


class FunctionDraft:
    """A function until its scope and the numbers of its expressions are known."""

    def __init__(self, identifier: FunctionId, name: str, kind: str, scope: Scope) -> None:
        self.id = identifier
        self.name = name
        self.kind = kind
        self.scope = scope
        self.span = self.header = self.name_span = Span(1, 0, 1, 0)
        self.statement = -1
        self.parent: FunctionId = ""
        self.owner: str | None = None
        self.is_async = False
        self.is_generator = False
        self.returns_value = False
        self.decorators: list[ast.expr] = []
        self.arguments: ast.arguments | None = None
        self.returns: ast.expr | None = None


class ClassDraft(NamedTuple):
    """A class until the numbers of its expressions are known."""

    id: str
    node: ast.ClassDef
    span: Span
    name_span: Span
    statement: int
    parent: FunctionId
    methods: dict[str, FunctionId]


class ImportDraft(NamedTuple):
    """An import until the scope of its name is known."""

    statement: int
    scope: Scope
    name: str
    module: str
    attribute: str | None
    span: Span
    dotted: str
    type_checking: bool


class Context:
    """What a node inherits from the nodes around it."""

    __slots__ = ("function", "place", "scope", "statement", "type_checking")

    def __init__(
        self,
        function: FunctionDraft,
        scope: Scope,
        place: Place,
        statement: int,
        type_checking: bool = False,
    ) -> None:
        self.function = function
        self.scope = scope
        self.place = place
        self.statement = statement
        self.type_checking = type_checking

    def at(self, place: Place, scope: Scope | None = None) -> Context:
        """The same, in another place and perhaps another scope."""
        return Context(
            self.function, scope or self.scope, place, self.statement, self.type_checking
        )


# A node on the stack, with its parent. For a statement `parent` is a statement, and `detail` the block.
Task = tuple[ast.AST, int, Role, str, Context]


class Walk:
    """Everything that was read so far."""

    def __init__(self, module: str, package: str, layout: Layout) -> None:
        self.package = package  # what a relative import starts from
        self.layout = layout
        self.stack: list[Task] = []
        self.numbers: dict[ast.AST, int] = {}  # of expressions
        self.drafts: list[Draft] = []
        self.statements: list[Statement] = []
        self.functions: list[FunctionDraft] = []
        self.classes: list[ClassDraft] = []
        self.methods: dict[str, dict[str, FunctionId]] = {}
        self.cases: dict[ast.match_case, tuple[int, int, int, int, ast.expr]] = {}
        self.imports: list[ImportDraft] = []
        self.flows: list[tuple[FlowKind, ast.expr, ast.expr]] = []
        self.names: list[tuple[int, Scope, str]] = []
        self.scopes: list[Scope] = []
        self.taken: dict[str, int] = {}
        root = self.scope(ScopeKind.MODULE, f"{module}:", None)
        self.body = FunctionDraft(root.id, "", "module", root)
        self.body.span = self.body.header = layout.whole()
        self.functions.append(self.body)

    def scope(self, kind: ScopeKind, identifier: str, parent: Scope | None) -> Scope:
        """Open a scope."""
        scope = Scope(kind, identifier, parent)
        self.scopes.append(scope)
        return scope

    def unique(self, identifier: str) -> str:
        """An id that nothing else of the module has: the second one of a name gets ``~2``."""
        count = self.taken.get(identifier, 0) + 1
        self.taken[identifier] = count
        return identifier if count == 1 else f"{identifier}~{count}"

    def span(self, node: ast.AST) -> Span:
        """The span of any node that has a position."""
        return self.layout.span(
            node.lineno,  # type: ignore[attr-defined]
            node.col_offset,  # type: ignore[attr-defined]
            node.end_lineno,  # type: ignore[attr-defined]
            node.end_col_offset,  # type: ignore[attr-defined]
        )

    def block(self, nodes: list[ast.stmt], parent: int, block: str, context: Context) -> None:
        """Put the statements of a block on the stack."""
        self.stack += [(node, parent, Role.OTHER, block, context) for node in nodes]

    def flow(self, kind: FlowKind, source: ast.expr, target: ast.expr) -> None:
        """Note that a value moves, and into the parts of a target that is unpacked."""
        pending = [(kind, source, target)]
        while pending:
            kind, source, target = pending.pop()
            if not isinstance(target, ast.Tuple | ast.List):
                self.flows.append((kind, source, target))
                continue
            if kind is not FlowKind.VALUE:
                self.flows.append((kind, source, target))
                kind, source = FlowKind.VALUE, target
            pending += reversed(_unpacked(source, target))


def _unpacked(
    source: ast.expr, target: ast.Tuple | ast.List
) -> list[tuple[FlowKind, ast.expr, ast.expr]]:
    """The flows of `target = source`; from one element to another where both are written out."""
    if isinstance(source, ast.Tuple | ast.List) and source is not target:
        every = [*source.elts, *target.elts]
        if len(source.elts) == len(target.elts) and ast.Starred not in map(type, every):
            pairs = zip(source.elts, target.elts, strict=True)
            return [(FlowKind.VALUE, value, part) for value, part in pairs]
    return [
        (
            (FlowKind.VALUE, source, part.value)  # a list of the same elements
            if isinstance(part, ast.Starred)
            else (FlowKind.ELEMENT, source, part)
        )
        for part in target.elts
    ]
