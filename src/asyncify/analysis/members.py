"""What an attribute, an element or the entering of an object is, given where the object comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.analysis.heap import Heap
from asyncify.analysis.names import Denoted, Sort
from asyncify.analysis.slots import ELEMENT, ENTER, SUPER, Atom
from asyncify.model.facts import FunctionId
from asyncify.model.graph import SourceKind

# Origins whose `with` gives the object itself, unless the checker knows better.
_ENTER_SELF = (SourceKind.CALL, SourceKind.EXTERNAL)


class Members:
    """Gives the children of a component what its atoms have to say."""

    def __init__(self, heap: Heap, stored: frozenset[str]) -> None:
        self.heap = heap
        self.hierarchy = heap.hierarchy
        self.stored = stored  # every attribute name that something is assigned to

    def denoted(self, atom: Atom, attribute: str) -> tuple[Denoted, ...]:
        """What an attribute of a class of the project, or of its instances, denotes."""
        if atom.name not in self.hierarchy.classes:
            return ()
        if atom.kind == SUPER:
            return self.hierarchy.above(atom.name, attribute)
        if atom.kind not in (SourceKind.INSTANCE, SourceKind.CLASS):
            return ()
        return self.hierarchy.lookup(atom.name, attribute) or self.hierarchy.below(
            atom.name, attribute
        )

    def bound(self, atom: Atom, function: FunctionId) -> int:
        """How many arguments the method has already when it is taken from the object."""
        if self.hierarchy.is_static(function):
            return 0
        if self.hierarchy.is_classmethod(function):
            return 1
        return 0 if atom.kind == SourceKind.CLASS else 1

    def functions(self, atom: Atom, names: Iterable[str]) -> Iterator[FunctionId]:
        """The methods of these names that an instance has."""
        for name in names:
            for one in self.denoted(atom, name):
                if one.sort is Sort.FUNCTION:
                    yield one.name

    def link(self, root: int, child: int, key: str, atom: Atom) -> None:
        """Connect the child of a component with what one of its atoms has under this key."""
        if key == ENTER:
            self._enter(root, child, atom)
        elif key.startswith("["):
            self._element(child, key, atom)
        elif atom.kind == SourceKind.EXTERNAL:
            self.heap.slots.add(child, Atom(SourceKind.EXTERNAL, f"{atom.name}.{key}"))
        elif atom.name in self.hierarchy.classes:
            self._attribute(child, key, atom)

    def _enter(self, root: int, child: int, atom: Atom) -> None:
        slots = self.heap.slots
        if atom.kind in _ENTER_SELF:
            slots.unify(child, root)
        elif atom.kind == SourceKind.INSTANCE and atom.name not in self.hierarchy.classes:
            slots.unify(child, root)
        for function in self.functions(atom, ("__enter__", "__aenter__")):
            slots.unify(child, self.heap.result(function))

    def _element(self, child: int, key: str, atom: Atom) -> None:
        slots, heap = self.heap.slots, self.heap
        if atom.kind != SourceKind.INSTANCE:
            return
        for function in self.functions(atom, ("__getitem__", "__next__", "__anext__")):
            slots.unify(child, heap.result(function))
        if key == ELEMENT:
            for function in self.functions(atom, ("__iter__", "__aiter__")):
                slots.unify(child, slots.child(heap.result(function), ELEMENT))

    def _attribute(self, child: int, key: str, atom: Atom) -> None:
        slots = self.heap.slots
        if key == "__class__":
            slots.add(child, Atom(SourceKind.CLASS, atom.name))
            return
        found = self.denoted(atom, key)
        for one in found:
            self.denote(child, one, atom)
        if atom.kind != SUPER and (not found or key in self.stored):
            slots.unify(child, self.heap.attribute(atom.name, key))

    def denote(self, slot: int, one: Denoted, receiver: Atom | None = None) -> None:
        """A slot holds what a name denotes."""
        slots = self.heap.slots
        if one.sort is Sort.VARIABLE:
            slots.unify(slot, self.heap.variable(one.name, one.attribute))
        elif one.sort is Sort.CLASS:
            slots.add(slot, Atom(SourceKind.CLASS, one.name))
        elif one.sort is Sort.EXTERNAL:
            slots.add(slot, Atom(SourceKind.EXTERNAL, one.name))
        elif one.sort is Sort.FUNCTION:
            if receiver is not None and self.hierarchy.is_property(one.name):
                slots.unify(slot, self.heap.result(one.name))
            else:
                bound = self.bound(receiver, one.name) if receiver else 0
                slots.add(slot, Atom(SourceKind.FUNCTION, one.name, bound))
