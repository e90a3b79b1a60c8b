"""The Plan: every decision, as a value that can be printed, stored, filtered and carried out later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from asyncify.model.facts import FunctionId
from asyncify.model.span import Span


@dataclass(frozen=True, slots=True)
class Await:
    """Put `await` before the expression, with parentheses exactly where the grammar needs them."""

    span: Span


@dataclass(frozen=True, slots=True)
class MakeAsync:
    """Make a piece of syntax asynchronous. `node` says which, and what `span` is:

    - "def", "for": the statement (decorators excluded);
    - "item": the context expression of one item of a `with` statement. A statement of which only
      some items are async is split into nested ones;
    - "clause": the iterable of one comprehension clause;
    - "delegation": a `yield from` expression that is a whole statement; it becomes
      ``async for item in ...: yield item``;
    - "closing" (beside "for"), "closing delegation": what the loop runs over is closed behind it,
      ``async with aclosing(...) as items:``.
    """

    span: Span
    node: str


@dataclass(frozen=True, slots=True)
class MakeTwin:
    """Keep the `def` statement at `span` as it is, and put a copy named `name` after it, mostly an async one.

    Every other edit inside the span is for the copy only. `drop` are the numbers of decorators that
    the copy does not have. Where there is no other edit, the copy may call what `calls` names instead.
    """

    span: Span
    name: str
    drop: tuple[int, ...] = ()
    is_async: bool = True
    calls: str = ""


@dataclass(frozen=True, slots=True)
class MakeList:
    """Turn a generator expression into a list comprehension."""

    span: Span


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace an expression (or the name of a definition, a keyword, an except type) by a template.

    ``{0}``, ``{1}`` ... in the template stand for the expressions at `holes`, as they are after
    their own edits; braces are doubled as in `str.format`. A hole that is `span` itself stands for
    the expression after its other edits; those include an `Await` only if this goes `around` it.
    """

    span: Span
    template: str
    holes: tuple[Span, ...] = ()
    around: bool = False


@dataclass(frozen=True, slots=True)
class Retext:
    """Replace `old`, which is written only once in the string literal at `span`, by `new`.

    The quotes stay. A string that holds it in another spelling stays as it is.
    """

    span: Span
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Arguments:
    """Edit the argument list of a call in place; indices count all arguments as written.

    Order of work: `drop`, `rename` (index -> keyword, or "**" to unpack it), then `first` before and `last`
    after the rest.
    `first` and `last` are argument texts (``subprocess.run``, ``timeout=None``).
    """

    span: Span
    drop: tuple[int, ...] = ()
    rename: tuple[tuple[int, str], ...] = ()
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandOver:
    """Turn the call ``f(a, b)`` at `span` into ``to(f, a, b)``: the callee becomes the first argument."""

    span: Span
    to: str


@dataclass(frozen=True, slots=True)
class Wrap:
    """Put the sibling statements `first` to `last` into a new block with this header (``async with x as y:``).

    Newlines at the start of the header are blank lines, of which there are at least so many before it.
    """

    first: Span
    last: Span
    header: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Insert statements at a statement: "before" or "after" it, or as "first" or "last" of its body.

    With `holes` the text is a template, as that of `Replace`.
    """

    span: Span
    where: str
    text: str
    holes: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Decorate:
    """Put a decorator above the `def` statement at `span`, and above the decorators that it has."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class AddParameter:
    """Give the `def` statement at `span` one more parameter, which only a keyword can name."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Change the `# asyncify:` comment that has line `line` to itself; the line goes with an empty text."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a whole statement, or a decorator; with `comments`, those above and behind it stay."""

    span: Span
    comments: bool = False


@dataclass(frozen=True, slots=True)
class AddImport:
    """Make sure that the module imports this (``import httpx``, ``from contextlib import closing``)."""

    text: str


@dataclass(frozen=True, slots=True)
class RemoveImport:
    """Remove one name from an import statement; the statement goes with its last name."""

    span: Span  # of the statement
    name: str  # the local name


@dataclass(frozen=True, slots=True)
class Define:
    """Make sure that the module defines this helper, after its imports."""

    name: str
    text: str


Edit = (
    Await
    | MakeAsync
    | MakeTwin
    | MakeList
    | Replace
    | Retext
    | Arguments
    | HandOver
    | Wrap
    | Insert
    | Remark
    | Decorate
    | AddParameter
    | Delete
    | AddImport
    | RemoveImport
    | Define
)


class Safety(StrEnum):
    """How much a person has to look at a conversion."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Hop:
    """One call on the way from an async function down to a blocking call.

    `function` makes the call; `callee` is the function that it reaches, or the name of the blocking one.
    """

    function: FunctionId
    path: str
    span: Span
    callee: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell: a conversion, a colour change, or a leftover with its reason."""

    code: str
    name: str
    path: str
    span: Span
    safety: Safety
    message: str
    reason: str = ""
    function: FunctionId | None = None
    because: FunctionId | None = None
    chain: int | None = None
    trace: tuple[Hop, ...] = ()  # how an event loop gets to a blocking call (scope "async-only")
    entries: tuple[FunctionId, ...] = ()  # every async function that gets there
    library: str | None = None  # whose rules say that a call blocks


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a function becomes async: the call at `span` reaches `callee`, or is itself the blocking call."""

    path: str
    span: Span
    callee: str  # FunctionId, or the external name of the blocking call
    twin: bool = False  # it stays, and has an async twin


@dataclass(frozen=True, slots=True)
class Chain:
    """Conversions that are applied together or not at all."""

    id: int
    functions: tuple[FunctionId, ...]
    edits: tuple[tuple[str, Edit], ...]  # (path, edit)
    safety: Safety = Safety.SAFE


@dataclass(frozen=True, slots=True)
class FileError:
    """A file that could not be read or parsed. Lines and columns count from 1; 0 means unknown."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, why, and what is left."""

    chains: tuple[Chain, ...] = ()
    findings: tuple[Finding, ...] = ()
    reasons: Mapping[FunctionId, Reason] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(
        default_factory=dict
    )  # other files (test configuration): new content

    @property
    def async_functions(self) -> tuple[FunctionId, ...]:
        """Every function that becomes async, sorted."""
        return tuple(sorted(self.reasons))

    def edits(self, *, unsafe: bool = False) -> dict[str, tuple[Edit, ...]]:
        """The edits of every chain that may be applied, by path."""
        by_path: dict[str, dict[Edit, None]] = {}
        for chain in self.chains:
            if chain.safety is Safety.SAFE or (unsafe and chain.safety is Safety.UNSAFE):
                for path, edit in chain.edits:
                    by_path.setdefault(path, {})[edit] = None
        return {path: tuple(edits) for path, edits in sorted(by_path.items())}
