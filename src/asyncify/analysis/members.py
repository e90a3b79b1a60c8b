"""What an attribute, an element or the entering of an object is, given where the object comes from."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from asyncify.analysis.delegates import Asker, Delegates
from asyncify.analysis.heap import Heap
from asyncify.analysis.lookups import Lookups
from asyncify.analysis.names import Denoted, Names, Sort
from asyncify.analysis.slots import ANY, ELEMENT, ENTER, FOREIGN, LOADED, SUPER, Atom
from asyncify.model.attributes import DELEGATING, known_type
from asyncify.model.facts import ClassId, FunctionId
from asyncify.model.graph import Reference, SourceKind

CONTEXT_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
# Whose `with` gives something else than the object itself.
_ENTER_OTHER = frozenset(
    {
        "contextlib.closing",
        "contextlib.nullcontext",
        "contextlib._GeneratorContextManager",
        "contextlib._AsyncGeneratorContextManager",
        "tempfile.TemporaryDirectory",
    }
)


_FOREIGN = Atom(FOREIGN, "")
# objects of the standard library that hold those of others
_HOLDERS = (
    *("builtins.", "_thread.", "argparse.", "asyncio.", "ast.", "collections.", "concurrent."),
    *("contextvars.", "dataclasses.", "functools.", "inspect.", "logging.", "multiprocessing."),
    *("queue.", "_queue.", "socketserver.", "http.server.", "threading.", "types.", "typing."),
    *("weakref.", "xmlrpc.", "wsgiref.", "unittest.mock."),
)


class Store(NamedTuple):
    """A place that puts a value into objects, by a name that is not written down or into their namespace.

    Args:
        site: the place.
        receiver: the slot of the object, if it has one.
        value: the slot of what is put there.
        name: the expression of the name; -1 if there is none.
        key: the name, where the namespace has it as a constant key.
        atoms: what more the object is.
    """

    site: Reference
    receiver: int
    value: int
    name: int = -1
    key: str = ""
    atoms: tuple[Atom, ...] = ()


class Members:
    """Connects attributes, elements and results with what the atoms of an object say they are."""

    def __init__(
        self, heap: Heap, names: Names, stored: frozenset[str], followed: frozenset[str]
    ) -> None:
        self.heap = heap
        self.names = names
        self.hierarchy = heap.hierarchy
        self.lookups = Lookups(heap, names)
        self.delegates = Delegates(self.hierarchy.modules, self.hierarchy.functions)
        self._asking: dict[ClassId, tuple[FunctionId, ...]] = {}
        self._followed = followed  # methods of others that are functions where they are taken
        self.stored = stored  # every attribute name that something is assigned to
        self.unnamed: list[Store] = []
        self._namespaces: list[tuple[int, int, Reference, tuple[Atom, ...]]] = []
        self._iterated: set[tuple[int, FunctionId]] = set()

    def denoted(self, atom: Atom, attribute: str) -> tuple[Denoted, ...]:
        """What an attribute of a class of the project, or of its instances, denotes."""
        if atom.name not in self.hierarchy.classes:
            return ()
        if atom.kind == SUPER:
            return self.hierarchy.above(atom.name, attribute)
        if atom.kind not in (SourceKind.INSTANCE, SourceKind.CLASS):
            return ()
        found = self.hierarchy.lookup(atom.name, attribute)
        if found and all(one.sort is not Sort.VARIABLE for one in found):
            return found
        # `hook = None`, of which a subclass makes a method
        below = self.hierarchy.below(atom.name, attribute)
        more = (one for one in below if not found or one.sort is Sort.FUNCTION)
        return tuple(dict.fromkeys((*found, *more)))

    def bound(self, atom: Atom, function: FunctionId) -> int:
        """How many arguments the method has already when it is taken from the object."""
        if self.hierarchy.is_static(function):
            return 0
        if self.hierarchy.is_classmethod(function):
            return 1
        return 0 if atom.kind == SourceKind.CLASS else 1

    def functions(self, atom: Atom, names: Iterable[str]) -> Iterator[FunctionId]:
        """The methods of these names that an object has."""
        for name in names:
            for one in self.denoted(atom, name):
                if one.sort is Sort.FUNCTION:
                    yield one.name

    def is_context_manager(self, function: FunctionId) -> bool:
        """Whether a generator is one for `with`."""
        return any(name in CONTEXT_MANAGERS for name in self.hierarchy.decorators.get(function, ()))

    def delegate(self, atom: Atom, key: Hashable, asker: Asker) -> None:
        """Hears of everybody whom an object asks for what its class lacks."""
        for function in self.asking(atom):
            self.delegates.ask(function, key, asker)

    def asking(self, atom: Atom) -> tuple[FunctionId, ...]:
        """The methods by which an object asks others for what its class lacks."""
        if atom.kind != SourceKind.INSTANCE:
            return ()
        if atom.name not in self._asking:
            self._asking[atom.name] = tuple(self.functions(atom, DELEGATING))
        return self._asking[atom.name]

    def asked(self) -> dict[ClassId, frozenset[ClassId]]:
        """By class, those of the objects that its objects ask for what they lack, and whom these ask."""
        found: dict[ClassId, frozenset[ClassId]] = {}
        for cls in self.hierarchy.classes:
            todo, seen = [cls], set[ClassId]()
            while todo:
                atom = Atom(SourceKind.INSTANCE, todo.pop())
                for function in self.asking(atom):
                    for slot in self.delegates.asked(function):
                        names = {one.name for one in self.heap.slots.atoms(slot)} - seen
                        todo += sorted(names & self.hierarchy.classes.keys())
                        seen |= names
            if seen:
                found[cls] = frozenset(seen & self.hierarchy.classes.keys())
        return found

    # what the code says

    def lookup(self, receiver: int, slot: int, site: Reference) -> None:
        """An attribute of whatever is in a slot, whichever it is, moves to another slot."""
        self.heap.slots.subscribe(receiver, partial(self._look_up, slot, site))

    def attribute(self, receiver: int, name: str, slot: int, *, write: bool) -> None:
        """An attribute of whatever is in a slot is read into another slot, or written from it."""
        self.heap.slots.subscribe(receiver, partial(self.write if write else self.read, slot, name))
        if name in self.stored:
            child = self.heap.slots.child(receiver, name)
            self.heap.slots.move(*((slot, child) if write else (child, slot)))

    def namespace(self, receiver: int, slot: int, site: Reference) -> None:
        """The attributes of whatever is in a slot become the elements of another slot."""
        self.heap.slots.subscribe(receiver, partial(self.lookups.namespace, slot, site))
        self.note_namespace(receiver, slot, site)

    def note_namespace(
        self, receiver: int, slot: int, site: Reference, atoms: tuple[Atom, ...] = ()
    ) -> None:
        """Whatever becomes an element of a slot becomes an attribute of an object."""
        self._namespaces.append((receiver, slot, site, atoms))

    def fill_namespaces(self) -> None:
        """Note what namespaces are given, as long as it has names; what has one is an attribute like any other."""
        for receiver, slot, site, atoms in self._namespaces:
            for key, value in self.heap.slots.elements_by_key(slot):
                name = key[2:-2] if key[1:2] in ("'", '"') else ""
                self.unnamed.append(Store(site, receiver, value, -1, name, atoms))
                for use in (self.write, self.read) if name else ():
                    self.heap.slots.subscribe(receiver, partial(use, value, name))
                    for atom in atoms:
                        use(value, name, atom)

    def element(self, container: int, key: str) -> int:
        """A new slot with an element of whatever is in a slot."""
        slot = self.heap.slots.new()
        self.elements(container, key, slot)
        return slot

    def elements(self, container: int, key: str, slot: int) -> None:
        """An element of whatever is in a slot moves to another slot."""
        child = self.heap.slots.child(container, ANY if key == ELEMENT else key)
        self.heap.slots.move(child, slot)
        self.heap.slots.subscribe(container, partial(self._iterate, slot, key))

    def mapped(self, mapping: int, slot: int) -> None:
        """What a mapping has is in another one under the same keys: `{**options}`."""
        self.heap.slots.share(mapping, slot)
        element = self.heap.slots.child(slot, ELEMENT)
        self.heap.slots.subscribe(mapping, partial(self._iterate, element, ELEMENT))

    def shifted(self, container: int, slot: int) -> None:
        """The elements of whatever is in a slot are at other places of another slot."""
        self.elements(container, ELEMENT, self.heap.slots.child(slot, ELEMENT))

    def stores(self, container: int, key: int, slot: int) -> None:
        """A slot moves to `__setitem__` of whatever is in a slot, with its key."""
        self.heap.slots.subscribe(container, partial(self._store, (key, slot)))

    def entered(self, entered: int, slot: int) -> None:
        """What `with` makes of whatever is in a slot moves to another slot."""
        self.heap.slots.move(self.heap.slots.child(entered, ENTER), slot)
        self.heap.slots.subscribe(entered, partial(self._enter, slot, entered))

    # what the atoms say

    def _look_up(self, slot: int, site: Reference, atom: Atom) -> None:
        self.lookups.member(slot, site, atom)
        self.delegate(atom, (slot, site), lambda asked: self.lookup(asked, slot, site))

    def raised(self, slot: int) -> None:
        """Any exception of the project may be in a slot."""
        for cls in self.hierarchy.caught_as("builtins.BaseException"):
            self.heap.instance(slot, cls)

    def read(self, slot: int, name: str, atom: Atom) -> None:
        """An attribute of an atom moves to a slot."""
        if atom.kind == SourceKind.EXTERNAL:
            for one in self.names.outside(atom.name, name):
                self.denote(slot, one)
        elif atom.kind == SourceKind.MODULE:
            for one in self.names.member(atom.name, name):
                self.denote(slot, one)
        elif atom.kind == LOADED:
            for one in self.lookups.read(slot, name, atom):
                self.denote(slot, one)
        elif atom.kind == SourceKind.FUNCTION and name in self.stored:
            self.heap.slots.move(self._of_function(atom.name, name), slot)
        elif atom.name not in self.hierarchy.classes:
            self._foreign(slot, atom)
        elif name == "__class__":
            self.heap.slots.add(slot, Atom(SourceKind.CLASS, atom.name))
        else:
            self._own(slot, name, atom)

    def _own(self, slot: int, name: str, atom: Atom) -> None:
        """An attribute of a class of the project, or of its instance, moves to a slot."""
        found = self.denoted(atom, name)
        for one in found:
            self.denote(slot, one, atom)
            if one.sort is Sort.VARIABLE and self.hierarchy.has_descriptors:
                kept = self.heap.variable(one.name, one.attribute)
                self.heap.slots.subscribe(kept, partial(self._describe, slot))
        if atom.kind != SUPER and (not found or name in self.stored):
            self.heap.slots.move(self.heap.read(atom.name, name), slot)
        if not found:
            asker = partial(self.attribute, name=name, slot=slot, write=False)
            self.delegate(atom, (slot, name), asker)

    def _describe(self, slot: int, atom: Atom) -> None:
        """What a descriptor gives where it is read as an attribute."""
        if atom.kind == SourceKind.INSTANCE:
            for function in self.functions(atom, ("__get__",)):
                self.heap.slots.move(self.heap.result(function), slot)

    def foreign_method(self, slot: int, name: str, atom: Atom) -> None:
        """A method of others, taken from its object, moves to a slot: `results.append` for a callback.

        Those of the types of Python are known, and those that are followed.
        """
        if atom.kind not in (SourceKind.INSTANCE, SourceKind.CALL):
            return
        method = f"{atom.name}.{name}"
        if method in self._followed or callable(getattr(known_type(atom.name), name, None)):
            self.heap.slots.add(slot, Atom(SourceKind.EXTERNAL, method))

    def _foreign(self, slot: int, atom: Atom) -> None:
        """What an attribute of others gives is theirs as well, as far as anybody knows."""
        if atom.kind == FOREIGN or _is_foreign(atom):
            self.heap.slots.add(slot, _FOREIGN)

    def write(self, slot: int, name: str, atom: Atom) -> None:
        """A slot moves to an attribute of an atom."""
        if atom.kind == SourceKind.MODULE:
            self.heap.slots.move(slot, self.heap.variable(f"{atom.name}:", name))
        elif atom.name in self.hierarchy.classes and atom.kind != SUPER:
            self.heap.slots.move(slot, self.heap.written(atom.name, name))
        elif atom.kind == SourceKind.FUNCTION:
            self.heap.slots.move(slot, self._of_function(atom.name, name))

    def _of_function(self, function: FunctionId, name: str) -> int:
        """The slot of an attribute that something is assigned to: `call.session = session`."""
        return self.heap.variable(f"{function}.<attributes>", name)

    def _enter(self, slot: int, entered: int, atom: Atom) -> None:
        slots, heap = self.heap.slots, self.heap
        if atom.kind == SourceKind.GENERATOR:
            if self.is_context_manager(atom.name):
                slots.move(heap.yields(atom.name), slot)
            return
        if atom.name not in self.hierarchy.classes:
            if atom.kind in (SourceKind.CALL, SourceKind.INSTANCE):
                # the checker knows what a file is, unless it rejects the arguments of `open`
                known = atom.name.startswith("builtins.") and self._is_typed(slot)
                if atom.name not in _ENTER_OTHER and not known:
                    slots.add(slot, atom)
                    slots.note_move(entered, slot)
            return
        for function in self.functions(atom, ("__enter__", "__aenter__")):
            slots.move(heap.result(function), slot)

    def _is_typed(self, slot: int) -> bool:
        return any(atom.kind == SourceKind.INSTANCE for atom in self.heap.slots.atoms(slot))

    def _iterate(self, slot: int, key: str, atom: Atom) -> None:
        slots, heap = self.heap.slots, self.heap
        if atom.kind == LOADED and key[1:2] in ("'", '"'):  # what `runpy` gives is a mapping
            self.read(slot, key[2:-2], atom)
        if atom.kind == SourceKind.GENERATOR:
            slots.move(heap.yields(atom.name), slot)
        if atom.kind == FOREIGN:
            slots.add(slot, atom)
        if atom.kind == SourceKind.CLASS and self.hierarchy.is_enumeration(atom.name):
            heap.instance(slot, atom.name)
        if atom.kind != SourceKind.INSTANCE:
            return
        for function in self.functions(atom, ("__getitem__", "__next__", "__anext__")):
            slots.move(heap.result(function), slot)
        for function in self.functions(atom, ("__iter__", "__aiter__")):
            # An iterator that returns itself would ask for ever.
            if (slot, function) not in self._iterated:
                self._iterated.add((slot, function))
                self.elements(heap.result(function), ELEMENT, slot)

    def _store(self, given: tuple[int, int], atom: Atom) -> None:
        if atom.kind != SourceKind.INSTANCE:
            return
        for function in self.functions(atom, ("__setitem__",)):
            item = self.hierarchy.functions[function]
            for one in (item, *self.hierarchy.overrides(function)):
                for parameter, slot in zip(one.parameters[1:], given, strict=False):
                    self.heap.slots.move(slot, self.heap.variable(one.id, parameter.name))

    def denote(self, slot: int, one: Denoted, receiver: Atom | None = None) -> None:
        """A slot holds what a name denotes; `receiver` is the object that it is an attribute of."""
        slots = self.heap.slots
        if one.sort is Sort.VARIABLE:
            slots.move(self.heap.variable(one.name, one.attribute), slot)
        elif one.sort is Sort.MODULE:
            slots.add(slot, Atom(SourceKind.MODULE, one.name))
        elif one.sort is Sort.CLASS:
            slots.add(slot, Atom(SourceKind.CLASS, one.name))
        elif one.sort is Sort.EXTERNAL:
            slots.add(slot, Atom(SourceKind.EXTERNAL, one.name))
        elif one.sort is Sort.FUNCTION:
            if receiver is not None and self.hierarchy.is_property(one.name):
                slots.move(self.heap.result(one.name), slot)
            else:
                bound = self.bound(receiver, one.name) if receiver else 0
                slots.add(slot, Atom(SourceKind.FUNCTION, one.name, bound))


def _is_foreign(atom: Atom) -> bool:
    """Whether the attributes of an object are the business of the standard library."""
    if atom.kind != SourceKind.INSTANCE or atom.name.startswith(_HOLDERS):
        return False
    return atom.name.partition(".")[0] in sys.stdlib_module_names
