"""Slots: what may be the same object, by unification, in almost linear time.

A slot stands for the value of a variable, an attribute, a result or an expression. Slots that are
assigned to one another are unified and form a component. A component has *children* (one slot per
attribute or element, made on demand, unified when two components are), *atoms* (the origins that
can be called or looked into) and *subscribers* (who wants to hear of every atom). Every pair of
subscriber and atom is delivered once, in a deterministic order, until nothing is left to deliver.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

ELEMENT = "[]"  # child: any element of a container
ENTER = "<enter>"  # child: what `with` binds
SUPER = "super"  # kind of the atom that `super()` is; its name is the class that says it


def element_key(text: str) -> str:
    """The child of a container at a constant index or key."""
    return f"[{text}]"


class Atom(NamedTuple):
    """An origin that a component can be called through or looked into.

    `bound` counts the positional arguments that are there already: 1 for a bound method, more for
    a `functools.partial`. `kind` is a `SourceKind`, or SUPER.
    """

    kind: str
    name: str
    bound: int = 0


Subscriber = tuple[object, ...]
Listener = Callable[[Subscriber, Atom], None]
Link = Callable[[int, int, str, Atom], None]


class Slots:
    """Union-find over integers, with children, atoms and subscribers by component."""

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._weight: list[int] = []
        self._children: dict[int, dict[str, int]] = {}
        self._atoms: dict[int, dict[Atom, None]] = {}
        self._subscribers: dict[int, list[Subscriber]] = {}
        self._news: deque[tuple[Subscriber | None, int, int, str, Atom]] = deque()

    def __len__(self) -> int:
        return len(self._parent)

    def new(self, count: int = 1) -> int:
        """Make `count` slots in a row and return the first."""
        first = len(self._parent)
        self._parent.extend(range(first, first + count))
        self._weight.extend([1] * count)
        return first

    def find(self, slot: int) -> int:
        """The slot that represents the component of this one."""
        parent = self._parent
        while parent[slot] != slot:
            parent[slot] = parent[parent[slot]]
            slot = parent[slot]
        return slot

    def atoms(self, slot: int) -> Iterable[Atom]:
        """The atoms of the component, in order of arrival."""
        return self._atoms.get(self.find(slot), {})

    def children(self, slot: int) -> dict[str, int]:
        """The children of the component that somebody asked for."""
        return self._children.get(self.find(slot), {})

    def add(self, slot: int, atom: Atom) -> None:
        """Add an atom to a component."""
        root = self.find(slot)
        atoms = self._atoms.setdefault(root, {})
        if atom not in atoms:
            atoms[atom] = None
            self._announce(root, (atom,))

    def subscribe(self, slot: int, subscriber: Subscriber) -> None:
        """Hear of every atom of the component, those that are there already included."""
        root = self.find(slot)
        self._subscribers.setdefault(root, []).append(subscriber)
        self._news.extend((subscriber, root, root, "", atom) for atom in self._atoms.get(root, ()))

    def child(self, slot: int, key: str) -> int:
        """The child of the component under this key."""
        root = self.find(slot)
        children = self._children.setdefault(root, {})
        if key in children:
            return children[key]
        if key.startswith("[") and ELEMENT in children:
            return children[ELEMENT]
        made = children[key] = self.new()
        self._news.extend((None, root, made, key, atom) for atom in self._atoms.get(root, ()))
        if key == ELEMENT:
            self._join_elements(root)
        return made

    def unify(self, one: int, other: int) -> None:
        """Make two slots one component, and their children with them."""
        pending = [(one, other)]
        while pending:
            left, right = map(self.find, pending.pop())
            if left == right:
                continue
            if self._weight[left] < self._weight[right]:
                left, right = right, left
            self._parent[right] = left
            self._weight[left] += self._weight[right]
            self._merge_atoms(left, right)
            pending.extend(self._merge_children(left, right))

    def settle(self, listener: Listener, link: Link) -> None:
        """Deliver atoms to subscribers and children until there is no news."""
        news = self._news
        while news:
            subscriber, root, child, key, atom = news.popleft()
            if subscriber is None:
                link(root, child, key, atom)
            else:
                listener(subscriber, atom)

    def _announce(self, root: int, atoms: Iterable[Atom]) -> None:
        for subscriber in self._subscribers.get(root, ()):
            self._news.extend((subscriber, root, root, "", atom) for atom in atoms)
        for key, child in self._children.get(root, {}).items():
            self._news.extend((None, root, child, key, atom) for atom in atoms)

    def _merge_atoms(self, left: int, right: int) -> None:
        """Move the atoms and subscribers of `right`; each side hears of what only the other had."""
        ours, theirs = self._atoms.get(left, {}), self._atoms.pop(right, {})
        if theirs:
            self._announce(left, [atom for atom in theirs if atom not in ours])
        if ours:
            self._announce(right, [atom for atom in ours if atom not in theirs])
        if theirs:
            self._atoms.setdefault(left, {}).update(theirs)
        if subscribers := self._subscribers.pop(right, None):
            self._subscribers.setdefault(left, []).extend(subscribers)

    def _merge_children(self, left: int, right: int) -> list[tuple[int, int]]:
        """Move the children of `right`; return the pairs that are now the same."""
        theirs = self._children.pop(right, None)
        if theirs is None:
            return []
        ours = self._children.setdefault(left, theirs)
        if ours is theirs:
            return []
        same = [(ours[key], child) for key, child in theirs.items() if key in ours]
        for key, child in theirs.items():
            ours.setdefault(key, child)
        if ELEMENT in ours:
            same.extend(self._elements(left))
        return same

    def _elements(self, root: int) -> list[tuple[int, int]]:
        """Pairs of the `[]` child with every child at a constant index, which it absorbs."""
        children = self._children[root]
        keys = [key for key in children if key.startswith("[") and key != ELEMENT]
        return [(children[ELEMENT], children.pop(key)) for key in keys]

    def _join_elements(self, root: int) -> None:
        for one, other in self._elements(root):
            self.unify(one, other)
