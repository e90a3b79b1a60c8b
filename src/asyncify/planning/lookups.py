"""Calls of a library that is reached by a name in a string."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from asyncify.model.facts import FlowKind, Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.project import Project
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Call, Library, Thread

_IMPORTERS = ("importlib.import_module", "builtins.__import__")

_UNSEEN = "the module is imported by its name, so nobody sees which of its calls wait"
_BOUND = "nobody sees which part of it is called, and its objects belong to one thread"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A call of something that a string names: by `getattr`, or an import of the library itself.

    `problem` is why it cannot run in a thread.
    """

    site: Reference
    library: Library
    name: str
    problem: str = ""


def looked_up(project: Project, rules: Rules, site: Reference) -> Iterator[Lookup]:
    """What a call (of `getattr`, or of an import) finds by a string, and calls: a library or a part of it."""
    names = project.callee_names(site)
    if any(name in _IMPORTERS for name in names):
        yield from _imported(project, rules, site)
    if names != ("builtins.getattr",):
        return
    arguments = project.arguments(site)
    if len(arguments) < 2 or arguments[1][1].kind is Kind.CONSTANT:
        return  # the type checker knows what it is
    owner = arguments[0][0]
    name = project.graph.names.get(owner) or project.graph.types.get(owner, "")
    library = rules.owners.get(rules.canonical(name))
    if library is None:
        return
    problem = _BOUND if _belongs_to_a_thread(rules, library, rules.canonical(name)) else ""
    for call in _calls(project, site):
        yield Lookup(call, library, f"{name}.<name>", problem)


def _belongs_to_a_thread(rules: Rules, library: Library, owner: str) -> bool:
    """Whether an object of this type, or what a part of this module makes, cannot go to another thread."""
    made = (
        entry.returns
        for entry in library.entries
        if isinstance(entry, Call | Thread) and entry.name.rpartition(".")[0] == owner
    )
    found = [rules.resource(name) for name in (owner, *made) if name]
    # a state of a type is where that is
    found = [rules.resource(each[1].of or each[1].name) for each in found if each is not None]
    return any(each[1].to and not each[1].fallback for each in found if each is not None)


def _calls(project: Project, found: Reference) -> Iterator[Reference]:
    """The calls of what an expression gives: on the spot, or by the name that it alone is assigned to."""
    outer = project.parent(found)
    if project.expression(found).role is Role.CALLEE and outer is not None:
        yield outer[0]
    elif project.expression(found).role is Role.ASSIGNED:
        module = project.module(found)
        names = [
            module.expressions[flow.target]
            for flow in module.flows
            if flow.kind is FlowKind.VALUE and flow.source == found.expression
        ]
        variable = names[0].variable if len(names) == 1 else None
        uses = [e for e in module.expressions if variable and e.variable == variable]
        if len([use for use in uses if use.role is not Role.CALLEE]) == 1:
            yield from (Reference(found.module, e.parent) for e in uses if e.role is Role.CALLEE)


def _imported(project: Project, rules: Rules, site: Reference) -> Iterator[Lookup]:
    arguments = project.arguments(site)
    name = arguments[0][1].string if arguments else ""
    top = name.partition(".")[0]
    library = rules.owners.get(rules.canonical(name)) or rules.owners.get(name)
    known = top in sys.stdlib_module_names or top in project.graph.modules
    if library is not None and not known:
        yield Lookup(site, library, name, _UNSEEN)
