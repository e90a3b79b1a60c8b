"""What is found by a name that nobody knows, and called: `getattr(self, name)()`, `vars(module)[name]()`.

The result of such a look-up is an atom of its own, which moves like any other. Where it gets to a call,
whatever the object has may be called.
"""

from __future__ import annotations

from collections.abc import Iterable

from asyncify.analysis.effects import calls
from asyncify.analysis.heap import Heap
from asyncify.analysis.names import Names
from asyncify.analysis.slots import ELEMENT, LOOKUP, SUPER, Atom
from asyncify.model.graph import Reference, SourceKind

_NAMESPACES = (SourceKind.CLASS, SourceKind.MODULE)


class Lookups:
    """The look-ups of a project, with what they may find, and those whose results are called."""

    def __init__(self, heap: Heap, names: Names) -> None:
        self.heap = heap
        self.names = names
        self._sites: dict[str, Reference] = {}
        self._found: dict[str, dict[str, None]] = {}
        self._called: set[str] = set()

    def member(self, slot: int, site: Reference, atom: Atom) -> None:
        """An attribute of an atom, whichever it is, moves to a slot."""
        found = self._members(atom)
        if found:
            key = f"{site.module}:{site.expression}"
            self._sites[key] = site
            self._found.setdefault(key, {}).update(dict.fromkeys(found))
            self.heap.slots.add(slot, Atom(LOOKUP, key))

    def namespace(self, slot: int, site: Reference, atom: Atom) -> None:
        """The attributes of an atom become the elements of a slot: that of an object has no methods."""
        if atom.kind in _NAMESPACES:
            self.member(self.heap.slots.child(slot, ELEMENT), site, atom)

    def _members(self, atom: Atom) -> Iterable[str]:
        """The class whose methods, or the functions, that an attribute of an atom may be."""
        if atom.kind == SourceKind.MODULE:
            return self.names.functions(atom.name)
        kinds = (SourceKind.INSTANCE, SourceKind.CLASS, SUPER)
        ours = atom.kind in kinds and atom.name in self.heap.hierarchy.classes
        return (atom.name,) if ours else ()

    def call(self, atom: Atom) -> None:
        """What a look-up found is called."""
        self._called.add(atom.name)

    def hand_over(self, slot: int, names: Iterable[str], place: str, attribute: str) -> None:
        """A call outside the project, by these names, gets what is in a slot at this place."""
        known = list(names) or [f"?.{attribute}"]
        if any(calls(name, place) for name in known):
            self.give(slot)

    def give(self, slot: int) -> None:
        """What is in a slot is called, or goes to somebody who calls it."""
        for atom in self.heap.slots.atoms(slot):
            if atom.kind == LOOKUP:
                self.call(atom)

    def called(self) -> dict[Reference, tuple[str, ...]]:
        """Every look-up whose result is called, with the classes and functions that it may find."""
        return {
            self._sites[key]: tuple(sorted(self._found[key]))
            for key in sorted(self._called, key=self._sites.__getitem__)
        }
