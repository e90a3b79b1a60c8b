"""The ``# asyncify:`` comments of a file, and its literal ``__all__``."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from asyncify.analysis.layout import Layout
from asyncify.model.facts import Directive

_DIRECTIVE = re.compile(
    r"#\s*asyncify:\s*(?P<kind>[\w-]+)?\s*(?:\[(?P<codes>[^]]*)\])?(?P<rest>[^#]*)"
)
_PLAIN = frozenset({"skip", "skip-file"})
_CODED = frozenset({"ignore", "TODO"})


def read_directives(layout: Layout) -> tuple[Directive, ...]:
    """Every directive in source order; what is not understood has kind "unknown" and its text as code."""
    if "asyncify:" not in layout.source:
        return ()
    found: list[Directive] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(layout.lines)).readline):
            if token.type == tokenize.COMMENT and "asyncify:" in token.string:
                alone = token.string if not token.line[: token.start[1]].strip() else ""
                found += [
                    _directive(token.start, text, alone)
                    for text in _DIRECTIVE.finditer(token.string)
                ]
    except (tokenize.TokenError, SyntaxError):  # `ast` is the judge of what is Python
        pass
    return tuple(found)


def _directive(start: tuple[int, int], found: re.Match[str], alone: str) -> Directive:
    line, column = start
    kind, codes = found["kind"] or "", found["codes"]
    if kind in _PLAIN and codes is None:
        return Directive(line, kind)
    if kind in _CODED and codes is not None:
        names = tuple(code for part in codes.split(",") if (code := part.strip()))
        if names:
            if kind == "TODO" and alone:
                return Directive(line, kind, names, alone, column)
            return Directive(line, kind, names)
    text = found[0].partition(":")[2].strip()
    return Directive(line, "unknown", (text,))


def read_exports(tree: ast.Module) -> tuple[str, ...] | None:
    """The names of ``__all__``; None if there is none, or if it is computed."""
    names: list[str] | None = None
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value) | ast.AnnAssign(
                target=ast.Name(id="__all__"), value=ast.expr() as value
            ):
                names = _strings(value)
            case ast.AugAssign(target=ast.Name(id="__all__"), value=value) | ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="__all__"), attr="extend"),
                    args=[value],
                )
            ):
                more = _strings(value)
                names = None if names is None or more is None else names + more
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="__all__"), attr="append"),
                    args=[ast.Constant(value=str(name))],
                )
            ) if (
                names is not None
            ):
                names = [*names, name]
    return None if names is None else tuple(names)


def _strings(node: ast.expr) -> list[str] | None:
    if isinstance(node, ast.List | ast.Tuple):
        values = [part.value for part in node.elts if isinstance(part, ast.Constant)]
        names = [value for value in values if isinstance(value, str)]
        return names if len(names) == len(node.elts) else None
    return None
