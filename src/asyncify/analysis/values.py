"""Values: the components that matter to somebody, with their origins and every place that sees them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from asyncify.analysis.binding import Call
from asyncify.analysis.containers import Containers
from asyncify.analysis.effects import CALLBACKS, CONTAINERS, SCALARS, is_iterable, keeps
from asyncify.analysis.flow import Flow
from asyncify.analysis.slots import ANYTHING, PLAIN, RAW, Atom, Forest
from asyncify.model.facts import Expression, Module, Place, Role
from asyncify.model.graph import Evidence, Reference, Source, SourceKind, Value

_REPORTED = frozenset(
    {
        SourceKind.FUNCTION,
        SourceKind.CLASS,
        SourceKind.INSTANCE,
        SourceKind.EXTERNAL,
        SourceKind.MODULE,
        SourceKind.GENERATOR,  # of a property: no call makes it
    }
)
_MATTERS = frozenset(
    {
        SourceKind.CALL,
        SourceKind.CLASS,
        SourceKind.EXTERNAL,
        SourceKind.FUNCTION,
        SourceKind.GENERATOR,
        SourceKind.EXPRESSION,
        SourceKind.MODULE,
        RAW,
    }
)
# who may call what a keyword gives
_CALLING = CALLBACKS.keys() | {"builtins.print"}
_PARAMETER = Atom(SourceKind.PARAMETER, "")
_DEFINITIONS = frozenset(
    {SourceKind.FUNCTION, SourceKind.CLASS, SourceKind.EXTERNAL, SourceKind.MODULE}
)
# In whose place a container does not become async with the others.
_ITERATED = frozenset({SourceKind.GENERATOR, SourceKind.EXPRESSION})
# Nothing happens to a definition that is only named here: edges and bases tell about it.
_PLAIN_USE = frozenset({Role.CALLEE, Role.DECORATOR, Role.BASE, Role.CAUGHT, Role.ANNOTATION})


class Values:
    """Reads the values off when nothing moves any more.

    Two slots belong to one value if an object that matters moves from one to the other.
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.slots = flow.slots
        self._parameters()
        self._weights: dict[Atom, bool] = {}  # whether an atom matters; few are told apart
        self._crowded = self._left_alone()
        self._forest = self._joined()
        self._find = self._forest.find
        self._sources: dict[int, dict[Source, None]] = {}
        for slot, source in flow.heap.sources:
            root = self._find(self.slots.find(slot))
            self._sources.setdefault(root, {})[source] = None
        self._containers: dict[int, dict[Atom, None]] = {}
        self._atoms = self._gathered()

    @cached_property
    def _texts(self) -> frozenset[int]:
        """The values that something plain may be part of."""
        plain = self.slots.plain.items()
        return frozenset(self._find(slot) for slot, scalars in plain if is_iterable(scalars))

    def _parameters(self) -> None:
        """Parameters of functions that nobody in the project calls, or that leave the project."""
        called, escaped = self.flow.library.called, self.escaped()
        for function in self.flow.hierarchy.functions.values():
            if function.id in called and function.id not in escaped:
                continue
            for index, parameter in enumerate(function.parameters):
                given = (function.id, parameter.name) in self.flow.fixtures
                if not given and (index or function.owner is None):
                    slot = self.flow.heap.variable(function.id, parameter.name)
                    source = Source(SourceKind.PARAMETER, f"{function.id}({parameter.name})")
                    self.flow.heap.sources.append((slot, source))
                    self.slots.add(slot, _PARAMETER)

    def _joined(self) -> Forest:
        """The slots between which something that matters moves."""
        forest = Forest(len(self.slots))
        matters: dict[int, bool] = {}
        for root, target in self.slots.moves():
            if root not in matters:
                atoms = self.slots.atoms(root)
                matters[root] = ANYTHING not in atoms and any(map(self._matters, atoms))
            if matters[root]:
                forest.join(root, target)
        return forest

    def _left_alone(self) -> frozenset[int]:
        """Slots that could be anything and that something is done with: moved on, called, entered."""
        reached = [source for source, _ in self.slots.moves()]
        reached += [call.callee for call in self.flow.calls if not _is_certain(call)]
        for module in self.flow.modules.values():
            slots = self.flow.heap.expressions[module.name]
            reached += [slots[item.id] for item in module.expressions if item.role is Role.ENTERED]
        return frozenset(self.slots.find(slot) for slot in reached if self.slots.is_anything(slot))

    def _gathered(self) -> dict[int, dict[Atom, None]]:
        """The atoms of every value that may be reported as its origins."""
        found: dict[int, dict[Atom, None]] = {}
        for slot in self.slots.roots():
            for atom in self.slots.atoms(slot):
                if self._matters(atom) and (atom.kind in _REPORTED or atom.kind == RAW):
                    found.setdefault(self._find(slot), {})[atom] = None
                elif atom.kind == SourceKind.INSTANCE and atom.name in CONTAINERS:
                    self._containers.setdefault(self._find(slot), {})[atom] = None
        return found

    def _matters(self, atom: Atom) -> bool:
        weight = self._weights.get(atom)
        if weight is None:
            weight = self._weights[atom] = _matters(atom)
        return weight

    def escaped(self) -> frozenset[str]:
        """Functions that are handed to somebody outside the project, or to nobody knows whom."""
        found: set[str] = set()
        for call in self.flow.calls:
            if call.decorated or call.constructs:
                continue
            if call.targets and all(
                one.function or keeps(one.external or "") for one in call.targets.values()
            ):
                continue
            for argument in call.arguments:
                for atom in self.slots.atoms(argument.slot):
                    if atom.kind in (SourceKind.FUNCTION, RAW):
                        found.add(atom.name)
        return frozenset(found)

    def values(self) -> Iterator[Value]:
        """Every value that matters, by its first occurrence."""
        occurrences: dict[int, list[Reference]] = {}
        origins: dict[int, list[Source]] = {}
        lost = self._given_on()
        constants = self._constants()
        find, same = self.slots.find, self._find
        for module in self.flow.modules.values():
            slots = self.flow.heap.expressions[module.name]
            for item in module.expressions:
                slot = slots[item.id]
                if slot > PLAIN and item.place is not Place.ANNOTATION:
                    slot = find(slot)
                    root = same(slot)
                    if root not in origins:
                        origins[root] = self._of(root)
                    if origins[root]:
                        place = Reference(module.name, item.id)
                        occurrences.setdefault(root, []).append(place)
                        if slot in self._crowded:
                            lost.setdefault(root, place)
        number = 0
        for root, places in occurrences.items():
            sources = origins[root]
            if root in lost or not self._is_plain(sources, places):
                sources += constants.get(root, ())
                arrivals = self._arrivals(sources, places) if len(sources) > 1 else ()
                yield Value(number, tuple(sources), tuple(places), lost.get(root), arrivals)
                number += 1

    def _given_on(self) -> dict[int, Reference]:
        """The values that `*` or `**`, a parameter of that kind, or a container take out of the project."""
        find, heap = self.slots.find, self.flow.heap
        stars = {
            find(heap.variable(function.id, parameter.name))
            for function in self.flow.hierarchy.functions.values()
            for parameter in function.parameters
            if parameter.kind in ("*", "**")
        }
        found: dict[int, Reference] = {}
        known: set[int] = set()  # containers: the first who gets their elements is told
        for call in self.flow.calls:
            given = [one for one in call.arguments if one.star or find(one.slot) in stars]
            if call.site is None or not given:
                continue
            starred = bool(call.arguments[0].star) or any(one.star == "**" for one in given)
            if _stays_known(call, starred) and not self._fills_attributes(call.site):
                continue
            holders = dict.fromkeys(self.slots.holder(argument.slot) for argument in given)
            for holder in [one for one in holders if one not in known]:
                known.add(holder)
                for element in self.slots.elements(holder):
                    found.setdefault(self._find(find(element)), call.site)
        for slot, site in Containers(self.flow).given_on():
            found.setdefault(self._find(find(slot)), site)
        return found

    def _fills_attributes(self, call: Reference) -> bool:
        """Whether a call puts its arguments into the attributes of an object: `self.__dict__.update(kwargs)`."""
        module = self.flow.modules[call.module]
        callee = module.children[call.expression][0]
        receiver = next(iter(module.children[callee]), -1)
        return receiver >= 0 and module.expressions[receiver].text == "__dict__"

    def _arrivals(self, sources: list[Source], places: list[Reference]) -> tuple[int, ...]:
        """The numbers of the sources that get to every place, as bits."""
        every = (1 << len(sources)) - 1
        always = 0  # what nobody follows may be anywhere
        numbers: dict[tuple[str, str], int] = {}
        for number, source in enumerate(sources):
            made = self._origins(source)
            if not made:
                always |= 1 << number
            for origin in made:
                numbers[origin] = numbers.get(origin, 0) | 1 << number
        find, at = self.slots.find, self.flow.heap.at
        known: dict[int, int] = {}
        same: dict[int, int] = {}
        found = []
        for place in places:
            slot = find(at(place.module, place.expression))
            if slot not in known:
                here = every if self.slots.is_anything(slot) else always
                if here != every:
                    for atom in self.slots.atoms(slot):
                        here |= numbers.get((atom.kind, atom.name), 0)
                known[slot] = same.setdefault(here, here)
            found.append(known[slot])
        return tuple(found)

    def _origins(self, source: Source) -> set[tuple[str, str]]:
        """The atoms that may stand for a source; nothing if nobody follows it."""
        if source.kind in (SourceKind.CONSTANT, SourceKind.PARAMETER, SourceKind.UNKNOWN):
            return set()
        made = {(source.kind.value, source.name)}
        if source.kind is SourceKind.FUNCTION:
            made.add((RAW, source.name))
        if source.kind is SourceKind.CALL:
            made.add((SourceKind.INSTANCE.value, source.name))
            site = source.site
            known = self.flow.known.type(site.module, site.expression) if site else None
            if known is not None:
                made.add((SourceKind.INSTANCE.value, known))
        return made

    def _of(self, root: int) -> list[Source]:
        """The origins of a value, none if no origin matters."""
        if root not in self._atoms and root not in self._sources:
            return []
        found = dict(self._sources.get(root, {}))
        sited = {source.name for source in found if source.site is not None}
        is_call = any(source.kind is SourceKind.CALL for source in found)
        matters = any(source.kind is not SourceKind.PARAMETER for source in found)
        for atom in self._atoms.get(root, ()):
            kind = SourceKind.FUNCTION if atom.kind == RAW else atom.kind
            if atom.name in sited:
                continue
            if kind == SourceKind.INSTANCE and is_call and ":" not in atom.name:
                continue
            found[Source(SourceKind(kind), atom.name)] = None
            matters = True
        if any(map(self._is_iterated, found)):
            names = [atom.name for atom in self._containers.get(root, ())]
            names += ["builtins.str"] if root in self._texts else []
            found.update((Source(SourceKind.INSTANCE, name), None) for name in names)
        return sorted(found, key=_order) if matters else []

    def _is_iterated(self, source: Source) -> bool:
        """Whether somebody iterates over a source in a way that may become asynchronous."""
        if source.kind is not SourceKind.INSTANCE:
            return source.kind in _ITERATED
        hierarchy = self.flow.hierarchy
        ours = source.name in hierarchy.classes
        return ours and any(hierarchy.lookup(source.name, n) for n in ("__iter__", "__next__"))

    def _constants(self) -> dict[int, list[Source]]:
        """The literals that are assigned to a value."""
        found: dict[int, list[Source]] = {}
        for reference, target in self.flow.motion.constants:
            root = self._find(self.slots.find(target))
            text = self._expression(reference).text
            found.setdefault(root, []).append(Source(SourceKind.CONSTANT, text, reference))
        return found

    def _is_plain(self, sources: list[Source], places: list[Reference]) -> bool:
        """Whether a definition is only named to be called, or to look into it."""
        kinds = {source.kind for source in sources}
        if not kinds <= _DEFINITIONS:
            return False
        plain = _PLAIN_USE if SourceKind.FUNCTION in kinds else _PLAIN_USE | {Role.RECEIVER}
        return all(
            self._expression(reference).role in plain and not self._is_changed(reference)
            for reference in places
        )

    def _is_changed(self, reference: Reference) -> bool:
        """Whether an attribute of a module or class that is found here gets another value."""
        parent = self._expression(reference).parent
        if parent < 0 or self._expression(reference).role is not Role.RECEIVER:
            return False
        return self._expression(reference._replace(expression=parent)).role is Role.TARGET

    def _expression(self, reference: Reference) -> Expression:
        module: Module = self.flow.modules[reference.module]
        return module.expressions[reference.expression]

    def types(self, known_better: Mapping[Reference, str]) -> dict[Reference, str]:
        """The class of expressions by the one class that reaches them, if it is not known better."""
        found: dict[Reference, str] = {}
        known: dict[Collection[Atom], str | None] = {}
        classes: dict[int, str] = {}
        for slot in self.slots.roots():
            atoms = self.slots.atoms(slot)
            if isinstance(atoms, dict):
                name = _class(atoms)
            elif atoms in known:
                name = known[atoms]
            else:
                name = known[atoms] = _class(atoms)
            if name is not None:
                classes[slot] = name
        for module in self.flow.modules.values():
            for item, slot in enumerate(self.flow.heap.expressions[module.name]):
                if (name := classes.get(self.slots.find(slot))) is not None:
                    found[Reference(module.name, item)] = name
        found.update(known_better)
        return found


def _class(atoms: Collection[Atom]) -> str | None:
    """The one class that something is an instance of."""
    known = [atom for atom in atoms if atom != _PARAMETER]
    classes = {atom.name for atom in known if atom.kind == SourceKind.INSTANCE}
    others = {atom.kind for atom in known} - {SourceKind.INSTANCE, SourceKind.CALL}
    return classes.pop() if len(classes) == 1 and not others else None


def _stays_known(call: Call, starred: bool) -> bool:
    """Whether what a call gets is followed in everything that it may call; nobody sees a callback behind a star."""
    targets = [*call.targets.values(), *call.constructs.values()]
    others = [target.external or "" for target in targets if not target.function]
    known = all(keeps(name) and not (starred and name in _CALLING) for name in others)
    return bool(call.decorated) or (bool(targets) and known)


def _is_certain(call: Call) -> bool:
    """Whether more than the values that reach it says what a call calls."""
    return any(one.evidence is not Evidence.INFERRED for one in call.targets.values())


def _matters(atom: Atom) -> bool:
    if atom.kind == SourceKind.INSTANCE:
        return not atom.name.startswith("builtins.") and atom.name not in SCALARS
    return atom.kind in _MATTERS


def _order(source: Source) -> tuple[str, str, str, int]:
    site = source.site
    return source.kind, source.name, site.module if site else "", site.expression if site else -1
