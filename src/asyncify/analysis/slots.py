"""Slots: where values are, and the directions they move in.

A slot stands for a variable, an attribute, a result or an expression. *Atoms*, the origins that can
be called or looked into, move along directed edges, so that two callers of one function do not get
each other's arguments. What lies one step below, attributes and elements, is shared by every slot
that a value ever moved between: those slots have one *holder* with children by key. (This is Das'
"one level flow": nearly linear, and nearly as exact as following every object.) Subscribers hear of
every atom of their slot once, in a deterministic order.

A project has millions of slots, and most of them hold one atom or none: arrays and shared tuples keep
them small.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

ELEMENT = "[]"  # child: an element of a container that is put there under a key that nobody knows
ANY = "<any>"  # child: what somebody reads who does not know the key; nothing is put there
ENTER = "<enter>"  # child: what `with` binds
SUPER = "super"  # kind of the atom that `super()` is; its name is the class that says it
RAW = "raw"  # kind of the atom that a function is for its own decorator, without what that adds
LOADED = "loaded"  # kind of the atom that a module is which is loaded by a name nobody knows; bound: its parts
HANDED = "handed"  # kind of the atom that others gave back, who had got objects of the project
FOREIGN = "foreign"  # kind of the atom that is in an attribute of an object of the standard library
DEAD = 0  # the slot of what is of no interest to anybody: it keeps nothing
PLAIN = 16  # up to here for plain values, one slot for each of their types: where these move to is known
# A slot with more objects, or more atoms of any kind, could be anything and learns nothing more. Tables
# of functions are longer than what a variable holds in turn.
OBJECTS, LIMIT = 16, 96
FEW = 4  # atoms: as many are kept in a tuple, more in a dict
_OBJECT_KINDS = frozenset({"instance", "call"})


def element_key(text: str) -> str:
    """The child of a container at a constant index or key."""
    return f"[{text}]"


class Atom(NamedTuple):
    """An origin that a value can be called through or looked into.

    `kind` is a `SourceKind`, SUPER, RAW, LOADED, HANDED or FOREIGN. `bound` counts the positional arguments that are there
    already: 1 for a bound method, more for a `functools.partial`.
    """

    kind: str
    name: str
    bound: int = 0


ANYTHING = Atom("unknown", "")

Subscriber = Callable[[Atom], None]
Atoms = tuple[Atom, ...] | dict[Atom, None]


class Forest:
    """Union-find over the integers up to a size that may grow."""

    def __init__(self, size: int = 0) -> None:
        self.parent = array("i", range(size))

    def grow(self, size: int) -> None:
        """Add integers that are alone."""
        self.parent.extend(range(len(self.parent), size))

    def find(self, item: int) -> int:
        """The integer that represents the set of this one."""
        parent = self.parent
        while (above := parent[item]) != item:
            parent[item] = item = parent[above]
        return item

    def join(self, one: int, other: int) -> tuple[int, int] | None:
        """Join two sets; the representative and the one that no longer is, if they were two."""
        left, right = self.find(one), self.find(other)
        if left == right:
            return None
        if left > right:
            left, right = right, left
        self.parent[right] = left
        return left, right


class Slots:
    """Slots with their atoms, edges, children and subscribers."""

    def __init__(self) -> None:
        self._slots = Forest(PLAIN + 1)
        self._holders = Forest(PLAIN + 1)
        self._children: dict[int, dict[str, int]] = {}
        self._atoms: list[Atoms] = [()] * (PLAIN + 1)
        self._plain: list[tuple[int, int]] = []  # where what is plain moves to, and what that is
        self._single: dict[Atom, tuple[Atom]] = {}  # shared by the slots that hold nothing else
        self._targets: dict[int, list[int]] = {}
        self._passed_on: list[tuple[int, int]] = []  # moves of some of the atoms only
        self._subscribers: dict[int, list[Subscriber]] = {}
        self._news: deque[tuple[Subscriber, Atom]] = deque()
        self.find = self._slots.find

    def __len__(self) -> int:
        return len(self._atoms)

    def clear(self) -> None:
        """Forget what is in the slots, and who listens."""
        for kept in (self._children, self._subscribers, self._targets):
            kept.clear()
        for row in (self._atoms, self._passed_on, self._news):
            row.clear()

    def new(self, count: int = 1) -> int:
        """Make `count` slots in a row and return the first."""
        first = len(self)
        self._slots.grow(first + count)
        self._holders.grow(first + count)
        self._atoms.extend([()] * count)
        return first

    def roots(self) -> list[int]:
        """One slot for all that are the same, where it has atoms."""
        return [slot for slot, atoms in enumerate(self._atoms) if atoms]

    def is_anything(self, slot: int) -> bool:
        """Whether so much reaches the slot that its atoms say nothing."""
        return ANYTHING in self._atoms[self.find(slot)]

    def atoms(self, slot: int) -> Collection[Atom]:
        """The atoms of a slot, in order of arrival."""
        return self._atoms[self.find(slot)]

    def moves(self) -> Iterator[tuple[int, int]]:
        """From where to where values move, between slots that represent those that are the same."""
        find = self.find
        for source, targets in self._targets.items():
            for target in targets:
                yield source, find(target)
        for source, target in self._passed_on:
            yield find(source), find(target)

    def carried(
        self, marks: Iterable[tuple[int, int]], also: Iterable[tuple[int, int]]
    ) -> dict[int, int]:
        """Where marks get along all moves, and along some more: sets of them, as bits, by slot.

        However many there are, they move together: this is for what nothing depends on in between.
        """
        find, targets = self.find, self._targets
        more: dict[int, list[int]] = {}
        for source, target in also:
            more.setdefault(find(source), []).append(target)
        found: dict[int, int] = {}
        new: dict[int, int] = {}
        for slot, mark in marks:
            new[find(slot)] = new.get(find(slot), 0) | mark
        queue = deque(new)
        while queue:
            root = queue.popleft()
            fresh = new.pop(root) & ~found.get(root, 0)
            if not fresh or root <= PLAIN:
                continue
            found[root] = found.get(root, 0) | fresh
            for target in (*targets.get(root, ()), *more.get(root, ())):
                end = find(target)
                if end not in new:
                    queue.append(end)
                new[end] = new.get(end, 0) | fresh
        return found

    @cached_property
    def plain(self) -> dict[int, int]:
        """The slots that plain values may get to, with their own slots, as bits: once nothing moves any more."""
        return self.carried(self._plain, ())

    def add(self, slot: int, atom: Atom) -> None:
        """Add an atom to a slot, and to every slot that its value moves to."""
        self._spread([slot], atom)

    def _spread(self, pending: list[int], atom: Atom) -> None:
        find, known, targets = self.find, self._atoms, self._targets
        single = self._single.setdefault(atom, (atom,))
        atom = single[0]  # one object for all that are equal
        while pending:
            root = find(pending.pop())
            atoms = known[root]
            if not atoms:
                if root <= PLAIN:
                    continue
                known[root] = single
            elif atom in atoms or (ANYTHING in atoms and atom.kind != LOADED):
                continue
            elif len(atoms) >= OBJECTS and atom is not ANYTHING and _is_full(atoms):
                self._spread([root], ANYTHING)
                continue
            elif type(atoms) is dict:
                atoms[atom] = None
            else:
                known[root] = _packed((*atoms, atom))
            for subscriber in self._subscribers.get(root, ()):
                self._news.append((subscriber, atom))
            if root in targets:
                pending.extend(targets[root])

    def subscribe(self, slot: int, subscriber: Subscriber) -> None:
        """Hear of every atom of the slot, those that are there already included."""
        root = self.find(slot)
        if root <= PLAIN:
            return
        self._subscribers.setdefault(root, []).append(subscriber)
        self._news.extend((subscriber, atom) for atom in self._atoms[root])

    def move(self, source: int, target: int) -> None:
        """A value moves from one slot to another."""
        self._settle_holders([], [(source, target)])

    def _link(self, source: int, target: int) -> bool:
        """Let the atoms of a slot go on to another; False where there is nothing to be moved."""
        root, end = self.find(source), self.find(target)
        if DEAD < root <= PLAIN < end:
            self._plain.append((target, 1 << root))
        if root == end or min(root, end) <= PLAIN:
            return False
        self._targets.setdefault(root, []).append(target)
        for atom in _news(self._atoms[root], self._atoms[end]):
            self._spread([end], atom)
        return True

    def filtered(self, source: int, passes: Callable[[Atom], Iterable[Atom]]) -> int:
        """Make a slot to which a value moves, as what each of its origins is there, if it may be there at all."""
        made = self.new()
        self.note_move(source, made)

        def pass_on(atom: Atom) -> None:
            for one in passes(atom):
                self.add(made, one)

        self.subscribe(source, pass_on)
        self.share(source, made)
        return made

    def note_move(self, source: int, target: int) -> None:
        """Values move here that somebody else adds to the target."""
        self._passed_on.append((source, target))

    def unify(self, one: int, other: int) -> None:
        """Make two slots the same slot."""
        self._settle_holders([(one, other)], [])

    def _settle_holders(self, same: list[tuple[int, int]], moves: list[tuple[int, int]]) -> None:
        """Unify and move pairs of slots, and what follows from that for what lies below them."""
        while same or moves:
            if same:
                one, other = same.pop()
                if min(one, other) <= PLAIN:
                    continue
                if (joined := self._slots.join(one, other)) is None:
                    continue
                self._merge(*joined)
            else:
                one, other = moves.pop()
                if not self._link(one, other):
                    continue
            more, further = self._join_holders(one, other)
            same += more
            moves += further

    def _merge(self, left: int, right: int) -> None:
        """Take over what `right` has; each side hears of what only the other had."""
        ours, theirs = self._atoms[left], self._atoms[right]
        sides = ((left, theirs, ours), (right, ours, theirs))
        self._atoms[left] = _packed((*ours, *theirs)) if ours and theirs else ours or theirs
        self._atoms[right] = ()
        pending: list[tuple[int, Atom]] = []
        for side, more, known in sides:
            fresh = _news(more, known)
            if fresh:
                for subscriber in self._subscribers.get(side, ()):
                    self._news.extend((subscriber, atom) for atom in fresh)
                targets = self._targets.get(side, ())
                pending.extend((target, atom) for target in targets for atom in fresh)
        if subscribers := self._subscribers.pop(right, None):
            self._subscribers.setdefault(left, []).extend(subscribers)
        if moved := self._targets.pop(right, None):
            self._targets.setdefault(left, []).extend(moved)
        for target, atom in pending:
            self.add(target, atom)

    # children

    def child(self, slot: int, key: str) -> int:
        """What a value in this slot has under a key."""
        holder = self._holders.find(slot)
        if holder <= PLAIN:
            return DEAD
        children = self._children.setdefault(holder, {})
        if key in children:
            return children[key]
        made = children[key] = self.new()
        self._settle_holders([], _passing(key, made, children))
        return made

    def holder(self, slot: int) -> int:
        """The number that all slots share which a value ever moved between."""
        return self._holders.find(slot)

    def elements(self, slot: int) -> list[int]:
        """What is known to be an element of a container."""
        return [child for _, child in self.elements_by_key(slot)]

    def elements_by_key(self, slot: int) -> list[tuple[str, int]]:
        """What is known to be an element of a container, with its key."""
        children = self._children.get(self._holders.find(slot), {})
        return [(key, child) for key, child in children.items() if key.startswith("[")]

    def share(self, one: int, other: int) -> None:
        """Two slots have the same children, also where no value moves between them."""
        self._settle_holders(*self._join_holders(one, other))

    def _join_holders(
        self, one: int, other: int
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Make two holders one; return the pairs of children that are the same now, and those that move."""
        joined = self._holders.join(one, other)
        if joined is None:
            return [], []
        left, right = joined
        ours, theirs = self._children.pop(left, None), self._children.pop(right, None)
        if ours is None or theirs is None:
            if ours is not theirs:
                self._children[left] = ours or theirs or {}
            return [], []
        if len(ours) < len(theirs):
            ours, theirs = theirs, ours
        self._children[left] = ours
        same = [(ours[key], child) for key, child in theirs.items() if key in ours]
        moves: list[tuple[int, int]] = []
        for key in (ELEMENT, ANY):
            if (key in ours) != (key in theirs):
                known, others = (ours, theirs) if key in ours else (theirs, ours)
                moves += _passing(key, known[key], others)
        for key, child in theirs.items():
            ours.setdefault(key, child)
        return same, moves

    def settle(self) -> None:
        """Deliver atoms to subscribers until there is no news."""
        news = self._news
        while news:
            subscriber, atom = news.popleft()
            subscriber(atom)


def _packed(atoms: tuple[Atom, ...]) -> Atoms:
    """The same atoms, each of them once."""
    single = dict.fromkeys(atoms)
    return tuple(single) if len(single) <= FEW else single


def _is_full(atoms: Atoms) -> bool:
    if ANYTHING in atoms:
        return False
    if sum(one.kind in _OBJECT_KINDS for one in atoms) >= OBJECTS:
        return True
    return len(atoms) >= LIMIT and sum(one.kind != LOADED for one in atoms) >= LIMIT


def _news(more: Atoms, known: Atoms) -> list[Atom]:
    """What is to be said to somebody who knows some atoms; who may be anything has heard all but modules."""
    if ANYTHING in known or ANYTHING in more:
        special = [atom for atom in more if atom == ANYTHING or atom.kind == LOADED]
        return [atom for atom in special if atom not in known]
    return [atom for atom in more if atom not in known]


def _passing(key: str, slot: int, children: dict[str, int]) -> list[tuple[int, int]]:
    """Where values move between a child and the others of a container.

    What is put in under an unknown key may be at every key, and who reads an unknown one may get them all.
    """
    if key == ANY:
        return [(child, slot) for other, child in children.items() if other.startswith("[")]
    if key == ELEMENT:
        others = (one for one in children if one == ANY or one.startswith("["))
        return [(slot, children[other]) for other in others if other != ELEMENT]
    if not key.startswith("["):
        return []
    into = [(children[ELEMENT], slot)] if ELEMENT in children else []
    return [*into, (slot, children[ANY])] if ANY in children else into
