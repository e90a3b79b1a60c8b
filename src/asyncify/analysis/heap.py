"""Which slot stands for what: expressions, variables, attributes, results, and their origins."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import TypeVar

from asyncify.analysis.hierarchy import Hierarchy
from asyncify.analysis.optional import Optional
from asyncify.analysis.slots import PLAIN, Atom, Slots
from asyncify.model.facts import ClassId, FunctionId, Module
from asyncify.model.graph import Reference, Source, SourceKind

Key = TypeVar("Key")


class Heap:
    """The slots of a project by what they stand for.

    A name has the slot of its variable. An attribute has a slot per class for what is written there
    and one for what is read: the written ones of every class that an instance may share with it.
    """

    def __init__(self, modules: Mapping[str, Module], hierarchy: Hierarchy) -> None:
        self.slots = Slots()
        self.hierarchy = hierarchy
        self.sources: list[tuple[int, Source]] = []
        self.decorated: dict[FunctionId, int] = {}  # what the name of a decorated function holds
        # wrappers that return what the decorated function does
        self.handing: set[FunctionId] = set()
        self.expressions: dict[str, array[int]] = {}  # slots, by module and expression
        self._variables: dict[tuple[str, str], int] = {}
        self._written: dict[str, dict[ClassId, int]] = {}
        self._read: dict[str, dict[ClassId, int]] = {}
        self.optional: dict[FunctionId, Optional] = {}  # what decides about results
        self._results: dict[FunctionId, int] = {}
        self._parts: dict[tuple[FunctionId, bool], int] = {}
        self._yields: dict[FunctionId, int] = {}
        self._finals: dict[FunctionId, int] = {}
        self._generators: dict[FunctionId, int] = {}
        for name, module in modules.items():
            count = len(module.expressions)
            first = self.slots.new(count)
            self.expressions[name] = array("i", range(first, first + count))

    def at(self, module: str, expression: int) -> int:
        """The slot of an expression."""
        return self.expressions[module][expression]

    def variable(self, owner: str, name: str) -> int:
        """The slot of a variable; that of a class body is an attribute."""
        if owner in self.hierarchy.classes:
            return self.written(owner, name)
        return self._get(self._variables, (owner, name))

    def written(self, cls: ClassId, name: str) -> int:
        """The slot of what is written to an attribute of a class or of its instances."""
        slots = self._written.setdefault(name, {})
        if cls not in slots:
            slots[cls] = self.slots.new()
            for reader, slot in self._read.get(name, {}).items():
                if self.hierarchy.related(cls, reader):
                    self.slots.move(slots[cls], slot)
        return slots[cls]

    def read(self, cls: ClassId, name: str) -> int:
        """The slot of what is read from an attribute of a class or of its instances."""
        slots = self._read.setdefault(name, {})
        if cls not in slots:
            slots[cls] = self.slots.new()
            for writer, slot in self._written.get(name, {}).items():
                if self.hierarchy.related(cls, writer):
                    self.slots.move(slot, slots[cls])
        return slots[cls]

    def kept(self, cls: ClassId) -> Iterator[FunctionId]:
        """The functions that are put into attributes of a class or of its objects, as far as values have flowed."""
        for slots in self._written.values():
            for writer, slot in slots.items():
                if self.hierarchy.related(cls, writer):
                    found = self.slots.atoms(slot)
                    yield from (one.name for one in found if one.kind == SourceKind.FUNCTION)

    def result(self, function: FunctionId) -> int:
        """The slot of what a function returns; for a generator, of the generator itself."""
        if self.hierarchy.functions[function].is_generator:
            return self.generator(function)
        return self._get(self._results, function)

    def part(self, function: FunctionId, given: bool) -> int:
        """The slot of what a function returns if its optional parameter is given, or is not."""
        known = (function, given) in self._parts
        slot = self._get(self._parts, (function, given))
        if not known:
            self.slots.move(slot, self.result(function))
        return slot

    def give_by_name(self, names: frozenset[str], atom: Atom) -> None:
        """A partial gives arguments by their names: its calls do not tell whether an optional one is there."""
        optional = self.optional.get(atom.name)
        if optional is not None and not names.isdisjoint((optional.name, "**")):
            here, there = (self.part(atom.name, given) for given in (True, False))
            self.slots.move(here, there)
            self.slots.move(there, here)

    def yields(self, function: FunctionId) -> int:
        """The slot of what a generator yields."""
        return self._get(self._yields, function)

    def final(self, function: FunctionId) -> int:
        """The slot of what a generator returns: the value of `yield from`."""
        return self._get(self._finals, function)

    def generator(self, function: FunctionId) -> int:
        """One generator for all calls that are only implied, as by a for statement."""
        known = function in self._generators
        slot = self._get(self._generators, function)
        if not known:
            self.slots.add(slot, Atom(SourceKind.GENERATOR, function))
        return slot

    def _get(self, table: dict[Key, int], key: Key) -> int:
        slot = table.get(key)
        if slot is None:
            slot = table[key] = self.slots.new()
        return slot

    def instance(self, slot: int, cls: str, site: Reference | None = None) -> None:
        """The value may be an instance of this class."""
        if slot <= PLAIN:
            return
        if site is not None:
            self.sources.append((slot, Source(SourceKind.INSTANCE, cls, site)))
        self.slots.add(slot, Atom(SourceKind.INSTANCE, cls))

    def originate(self, slot: int, kind: SourceKind, name: str, site: Reference) -> None:
        """The value may be made at this place."""
        if slot <= PLAIN:
            return
        self.sources.append((slot, Source(kind, name, site)))
        self.slots.add(slot, Atom(kind, name))
