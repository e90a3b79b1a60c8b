"""What is found by a name that nobody knows, and called: `getattr(self, name)()`, `vars(module)[name]()`.

A module that is loaded by a name which is only known when the program runs may be any of the project,
or one of somebody else. The result of such a look-up moves like any other value, but nothing that moves depends on it:
when all is settled, one pass over all moves tells where the results get to. Where one of them is called, whatever the
object has may be called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from asyncify.analysis.effects import calls
from asyncify.analysis.heap import Heap
from asyncify.analysis.names import MAIN, Denoted, Names, Sort
from asyncify.analysis.slots import ANY, ELEMENT, LOADED, SUPER, Atom
from asyncify.model.attributes import CONSTRUCTORS
from asyncify.model.facts import ClassId, FunctionId
from asyncify.model.graph import Reference, SourceKind

LOOKUP = Atom("look-up", "")  # what is found by a name nobody knows, if somebody asks what it is
_ATTRIBUTES = "<attributes>"  # behind a class: what is put into its objects, without its methods
_NAMESPACES = (SourceKind.CLASS, SourceKind.MODULE)


class Lookups:
    """The look-ups of a project, with what they may find, and those whose results are called."""

    def __init__(self, heap: Heap, names: Names) -> None:
        self.heap = heap
        self.names = names
        self._sites: dict[str, Reference] = {}
        self._found: dict[str, dict[str, None]] = {}
        self._starts: dict[tuple[int, str], None] = {}  # where the results are at first
        self._passes: list[tuple[int, int]] = []
        self._given: set[int] = set()  # slots
        self._put: list[tuple[int, Collection[ClassId], Reference]] = []
        self._prefixes: dict[str, str] = {}  # by look-up: how the names of modules begin
        self._named: dict[tuple[str, str], list[Denoted]] = {}  # by prefix and name

    def member(self, slot: int, site: Reference, atom: Atom) -> None:
        """An attribute of an atom, whichever it is, moves to a slot."""
        found = self._members(atom)
        if found:
            key = f"{site.module}:{site.expression}"
            self._find(slot, key, site, found)
        if atom.kind == SourceKind.MODULE and self.names.is_package(atom.name):
            self.load(slot, site, f"{atom.name}.")  # it may be a module as well

    def _find(self, slot: int, key: str, site: Reference, found: Iterable[str]) -> None:
        self._sites[key] = site
        self._found.setdefault(key, {}).update(dict.fromkeys(found))
        self._starts[slot, key] = None

    def load(self, slot: int, site: Reference, prefix: str) -> bool:
        """A module whose name begins in this way moves to a slot; whether there is one in the project."""
        key = f"{site.module}:{site.expression}"
        self._sites[key] = site
        self._prefixes[key] = prefix
        found = bool(self._modules(key))
        if found:
            self.heap.slots.add(slot, Atom(LOADED, key))
        return found

    def load_named(self, slot: int, site: Reference, dotted: str) -> bool:
        """The module of a name moves to a slot, or any one if there is no name; whether there is one in the project."""
        if dotted in ("", MAIN):
            return self.load(slot, site, "")
        known = self.names.is_module(dotted)
        if known:
            self.heap.slots.add(slot, Atom(SourceKind.MODULE, dotted))
        return known

    def _modules(self, key: str) -> list[str]:
        prefix = self._prefixes[key]
        return [name for name in self.names.modules if name.startswith(prefix)]

    def named(self, atom: Atom, name: str) -> list[Denoted]:
        """What a name may be in a module that is loaded."""
        if atom.bound or atom.kind != LOADED:
            return []
        prefix = self._prefixes[atom.name]
        if (prefix, name) not in self._named:
            modules = sorted({m for m in self.names.binders(name) if m.startswith(prefix)})
            found = (
                self.names.own(module, name) for module in modules if module in self.names.modules
            )
            self._named[prefix, name] = list(dict.fromkeys(one for own in found for one in own))
        return self._named[prefix, name]

    def called(self, atom: Atom, name: str) -> list[FunctionId]:
        """The functions that a call of this name runs in a module that is loaded."""
        return self._called_as(self.named(atom, name))

    def read(self, slot: int, name: str, atom: Atom) -> tuple[Denoted, ...]:
        """An attribute of a module that is loaded moves to a slot; its variables are left to others."""
        found = self.named(atom, name)
        functions = self._called_as(found)
        if functions:
            self._find(slot, f"{atom.name}.{name}", self._sites[atom.name], functions)
        if any(one.sort is Sort.CLASS for one in found):
            self.heap.slots.add(slot, atom._replace(bound=1))
        return tuple(one for one in found if one.sort is Sort.VARIABLE)

    def namespace(self, slot: int, site: Reference, atom: Atom) -> None:
        """The attributes of an atom become the elements of a slot: that of an object has no methods."""
        if atom.kind in _NAMESPACES:
            self.member(self.heap.slots.child(slot, ELEMENT), site, atom)
        elif self._members(atom):
            found = (f"{atom.name}{_ATTRIBUTES}",)  # what has a known name is no look-up
            key = f"{site.module}:{site.expression}"
            self._find(self.heap.slots.child(slot, ANY), key, site, found)

    def _members(self, atom: Atom) -> Iterable[str]:
        """The class whose methods, or the functions, that an attribute of an atom may be."""
        if atom.kind == LOADED and not atom.bound and self._prefixes[atom.name]:
            # without a prefix that would be every function that there is
            modules = self._modules(atom.name)
            return self._called_as(
                [one for name in modules for one in self.names.definitions(name)]
            )
        if atom.kind == SourceKind.MODULE:
            return self._called_as(self.names.definitions(atom.name))
        kinds = (SourceKind.INSTANCE, SourceKind.CLASS, SUPER)
        ours = atom.kind in kinds and atom.name in self.heap.hierarchy.classes
        return (atom.name,) if ours else ()

    def _called_as(self, found: Iterable[Denoted]) -> list[FunctionId]:
        """The functions that a call of one of these runs: of a class its constructor."""
        called: list[FunctionId] = []
        for one in found:
            if one.sort is Sort.FUNCTION:
                called.append(one.name)
            elif one.sort is Sort.CLASS:
                lookup = self.heap.hierarchy.lookup
                made = (each for name in CONSTRUCTORS for each in lookup(one.name, name))
                called += [method.name for method in made if method.sort is Sort.FUNCTION]
        return called

    def pass_on(self, source: int, target: int) -> None:
        """What look-ups find moves here, beside what values do."""
        self._passes.append((source, target))

    def hand_over(self, slot: int, names: Iterable[str], place: str, attribute: str) -> None:
        """A call outside the project, by these names, gets what is in a slot at this place."""
        known = list(names) or [f"?.{attribute}"]
        if any(calls(name, place) for name in known):
            self.give(slot)

    def give(self, slot: int) -> None:
        """What is in a slot is called, or goes to somebody who calls it."""
        self._given.add(slot)

    def put(self, slot: int, classes: Collection[ClassId], site: Reference) -> None:
        """What is in a slot becomes an attribute of objects of some classes: there, their own methods change nothing.

        Neither does what is found at the place itself, which is a namespace then.
        """
        self._put.append((slot, classes, site))

    def reached(self) -> Mapping[int, int]:
        """The slots that results of look-ups get to, as far as values have flowed; with what they are, as bits."""
        bits = {key: 1 << number for number, key in enumerate(self._found)}
        starts = ((slot, bits[key]) for slot, key in self._starts)
        return self.heap.slots.carried(starts, self._passes)

    def all_called(self) -> dict[Reference, tuple[str, ...]]:
        """Every look-up whose result is called, with the classes and functions that it may find."""
        found: dict[Reference, set[str]] = {}
        called, reached = 0, self.reached()
        for slot in self._given:
            called |= reached.get(self.heap.slots.find(slot), 0)
        for slot, classes, site in self._put:
            here = reached.get(self.heap.slots.find(slot), 0)
            for number, key in enumerate(self._found if here else ()):
                if here >> number & 1 and self._sites[key] != site:
                    if not all(name in classes for name in self._found[key]):
                        called |= 1 << number
        keys = [key for number, key in enumerate(self._found) if called >> number & 1]
        for key in sorted(keys, key=self._sites.__getitem__):
            found.setdefault(self._sites[key], set()).update(self._with_kept(self._found[key]))
        return {site: tuple(sorted(names)) for site, names in found.items()}

    def _with_kept(self, found: Iterable[str]) -> Iterator[str]:
        """Classes and functions, with the functions that are kept in attributes of these classes."""
        for name in found:
            cls = name.removesuffix(_ATTRIBUTES)
            if cls in self.heap.hierarchy.classes:
                yield from self.heap.kept(cls)
            if cls == name:
                yield name
