"""Functions that stand for a method beside those that override it: members of protocols, values of class attributes."""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.analysis.flow import Flow
from asyncify.analysis.names import Denoted, Sort
from asyncify.analysis.slots import Atom
from asyncify.model.facts import FunctionId, Role
from asyncify.model.graph import SourceKind


def standing_for(flow: Flow) -> Iterator[tuple[FunctionId, FunctionId]]:
    """Pairs of a method, and of a function that a call of it may reach without any override."""
    yield from _protocols(flow)
    yield from _attributes(flow)


def _attributes(flow: Flow) -> Iterator[tuple[FunctionId, FunctionId]]:
    """``fetch = fake`` in a class: the method of its base, and the functions that it has in its place."""
    hierarchy = flow.hierarchy
    calling = {call.function for call in flow.calls if call.targets}
    for module in hierarchy.modules.values():
        for item in module.expressions:
            if item.role is not Role.TARGET or item.variable is None:
                continue
            owner, name = item.variable
            if owner not in hierarchy.classes:
                continue
            for method in hierarchy.above(owner, name):
                if method.sort is Sort.FUNCTION:
                    for function in _functions(flow, Denoted(Sort.VARIABLE, owner, name)):
                        # a lambda that calls nothing of ours has nothing to wait for
                        if hierarchy.functions[function].kind != "lambda" or function in calling:
                            yield method.name, function


def _protocols(flow: Flow) -> Iterator[tuple[FunctionId, FunctionId]]:
    """Members of a protocol, and those of the objects that are used as one: instances and modules."""
    hierarchy = flow.hierarchy
    protocols = {cls for cls in hierarchy.classes if hierarchy.is_protocol(cls)}
    if not protocols:
        return
    for component in flow.slots.roots():
        atoms = flow.slots.atoms(component)
        instances = {a.name for a in atoms if a.kind == SourceKind.INSTANCE}
        for protocol in sorted(instances & protocols):
            for name, methods in hierarchy.members.get(protocol, {}).items():
                for atom in atoms:
                    for function in _members(flow, atom, name):
                        yield methods[0], function


def _members(flow: Flow, atom: Atom, name: str) -> Iterator[FunctionId]:
    """What a name is in an instance of a class of the project, or in a module."""
    found: tuple[Denoted, ...] = ()
    if atom.kind == SourceKind.INSTANCE and atom.name in flow.hierarchy.classes:
        found = flow.hierarchy.lookup(atom.name, name)
    elif atom.kind == SourceKind.MODULE:
        found = flow.names.member(atom.name, name)
    for one in found:
        yield from _functions(flow, one)


def _functions(flow: Flow, denoted: Denoted) -> Iterator[FunctionId]:
    if denoted.sort is Sort.FUNCTION:
        yield denoted.name
    elif denoted.sort is Sort.VARIABLE:
        slot = flow.heap.variable(denoted.name, denoted.attribute)
        yield from (a.name for a in flow.slots.atoms(slot) if a.kind == SourceKind.FUNCTION)
