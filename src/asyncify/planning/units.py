"""Seeds: blocking calls that are converted together, with everything that converting them needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from asyncify.model.facts import FunctionId, Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import AddImport, Define, Edit
from asyncify.planning.colour import Unit
from asyncify.planning.project import Project
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Call, Hold, Library, Thread

TO_THREAD = "asyncio.to_thread"
IN_THREAD = frozenset({TO_THREAD, "asyncio.threads.to_thread"})
_OBJECTS = (SourceKind.CALL, SourceKind.INSTANCE)


@dataclass(frozen=True, slots=True)
class ClientCall:
    """A call that needs a client around it; its callee is named once the client is."""

    site: Reference
    library: Library
    client: str
    method: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Site:
    """One blocking call, for the report."""

    reference: Reference
    function: FunctionId
    library: Library
    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Guard:
    """An object that others wait for while somebody holds it: it is translated only where it has to be.

    Args:
        hold: what the rule says about it.
        text: how it reads to a person.
        seen: every place that sees it.
        made: the calls that make it.
        problem: why it cannot be translated, whoever uses it.
    """

    hold: Hold
    text: str
    seen: tuple[Reference, ...]
    made: tuple[Reference, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Seed:
    """A unit with everything that converting it needs."""

    unit: Unit
    sites: tuple[Site, ...]
    edits: tuple[tuple[str, Edit], ...] = ()
    clients: tuple[ClientCall, ...] = ()
    fallback: tuple[Seed, ...] = ()
    wider: Seed | None = None  # the same with objects that work in any event loop
    note: str = ""  # why the faithful form was not taken
    code: str = ""
    types: tuple[str, ...] = ()  # resource types that it translates
    values: tuple[int, ...] = ()  # ids of the values that it translates
    bound: tuple[int, ...] = ()  # those of them that work in one event loop only
    libraries: tuple[str, ...] = ()  # libraries that it leaves behind
    guard: Guard | None = None  # it does not block by itself

    @property
    def moves(self) -> tuple[tuple[str, str], ...]:
        """Old and new name of its functions, where the calls only change their callee."""
        if self.values or self.clients:
            return ()
        pairs = [(site.name, site.to) for site in self.sites]
        return tuple(pair for pair in pairs if "." in pair[1] and pair[1] != TO_THREAD)


def import_text(dotted: str) -> str:
    """The import that a dotted name needs."""
    return f"import {dotted.rpartition('.')[0]}"


def helper_edits(rules: Rules, library: Library, name: str) -> list[Edit]:
    """What a module needs to have a helper."""
    helper = rules.helper(library, name)
    return [Define(helper.name, helper.text), *(AddImport(text) for text in helper.imports)]


def used_helpers(rules: Rules, library: Library, names: Iterable[str], text: str = "") -> list[str]:
    """Those of the helpers that stand in `text`, if it is given, and all that they stand on themselves."""
    found = [name for name in names if not text or _names(text, name)]
    for name in found:
        inner = rules.helper(library, name).text
        found.extend(
            h.name for h in library.helpers if h.name not in found and _names(inner, h.name)
        )
    return found


def _names(text: str, name: str) -> bool:
    """Whether a text has a name, as a whole word."""
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def is_awaited(call: Call | Thread) -> bool:
    """Whether the new form of a call is awaited."""
    return isinstance(call, Thread) or call.awaited


def target_name(call: Call | Thread) -> str:
    """What a call becomes, for the report."""
    if isinstance(call, Thread):
        return TO_THREAD
    return call.to or call.name.rpartition(".")[2]


def noted(seed: Seed, note: str) -> Seed:
    """A smaller seed that takes the place of a faithful form, with the reason."""
    return Seed(seed.unit, seed.sites, seed.edits, note=note)


def unit_name(project: Project, site: Reference) -> str:
    """The name of a unit: that of the place where it begins, so that units sort in source order."""
    span = project.expression(site).span
    return f"{project.module(site).path}:{span.line:06}:{span.column:04}"


def is_named(project: Project, site: Reference, name: str) -> bool:
    """Whether a call says the name of the function that it calls: not by a variable that holds it."""
    callee = project.child(site, Role.CALLEE)
    return callee is not None and project.expression(callee).text == name.rpartition(".")[2]


def is_of_others(project: Project, site: Reference, name: str) -> bool:
    """Whether a call that seems to wait is awaited, and may well be that of an object of another library.

    A type checker goes by the annotation of a base, and asynchronous classes beside the others have another object there.
    """
    callee = project.child(site, Role.CALLEE) if is_wrapped(project, site) else None
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    package = name.partition(".")[0]
    sources = project.sources(receiver) if receiver is not None else ()
    return any(s.kind in _OBJECTS and s.name.partition(".")[0] != package for s in sources)


def is_wrapped(project: Project, site: Reference) -> bool:
    """Whether a call stands in an existing await."""
    outer = project.parent(site)
    return outer is not None and outer[1].kind is Kind.AWAIT
