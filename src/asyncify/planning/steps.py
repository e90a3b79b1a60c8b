"""What one place of the code needs once something that it uses becomes async."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from asyncify.model.facts import FunctionId
from asyncify.model.graph import Reference
from asyncify.model.plan import Edit
from asyncify.model.span import Span
from asyncify.planning.colour import Limit, Use


@dataclass(frozen=True, slots=True)
class Step:
    """What one place needs: its edits, and the functions that have to be async for them (often one, or nobody)."""

    edits: tuple[tuple[str, Edit], ...] = ()
    uses: tuple[Use, ...] = ()
    limit: Limit | None = None
    bridge: Reference | None = None  # a call in a main guard, to be run by asyncio.run
    gives: tuple[FunctionId, ...] = ()  # functions that stay, and return an async iterator
    moved: tuple[Reference, ...] = ()  # places at module level that a program can take along

    def with_edits(self, edits: Iterable[tuple[str, Edit]]) -> Step:
        """The step with more edits; a limit stays one."""
        more = tuple(edits)
        if not more or self.limit is not None:
            return self
        return replace(self, edits=(*self.edits, *more))


@dataclass(frozen=True, slots=True)
class Items:
    """An expression that becomes an async iterable.

    Args:
        inside: how it reads between the brackets of a comprehension; ``{0}`` ... stand for `holes`.
        remade: it is written anew, by `inside`; otherwise it stays as it is.
        either: how it reads, if it may be a plain iterable as well.
        literal: it is a generator expression.
        closable: it is a new async generator that nobody else holds.
        cleanup: something happens in it when it is left before its end.
        tracked: analysis follows it through variables and calls.
        awaited: the expression may be awaited itself, before it is written anew.
    """

    inside: str
    holes: tuple[Span, ...]
    remade: bool = False
    either: str = ""
    literal: bool = False
    closable: bool = False
    cleanup: bool = False
    tracked: bool = False
    awaited: bool = False

    @property
    def around(self) -> bool:
        """Whether what is written goes around what else becomes of the expression."""
        return self.awaited or not self.remade


def joined(first: Step, second: Step) -> Step:
    """Two steps of one place as one."""
    limit = first.limit or second.limit
    if limit is not None:
        return Step(limit=limit)
    return Step(
        (*first.edits, *second.edits),
        tuple(dict.fromkeys((*first.uses, *second.uses))),
        gives=tuple(dict.fromkeys((*first.gives, *second.gives))),
        moved=tuple(dict.fromkeys((*first.moved, *second.moved))),
    )


def in_program(step: Step) -> Step:
    """A step of which the places at module level become part of an async function."""
    return replace(step, uses=tuple(use for use in step.uses if use.site not in step.moved))
