"""Which slot stands for what: expressions, variables, attributes, results, and their origins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from asyncify.analysis.hierarchy import Hierarchy
from asyncify.analysis.slots import Atom, Slots
from asyncify.model.facts import ClassId, FunctionId, Module
from asyncify.model.graph import Reference, Source, SourceKind

Key = TypeVar("Key")
RAW = "raw"  # kind of the atom that a function is for its own decorator: without what that adds


class Heap:
    """The slots of a project by what they stand for.

    An attribute has one slot in a whole class hierarchy: what a base class stores, a subclass reads.
    """

    def __init__(self, modules: Mapping[str, Module], hierarchy: Hierarchy) -> None:
        self.slots = Slots()
        self.hierarchy = hierarchy
        self.sources: list[tuple[int, Source]] = []
        self.decorated: dict[FunctionId, int] = {}  # what the name of a decorated function holds
        self._first: dict[str, int] = {}
        self._variables: dict[tuple[str, str], int] = {}
        self._attributes: dict[tuple[ClassId, str], int] = {}
        self._results: dict[FunctionId, int] = {}
        self._yields: dict[FunctionId, int] = {}
        self._generators: dict[FunctionId, int] = {}
        for name, module in modules.items():
            self._first[name] = self.slots.new(len(module.expressions))

    def at(self, module: str, expression: int) -> int:
        """The slot of an expression."""
        return self._first[module] + expression

    def variable(self, owner: str, name: str) -> int:
        """The slot of a variable; that of a class body is an attribute."""
        if owner in self.hierarchy.classes:
            return self.attribute(owner, name)
        return self._get(self._variables, (owner, name))

    def attribute(self, cls: ClassId, name: str) -> int:
        """The slot of an attribute of a class and of its instances."""
        return self._get(self._attributes, (self.hierarchy.root(cls), name))

    def result(self, function: FunctionId) -> int:
        """The slot of what a function returns; for a generator, of the generator itself."""
        if self.hierarchy.functions[function].is_generator:
            return self.generator(function)
        return self._get(self._results, function)

    def yields(self, function: FunctionId) -> int:
        """The slot of what a generator yields."""
        return self._get(self._yields, function)

    def generator(self, function: FunctionId) -> int:
        """One generator for all calls that are only implied, as by a for statement."""
        known = function in self._generators
        slot = self._get(self._generators, function)
        if not known:
            self.slots.unify(self.slots.child(slot, "[]"), self.yields(function))
        return slot

    def _get(self, table: dict[Key, int], key: Key) -> int:
        slot = table.get(key)
        if slot is None:
            slot = table[key] = self.slots.new()
        return slot

    def instance(self, slot: int, cls: str, site: Reference | None = None) -> None:
        """The value may be an instance of this class."""
        if site is not None:
            self.sources.append((slot, Source(SourceKind.INSTANCE, cls, site)))
        self.slots.add(slot, Atom(SourceKind.INSTANCE, cls))

    def originate(self, slot: int, kind: SourceKind, name: str, site: Reference) -> None:
        """The value may be made at this place."""
        self.sources.append((slot, Source(kind, name, site)))
        self.slots.add(slot, Atom(kind, name))
