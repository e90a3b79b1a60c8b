"""The one entry of the package: bytes and edits in, bytes out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import libcst as cst

from asyncify.errors import ParseError, VerifyError
from asyncify.model.plan import (
    AddImport,
    AddParameter,
    Arguments,
    Await,
    Decorate,
    Define,
    Delete,
    Edit,
    HandOver,
    MakeAsync,
    MakeList,
    Remark,
    RemoveImport,
    Replace,
    Retext,
)
from asyncify.rewrite import (
    comments,
    conflicts,
    expressions,
    imports,
    index,
    signatures,
    source,
    templates,
)
from asyncify.rewrite.blocks import (
    Block,
    Blocks,
    naming,
    rebuilt,
    settle,
    split_with,
    with_short_header,
)
from asyncify.rewrite.precedence import ATOM, parenthesize, precedence, protect
from asyncify.rewrite.templates import TemplateError, code

# LibCST takes up to ten Python frames per level of nesting.
_RECURSION_LIMIT = 10_000
_PRUNED = (
    cst.BaseExpression,
    cst.BaseSmallStatement,
    cst.SimpleStatementLine,
    cst.BaseCompoundStatement,
)
_LAYOUT = (cst.BaseParenthesizableWhitespace, cst.EmptyLine, cst.TrailingWhitespace)


def rewrite_module(source_bytes: bytes, edits: Sequence[Edit], *, path: str) -> bytes:
    """The new text of a file.

    Everything outside the edits stays byte for byte; without edits, so does the whole file, and it
    is not even parsed. Raises `ParseError` for a file that cannot be parsed, and `VerifyError` for
    an edit that cannot be carried out: nothing is skipped in silence.
    """
    if not edits:
        return source_bytes
    try:
        with _deep_recursion():
            return _rewrite(source_bytes, list(dict.fromkeys(edits)), path)
    except RecursionError as error:
        raise ParseError(path, 0, 0, "the code is nested too deeply") from error


def _rewrite(source_bytes: bytes, edits: list[Edit], path: str) -> bytes:
    remarks = [edit for edit in edits if isinstance(edit, Remark)]
    if remarks:  # no line moves before all other edits are done
        rest: list[Edit] = [edit for edit in edits if not isinstance(edit, Remark)]
        text, gone = comments.changed(source_bytes, remarks, path)
        return comments.without_gone(_rewrite(text, rest, path) if rest else text, gone)
    parsed = source.read(source_bytes, path)
    found = index.build(parsed, edits)
    conflicts.check(found, edits)
    rewriter = _Rewriter(found, edits)
    try:
        module = parsed.module.visit(rewriter)
    except (TemplateError, cst.CSTValidationError) as error:
        raise VerifyError(path, str(error)) from error
    for edit in edits:
        if edit not in rewriter.blocks.applied:
            raise VerifyError(path, f"{index.describe(edit)}: it could not be applied there")
    return parsed.encode(module)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


class _Rewriter(cst.CSTTransformer):
    """The one pass over the tree, inner nodes first."""

    def __init__(self, found: index.Index, edits: Sequence[Edit]) -> None:
        super().__init__()
        self.blocks = Blocks(found)
        self._index = found
        self._added: list[AddImport | Define] = [
            edit for edit in edits if isinstance(edit, AddImport | Define)
        ]
        self._fresh: dict[cst.CSTNode, None] = {}
        self._holes = {*found.holes.values(), *found.delegated}
        self._quotes: list[tuple[cst.CSTNode, str]] = []  # of the f-strings around
        self._lines = found.source.lines
        self._indents: list[str | None] = [None]

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Stay out of everything that no edit lies in."""
        if isinstance(node, _LAYOUT) or (
            isinstance(node, _PRUNED) and not self._index.needed(node)
        ):
            return False
        if isinstance(node, cst.FormattedString | cst.TemplatedString):
            self._quotes.append((node, node.quote))
        elif isinstance(node, cst.IndentedBlock):
            self._indents.append(node.indent)
        return True

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode:
        """Carry out the edits of this node; those of its children are done."""
        new = protect(updated_node, self._fresh)
        if self._quotes and self._quotes[-1][0] is original_node:
            self._quotes.pop()
        match original_node:
            case cst.Module() | cst.IndentedBlock() | cst.SimpleStatementSuite():
                new = self._block(original_node, cast(Block, new))
                if isinstance(original_node, cst.IndentedBlock):
                    self._indents.pop()
            case cst.With():
                new = self._with(original_node, cast(cst.With, new))
            case cst.FunctionDef() | cst.ClassDef():
                new = self._decorators(original_node, cast(cst.FunctionDef | cst.ClassDef, new))
        if edits := self._index.edits.get(original_node):
            new = self._edited(original_node, new, edits)
        if original_node in self._holes:
            self.blocks.results[original_node] = new
        return new

    def _edited(
        self, original: cst.CSTNode, updated: cst.CSTNode, edits: Sequence[Edit]
    ) -> cst.CSTNode:
        new = updated
        for edit in sorted(edits, key=_rank):
            with naming(edit):
                result = self._carried_out(original, new, edit)
            if result is not None:
                new = result
                self.blocks.applied.add(edit)
        if isinstance(new, cst.BaseExpression) and new is not updated:
            if not new.lpar and self._is_glued(original, new):
                new = parenthesize(new)
            self._fresh[new] = None
        return new

    def _without_import(self, original: cst.CSTNode, node: cst.CSTNode) -> cst.CSTNode:
        """An import without every name that goes; a statement with none left is removed later."""
        if original in self.blocks.removed:
            return node
        names = {e.name for e in self._index.edits[original] if isinstance(e, RemoveImport)}
        rest = expressions.without_imports(original, names)
        if rest is None:
            self.blocks.removed.add(original)
        return rest or node

    def _carried_out(
        self, original: cst.CSTNode, node: cst.CSTNode, edit: Edit
    ) -> cst.CSTNode | None:
        """The node after the edit; None when the edit is one of statements, which their block does."""
        quote = self._quotes[-1][1] if self._quotes else ""
        match edit:
            case Arguments() if isinstance(node, cst.Call):
                return expressions.with_edited_arguments(node, edit, quote)
            case HandOver() if isinstance(node, cst.Call):
                return expressions.handed_over(node, edit)
            case MakeList() if isinstance(node, cst.GeneratorExp):
                return expressions.listed(node)
            case MakeAsync() if edit.node not in ("item", *index.DELEGATIONS):
                return self._asynchronous(node, edit)
            case Replace() if not isinstance(original, index.STATEMENT):
                return self._replaced(original, node, edit, quote)
            case Await() if isinstance(node, cst.BaseExpression):
                return expressions.awaited(node)
            case Retext(old=old, new=new):
                return expressions.retexted(node, old, new)
            case Decorate() | AddParameter() if isinstance(node, cst.FunctionDef):
                change = (
                    expressions.decorated
                    if isinstance(edit, Decorate)
                    else signatures.with_parameter
                )
                return change(node, edit.text)
            case RemoveImport():
                return self._without_import(original, node)
        return None

    def _asynchronous(self, node: cst.CSTNode, edit: MakeAsync) -> cst.CSTNode:
        if edit.node == "closing" and isinstance(node, cst.For):
            return expressions.closing(node, self.blocks.free_name("items"), self._indents[-1])
        return expressions.asynchronous(node)

    def _replaced(
        self, original: cst.CSTNode, node: cst.CSTNode, edit: Replace, quote: str
    ) -> cst.CSTNode:
        results = self.blocks.results
        if original in self._holes:
            results[original] = node
        used = templates.used_holes(edit.template, len(edit.holes))
        holes: list[cst.CSTNode] = []
        for number, hole in enumerate(edit.holes):
            place = self._index.holes[hole]
            if number in used and place not in results:
                place.visit(self)  # it comes later in the text, or around
            holes.append(results[place] if number in used else cst.Name("_"))
        return expressions.replaced(node, edit, holes, quote)

    def _is_glued(self, original: cst.CSTNode, new: cst.BaseExpression) -> bool:
        """Whether the new text would run into a word beside it: ``return[x]`` and a name.

        ``await f()if x`` would be legal, but LibCST knows only that ``f()if x`` is.
        """
        positions, text = self._index.source.positions, code(new)
        start, end = positions[original].start, positions[original].end
        if isinstance(original, cst.BaseExpression) and original.lpar:
            start, end = positions[original.lpar[0]].start, positions[original.rpar[-1]].end
        before = self._lines[start.line - 1][: start.column][-1:]
        after = self._lines[end.line - 1][end.column :][:1]
        return (_is_word(before) and (_is_word(text[0]) or text[0] in "'\"")) or (
            _is_word(after) and (_is_word(text[-1]) or precedence(new) < ATOM)
        )

    def _with(self, original: cst.With, node: cst.With) -> cst.CSTNode:
        """The statement with the items that become async; nested statements if not all do."""
        flags = []
        for item in original.items:
            edits = [e for e in self._index.edits.get(item, ()) if isinstance(e, MakeAsync)]
            self.blocks.applied.update(edits)
            flags.append(bool(edits) or original.asynchronous is not None)
        if all(flags):
            return expressions.asynchronous(node)
        return split_with(node, flags, self._indents[-1]) if any(flags) else node

    def _decorators(
        self, original: cst.FunctionDef | cst.ClassDef, node: cst.FunctionDef | cst.ClassDef
    ) -> cst.CSTNode:
        """The definition without the decorators that are to go."""
        kept = []
        for old, decorator in zip(original.decorators, node.decorators, strict=True):
            deletes = [e for e in self._index.edits.get(old, ()) if isinstance(e, Delete)]
            self.blocks.applied.update(deletes)
            if not deletes:
                kept.append(decorator)
        if len(kept) == len(node.decorators):
            return node
        if kept:
            return node.with_changes(decorators=kept)
        lines = [*node.leading_lines, *node.lines_after_decorators]
        return node.with_changes(decorators=[], leading_lines=lines, lines_after_decorators=[])

    def _block(self, original: Block, new: Block) -> cst.CSTNode:
        if isinstance(original, cst.Module) and isinstance(new, cst.Module):
            return self._module(original, new)
        if not self.blocks.touches(original):
            return new
        indent = self._indents[-1]
        return rebuilt(new, self.blocks.items(original, new, indent), indent)

    def _module(self, original: cst.Module, new: cst.Module) -> cst.Module:
        if not self._added and not self.blocks.touches(original):
            return new
        new = with_short_header(new)
        items = self.blocks.items(original, new, None)
        # Helpers all go to the same place: the last one first.
        definitions = [edit for edit in self._added if isinstance(edit, Define)]
        text = self._index.source
        around = imports.surroundings(text.path, text.lines, header=bool(new.header))
        for edit in [e for e in self._added if isinstance(e, AddImport)] + definitions[::-1]:
            with naming(edit):
                imports.add(items, edit, around)
            self.blocks.applied.add(edit)
        statements, rest = settle(items, begins=not new.header)
        footer = [*rest, *new.footer]
        whole = bool(statements or new.header or footer)
        newline = new.has_trailing_newline or not self._index.source.text
        return new.with_changes(
            body=statements, footer=footer, has_trailing_newline=whole and newline
        )


def _rank(edit: Edit) -> int:
    """Of the edits of one node, arguments come first and `await` goes around the result."""
    order = (Retext, Arguments, HandOver, MakeList, Replace, Await)
    if isinstance(edit, Replace) and edit.around:
        return len(order)
    if isinstance(edit, MakeAsync) and edit.node == "closing":
        return len(order) + 1
    return next((rank for rank, kind in enumerate(order) if isinstance(edit, kind)), 0)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
