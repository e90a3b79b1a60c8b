"""Calls that leave the project: what the tables of `effects` say they do with their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial

from asyncify.analysis import effects
from asyncify.analysis.binding import Argument, Call
from asyncify.analysis.heap import Heap
from asyncify.analysis.made_classes import MAKERS, TYPE, Made, Maker, made_by
from asyncify.analysis.members import Members
from asyncify.analysis.names import Sort
from asyncify.analysis.reflection import Reflection
from asyncify.analysis.slots import ELEMENT, ENTER, HANDED, PLAIN, SUPER, Atom, element_key
from asyncify.model.facts import ClassId, FunctionId
from asyncify.model.graph import Evidence, Reference, Source, SourceKind, Target

_PLACE = re.compile(r"(\*{0,2}\w*)((?:\[\w*\]|\[\*\]|\{\d\}|<\w+>)*)")
_STEP = re.compile(r"\[\w*\]|\[\*\]|\{\d\}|<\w+>")

# Their results hold nothing.
_PLAIN = tuple(f"{name}." for name in sorted(effects.SCALARS)) + tuple(
    f"builtins.{name}"
    for name in ("len", "print", "isinstance", "issubclass", "hasattr", "callable", "any", "all")
)

# Their results may be objects of the project, and nobody sees which.
_ANYTHING = frozenset(
    f"{module}.{name}" for module in ("pickle", "_pickle", "marshal") for name in ("load", "loads")
) | {"builtins.type.__call__", "builtins.type.__new__"}
_HELD = "<held>"  # child: whether an object of others has got one of the project
_RETURNED = "return_value"  # child of a mock
_OBJECTS = (SourceKind.INSTANCE, SourceKind.CLASS)


class LibraryCalls(Reflection):
    """`Calls` that knows the functions of the standard library that pass values on."""

    def __init__(
        self, heap: Heap, members: Members, known: Callable[[str, int], str | None]
    ) -> None:
        super().__init__(heap, members, known)
        self.owners: dict[FunctionId, ClassId] = {}  # the class that `super()` starts from
        self._derivations: list[tuple[Reference, Made, Atom]] = (
            []
        )  # classes that calls make of a base

    def external(self, call: Call, name: str, target: Target) -> None:
        """A call reaches something outside the project."""
        call.targets.setdefault(name, target)
        special = _SPECIAL.get(name)
        if special is not None:
            special(self, call)
            return
        if name in MAKERS:
            self._derived(call, MAKERS[name])
            return
        finds = _FINDS.get(name) or _FINDS.get(name.rpartition(".")[2])
        if finds is not None and finds(self, call):
            return
        rules = effects.flows(name)
        for rule in rules or ():
            left, _, right = rule.partition(" = ")
            self._flow(call, left, right)
        for slot in self._places(call, effects.EXCEPTIONS.get(name, "")):
            self.members.raised(slot)
        callback = effects.CALLBACKS.get(name)
        if callback:
            self._callback(call, callback)
        if name in effects.MAKES:
            self.heap.instance(call.slot, effects.MAKES[name])
        elif rules is None and call.site is not None:
            self._originate(call, name, call.site)

    def _originate(self, call: Call, name: str, site: Reference) -> None:
        """The result of the call is an object of its own."""
        known = self._known(site.module, site.expression)
        if known is None and name.rpartition(".")[2][:1].isupper():
            known = name  # nobody knows the library, but that is how classes are named
            self.heap.instance(call.slot, name)
        if call.slot <= PLAIN or name.startswith(_PLAIN) or name in _ANYTHING:
            return
        if known is None:
            self.heap.originate(call.slot, SourceKind.CALL, name, site)
            self._give_back(call)
        else:
            self.heap.sources.append((call.slot, Source(SourceKind.CALL, name, site)))

    def _give_back(self, call: Call) -> None:
        """The result may be what the call got, or what its object got before: ``injector.get(Client)``."""
        slots = [call.slot]
        if call.receiver >= 0:
            held = self.slots.child(call.receiver, _HELD)
            self.slots.move(held, call.slot)
            slots.append(held)
        for argument in call.arguments:
            if not argument.text:
                self.slots.subscribe(argument.slot, partial(self._hand, slots))

    def _hand(self, slots: list[int], atom: Atom) -> None:
        if atom.kind in _OBJECTS and atom.name in self.hierarchy.classes:
            for slot in slots:
                self.slots.add(slot, Atom(HANDED, ""))

    def _flow(self, call: Call, left: str, right: str) -> None:
        if right == "**":
            self._keywords(call, left)
            return
        if "*" not in right:
            # what the call does not give makes no place: one of any element would merge all others
            for other in self._places(call, right, read=True):
                for one in self._places(call, left.removesuffix("{}")):
                    self._move(other, one, copied=left.endswith("{}"))
            return
        self._flow_of_all(call, left, right)

    def _move(self, source: int, target: int, *, copied: bool) -> None:
        if copied:
            self.slots.subscribe(source, partial(self._copied, source, target))
        else:
            self.slots.move(source, target)

    def _flow_of_all(self, call: Call, left: str, right: str) -> None:
        """What every positional argument gives."""
        steps = _parse(right)[1]
        starred = any(argument.star == "*" for argument in call.arguments)
        for argument in call.arguments:
            if argument.position >= 0 and argument.star != "**":
                given = argument.slot
                if argument.star:
                    given = self.members.element(given, ELEMENT)
                other = self._walk(call, given, steps, read=True)
                place = left.replace("[*]", ELEMENT if starred else f"[{argument.position}]")
                for one in self._places(call, place):
                    self.slots.move(other, one)

    def _copied(self, mapping: int, slot: int, atom: Atom) -> None:
        if atom.kind == SourceKind.INSTANCE and atom.name in effects.MAPPINGS:
            self.slots.share(mapping, slot)

    def _keywords(self, call: Call, left: str) -> None:
        """Every keyword argument becomes the element of that key."""
        for container in self._places(call, left):
            for argument in call.arguments:
                if argument.star == "**":
                    self.members.mapped(argument.slot, container)
                elif argument.keyword:
                    key = element_key(repr(argument.keyword))
                    self.slots.move(argument.slot, self.slots.child(container, key))

    def _places(self, call: Call, place: str, *, read: bool = False) -> Iterator[int]:
        """The slot of a place, if the call has it."""
        start, steps = _parse(place)
        slot = self._start(call, start)
        if slot is not None:
            yield self._walk(call, slot, steps, read=read)

    def _start(self, call: Call, start: str) -> int | None:
        if start == "return":
            return call.slot
        if start == "receiver":
            return call.receiver if call.receiver >= 0 else None
        argument = _argument(call, start)
        if argument is None and start.isdigit():
            return self._starred(call, int(start))
        return argument.slot if argument else None

    def _starred(self, call: Call, position: int) -> int | None:
        """The argument at a position, where a starred one gives it."""
        for argument in call.arguments:
            if argument.star == "*" and argument.position <= position:
                return self.members.element(argument.slot, ELEMENT)
        return None

    def _walk(self, call: Call, slot: int, steps: tuple[str, ...], *, read: bool) -> int:
        for step in steps:
            key = step
            if step.startswith("{"):
                argument = _argument(call, step[1:-1])
                key = element_key(argument.text) if argument and argument.text else ELEMENT
            slot = self._step(slot, key, read=read)
        return slot

    def _step(self, slot: int, key: str, *, read: bool) -> int:
        if read and key.startswith("["):
            return self.members.element(slot, key)
        if read and key == ENTER:
            made = self.slots.new()
            self.members.entered(slot, made)
            return made
        return self.slots.child(slot, key)

    def _callback(self, call: Call, callback: effects.Callback) -> None:
        """A function that was handed over is called."""
        callee = self._start(call, callback.callee)
        if callee is None:
            return
        arguments: list[Argument] = []
        for place in callback.arguments:
            arguments += self._handed(call, place, len(arguments))
        result = next(self._places(call, callback.result), None) if callback.result else None
        self.imply(callee, tuple(arguments), self.slots.new() if result is None else result)

    def _iter(self, call: Call) -> bool:
        """``iter(function, end)`` calls a function for each item."""
        if len(call.arguments) == 2:
            self._callback(call, effects.REPEATED)
        return len(call.arguments) == 2

    def _handed(self, call: Call, place: str, position: int) -> Iterator[Argument]:
        start, steps = _parse(place)
        if start.startswith("*") and start[1:].isdigit() and not steps:
            first = int(start[1:])
            for argument in call.arguments:
                if argument.position >= first:
                    yield argument._replace(position=argument.position - first + position)
                elif argument.keyword:
                    yield argument
            return
        star = start[: len(start) - len(start.lstrip("*"))]
        for slot in self._places(call, place.lstrip("*"), read=True):
            yield Argument(slot, -1 if star == "**" else position, star=star)

    def imply(self, callee: int, arguments: tuple[Argument, ...], result: int) -> Call:
        """A call that stands nowhere in the source: of a callback, or of a decorator."""
        call = Call(None, result, arguments)
        call.callee = callee
        self.hear(callee, call)
        return call

    # functions that are like syntax

    def _super(self, call: Call) -> None:
        owner = self.owners.get(call.function)
        if owner is not None:
            self.slots.add(call.slot, Atom(SUPER, owner))

    def _partial(self, call: Call) -> None:
        if not call.arguments:
            return
        function, *rest = call.arguments
        given = tuple(
            one._replace(position=one.position - 1) if one.position > 0 else one for one in rest
        )
        if given:
            self.imply(function.slot, given, self.slots.new())
        keywords = frozenset("**" if one.star else one.keyword for one in given)
        self.slots.subscribe(function.slot, partial(self.heap.give_by_name, keywords))
        count = sum(one.position >= 0 for one in given)
        self.slots.subscribe(function.slot, partial(self._bind_more, call.slot, count))
        self.members.lookups.pass_on(function.slot, call.slot)

    def _bind_more(self, slot: int, count: int, atom: Atom) -> None:
        self.slots.add(slot, atom._replace(bound=atom.bound + count))

    def _type_of(self, slot: int, atom: Atom) -> None:
        if atom.kind == SourceKind.INSTANCE:
            ours = atom.name in self.hierarchy.classes
            self.slots.add(slot, Atom(SourceKind.CLASS if ours else SourceKind.EXTERNAL, atom.name))

    def _type(self, call: Call) -> None:
        if len(call.arguments) == 1:
            self.slots.subscribe(call.arguments[0].slot, partial(self._type_of, call.slot))
        else:
            self._derived(call, MAKERS[TYPE])

    def _new_class(self, call: Call) -> bool:
        """A metaclass makes one of its classes."""
        for cls in self.hierarchy.made_by.get(self.owners.get(call.function, ""), ()):
            self.slots.add(call.slot, Atom(SourceKind.CLASS, cls))
        return False

    def construct(self, call: Call, cls: ClassId, bound: int, evidence: Evidence) -> None:
        """The call makes an instance of a class of the project; that of a metaclass is a class."""
        super().construct(call, cls, bound, evidence)
        if TYPE in self.hierarchy.order(cls):
            self._derived(call, MAKERS[TYPE])

    def _derived(self, call: Call, maker: Maker) -> None:
        """A class that is made by a call stands for its bases, which others cannot tell from it."""
        if call.site is None:
            return
        module = self.hierarchy.modules[call.site.module]
        item = module.expressions[call.site.expression]
        made = made_by(self.hierarchy.names, module, item, maker)
        if made.bases is not None:
            bases = self.heap.at(module.name, made.bases)
            self.slots.move(self.members.element(bases, ELEMENT), call.slot)
        self.hierarchy.make(self.hierarchy.bases_of(module, made))
        self.slots.subscribe(call.slot, partial(self._inherits, call.site, made))

    def _inherits(self, site: Reference, made: Made, base: Atom) -> None:
        """What a new class has may be found in objects of its base."""
        if base.kind == SourceKind.CLASS and base.name in self.hierarchy.classes:
            self._derivations.append((site, made, base))
            for name, value in made.attributes.items():
                slot = self.heap.at(site.module, value)
                self.slots.move(slot, self.heap.written(base.name, name))

    def overridden(self) -> Iterator[tuple[FunctionId, FunctionId]]:
        """The methods of bases with the functions that a class made by a call has in their place."""
        for site, made, base in self._derivations:
            for name, value in made.attributes.items():
                for method in self.members.functions(base, (name,)):
                    for atom in self.slots.atoms(self.heap.at(site.module, value)):
                        if atom.kind == SourceKind.FUNCTION:
                            yield method, atom.name

    def replaced(self) -> dict[FunctionId, Reference]:
        """The methods of bases that a class made by a call may have something else for, with the call."""
        found: dict[FunctionId, Reference] = {}
        looked_up = self.members.lookups.reached() if self._derivations else {}
        for site, made, base in self._derivations:
            names = made.attributes if made.whole else self.hierarchy.methods_of(base.name)
            for name in names:
                if made.whole:
                    slot = self.heap.at(site.module, made.attributes[name])
                    if self.slots.find(slot) not in looked_up and self._are_functions(slot):
                        continue
                for one in self.hierarchy.lookup(base.name, name):
                    if one.sort is Sort.FUNCTION:
                        found.setdefault(one.name, site)
        return found

    def _are_functions(self, slot: int) -> bool:
        """Whether functions of the project get to a slot, and nothing else that values are."""
        atoms = self.slots.atoms(slot)
        return bool(atoms) and all(atom.kind == SourceKind.FUNCTION for atom in atoms)

    def _mock(self, call: Call) -> bool:
        """What a mock is told to return."""
        given = self.slots.child(call.slot, _RETURNED)
        for argument in call.arguments:
            if argument.keyword == _RETURNED:
                self.slots.move(argument.slot, given)
            elif argument.keyword == "side_effect":
                self.slots.subscribe(argument.slot, partial(self._answer, given))
        return False

    def _answer(self, given: int, atom: Atom) -> None:
        if atom.kind == SourceKind.FUNCTION:
            self.slots.move(self.heap.result(atom.name), given)

    def _call_mock(self, call: Call) -> bool:
        self.slots.move(self.slots.child(call.callee, _RETURNED), call.slot)
        return False

    def _dict(self, call: Call) -> bool:
        if call.arguments and not call.arguments[0].star:
            slot = call.arguments[0].slot
            self.slots.subscribe(slot, partial(self._copy, slot, call.slot))
        return False

    def _copy(self, slot: int, copy: int, atom: Atom) -> None:
        """A mapping is copied; anything else that makes one is taken to be pairs."""
        if atom.kind == SourceKind.INSTANCE and atom.name in effects.MAPPINGS:
            self.slots.move(slot, copy)


_SPECIAL = {
    "builtins.super": LibraryCalls._super,
    "builtins.type": LibraryCalls._type,
    "builtins.getattr": LibraryCalls._getattr,
    "builtins.setattr": LibraryCalls._setattr,
    "functools.partial": LibraryCalls._partial,
    "functools.partialmethod": LibraryCalls._partial,
}
# What more than the tables say is to be done: mostly for what finds the members of an object by any name.
# Some are found by the last part of their names, wherever they are defined.
_FINDS: dict[str, Callable[[LibraryCalls, Call], bool]] = {
    "builtins.__import__": LibraryCalls._import_top,
    "__setattr__": LibraryCalls._dunder_setattr,
    "builtins.dict": LibraryCalls._dict,
    "builtins.globals": LibraryCalls._globals,
    "builtins.iter": LibraryCalls._iter,
    "builtins.type.__new__": LibraryCalls._new_class,
    "builtins.vars": LibraryCalls._vars,
    "dataclasses.asdict": LibraryCalls._vars,
    "dataclasses.astuple": LibraryCalls._vars,
    "importlib.import_module": LibraryCalls._import,
    "inspect.getmembers": LibraryCalls._getmembers,
    "unittest.mock.CallableMixin.__call__": LibraryCalls._call_mock,
    "unittest.mock.MagicMock": LibraryCalls._mock,
    "unittest.mock.Mock": LibraryCalls._mock,
    "runpy.run_module": LibraryCalls._load_file,
    "runpy.run_path": LibraryCalls._load_file,
    **dict.fromkeys(("module_from_spec", "load_module", "load_source"), LibraryCalls._load_file),
}


def _argument(call: Call, start: str) -> Argument | None:
    for argument in call.arguments:
        if argument.star:
            continue
        if start.isdigit() and argument.position == int(start):
            return argument
        if argument.keyword and argument.keyword == start:
            return argument
    return None


@cache
def _parse(place: str) -> tuple[str, tuple[str, ...]]:
    found = _PLACE.fullmatch(place)
    assert found is not None, place
    return found[1], tuple(_STEP.findall(found[2]))
