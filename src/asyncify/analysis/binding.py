"""What a call hands to a function, and gets from it: arguments to parameters, results back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from asyncify.analysis.heap import Heap
from asyncify.analysis.members import Members
from asyncify.analysis.slots import ELEMENT, Atom, element_key
from asyncify.model.facts import ClassId, Function, FunctionId, Parameter
from asyncify.model.graph import Reference, SourceKind, Target, Wrapper

_SELF_KINDS = ("positional", "positional-only")


class Argument(NamedTuple):
    """One argument of a call: positional, by keyword, `*` or `**`."""

    slot: int
    position: int = -1
    keyword: str = ""
    star: str = ""
    text: str = ""  # of a constant
    expression: int = -1
    is_function: bool = False  # or a class: it is not None, and can be called


class Call:
    """A call with what is known about it so far; `site` is None for a call that the source only implies."""

    __slots__ = (
        "added",
        "applied",
        "arguments",
        "attribute",
        "callee",
        "constructs",
        "decorated",
        "function",
        "receiver",
        "site",
        "slot",
        "targets",
    )

    def __init__(self, site: Reference | None, slot: int, arguments: tuple[Argument, ...]) -> None:
        self.site = site
        self.slot = slot  # of its result
        self.arguments = arguments
        self.callee = -1  # slot
        self.receiver = -1  # slot
        self.attribute = ""
        # of func(*args, **kwargs) inside a wrapper: what is not handed on as it came
        self.added: tuple[Argument, ...] | None = None
        self.function: FunctionId = ""  # that makes the call
        self.targets: dict[str, Target] = {}
        self.constructs: dict[str, Target] = {}
        self.decorated: dict[FunctionId, dict[str, Target]] = {}
        self.applied: set[tuple[str, str, int]] = set()

    def is_too_much(self, function: Function, bound: int = 0) -> bool:
        """Whether a function would raise a TypeError for an argument that it does not have."""
        kinds = {parameter.kind for parameter in function.parameters}
        names = {p.name for p in function.parameters if p.kind in ("positional", "keyword")}
        places = sum(p.kind in _SELF_KINDS for p in function.parameters) - bound
        given = [argument for argument in self.arguments if not argument.star]
        if function.decorators:
            return False  # who calls it may see another signature
        return ("**" not in kinds and any(a.keyword and a.keyword not in names for a in given)) or (
            "*" not in kinds and any(a.position >= places for a in given)
        )

    def suits(self, function: Function) -> bool:
        """Whether a function, or a method of an object, takes just what the call gives."""
        bound = int(function.owner is not None)
        return not (self.is_too_much(function, bound) or self.is_too_little(function, bound))

    def is_too_little(self, function: Function, bound: int) -> bool:
        """Whether a function would raise a TypeError for an argument that is missing."""
        if function.decorators or any(argument.star for argument in self.arguments):
            return False
        given = {argument.keyword for argument in self.arguments}
        places = bound + sum(argument.position >= 0 for argument in self.arguments)
        plain = [p for p in function.parameters if p.kind in _SELF_KINDS][places:]
        rest = [p for p in function.parameters if p.kind == "keyword"]
        return any(p.default < 0 and p.name not in given for p in (*plain, *rest))


class Binding:
    """Binds the arguments of calls; overrides of a function, and what is registered for it, get them too."""

    def __init__(self, heap: Heap, members: Members) -> None:
        self.heap = heap
        self.slots = heap.slots
        self.members = members
        self.hierarchy = heap.hierarchy
        self.called: set[FunctionId] = set()
        self.fields: dict[ClassId, list[str]] = {}  # annotated in the class body
        self._families: dict[FunctionId, list[FunctionId]] | None = None
        self._linked: set[FunctionId] = set()

    def _result(self, call: Call, function: FunctionId, bound: int, *, overrides: bool) -> None:
        """What a function gives moves to a call; maybe it is an override that is called."""
        item = self.hierarchy.functions[function]
        others = self.hierarchy.overrides(function) if overrides else ()
        if item.is_generator:
            self._generator(call, function)
        elif item.returns_value or any(other.returns_value for other in others):
            self.slots.move(self._returned(call, function, bound), call.slot)
        for other in others:
            if other.is_generator:
                self._generator(call, other.id)

    def _generator(self, call: Call, function: FunctionId) -> None:
        if call.site is not None:
            self.heap.originate(call.slot, SourceKind.GENERATOR, function, call.site)
        else:
            self.slots.add(call.slot, Atom(SourceKind.GENERATOR, function))

    def _returned(self, call: Call, function: FunctionId, bound: int) -> int:
        """The slot of what a function may return to a call."""
        optional = self.heap.optional.get(function)
        starred = any(argument.star for argument in call.arguments)
        if optional is None or starred or optional.position < bound:
            return self.heap.result(function)
        for argument in call.arguments:
            if argument.keyword == optional.name or (
                0 <= argument.position == optional.position - bound
            ):
                answer = optional.answer(argument.is_function, argument.text)
                if answer is None:
                    return self.heap.result(function)
                return self.heap.part(function, answer)
        return self.heap.part(function, given=False)

    # arguments

    def bind(self, call: Call, function: FunctionId, bound: int) -> None:
        """Unify the arguments of a call with the parameters of a function."""
        item = self.hierarchy.functions[function]
        plain = [one for one in item.parameters if one.kind in _SELF_KINDS]
        rest = next((one for one in item.parameters if one.kind == "*"), None)
        keywords = next((one for one in item.parameters if one.kind == "**"), None)
        by_name = {one.name for one in item.parameters if one.kind in ("positional", "keyword")}
        given: set[str] = set()
        for argument in call.arguments:
            if argument.star == "*":
                self._bind_star(argument, function, plain[bound:], rest)
            elif argument.position >= 0:
                self._bind_position(argument, function, plain, rest, bound)
            elif argument.star == "":
                given.add(argument.keyword)
                if argument.keyword in by_name:
                    slot = self.heap.variable(function, argument.keyword)
                    self.slots.move(argument.slot, slot)
                elif keywords:
                    self._bind_rest(argument.slot, function, keywords, repr(argument.keyword))
        for argument in call.arguments:
            if argument.star == "**":
                self._bind_mapping(argument, item, keywords, given, len(call.arguments) + bound)

    def _bind_position(
        self,
        argument: Argument,
        function: FunctionId,
        plain: list[Parameter],
        rest: Parameter | None,
        bound: int,
    ) -> None:
        position = argument.position + bound
        if position < len(plain):
            slot = self.heap.variable(function, plain[position].name)
            self.slots.move(argument.slot, slot)
        elif rest:
            self._bind_rest(argument.slot, function, rest, str(position - len(plain)))

    def _bind_rest(self, slot: int, function: FunctionId, rest: Parameter, key: str) -> None:
        collected = self.heap.variable(function, rest.name)
        self.slots.move(slot, self.slots.child(collected, element_key(key)))

    def _bind_star(
        self,
        argument: Argument,
        function: FunctionId,
        plain: list[Parameter],
        rest: Parameter | None,
    ) -> None:
        missing = plain[argument.position :]
        for index, parameter in enumerate(missing):
            slot = self.heap.variable(function, parameter.name)
            self.slots.move(self.members.element(argument.slot, element_key(str(index))), slot)
        if rest and missing:
            collected = self.heap.variable(function, rest.name)
            element = self.members.element(argument.slot, ELEMENT)
            self.slots.move(element, self.slots.child(collected, ELEMENT))
        elif rest:
            self.slots.move(argument.slot, self.heap.variable(function, rest.name))

    def _bind_mapping(
        self,
        argument: Argument,
        function: Function,
        keywords: Parameter | None,
        given: set[str],
        positional: int,
    ) -> None:
        for index, parameter in enumerate(function.parameters):
            free = parameter.kind == "keyword" or (
                parameter.kind == "positional" and index >= positional - 1 - len(given)
            )
            if free and parameter.name not in given:
                slot = self.heap.variable(function.id, parameter.name)
                key = element_key(repr(parameter.name))
                self.slots.move(self.slots.child(argument.slot, key), slot)
        if keywords:
            self.slots.move(argument.slot, self.heap.variable(function.id, keywords.name))

    def _bind_fields(self, call: Call, cls: ClassId, bound: int) -> None:
        """A class without `__init__` may be a dataclass or the like: arguments are its fields."""
        order = [base for base in reversed(self.hierarchy.order(cls)) if base in self.fields]
        fields = [*dict.fromkeys(name for base in order for name in self.fields[base])]
        for argument in call.arguments:
            position = argument.position + bound
            if argument.star == "" and argument.keyword:
                self.slots.move(argument.slot, self.heap.written(cls, argument.keyword))
            elif argument.star == "" and position < len(fields):
                self.slots.move(argument.slot, self.heap.written(cls, fields[position]))

    # families

    def families(self) -> dict[FunctionId, list[FunctionId]]:
        """Every family, by each of its members."""
        if self._families is None:
            self._families = {}
            for group in self.hierarchy.families().groups().values():
                self._families.update(dict.fromkeys(group, group))
        return self._families

    def link(self, generic: FunctionId, registered: FunctionId) -> None:
        """A call of a generic function may call what is registered for it."""
        self.called.add(registered)
        functions = self.hierarchy.functions
        one, other = _plain(functions[generic]), _plain(functions[registered])
        for name, same in zip(one, other, strict=False):
            self.slots.move(self.heap.variable(generic, name), self.heap.variable(registered, same))
        self.slots.move(self.heap.result(registered), self.heap.result(generic))

    def hand_to(self, wrappers: Iterable[Wrapper]) -> None:
        """A wrapper gets what the functions get that it wraps, as far as it names it: their objects at least."""
        functions, variable = self.hierarchy.functions, self.heap.variable
        for wrapper in wrappers:
            names = _plain(functions[wrapper.function])
            for function, _ in wrapper.decorated:
                for own, given in zip(names, _plain(functions[function]), strict=False):
                    self.slots.move(variable(function, given), variable(wrapper.function, own))

    def _link_overrides(self, function: FunctionId) -> None:
        """Any override may be called: arguments go on to all of them, results come back."""
        if function in self._linked:
            return
        self._linked.add(function)
        item = self.hierarchy.functions[function]
        for other in self.hierarchy.overrides(function):
            self.called.add(other.id)
            for one, two in _pairs(item, other):
                self.slots.move(
                    self.heap.variable(function, one), self.heap.variable(other.id, two)
                )
            parts = [self.heap.result(function)]
            if function in self.heap.optional:
                parts = [self.heap.part(function, given) for given in (True, False)]
            for part in parts:
                self.slots.move(self.heap.result(other.id), part)
            if other.is_generator and item.is_generator:
                self.slots.move(self.heap.yields(other.id), self.heap.yields(function))


def _pairs(one: Function, other: Function) -> Iterator[tuple[str, str]]:
    """Parameters of two overrides that get the same argument; `self` is never shared."""
    pairs = zip(_plain(one)[1:], _plain(other)[1:], strict=False)
    yield from pairs
    names = {parameter.name for parameter in other.parameters if parameter.kind == "keyword"}
    for parameter in one.parameters:
        if parameter.kind == "keyword" and parameter.name in names:
            yield parameter.name, parameter.name


def _plain(function: Function) -> list[str]:
    return [one.name for one in function.parameters if one.kind in _SELF_KINDS]
