"""Containers that nobody in the project has to itself: who else sees what is in them, may call it.

A list of functions that is handed to a library, or a function that is put into a list of the library's, goes
to where nobody follows it, like one that is handed over by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.analysis import effects
from asyncify.analysis.binding import Argument, Call
from asyncify.analysis.flow import Flow
from asyncify.analysis.made_classes import TYPE
from asyncify.analysis.slots import ELEMENT, FOREIGN, PLAIN, RAW
from asyncify.model.facts import FlowKind, Kind, Module, Role
from asyncify.model.graph import Reference, SourceKind, Target

# what is followed through containers: what would be called, iterated or entered without await
_FOLLOWED = frozenset({SourceKind.FUNCTION, SourceKind.GENERATOR, RAW})
_OF_OTHERS = frozenset({SourceKind.EXTERNAL, SourceKind.CALL, SourceKind.UNKNOWN, FOREIGN})
_DEEP = 3  # tables of tables
# modules whose functions show what they get, and those that hand it to the tests of the project
_LOOKING = ("copy.", "dataclasses.", "json.", "logging.", "operator.", "pprint.", "reprlib.")
_TESTING = ("_pytest.", "pytest.", "unittest.")
# what iterates over the items of what it gets
_TAKING_APART = frozenset(
    {
        "builtins.dict",
        "collections.OrderedDict",
        "itertools.chain.from_iterable",
        "itertools.starmap",
    }
)
_DISPLAYS = frozenset({Kind.CONTAINER, Kind.COMPREHENSION, Kind.GENERATOR})


class Containers:
    """Finds the contents that others see, once nothing moves any more."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.slots = flow.slots
        self._made = frozenset(map(self.slots.holder, self._makers()))
        # What lies in one container is the same for all who have it: the first who gets it is told.
        self._told: dict[int, int] = {}  # to which depth it was looked through
        self._apart: set[int] = set()  # whose items others iterate over

    def given_on(self) -> Iterator[tuple[int, Reference]]:
        """The slots of what is in a container that others have too, each with the first place where they get it."""
        for call in self.flow.calls:
            if call.site is None:
                continue
            if call.arguments and not self._is_followed(call):
                for argument in call.arguments:
                    yield from self._contents(argument.slot, call.site, _DEEP)
            if call.attribute in effects.METHODS:
                yield from self._put_in(call, call.site)
            yield from self._taken_apart(call, call.site)
        for module in self.flow.modules.values():
            yield from self._assigned(module)

    def _makers(self) -> Iterator[int]:
        """The slots of what makes a container in the project."""
        for module in self.flow.modules.values():
            for item in module.expressions:
                if item.kind is Kind.CONTAINER or item.kind is Kind.COMPREHENSION:
                    yield self.flow.heap.at(module.name, item.id)
        for call in self.flow.calls:
            names = call.targets.keys() | call.constructs.keys()
            if any(name in effects.MAKES or name in effects.CONTAINERS for name in names):
                yield call.slot
            if "dataclasses.field" in names:
                yield call.slot
            if "collections.defaultdict" in names:
                yield self.slots.child(call.slot, ELEMENT)
        for function in self.flow.hierarchy.functions.values():
            collecting = (p.name for p in function.parameters if p.kind in ("*", "**"))
            yield from (self.flow.heap.variable(function.id, name) for name in collecting)

    def _is_followed(self, call: Call) -> bool:
        """Whether everybody who gets the arguments of a call is known, and what they do with them."""
        targets = [*call.targets.values(), *call.constructs.values()]
        if any(one.external == TYPE for one in targets) and len(call.arguments) == 3:
            return self._derives(call)
        others = [one for one in targets if one.external is not None and not _is_made_for(one)]
        names = [target.external or "" for target in others]
        if not targets and not self._makes_own(call):
            assert call.site is not None
            module = self.flow.modules[call.site.module]
            callee = Reference(module.name, module.children[call.site.expression][0])
            names = [self.flow.motion.external_names.get(callee, "")]
        return bool(call.decorated) or all(map(_is_known, names))

    def _derives(self, call: Call) -> bool:
        """Whether a call of `type` makes a class that stands for one of the project; nobody follows another one."""
        bases = self.slots.elements(call.arguments[1].slot)
        found = (atom for base in bases for atom in self.slots.atoms(base))
        return any(atom.kind == SourceKind.CLASS for atom in found)

    def _makes_own(self, call: Call) -> bool:
        """Whether a call makes an object of a class of the project, which has no constructor of its own."""
        return any(
            kind == SourceKind.CLASS and name in self.flow.hierarchy.classes
            for kind, name, _ in call.applied
        ) or any(
            atom.kind == SourceKind.INSTANCE and atom.name in self.flow.hierarchy.classes
            for atom in self.slots.atoms(call.slot)
        )

    def _taken_apart(self, call: Call, site: Reference) -> Iterator[tuple[int, Reference]]:
        """Generators in a container whose items are iterated over by what gets it: `zip(*parts)`, `map(list, parts)`."""
        names = {t.external for t in (*call.targets.values(), *call.constructs.values())}
        for argument in call.arguments if names != {None} else ():
            spread = bool(argument.star) and not effects.HARMLESS.issuperset(names)
            if spread or names & _TAKING_APART or self._is_handed_out(call, names):
                holder = self.slots.holder(argument.slot)
                if holder in self._apart or self._is_written_there(site, argument.expression):
                    continue
                self._apart.add(holder)
                for element in self.slots.elements(holder):
                    if any(a.kind == SourceKind.GENERATOR for a in self.slots.atoms(element)):
                        yield element, site

    def _is_handed_out(self, call: Call, names: set[str | None]) -> bool:
        """Whether a callee hands the items of its arguments to a function that is not the project's."""
        places = {effects.CALLBACKS[name].callee for name in names if name in effects.CALLBACKS}
        for argument in call.arguments:
            if (argument.keyword or str(argument.position)) in places:
                kinds = {atom.kind for atom in self.slots.atoms(argument.slot)}
                if not kinds & {SourceKind.FUNCTION, RAW}:
                    return True
        return False

    def _is_written_there(self, site: Reference, expression: int) -> bool:
        """Whether an argument is a container that nobody else has."""
        module = self.flow.modules[site.module]
        item = module.expressions[expression] if expression >= 0 else None
        if item is not None and item.kind is Kind.STARRED:
            item = module.expressions[module.children[item.id][0]]
        return item is not None and item.kind in _DISPLAYS

    def _contents(self, slot: int, site: Reference, deep: int) -> Iterator[tuple[int, Reference]]:
        """What is in a container, and in those in it, if nobody was told of it to this depth."""
        level = [slot]
        for left in range(deep, 0, -1):
            holders = dict.fromkeys(self.slots.holder(one) for one in level if one > PLAIN)
            level = []
            for holder in holders:
                if self._told.get(holder, 0) >= left:
                    continue
                self._told[holder] = left
                for element in self.slots.elements(holder):
                    if any(atom.kind in _FOLLOWED for atom in self.slots.atoms(element)):
                        yield element, site
                    level.append(element)

    def _put_in(self, call: Call, site: Reference) -> Iterator[tuple[int, Reference]]:
        """What `append` and the like put into a container of others."""
        if call.receiver >= 0 and not any(target.function for target in call.targets.values()):
            if not self._is_own(call.receiver):
                yield from ((one.slot, site) for one in call.arguments if self._matters(one))
                for one in call.arguments:
                    yield from self._contents(one.slot, site, _DEEP)

    def _matters(self, argument: Argument) -> bool:
        return any(atom.kind in _FOLLOWED for atom in self.slots.atoms(argument.slot))

    def _assigned(self, module: Module) -> Iterator[tuple[int, Reference]]:
        """What becomes an item of a container of others, and containers that become their attributes."""
        at = self.flow.heap.expressions[module.name]
        for flow in module.flows:
            target = module.expressions[flow.target]
            if flow.kind is not FlowKind.VALUE or target.role is not Role.TARGET:
                continue
            site = Reference(module.name, flow.source)
            if target.kind is Kind.SUBSCRIPT:
                held = any(atom.kind in _FOLLOWED for atom in self.slots.atoms(at[flow.source]))
                if held and not self._is_own(at[module.children[target.id][0]]):
                    yield at[flow.source], site
            elif target.kind is Kind.ATTRIBUTE and not self._has_own(module, target.id):
                yield from self._contents(at[flow.source], site, _DEEP)

    def _is_own(self, container: int) -> bool:
        """Whether a container is made in the project and nowhere else."""
        atoms = self.slots.atoms(container)
        if any(atom.kind in _OF_OTHERS for atom in atoms):
            return False
        own = any(atom.name in self.flow.hierarchy.classes for atom in atoms)
        return own or self.slots.holder(container) in self._made

    def _has_own(self, module: Module, attribute: int) -> bool:
        """Whether an attribute is one of an object, a class or a module of the project."""
        receiver = module.children[attribute][0]
        known = self.flow.known.type(module.name, receiver)
        named = [one.name for one in self.flow.motion.denoted(module.name, attribute)]
        atoms = self.slots.atoms(self.flow.heap.at(module.name, receiver))
        classes = self.flow.hierarchy.classes
        return (
            known in classes
            or any(atom.name in classes or atom.kind == SourceKind.MODULE for atom in atoms)
            or any(name in classes or name.rstrip(":") in self.flow.modules for name in named)
        )


def _is_made_for(target: Target) -> bool:
    """Whether a constructor is made for a class of the project: that of a dataclass, or of a named tuple."""
    return target.external == (target.receiver or "").replace(":", ".")


def _is_known(name: str) -> bool:
    """Whether it is known what a callee outside the project does with what is in its arguments."""
    return effects.keeps(name) or name.startswith(_LOOKING) or name.startswith(_TESTING)
