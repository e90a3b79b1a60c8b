"""Annotations as trees, whether they are written as expressions or as strings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncify.model.facts import Expression, Import, Kind, Module, Role
from asyncify.model.graph import Reference

if TYPE_CHECKING:
    from asyncify.planning.project import Project

_TYPING = ("typing", "typing_extensions")
_HOPS = 5  # re-exports between a name and its definition
# what stands around a type without making another one of it
_WRAPPERS = frozenset(
    f"{module}.{name}"
    for module in (*_TYPING, "dataclasses")
    for name in (
        "Annotated",
        "ClassVar",
        "Final",
        "InitVar",
        "NotRequired",
        "Optional",
        "ReadOnly",
        "Required",
        "Union",
    )
)


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A piece of an annotation: an expression, or a part of the string that `reference` is."""

    reference: Reference
    start: int = -1
    end: int = -1

    @property
    def in_string(self) -> bool:
        """Whether it is a part of a string."""
        return self.start >= 0


@dataclass(frozen=True, slots=True)
class Term:
    """One node of an annotation.

    `name` is what is named, or subscripted, as the external name; `variable` the same if it belongs to
    the project: module and name. `named` is the place of that name and `receiver` of what stands
    before its last dot.
    """

    spot: Spot
    name: str = ""
    variable: tuple[str, str] | None = None
    named: Spot | None = None
    receiver: Spot | None = None
    arguments: tuple[Term, ...] = ()
    kind: str = "name"  # or "subscript", "union", "list", "other"

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def is_wrapper(self) -> bool:
        """Whether it says something about its arguments, and is no type of its own."""
        return self.kind == "union" or (self.kind == "subscript" and self.name in _WRAPPERS)

    def walk(self) -> Iterator[Term]:
        """The term and everything in it."""
        yield self
        for argument in self.arguments:
            yield from argument.walk()


def members(term: Term) -> Iterator[Term]:
    """The types that an object of this annotation may have."""
    if term.is_wrapper:
        for argument in term.arguments:
            yield from members(argument)
    else:
        yield term


def contents(term: Term) -> Iterator[Term]:
    """The types of the objects inside an object of this annotation, however deep."""
    for member in members(term):
        if member.kind == "subscript" and member.short not in ("Callable", "type", "Type"):
            for argument in member.arguments:
                yield from members(argument)
                yield from contents(argument)


def read(project: Project, reference: Reference) -> Term:
    """The tree of the annotation at a place."""
    expression = project.expression(reference)
    spot = Spot(reference)
    if expression.kind in (Kind.NAME, Kind.ATTRIBUTE):
        return _named(project, reference)
    if expression.kind is Kind.SUBSCRIPT:
        return _subscript(project, reference)
    if expression.kind is Kind.CONTAINER:
        parts = tuple(read(project, inner) for inner, _ in project.children(reference))
        return Term(spot, arguments=parts, kind="list")
    if expression.kind is Kind.OTHER and expression.text == "BinOp":
        parts = tuple(read(project, inner) for inner, _ in project.children(reference))
        return Term(spot, arguments=parts, kind="union")
    if expression.kind is Kind.CONSTANT and expression.text[:1] in "'\"":
        return _quoted(project, reference, expression)
    return Term(spot, kind="other")


def _named(project: Project, reference: Reference) -> Term:
    spot = Spot(reference)
    name, variable = denoted(project, reference)
    receiver = project.child(reference, Role.RECEIVER)
    return Term(
        spot, name, variable, spot, Spot(receiver) if receiver is not None else None, kind="name"
    )


def _subscript(project: Project, reference: Reference) -> Term:
    base, index = project.child(reference, Role.SUBSCRIPTED), project.child(reference, Role.INDEX)
    assert base is not None
    assert index is not None
    term = _named(project, base)
    parts = [index]
    if project.expression(index).text == "tuple":
        parts = [inner for inner, _ in project.children(index)]
    if term.short == "Literal":
        parts = []
    elif term.short == "Annotated":
        parts = parts[:1]
    arguments = tuple(read(project, part) for part in parts)
    return Term(
        Spot(reference), term.name, term.variable, term.named, term.receiver, arguments, "subscript"
    )


# -- names ---------------------------------------------------------------------------------------


def denoted(project: Project, reference: Reference) -> tuple[str, tuple[str, str] | None]:
    """What a name or attribute stands for: an external name, or a name of a module of the project."""
    found = project.graph.names.get(reference)
    if found is not None:
        return found, None
    dotted = _dotted(project, reference)
    expression = project.expression(reference)
    if not dotted or (expression.variable and not _is_global(project, expression, reference)):
        return "", None
    return resolve(project, reference.module, dotted)


def _is_global(project: Project, expression: Expression, reference: Reference) -> bool:
    return expression.variable is not None and expression.variable[0] == f"{reference.module}:"


def _dotted(project: Project, reference: Reference) -> str:
    expression = project.expression(reference)
    if expression.kind is Kind.NAME:
        return expression.text
    if expression.kind is Kind.ATTRIBUTE:
        receiver = project.child(reference, Role.RECEIVER)
        before = _dotted(project, receiver) if receiver is not None else ""
        return f"{before}.{expression.text}" if before else ""
    return ""


def resolve(project: Project, module: str, dotted: str) -> tuple[str, tuple[str, str] | None]:
    """What a dotted name means at the top of a module."""
    known = project.graph.modules
    for _ in range(_HOPS):
        first, _, rest = dotted.partition(".")
        found = imported(known[module], first)
        if found is None:
            body = project.functions.get(f"{module}:")
            own = body is not None and first in body.names and not rest
            return "", (module, first) if own else None
        target = f"{found.module}.{found.attribute}" if found.attribute else found.module
        dotted = f"{target}.{rest}" if rest else target
        home = _home(known, dotted)
        if home is None:
            return dotted, None
        module, dotted = home, dotted.removeprefix(f"{home}.")
    return "", None


def _home(modules: object, dotted: str) -> str | None:
    """The module of the project that a dotted name lies in."""
    prefix = dotted.rpartition(".")[0]
    while prefix:
        if prefix in modules:  # type: ignore[operator]
            return prefix
        prefix = prefix.rpartition(".")[0]
    return None


def imported(module: Module, name: str) -> Import | None:
    """The import that binds a name at the top of a module, also for the type checker only."""
    found = [one for one in module.imports if one.name == name and one.scope == f"{module.name}:"]
    targets = {(one.module, one.attribute) for one in found}
    return found[0] if len(targets) == 1 else None


# -- strings -------------------------------------------------------------------------------------


def _quoted(project: Project, reference: Reference, expression: Expression) -> Term:
    text = ast.literal_eval(expression.text)
    other = Term(Spot(reference), kind="other")
    if not isinstance(text, str) or not text.isascii() or text != text.strip():
        return other
    if "\\" in expression.text or "\n" in text:
        return other
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return other
    return _Quoted(project, reference).term(tree.body)


class _Quoted:
    """Reads the text of a string; columns are places in it."""

    def __init__(self, project: Project, reference: Reference) -> None:
        self.project = project
        self.reference = reference

    def spot(self, node: ast.expr) -> Spot:
        assert node.end_col_offset is not None
        return Spot(self.reference, node.col_offset, node.end_col_offset)

    def term(self, node: ast.expr) -> Term:
        spot = self.spot(node)
        match node:
            case ast.Name() | ast.Attribute():
                return self._named(node)
            case ast.Subscript(value=base, slice=index):
                return self._subscript(spot, base, index)
            case ast.BinOp(left=left, right=right, op=ast.BitOr()):
                return Term(spot, arguments=(self.term(left), self.term(right)), kind="union")
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return Term(spot, arguments=tuple(map(self.term, parts)), kind="list")
        return Term(spot, kind="other")

    def _named(self, node: ast.expr) -> Term:
        spot = self.spot(node)
        dotted = ast.unparse(node)
        if not all(part.isidentifier() for part in dotted.split(".")):
            return Term(spot, kind="other")
        name, variable = resolve(self.project, self.reference.module, dotted)
        receiver = self.spot(node.value) if isinstance(node, ast.Attribute) else None
        return Term(spot, name, variable, spot, receiver)

    def _subscript(self, spot: Spot, base: ast.expr, index: ast.expr) -> Term:
        term = self._named(base)
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        if term.short == "Literal":
            parts = []
        elif term.short == "Annotated":
            parts = parts[:1]
        arguments = tuple(map(self.term, parts))
        return Term(
            spot, term.name, term.variable, term.named, term.receiver, arguments, "subscript"
        )
