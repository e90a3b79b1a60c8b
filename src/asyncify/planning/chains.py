"""Which conversions belong together: a chain is applied whole or not at all (promise 10)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from asyncify.model.disjoint import DisjointSets
from asyncify.model.facts import FunctionId
from asyncify.model.plan import Chain, Define, Edit, Insert, MakeAsync, Replace, Safety
from asyncify.planning.awaiting_texts import AWAITING

_WORDS = ("await ", "async ")  # by which texts of one place may differ

Owner = Hashable  # a function, a unit, a library or a file: whoever shares one shares the chain


class Chains:
    """Collects edits with their owners, and parts them into chains."""

    def __init__(self) -> None:
        self._owners = DisjointSets[Owner]()
        self._edits: dict[tuple[str, Edit], Owner] = {}
        self._editing: dict[str, list[Owner]] = {}  # by file

    def join(self, owners: Iterable[Owner]) -> None:
        """Puts owners into one chain."""
        self._owners.join(owners)

    def add(self, owner: Owner, edits: Iterable[tuple[str, Edit]]) -> None:
        """Adds edits of one owner; an edit that several owners need joins them."""
        for item in edits:
            if item in self._edits:
                self.join((self._edits[item], owner))
            else:
                self._edits[item] = owner
                self._editing.setdefault(item[0], []).append(owner)

    def owner(self, path: str, edit: Edit) -> Owner:
        """Who needs an edit; None if nobody does."""
        return self._edits.get((path, edit))

    @property
    def edits(self) -> Sequence[tuple[str, Edit]]:
        """Everything that was added, in order."""
        return tuple(self._edits)

    def owners(self, path: str) -> list[Owner]:
        """Everybody who edits a file."""
        return self._editing.get(path, [])

    def number(self, owner: Owner, numbers: dict[Owner, int]) -> int:
        """The number of an owner's chain."""
        return numbers.setdefault(self._owners.find(owner), len(numbers))

    def build(self, functions: Iterable[FunctionId]) -> tuple[list[Chain], dict[FunctionId, int]]:
        """The chains, and the chain of every function."""
        self._merge()
        self._prefer_awaiting()
        numbers: dict[Owner, int] = {}
        edits: dict[int, list[tuple[str, Edit]]] = {}
        longer = self._longer()
        for item, owner in self._edits.items():
            if item not in longer and not self._superseded(item):
                edits.setdefault(self.number(owner, numbers), []).append(item)
        chain_of = {function: self.number(function, numbers) for function in functions}
        members: dict[int, list[FunctionId]] = {}
        for function, number in chain_of.items():
            members.setdefault(number, []).append(function)
        chains = [
            Chain(number, tuple(sorted(members.get(number, ()))), tuple(own), Safety.SAFE)
            for number, own in sorted(edits.items())
        ]
        return chains, chain_of

    def _merge(self) -> None:
        """One text for a place where both the items and what is applied to them become async."""
        texts: dict[tuple[object, ...], tuple[str, Replace]] = {}
        for path, edit in list(self._edits):
            if not isinstance(edit, Replace) or " for " not in edit.template:
                continue
            plain = edit.template.replace(_WORDS[0], "").replace(_WORDS[1], "")
            key = (path, edit.span, edit.holes, plain)
            first = texts.setdefault(key, (path, edit))
            if first[1] == edit:
                continue
            merged = _both(first[1].template, edit.template)
            owners = (self._edits.pop(first), self._edits.pop((path, edit)))
            self.join(owners)
            self._edits[path, replace(edit, template=merged)] = owners[0]

    def _longer(self) -> set[tuple[str, Edit]]:
        """The functions in the place of a lambda for which there is one that opens a client around the body."""
        found: dict[tuple[object, ...], tuple[str, Insert]] = {}
        superseded: set[tuple[str, Edit]] = set()
        for path, edit in self._edits:
            if isinstance(edit, Insert) and edit.holes:
                first = found.setdefault((path, edit.span, edit.holes), (path, edit))
                longest = max(first, (path, edit), key=lambda item: len(item[1].text))
                superseded.update({first, (path, edit)} - {longest})
                found[path, edit.span, edit.holes] = longest
        return superseded

    def _prefer_awaiting(self) -> None:
        """One helper where both a function and the items that it gets become async: the one that awaits both."""
        replaced = [(path, edit) for path, edit in self._edits if isinstance(edit, Replace)]
        helpers = {(p, e.span): e for p, e in replaced if e.template.startswith(f"_{AWAITING}")}
        gone: dict[tuple[str, str], Owner] = {}
        for path, edit in replaced if helpers else ():
            other = helpers.get((path, edit.span))
            if other is not None and other != edit:
                owner = gone[path, edit.template] = self._edits.pop((path, edit))
                self.join((self._edits[path, other], owner))
        used = {(path, edit.template) for path, edit in self._edits if isinstance(edit, Replace)}
        for path, found in list(self._edits) if gone else ():
            if isinstance(found, Define) and (path, found.name) in gone.keys() - used:
                del self._edits[path, found]

    def _superseded(self, item: tuple[str, Edit]) -> bool:
        """A `yield from` over what became an async generator is an `async for`, not a plain one."""
        path, edit = item
        if not isinstance(edit, MakeAsync) or edit.node != "plain delegation":
            return False
        others = ("delegation", "closing delegation")
        return any((path, MakeAsync(edit.span, node)) in self._edits for node in others)


def _both(first: str, second: str) -> str:
    """A text with all the words that two have, which are the same but for `await` and `async`."""
    text, own, other = "", 0, 0
    while own < len(first) or other < len(second):
        words = (w for w in _WORDS if first.startswith(w, own) or second.startswith(w, other))
        word = next(words, first[own : own + 1])
        text += word
        own += len(word) if first.startswith(word, own) else 0
        other += len(word) if second.startswith(word, other) else 0
    return text
