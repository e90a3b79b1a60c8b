"""Edges: what the type checker resolved, and beside it what values, and names, add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from asyncify.analysis.binding import Call
from asyncify.analysis.byname import ByName
from asyncify.analysis.effects import methods_of_scalars
from asyncify.analysis.flow import Flow
from asyncify.analysis.implied import REACHING, REACHING_ROLES, Implied
from asyncify.analysis.made_classes import TYPE
from asyncify.analysis.names import Sort
from asyncify.analysis.reached import constructed_class
from asyncify.analysis.slots import SUPER
from asyncify.model.attributes import lacks
from asyncify.model.facts import Expression, FunctionId, Kind, Module
from asyncify.model.graph import Access, Edge, Evidence, Reference, SourceKind, Target

_UNKNOWN = frozenset({SourceKind.PARAMETER, SourceKind.CALL, SourceKind.UNKNOWN})

_ENTERS = ("__enter__", "__exit__", "__aenter__", "__aexit__")
_ACCESSES = (
    Access.PROPERTY,
    Access.ENTER,
    Access.ITERATE,
    Access.OPERATOR,
    Access.DECORATE,
)
_OBJECTS = (SourceKind.INSTANCE, SourceKind.EXTERNAL)


class Edges:
    """Puts the edges of all modules together."""

    def __init__(self, flow: Flow, by_name: ByName) -> None:
        self.flow = flow
        self.slots = flow.slots
        self.hierarchy = flow.hierarchy
        self.by_name = by_name
        self._calls = {call.site: call for call in flow.calls}
        self._implied = Implied(flow, by_name)
        self._scalars = flow.slots.plain

    def edges(self) -> Iterator[Edge]:
        """Every edge, by module and expression."""
        for module in self.flow.modules.values():
            known = self.flow.known.edges.get(module.name, {})
            for item in module.expressions:
                if item.id in known or item.kind in REACHING or item.role in REACHING_ROLES:
                    yield from self._expression(module, item)

    def _expression(self, module: Module, item: Expression) -> Iterator[Edge]:
        typed = self.flow.known.edges.get(module.name, {}).get(item.id, ())
        if item.kind is Kind.CALL:
            yield from self._call(self._calls[Reference(module.name, item.id)], typed)
        known = {edge.access: edge for edge in typed if edge.targets}
        implied = self._implied.targets(module, item)
        for access in _ACCESSES if known or implied else ():
            edge, found = known.get(access), implied.get(access, ())
            if edge:
                targets = _merged(edge.targets, found if edge.open else ())
                if access is Access.ENTER and not edge.open:
                    targets = self._entered(module, item, edge.targets, found)
                if access is Access.PROPERTY and self._is_class(module, item):
                    targets = tuple(one for one in targets if self._is_of_metaclass(one))
                if access is Access.PROPERTY:
                    targets = (*targets, *self._of_scalars(module, item))
                if access is Access.DECORATE:
                    targets = tuple(dict.fromkeys(map(_decorator, targets)))
                opened = edge.open and not self._iterates_own(module, item, access, targets)
                yield replace(edge, targets=targets, open=opened)
            elif found:
                opened = self._is_open(module, item, access, found)
                more = self._of_scalars(module, item) if access is Access.PROPERTY else ()
                yield Edge(Reference(module.name, item.id), access, (*found, *more), opened)

    def _iterates_own(
        self, module: Module, item: Expression, access: Access, targets: Iterable[Target]
    ) -> bool:
        """Whether a loop runs over an object of the project: the report resolves no `__iter__` of `self`.

        What gives the items of its iterator may be open as well; that is no matter of who iterates.
        """
        known = self.flow.known.type(module.name, item.id)
        own = access is Access.ITERATE and known in self.hierarchy.classes
        return own and any(target.function for target in targets)

    def _entered(
        self, module: Module, item: Expression, typed: tuple[Target, ...], found: Iterable[Target]
    ) -> tuple[Target, ...]:
        """What `with` calls: an annotation may name no more than the base of all context managers."""
        own = [t for t in found if t.function and self._enters(t.function)]
        own = [target for target in own if target.evidence is Evidence.INFERRED]
        if any(target.function for target in typed) or not own:
            return typed
        unknown = self._is_unknown(self.flow.heap.at(module.name, item.id))
        return _merged(typed if unknown else (), own)

    def _of_scalars(self, module: Module, attribute: Expression) -> Iterator[Target]:
        """What an attribute is of the plain values that may have it, where the checker does not know the object."""
        receiver = module.children[attribute.id][0]
        if self.flow.known.type(module.name, receiver) is None:
            slot = self.slots.find(self.flow.heap.at(module.name, receiver))
            for name in methods_of_scalars(self._scalars.get(slot, 0), attribute.text):
                yield Target(external=name, evidence=Evidence.INFERRED)

    def _enters(self, function: FunctionId) -> bool:
        named = self.hierarchy.functions[function].name in _ENTERS
        return named or self.flow.members.is_context_manager(function)

    def _is_class(self, module: Module, attribute: Expression) -> bool:
        """Whether an attribute is one of a class itself, which gives the property and not what that reads."""
        receiver = module.children[attribute.id][0]
        denoted = self.flow.motion.denoted(module.name, receiver)
        named = bool(denoted) and all(one.sort is Sort.CLASS for one in denoted)
        return named or Reference(module.name, receiver) in self.flow.known.classes

    def _is_of_metaclass(self, target: Target) -> bool:
        owner = self.hierarchy.functions[target.function].owner if target.function else None
        return owner is not None and TYPE in self.hierarchy.order(owner)

    def _call(self, call: Call, edges: Iterable[Edge]) -> Iterator[Edge]:
        assert call.site is not None
        typed = [edge for edge in edges if edge.access in (Access.CALL, Access.CONSTRUCT)]
        targets = dict(call.targets)
        for found in call.decorated.values():
            own = next(iter(found))
            if own in self.flow.wrapped:
                targets.setdefault(own, found[own])
                continue
            made = {key: one for key, one in found.items() if key != own} or found
            for target in made.values():
                targets.setdefault(target.function or "", target)
        self._stand_ins(call, targets)
        self._scalar_methods(call.site, call, targets)
        others = bool(targets) and self._others(call, targets)
        constructs = dict(call.constructs)
        for name in [
            name for name, one in targets.items() if one.external and one.receiver == name
        ]:
            constructs[name] = targets.pop(name)
        slot = call.receiver if call.receiver >= 0 else call.callee
        if self.slots.is_anything(slot):
            targets, constructs = _certain(targets), _certain(constructs)
        targets = self._possible(call, targets)
        loaded = self.by_name.loaded(call)
        for target in loaded:
            targets.setdefault(target.function or "", target)
        if not targets and not constructs:
            yield from self._named(call, slot)
            return
        opened = bool(loaded) or others or any(edge.open for edge in typed if edge.targets)
        if targets:
            inferred = all(one.evidence is Evidence.INFERRED for one in targets.values())
            opened = opened or (inferred and self._is_unknown(slot))
            yield Edge(call.site, Access.CALL, tuple(targets.values()), opened)
        if constructs:
            yield Edge(call.site, Access.CONSTRUCT, tuple(constructs.values()), opened)

    def _scalar_methods(self, site: Reference, call: Call, targets: dict[str, Target]) -> None:
        if call.receiver >= 0 and any(target.function for target in targets.values()):
            module = self.flow.modules[site.module]
            callee = module.expressions[module.children[site.expression][0]]
            for target in self._of_scalars(module, callee):
                targets.setdefault(target.external or "", target)

    def _stand_ins(self, call: Call, targets: dict[str, Target]) -> None:
        """Objects that get there although the annotation names another class: fakes of the tests."""
        if call.receiver < 0 or not targets or self.slots.is_anything(call.receiver):
            return
        for atom in self.slots.atoms(call.receiver):
            if atom.kind is SourceKind.INSTANCE and atom.name in self.hierarchy.classes:
                for one in self.hierarchy.lookup(atom.name, call.attribute):
                    if one.sort is Sort.FUNCTION and one.name not in call.decorated:
                        target = Target(one.name, evidence=Evidence.INFERRED)
                        targets.setdefault(one.name, target)

    def _others(self, call: Call, targets: dict[str, Target]) -> bool:
        """Objects that are not the project's, where the checker does not know that the receiver is one.

        Of `store or Store()` it only tells the method of the class that it knows.

        Returns:
            Whether one of them is something that nobody knows.
        """
        if call.receiver < 0 or self.slots.is_anything(call.receiver):
            return False
        assert call.site is not None
        module = self.flow.modules[call.site.module]
        receiver = module.children[module.children[call.site.expression][0]][0]
        known = self.flow.known.type(module.name, receiver)
        if known is not None and known not in self.hierarchy.classes:
            return False
        atoms = self.slots.atoms(call.receiver)
        for atom in atoms:
            name = f"{atom.name}.{call.attribute}"
            target = Target(external=name, evidence=Evidence.INFERRED, receiver=atom.name)
            # an annotation may name a protocol, that objects of others have as well
            other = known is not None and ":" not in atom.name and atom.kind in _OBJECTS
            plain = atom.kind == SourceKind.INSTANCE and atom.name.startswith("builtins.")
            if (other or plain) and not _is_missing(target):
                targets.setdefault(name, target)
        if known is not None:
            return False
        return any(atom.kind == SourceKind.CALL for atom in atoms)

    def _possible(self, call: Call, targets: dict[str, Target]) -> dict[str, Target]:
        """Without what cannot be meant, where the object may be another one.

        A builtin type may lack the method, and a function of the project may not take what the call gives.
        """
        found = {
            key: one
            for key, one in targets.items()
            if not (_is_missing(one) or self._is_refusing(call, one))
        }
        return found or targets

    def _is_refusing(self, call: Call, target: Target) -> bool:
        """Whether a function that only follows from values would raise a TypeError for these arguments."""
        if target.function is None or target.evidence is not Evidence.INFERRED:
            return False
        function = self.hierarchy.functions[target.function]
        bound = function.owner is not None and function.name == call.attribute
        if call.receiver < 0 or self._holds_class(call.receiver):
            bound = False
        return call.is_too_much(function, int(bound))

    def _holds_class(self, slot: int) -> bool:
        return any(atom.kind in (SourceKind.CLASS, SUPER) for atom in self.slots.atoms(slot))

    def _named(self, call: Call, slot: int) -> Iterator[Edge]:
        assert call.site is not None
        found = self.by_name.call(call)
        if found:
            opened = self.by_name.is_open(slot, call.attribute) or self.slots.is_anything(slot)
            yield Edge(call.site, Access.CALL, found, opened)

    def _is_unknown(self, slot: int) -> bool:
        """Whether the value may be something that nobody knows."""
        return any(atom.kind in _UNKNOWN for atom in self.slots.atoms(slot))

    def _is_open(
        self, module: Module, item: Expression, access: Access, targets: Sequence[Target]
    ) -> bool:
        holder = module.children[item.id][0] if access is Access.PROPERTY else item.id
        if targets[0].evidence is Evidence.BY_NAME:
            return self.by_name.is_open(self.flow.heap.at(module.name, holder), item.text)
        if self.flow.known.type(module.name, holder) in self.hierarchy.classes:
            return False
        return self._is_unknown(self.flow.heap.at(module.name, holder))


def _decorator(target: Target) -> Target:
    """A class that decorates stands for its own constructor."""
    is_class = target.external and target.external.endswith((".__init__", ".__new__"))
    return constructed_class(target) if is_class else target


def _is_missing(target: Target) -> bool:
    owner, _, method = (target.external or "").rpartition(".")
    return target.evidence is Evidence.INFERRED and lacks(owner, method, derived=True)


def _certain(targets: dict[str, Target]) -> dict[str, Target]:
    """Without what only follows from values."""
    return {key: one for key, one in targets.items() if one.evidence is not Evidence.INFERRED}


def _merged(typed: tuple[Target, ...], found: Iterable[Target]) -> tuple[Target, ...]:
    known = {target.function or target.external for target in typed}
    return (
        *typed,
        *(target for target in found if (target.function or target.external) not in known),
    )
