"""Edits of annotations: a type gets another name, or stands inside another one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from asyncify.model.facts import Kind
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Edit, Replace, Retext
from asyncify.model.span import Span
from asyncify.planning.project import Project
from asyncify.planning.terms import Spot, Term, imported, resolve


@dataclass(frozen=True, slots=True)
class Rename:
    """Another name for the type: in the same module as the old one, or (`dotted`) in full."""

    term: Term
    name: str
    dotted: bool = False
    keep: int = 0  # how many arguments stay; 0 for all


@dataclass(frozen=True, slots=True)
class Wrap:
    """The type inside another one, which comes from where `like` comes from; it may stay `beside` that."""

    term: Term
    name: str
    like: Term
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Expand:
    """The definition of an alias in its place, with an awaitable result: the alias stays for others."""

    term: Term
    definition: Term
    name: str = "Awaitable"


Change = Rename | Wrap | Expand


def spell(project: Project, changes: Iterable[Change]) -> Iterator[Edit]:
    """The edits of one annotation. What is inside comes before what goes around it."""
    ordered = sorted(dict.fromkeys(changes), key=lambda change: isinstance(change, Wrap))
    both = {change.term for change in ordered if isinstance(change, Wrap) and change.beside}
    ordered = [c for c in ordered if not isinstance(c, Wrap) or c.beside or c.term not in both]
    splices: dict[Reference, list[tuple[int, int, str]]] = {}
    for change in ordered:
        speller = _Speller(project, change)
        if change.term.spot.in_string:
            pieces = splices.setdefault(change.term.spot.reference, [])
            pieces.extend(speller.splices())
        else:
            yield from speller.edits()
        yield from speller.imports
    for reference, pieces in splices.items():
        text = ast.literal_eval(project.expression(reference).text)
        yield Retext(project.expression(reference).span, text, _spliced(text, pieces))


def _spliced(text: str, pieces: Sequence[tuple[int, int, str]]) -> str:
    parts, position = [], 0
    for start, end, new in sorted(pieces, key=lambda piece: piece[:2]):
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])


class _Speller:
    """How a new name is written in one module."""

    def __init__(self, project: Project, change: Change) -> None:
        self.project = project
        self.change = change
        self.imports: list[Edit] = []

    def edits(self) -> Iterator[Edit]:
        """The change of an expression."""
        term = self.change.term
        match self.change:
            case Wrap(like=like, beside=beside):
                holes = [self._span(term.spot)]
                name = self._name(like)
                if like.receiver is not None:
                    if like.receiver.in_string:
                        return
                    holes.append(self._span(like.receiver))
                    name = f"{{1}}.{self.change.name}"
                text = f"{name}[{{0}}]" + (" | {0}" if beside else "")
                yield Replace(holes[0], text, tuple(holes))
            case Expand(definition=definition):
                arguments, result = definition.arguments
                name = self._name(definition)
                if definition.receiver is not None:
                    name = f"{self._text(definition.receiver)}.{name}"
                assert definition.named is not None
                callee = written(self.project, definition.named.reference)
                taken = written(self.project, arguments.spot.reference)
                given = written(self.project, result.spot.reference)
                text = f"{callee}[{taken}, {name}[{given}]]"
                yield Replace(self._span(term.spot), text.replace("{", "{{").replace("}", "}}"))
            case Rename(keep=keep):
                holes = []
                name = self._name(term)
                if term.receiver is not None and not self.change.dotted:
                    holes.append(self._span(term.receiver))
                    name = f"{{0}}.{self.change.name}"
                assert term.named is not None
                if not keep:
                    yield Replace(self._span(term.named), name, tuple(holes))
                    return
                first = len(holes)
                holes.extend(self._span(one.spot) for one in term.arguments[:keep])
                inner = ", ".join(f"{{{number}}}" for number in range(first, len(holes)))
                yield Replace(self._span(term.spot), f"{name}[{inner}]", tuple(holes))

    def splices(self) -> Iterator[tuple[int, int, str]]:
        """The change of a piece of a string."""
        term = self.change.term
        match self.change:
            case Wrap(like=like, beside=beside):
                name = self._name(like)
                if like.receiver is not None:
                    name = f"{self._text(like.receiver)}.{self.change.name}"
                yield term.spot.start, term.spot.start, f"{name}["
                rest = f" | {self._text(term.spot)}" if beside else ""
                yield term.spot.end, term.spot.end, f"]{rest}"
            case Rename(keep=keep):
                assert term.named is not None
                name = self._name(term)
                if term.receiver is not None and not self.change.dotted:
                    name = f"{self._text(term.receiver)}.{self.change.name}"
                yield term.named.start, term.named.end, name
                if keep:
                    yield term.arguments[keep - 1].spot.end, term.arguments[-1].spot.end, ""

    def _span(self, spot: Spot) -> Span:
        return self.project.expression(spot.reference).span

    def _text(self, spot: Spot) -> str:
        expression = self.project.expression(spot.reference)
        if spot.in_string:
            text: str = ast.literal_eval(expression.text)
            return text[spot.start : spot.end]
        if expression.kind is Kind.NAME:
            return expression.text
        inner = next(iter(self.project.children(spot.reference)))[0]
        return f"{self._text(Spot(inner))}.{expression.text}"

    def _name(self, like: Term) -> str:
        """The new name as it is written without the module, with what has to be imported for it."""
        name = self.change.name
        module = self.project.module(self.change.term.spot.reference)
        if isinstance(self.change, Rename) and self.change.dotted:
            if "." in name:
                self.imports.append(AddImport(f"import {name.rpartition('.')[0]}"))
            return name
        if like.receiver is not None:
            return name
        origin = like.name.rpartition(".")[0]
        body = self.project.functions[f"{module.name}:"]
        if name in body.names:
            meant, _ = resolve(self.project, module.name, name)
            if meant.rpartition(".")[2] == name and meant.partition(".")[0] in (
                "typing",
                "typing_extensions",
                "collections",
                "contextlib",
            ):
                found = imported(module, name)
                if found is not None and not found.type_checking:
                    return name
            elif origin not in body.names:
                self.imports.append(AddImport(f"import {origin}"))
                return f"{origin}.{name}"
        self.imports.append(AddImport(f"from {origin} import {name}"))
        return name


def written(project: Project, reference: Reference) -> str:
    """A type as it is written; empty for what a type does not consist of."""
    expression = project.expression(reference)
    parts = [written(project, inner) for inner, _ in project.children(reference)]
    if not all(parts):
        return ""
    match expression.kind:
        case Kind.NAME:
            return expression.text
        case Kind.ATTRIBUTE:
            return f"{parts[0]}.{expression.text}"
        case Kind.SUBSCRIPT:
            return f"{parts[0]}[{parts[1]}]"
        case Kind.CONTAINER if expression.text in ("list", "tuple"):
            inner = ", ".join(parts)
            return f"[{inner}]" if expression.text == "list" else inner
        case Kind.CONSTANT:
            return {"Ellipsis": "..."}.get(expression.text, expression.text)
        case Kind.OTHER if expression.text == "BinOp":
            return " | ".join(parts)
    return ""
