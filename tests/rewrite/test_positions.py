"""Every place that `ast` names is found, on real code: one node of the right kind, no more."""

import ast
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from asyncify.model.plan import Await, Edit, Insert, MakeAsync, MakeList, Replace
from asyncify.model.span import Columns, Span
from asyncify.rewrite import index, rewrite_module, source
from asyncify.rewrite.positions import read_positions

LIBRARY = Path(sysconfig.get_path("stdlib"))
FILES = [
    path
    for folder, count in ((LIBRARY, 40), (LIBRARY / "asyncio", 12), (LIBRARY / "email", 8))
    for path in [p for p in sorted(folder.glob("[a-h]*.py")) if p.stat().st_size < 25_000][:count]
]
# A tuple in a subscript is no node of LibCST.
NO_PLACE = (ast.Slice, ast.Starred, ast.FormattedValue)


def spans(data: bytes) -> Iterator[tuple[ast.AST, ast.AST, Span]]:
    """The expressions and statements of a module with their parents and places."""
    text = data.decode()
    columns = Columns(text)
    todo: list[tuple[ast.AST, ast.AST]] = [(ast.parse(data), ast.Pass())]
    while todo:
        node, parent = todo.pop()
        if isinstance(node, ast.JoinedStr):  # ast is wrong inside before Python 3.12
            continue
        todo.extend((child, node) for child in ast.iter_child_nodes(node))
        if isinstance(node, ast.expr | ast.stmt | ast.ExceptHandler):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            yield node, parent, columns.span(
                node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
            )


def edits(data: bytes) -> Iterator[Edit]:
    for node, parent, span in spans(data):
        if isinstance(node, NO_PLACE) or (
            isinstance(node, ast.Tuple) and isinstance(parent, ast.Subscript)
        ):
            continue
        if isinstance(node, ast.expr):
            yield Await(span)
        else:
            yield Insert(span, "before", "pass")
        match node:
            case ast.FunctionDef() | ast.For() | ast.With():
                yield MakeAsync(span, {"F": "def", "f": "for", "w": "with"}[_key(node)])
                yield Insert(span, "first", "pass")
            case ast.GeneratorExp():
                yield MakeList(span)
        if isinstance(parent, ast.comprehension) and parent.iter is node:
            yield MakeAsync(span, "clause")
        if isinstance(parent, ast.withitem) and parent.context_expr is node:
            yield MakeAsync(span, "item")


def _key(node: ast.AST) -> str:
    return {ast.FunctionDef: "F", ast.For: "f", ast.With: "w"}[type(node)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_place_is_found(path: Path) -> None:
    data = path.read_bytes()
    wanted = list(edits(data))
    found = index.build(source.read(data, path.name), wanted)
    assert sum(len(each) for each in found.edits.values()) == len(wanted)
    for node, each in found.edits.items():
        if isinstance(node, cst.BaseExpression):
            assert any(isinstance(edit, Await) for edit in each)


@pytest.mark.parametrize("path", FILES[::4], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_call_is_wrapped(path: Path) -> None:
    """The parentheses of a template are right everywhere: the tree is the same but for the wrapping."""
    data = path.read_bytes()
    calls = [span for node, _, span in spans(data) if isinstance(node, ast.Call)]
    after = rewrite_module(
        data, [Replace(span, "wrapped.or_not or {0}", (span,)) for span in calls], path=path.name
    )
    assert ast.dump(Unwrap().visit(ast.parse(after))) == ast.dump(ast.parse(data))


class Unwrap(ast.NodeTransformer):
    """Takes the wrapping off."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        values = []
        for value in node.values:
            if isinstance(value, ast.Attribute) and value.attr == "or_not":
                continue
            values.append(self.visit(value))
        node.values = values
        return values[0] if len(values) == 1 else node


@pytest.mark.parametrize("path", FILES[1::4], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_call_is_awaited(path: Path) -> None:
    data = path.read_bytes()
    calls = [span for node, _, span in spans(data) if isinstance(node, ast.Call)]
    after = rewrite_module(data, [Await(span) for span in calls], path=path.name)
    assert ast.dump(Unawait().visit(ast.parse(after))) == ast.dump(ast.parse(data))
    assert len(after.splitlines()) == len(data.splitlines())


class Unawait(ast.NodeTransformer):
    """Takes every `await` before a call away."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        self.generic_visit(node)
        return node.value if isinstance(node.value, ast.Call) else node


FSTRINGS = {
    "call": ('f"a{«f()»}b{c}"', 'f"a{await f()}b{c}"'),
    "receiver": ('f"ä{«f()».x!r:>{«g»}}"', 'f"ä{(await f()).x!r:>{await g}}"'),
    "implicitly joined": ('"a" f"{x}" f"{«f()»}"', '"a" f"{x}" f"{await f()}"'),
    "on several lines": ('f"""\nä{\n«f()»}\n{«g()»}"""', 'f"""\nä{\nawait f()}\n{await g()}"""'),
    "with blanks": ('f"{ «f()» }"', 'f"{ await f() }"'),
    "debugging": ('f"{«f()»=}"', 'f"{await f()=}"'),
}


@pytest.mark.parametrize(("before", "after"), FSTRINGS.values(), ids=FSTRINGS)
def test_places_in_f_strings(rewrite, before: str, after: str) -> None:
    marked = f"async def z():\n    x = {before}\n"
    count = before.count("«")
    assert rewrite(marked, [Await(n) for n in range(count)]) == f"async def z():\n    x = {after}\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_places_are_those_of_libcst(path: Path) -> None:
    module = cst.parse_module(path.read_bytes())
    text, positions = read_positions(module)
    known = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    assert text == module.code
    assert {id(node): place for node, place in positions.items()} == {
        id(node): (
            (place.start.line, place.start.column),
            (place.end.line, place.end.column),
        )
        for node, place in known.items()
    }
