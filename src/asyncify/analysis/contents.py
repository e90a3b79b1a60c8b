"""What is in the containers of the project beside generators, managers and iterables, and who takes those apart.

Whoever gets something out of a container gets any of its items. So all that ever comes into a container has
to be known before a loop over one of its items may become an async one. And what is known to hand a function
on, or to call it, may look into a generator: `zip(*generators)`, `map(list, generators)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from asyncify.analysis import effects
from asyncify.analysis.binding import Argument, Call
from asyncify.analysis.flow import Flow
from asyncify.analysis.motion import element_of
from asyncify.analysis.slots import DEAD, FOREIGN, HANDED, Atom
from asyncify.model.facts import Expression, FlowKind, Kind, Module, Place, Role
from asyncify.model.graph import Reference, SourceKind

_MADE = frozenset({SourceKind.GENERATOR, SourceKind.EXPRESSION})
_USED = frozenset({"__enter__", "__iter__", "__next__"})
_OF_OTHERS = frozenset(
    {SourceKind.EXTERNAL, SourceKind.CALL, SourceKind.UNKNOWN, SourceKind.PARAMETER}
) | {FOREIGN, HANDED}
# classes of containers, and of what gives their items
_KNOWN = (
    effects.CONTAINERS
    | effects.ABSTRACT
    | effects.ITERATORS
    | {f"typing.{name}" for name in ("AsyncGenerator", "AsyncIterator", "ItemsView", "ValuesView")}
    | {f"_collections_abc.{name}" for name in ("dict_items", "dict_values")}
)
_DEEP = 3
_TESTING = ("builtins.all", "builtins.any")  # they take one container apart
_PAIRS = ".update"  # of a mapping may get pairs, which nobody follows


class Contents:
    """Looks at the containers that something is in which is iterated over, or entered.

    Args:
        same: the number of the value that a slot belongs to.
    """

    def __init__(self, flow: Flow, same: Callable[[int], int]) -> None:
        self.flow = flow
        self.slots = flow.slots
        self._same = same
        self._inside: dict[int, set[int]] = {}
        for holder, element in self.slots.contents():
            self._inside.setdefault(self.slots.find(element), set()).add(holder)
        self._wanted = {slot for slot in self._inside if self._has(slot, self._matters)}

    def _has(self, slot: int, asked: Callable[[Atom], bool]) -> bool:
        return any(map(asked, self.slots.atoms(slot)))

    def _matters(self, atom: Atom) -> bool:
        return _is_made(atom) or (atom.kind == SourceKind.INSTANCE and atom.name in self._used)

    @cached_property
    def _used(self) -> frozenset[str]:
        """The classes whose objects are iterated over, or entered."""
        hierarchy = self.flow.hierarchy
        own = {
            name for name, known in hierarchy.classes.items() if _USED & dict(known.methods).keys()
        }
        return frozenset(name for name in hierarchy.classes if own & set(hierarchy.order(name)))

    # -- what is in them --------------------------------------------------------------------------

    def beside(self) -> dict[int, Reference]:
        """By value, a place from where something else comes into a container that it is in."""
        if not self._wanted:
            return {}
        found: dict[int, Reference] = {}
        for slot, place in self._plain():
            found.setdefault(self._same(slot), place)
        for slot in sorted(self._wanted):
            if self._same(slot) not in found:
                stranger = self._stranger(slot)
                if stranger is not None:
                    found[self._same(slot)] = stranger
        return found

    def _plain(self) -> Iterator[tuple[int, Reference]]:
        """Strings and numbers that are in a container with something that matters, with its slot."""
        for module in self.flow.modules.values():
            at = self.flow.heap.expressions[module.name]
            for item in module.expressions:
                container, key = _around(module, item)
                if container >= 0 and self._is_plain(item, at[item.id]):
                    yield from self._at(at[container], key, Reference(module.name, item.id))
            for flow in module.flows:
                source, target = module.expressions[flow.source], module.expressions[flow.target]
                if flow.kind is FlowKind.VALUE and target.kind is Kind.SUBSCRIPT:
                    if at[source.id] == DEAD and _is_something(source):
                        container = at[module.children[target.id][0]]
                        yield from self._at(container, "", Reference(module.name, source.id))
        for call in self.flow.calls:
            if call.receiver > DEAD and call.attribute in effects.METHODS:
                yield from self._put(call)

    def _is_plain(self, item: Expression, slot: int) -> bool:
        """Whether analysis does not follow what an expression puts into the container around it."""
        if item.role is not Role.OPERAND:
            return slot == DEAD and _is_something(item)
        atoms = self.slots.atoms(slot)
        return slot != DEAD and not any(atom.name in effects.CONTAINERS for atom in atoms)

    def _put(self, call: Call) -> Iterator[tuple[int, Reference]]:
        """A string or a number that `append` and the like put into a container."""
        for text in effects.METHODS[call.attribute]:
            left, _, right = text.partition(" = ")
            given = [a for a in call.arguments if str(a.position) == right.removesuffix("[]")]
            if left.startswith("receiver") and given and call.site is not None:
                if given[0].slot == DEAD and given[0].text != "None":
                    yield from self._at(call.receiver, "", call.site)

    def _at(self, container: int, key: str, place: Reference) -> Iterator[tuple[int, Reference]]:
        """The elements of a container under a key (or any) that matter."""
        if container != DEAD:
            for known, element in self.slots.elements_by_key(container):
                if (not key or known in (key, "[]")) and self.slots.find(element) in self._wanted:
                    yield self.slots.find(element), place

    def _stranger(self, slot: int) -> Reference | None:
        """A place from where something comes into an element that is no part of its value."""
        value, todo, seen = self._same(slot), [slot], {slot}
        while todo:
            here = todo.pop()
            for holder in self._inside.get(here, ()):
                if holder in self._foreign:
                    return self._foreign[holder]
            for before in self._coming.get(here, ()):
                if before in seen or self._same(before) == value:
                    continue
                if before in self._written:
                    return self._written[before]
                seen.add(before)
                todo.append(before)
        return None

    @cached_property
    def _coming(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for source, target in self.slots.moves():
            found.setdefault(target, []).append(source)
        return found

    @cached_property
    def _written(self) -> dict[int, Reference]:
        """The slots of expressions, each with the first of them."""
        find, found = self.slots.find, dict[int, Reference]()
        for module in self.flow.modules.values():
            for item, slot in enumerate(self.flow.heap.expressions[module.name]):
                if slot != DEAD and module.expressions[item].place is not Place.ANNOTATION:
                    found.setdefault(find(slot), Reference(module.name, item))
        return found

    @cached_property
    def _foreign(self) -> dict[int, Reference]:
        """The containers that others may have put something into, each with a place that sees it."""
        found: dict[int, Reference] = {}
        for slot, place in self._written.items():
            if self._has(slot, self._is_of_others) or self.slots.is_anything(slot):
                found.setdefault(self.slots.holder(slot), place)
        return found

    def _is_of_others(self, atom: Atom) -> bool:
        if atom.kind == SourceKind.INSTANCE:
            own = atom.name in self.flow.hierarchy.classes or atom.name in effects.SCALARS
            return not own and atom.name not in _KNOWN and not effects.keeps(atom.name)
        known = atom.kind in (SourceKind.CALL, SourceKind.EXTERNAL) and effects.keeps(atom.name)
        return atom.kind in _OF_OTHERS and not known

    # -- who takes them apart ---------------------------------------------------------------------

    def taken_apart(self) -> Iterator[tuple[int, Reference]]:
        """The generators in containers whose items somebody takes who gets the container, each with the place."""
        if not any(self._has(slot, _is_made) for slot in self._wanted):
            return
        for call in self.flow.calls:
            if call.site is not None:
                yield from ((slot, call.site) for slot in self._taken(call))
        for module in self.flow.modules.values():
            for item in module.expressions:
                if item.kind is Kind.ATTRIBUTE and item.role is not Role.CALLEE:
                    yield from self._named(module, item)

    @cached_property
    def _holding(self) -> set[int]:
        """The containers that generators are in, and those that such containers are in."""
        found = {
            holder
            for slot in self._wanted
            if self._has(slot, _is_made)
            for holder in self._inside[slot]
        }
        for _ in range(_DEEP - 1):
            for slot, holders in self._inside.items():
                if self.slots.holder(slot) in found:
                    found |= holders
        return found

    def _named(self, module: Module, item: Expression) -> Iterator[tuple[int, Reference]]:
        """A method of a container that is kept: nobody sees what it puts in, or takes out."""
        receiver = self.flow.heap.at(module.name, module.children[item.id][0])
        if receiver == DEAD or self.slots.holder(receiver) not in self._holding:
            return
        atoms = self.slots.atoms(receiver)
        if any(a.kind == SourceKind.INSTANCE and a.name in effects.CONTAINERS for a in atoms):
            for slot, _ in self._made_in(receiver, 1):
                yield slot, Reference(module.name, item.id)

    def _taken(self, call: Call) -> Iterator[int]:
        """The generators that a call takes apart, or that it may."""
        names = [one.external for one in (*call.targets.values(), *call.constructs.values())]
        given: list[tuple[int, Argument | None]] = [(one.slot, one) for one in call.arguments]
        own = any(target.function for target in call.targets.values())
        if call.receiver > DEAD and call.attribute and not own:
            given.append((call.receiver, None))
        for slot, argument in given:
            if slot == DEAD or self.slots.holder(slot) not in self._holding:
                continue
            starred = argument is not None and bool(argument.star)
            for element, level in self._made_in(slot, 1):
                for name in names:
                    if name is not None and level - starred < self._depth(call, name, argument):
                        yield element
                        break

    def _depth(self, call: Call, name: str, argument: Argument | None) -> int:
        """How many levels of what it gets a callee looks into."""
        if not effects.keeps(name):
            return _DEEP + 1
        callback = effects.CALLBACKS.get(name)
        if callback is not None and self._calls_others(call, callback.callee):
            return _DEEP + 1
        if name in _TESTING:
            return 1
        texts = effects.flows(name) or ()
        if name.endswith(_PAIRS) and argument is not None and argument.position >= 0:
            return _DEEP + 1 if name.rpartition(".")[0] in effects.MAPPINGS else 1
        sides = (text.rpartition(" = ")[2] for text in texts)
        return max((side.count("[") for side in sides), default=0)

    def _calls_others(self, call: Call, place: str) -> bool:
        """Whether the function that a call gets is one of others, as `map(list, generators)` does."""
        for argument in call.arguments:
            if place in (str(argument.position), argument.keyword) and argument.text != "None":
                atoms = self.slots.atoms(argument.slot)
                return not atoms or any(atom.kind != SourceKind.FUNCTION for atom in atoms)
        return place.isdigit()

    def _made_in(self, slot: int, level: int) -> Iterator[tuple[int, int]]:
        """The elements of a container that may be generators, and those in it, with their levels."""
        for element in self.slots.elements(slot) if level <= _DEEP else ():
            if self._has(element, _is_made):
                yield element, level
            elif element != DEAD:
                yield from self._made_in(element, level + 1)


def _around(module: Module, item: Expression) -> tuple[int, str]:
    """The container that an expression is an item, or a part of, and as which element; -1 if it is none."""
    if item.role is Role.ELEMENT and item.detail != "key":
        return item.parent, element_of(module, item)
    if item.role is Role.OPERAND and module.expressions[item.parent].text == "BinOp":
        return item.parent, ""
    if item.role is Role.UNPACKED and module.expressions[item.parent].kind is Kind.STARRED:
        display = module.expressions[item.parent].parent
        if display >= 0 and module.expressions[display].kind is Kind.CONTAINER:
            return display, ""
    return -1, ""


def _is_something(item: Expression) -> bool:
    return item.kind is not Kind.STARRED and item.text != "None"


def _is_made(atom: Atom) -> bool:
    return atom.kind in _MADE
