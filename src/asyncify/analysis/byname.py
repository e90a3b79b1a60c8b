"""The last resort: a method name that only classes of this project have."""

from __future__ import annotations

from functools import cached_property

from asyncify.analysis.binding import Call
from asyncify.analysis.flow import Flow
from asyncify.analysis.shapes import Shapes
from asyncify.analysis.slots import ANYTHING, FOREIGN, HANDED, LOADED, PLAIN, SUPER
from asyncify.model.attributes import BUILTIN_ATTRIBUTES
from asyncify.model.facts import FunctionId
from asyncify.model.graph import Evidence, SourceKind, Target

_EXPLAINS = frozenset(
    {
        SourceKind.CALL,
        SourceKind.EXTERNAL,
        SourceKind.INSTANCE,
        SourceKind.CLASS,
        SourceKind.FUNCTION,
        SourceKind.GENERATOR,
        SourceKind.EXPRESSION,
        SourceKind.MODULE,
        SUPER,
    }
)
# objects of which is known what they have
_TOLD = frozenset({SourceKind.CLASS, SourceKind.EXTERNAL, SourceKind.INSTANCE, SourceKind.MODULE})
_DEEP = 3


class ByName:
    """Finds the methods that a call with an unknown receiver can only mean."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.hierarchy = flow.hierarchy
        self.shapes = Shapes(flow.members, flow.modules, flow.calls)
        self._known: dict[str, tuple[Target, ...]] = {}  # by attribute

    @cached_property
    def _methods(self) -> dict[str, list[FunctionId]]:
        """The methods of the project by name: of an unknown object, any of them may be meant."""
        found: dict[str, list[FunctionId]] = {}
        for members in self.hierarchy.members.values():
            for name, methods in members.items():
                found.setdefault(name, []).extend(methods)
        return found

    @cached_property
    def _plain(self) -> frozenset[str]:
        """The names that only methods of one family have."""
        family = {
            member: members[0]
            for members in self.flow.library.families().values()
            for member in members
        }
        return frozenset(
            name
            for name, methods in self._methods.items()
            if len({family.get(method, method) for method in methods}) == 1
        )

    def candidates(self, slot: int, attribute: str) -> tuple[Target, ...]:
        """The methods that `attribute` of an object of unknown class means."""
        explained = self._is_explained(slot) and not self.asks_elsewhere(slot, attribute)
        return () if explained else self._of(attribute)

    def _of(self, attribute: str) -> tuple[Target, ...]:
        if attribute not in self._known:
            self._known[attribute] = self._find(attribute)
        return self._known[attribute]

    def _find(self, attribute: str) -> tuple[Target, ...]:
        methods = self._methods.get(attribute, [])
        return tuple(
            Target(
                function=method,
                evidence=Evidence.BY_NAME,
                overrides=self.hierarchy.is_overridden(method),
                receiver=self.hierarchy.functions[method].owner,
            )
            for method in methods
            if not self._has_base(method, methods)
        )

    def _is_explained(self, slot: int) -> bool:
        if slot <= PLAIN:
            return True
        atoms = set(self.flow.slots.atoms(slot))
        unknown = ANYTHING in atoms or any(atom.kind == HANDED for atom in atoms)
        return not unknown and any(atom.kind in _EXPLAINS for atom in atoms)

    def asks_elsewhere(self, slot: int, attribute: str, depth: int = _DEEP) -> bool:
        """Whether an object in a slot asks somebody whom nobody knows for an attribute that its class lacks."""
        return any(
            not self._is_told(function, attribute, depth)
            for atom in self.flow.slots.atoms(slot)
            for function in self.flow.members.asking(atom)
            if not self.flow.members.denoted(atom, attribute)
        )

    def _is_told(self, function: FunctionId, attribute: str, depth: int) -> bool:
        """Whether all those are known whom a `__getattr__` asks for an attribute."""
        asked = self.flow.members.delegates.asked(function)
        return bool(asked) and all(
            bool(self.flow.slots.atoms(slot))
            and all(atom.kind in _TOLD for atom in self.flow.slots.atoms(slot))
            and depth > 0
            and not self.asks_elsewhere(slot, attribute, depth - 1)
            for slot in asked
        )

    def _has_base(self, method: FunctionId, methods: list[FunctionId]) -> bool:
        owner = self.hierarchy.functions[method].owner
        above = set(self.hierarchy.order(owner or "")[1:]) if owner else set()
        return any(self.hierarchy.functions[other].owner in above for other in methods)

    def is_open(self, slot: int, attribute: str) -> bool:
        """Whether an object that is not ours may be in a slot and have the attribute as well."""
        if attribute in BUILTIN_ATTRIBUTES or attribute in self.flow.members.stored:
            return True
        if self.asks_elsewhere(slot, attribute):
            return True
        return any(atom.kind in (FOREIGN, HANDED) for atom in self.flow.slots.atoms(slot))

    def call(self, call: Call) -> tuple[Target, ...]:
        """What a call means that nothing else explains; properties are not called."""
        if not call.attribute or call.receiver < 0:
            return ()
        found = self.candidates(call.receiver, call.attribute)
        return tuple(one for one in found if one.function and self._takes(one.function, call))

    def _takes(self, method: FunctionId, call: Call) -> bool:
        """Whether a method of an object, or an override of it, can be called like this."""
        if self.hierarchy.is_property(method):
            return False
        if self.hierarchy.functions[method].name in self.flow.members.stored:
            return True  # another function may be in its place
        methods = (self.hierarchy.functions[method], *self.hierarchy.overrides(method))
        return any(call.suits(each) for each in methods) and self.shapes.fits(call, method)

    def loaded(self, call: Call) -> tuple[Target, ...]:
        """What a call means where the object is found by an unknown name, or asks somebody else for what it has."""
        if not call.attribute or call.receiver < 0:
            return ()
        found: dict[FunctionId, Target] = {}
        if self.asks_elsewhere(call.receiver, call.attribute):
            found.update((t.function, t) for t in self._of(call.attribute) if t.function)
        for atom in self.flow.slots.atoms(call.receiver):
            if atom.kind == LOADED and atom.bound:
                found.update((t.function, t) for t in self._of(call.attribute) if t.function)
            elif atom.kind == LOADED:
                for function in self.flow.members.lookups.called(atom, call.attribute):
                    found[function] = Target(function, evidence=Evidence.BY_NAME)
        return tuple(target for name, target in found.items() if self._takes(name, call))

    def settle(self) -> set[int]:
        """Let values flow through the calls that are certain by name; the indices of those calls.

        Names of one family come first: with what they tell, fewer of the others are left open.
        """
        done: set[int] = set()
        while True:
            news = [
                (index, targets)
                for index, call in enumerate(self.flow.calls)
                if index not in done
                and not (call.targets or call.constructs or call.decorated)
                and not self.is_open(call.receiver, call.attribute)
                and not self.flow.slots.is_anything(call.receiver)
                and not self.loaded(call)
                and (targets := self.call(call))
            ]
            if not news:
                return done
            plain = [new for new in news if self.flow.calls[new[0]].attribute in self._plain]
            for index, targets in plain or news:
                done.add(index)
                for target in targets:
                    assert target.function is not None
                    bound = 0 if self.hierarchy.is_static(target.function) else 1
                    self.flow.library.function(self.flow.calls[index], target, bound)
            self.flow.settle()
