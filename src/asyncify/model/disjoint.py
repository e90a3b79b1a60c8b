"""Union-find: what belongs together because something joins it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class DisjointSets(Generic[Item]):
    """Items in sets that grow together. An item that nobody joined is a set of its own."""

    def __init__(self, groups: Iterable[Iterable[Item]] = ()) -> None:
        self._above: dict[Item, Item] = {}
        for group in groups:
            self.join(group)

    def find(self, item: Item) -> Item:
        """The item that represents the set of this one."""
        above = self._above
        while (next_one := above.setdefault(item, item)) != item:
            above[item] = item = above[next_one]
        return item

    def join(self, items: Iterable[Item]) -> None:
        """Put items into one set; the first one's representative stays."""
        first: Item | None = None
        for item in items:
            leader = self.find(item)
            if first is None:
                first = leader
            self._above[leader] = first

    def groups(self) -> dict[Item, list[Item]]:
        """Every set by its representative, in the order in which items came."""
        found: dict[Item, list[Item]] = {}
        for item in self._above:
            found.setdefault(self.find(item), []).append(item)
        return found
