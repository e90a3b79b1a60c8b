"""Calls: from the values that a callee may be to targets, parameters and results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from asyncify.analysis.heap import Heap
from asyncify.analysis.members import Members
from asyncify.analysis.names import Denoted, Sort
from asyncify.analysis.optional import Certainty
from asyncify.analysis.slots import ELEMENT, LOADED, RAW, SUPER, Atom, element_key
from asyncify.model.attributes import INITIAL
from asyncify.model.facts import ClassId, Function, FunctionId, Parameter
from asyncify.model.graph import Evidence, Reference, SourceKind, Target

_SELF_KINDS = ("positional", "positional-only")

# Types that say nothing of the object: another atom knows which class it is.
VAGUE = frozenset({"builtins.super", "builtins.type"})
MODULE_TYPE = "types.ModuleType"
_BASES_WITHOUT_METHODS = frozenset(
    {"?", "builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"}
)


class Argument(NamedTuple):
    """One argument of a call: positional, by keyword, `*` or `**`."""

    slot: int
    position: int = -1
    keyword: str = ""
    star: str = ""
    text: str = ""  # of a constant
    expression: int = -1
    sure: Certainty = Certainty.NOTHING


class Call:
    """A call with what is known about it so far; `site` is None for a call that the source only implies."""

    __slots__ = (
        "applied",
        "arguments",
        "attribute",
        "callee",
        "constructs",
        "decorated",
        "forwards",
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
        self.forwards = False  # func(*args, **kwargs) inside a wrapper
        self.function: FunctionId = ""  # that makes the call
        self.targets: dict[str, Target] = {}
        self.constructs: dict[str, Target] = {}
        self.decorated: dict[FunctionId, dict[str, Target]] = {}
        self.applied: set[tuple[str, str, int]] = set()


class Calls:
    """Applies what reaches a callee; `external` handles callees outside the project."""

    def __init__(self, heap: Heap, members: Members) -> None:
        self.heap = heap
        self.slots = heap.slots
        self.members = members
        self.hierarchy = heap.hierarchy
        self.called: set[FunctionId] = set()
        self.fields: dict[ClassId, list[str]] = {}  # annotated in the class body
        self.of_modules: list[Call] = []  # calls of attributes of modules that nobody may know
        self._families: dict[FunctionId, list[FunctionId]] | None = None
        self._linked: set[FunctionId] = set()
        self._open_makers: list[tuple[Call, ClassId]] = (
            []
        )  # a variable holds the class, this is its base

    def external(self, call: Call, name: str, target: Target) -> None:
        """A call reaches something outside the project."""
        raise NotImplementedError

    # what is called

    def hear(self, slot: int, call: Call) -> None:
        """The call reaches whatever gets to a slot."""
        self.slots.subscribe(slot, partial(self.apply, call))
        self.members.lookups.give(slot)

    def apply(self, call: Call, atom: Atom, evidence: Evidence = Evidence.INFERRED) -> None:
        """The call reaches an atom."""
        key = (atom.kind, atom.name, atom.bound)
        if key in call.applied:
            return
        call.applied.add(key)
        if atom.kind in (SourceKind.FUNCTION, RAW):
            overrides = atom.bound > 0 and self.hierarchy.is_overridden(atom.name)
            target = Target(function=atom.name, evidence=evidence, overrides=overrides)
            self.function(call, target, atom.bound, raw=atom.kind == RAW)
        elif atom.kind == SourceKind.CLASS:
            self.construct(call, atom.name, atom.bound, evidence)
        elif atom.kind == SourceKind.EXTERNAL:
            self.external(call, atom.name, Target(external=atom.name, evidence=evidence))
        elif atom.kind == SourceKind.INSTANCE and atom.name in self.hierarchy.classes:
            self.method(call, "__call__", atom)
        elif atom.kind == LOADED:
            self.slots.add(call.slot, atom._replace(bound=1))

    def method(self, call: Call, attribute: str, atom: Atom) -> None:
        """The call reaches an attribute of an atom."""
        if atom.kind == SourceKind.EXTERNAL:
            self.apply(call, Atom(SourceKind.EXTERNAL, f"{atom.name}.{attribute}"))
            return
        if atom.kind == SourceKind.INSTANCE and atom.name not in self.hierarchy.classes:
            self._foreign_method(call, attribute, atom)
            return
        if attribute == "__class__" and atom.kind == SourceKind.INSTANCE:
            self.apply(call, atom._replace(kind=SourceKind.CLASS))
            return
        if atom.kind in (SourceKind.MODULE, LOADED):
            self._of_module(call, attribute, atom)
            return
        found = self.members.denoted(atom, attribute)
        for one in found:
            if one.sort is Sort.FUNCTION:
                bound = self.members.bound(atom, one.name)
                self._found_method(call, one.name, bound, atom)
            elif one.sort is Sort.CLASS:
                self.apply(call, Atom(SourceKind.CLASS, one.name))
        if not found and atom.kind in (SourceKind.INSTANCE, SourceKind.CLASS, SUPER):
            self._inherited(call, attribute, atom.name)

    def _of_module(self, call: Call, attribute: str, atom: Atom) -> None:
        """The call reaches what a module has under a name."""
        if atom.kind == LOADED:
            if self._named(atom, attribute):
                self.slots.add(call.slot, atom._replace(bound=1))
            return
        for one in self._named(atom, attribute):
            if one.sort is Sort.VARIABLE:
                slot = self.heap.variable(one.name, one.attribute)
                self.hear(slot, call)
            elif one.sort is not Sort.MODULE:
                self.apply(call, Atom(SourceKind(one.sort.value), one.name))

    def _named(self, atom: Atom, attribute: str) -> Sequence[Denoted]:
        """What a name may be in a module of the project."""
        if atom.kind == SourceKind.MODULE:
            return self.members.names.own(atom.name, attribute)
        return self.members.lookups.named(atom, attribute)

    def _foreign_method(self, call: Call, attribute: str, atom: Atom) -> None:
        if atom.name == MODULE_TYPE:
            self.of_modules.append(call)
        elif atom.name not in VAGUE:
            self._external_method(call, attribute, atom.name)

    def foreign(self) -> bool:
        """Let calls of modules that are not of the project reach something outside; whether there are any."""
        pending, self.of_modules = self.of_modules, []
        for call in pending:
            if not any(self._named(one, call.attribute) for one in self.slots.atoms(call.receiver)):
                self._external_method(call, call.attribute, MODULE_TYPE)
        return bool(pending)

    def _inherited(self, call: Call, attribute: str, cls: str) -> None:
        """A method that a class of the project has from outside."""
        bases = self.hierarchy.external(cls) if cls in self.hierarchy.classes else ()
        base = next((base for base in bases if base not in _BASES_WITHOUT_METHODS), None)
        if base is not None:
            self._external_method(call, attribute, base, cls)

    def _found_method(self, call: Call, function: FunctionId, bound: int, atom: Atom) -> None:
        if self.hierarchy.is_property(function):  # the value of the property is called
            self.hear(self.heap.result(function), call)
            return
        overrides = atom.kind == SourceKind.INSTANCE and self.hierarchy.is_overridden(function)
        key = (SourceKind.FUNCTION, function, bound)
        if key not in call.applied:
            call.applied.add(key)
            target = Target(
                function=function,
                evidence=Evidence.INFERRED,
                overrides=overrides,
                receiver=atom.name,
            )
            self.function(call, target, bound)

    def _external_method(
        self, call: Call, attribute: str, cls: str, receiver: str | None = None
    ) -> None:
        name = self.hierarchy.methods.get((cls, attribute), f"{cls}.{attribute}")
        key = (SourceKind.EXTERNAL, name, 0)
        if key not in call.applied:
            call.applied.add(key)
            target = Target(external=name, evidence=Evidence.INFERRED, receiver=receiver or cls)
            self.external(call, name, target)

    def function(self, call: Call, target: Target, bound: int, *, raw: bool = False) -> None:
        """The call reaches a function of the project."""
        function = target.function
        assert function is not None
        self.called.add(function)
        if target.overrides:
            self._link_overrides(function)
        if not raw and function in self.heap.decorated:
            call.decorated.setdefault(function, {})[function] = target
            made = self.heap.decorated[function]
            self.slots.subscribe(made, partial(self._wrapped, call, function, bound))
            self.members.lookups.give(made)
        else:
            call.targets.setdefault(function, target)
        if raw and call.forwards:
            return  # each call of the decorated function binds its arguments itself
        self.bind(call, function, bound)
        self._result(call, function, bound)

    def _wrapped(self, call: Call, function: FunctionId, bound: int, atom: Atom) -> None:
        """What decorators made of a function is called in its place."""
        if atom.name == function:
            atom = atom._replace(kind=SourceKind.FUNCTION)
            call.decorated[function][RAW] = Target(function=function, evidence=Evidence.INFERRED)
        elif atom.kind == SourceKind.FUNCTION:
            self.called.add(atom.name)
            call.decorated[function][atom.name] = Target(
                function=atom.name, evidence=Evidence.INFERRED
            )
            self.bind(call, atom.name, bound + atom.bound)
            self._result(call, atom.name, bound + atom.bound)
        elif atom.kind != RAW:  # one that the same decorator got from somebody else
            self.apply(call, atom)

    def construct(self, call: Call, cls: ClassId, bound: int, evidence: Evidence) -> None:
        """The call makes an instance of a class of the project."""
        self.make(call, cls, bound)
        self.declare(call, cls, evidence)

    def declare(self, call: Call, cls: ClassId, evidence: Evidence) -> None:
        """The result of a call is an instance of a class, or of one that derives from it."""
        self.heap.instance(call.slot, cls, call.site)
        for function in self._constructor(cls):
            target = Target(function=function, evidence=evidence, receiver=cls)
            call.constructs.setdefault(function, target)

    def make(self, call: Call, cls: ClassId, bound: int) -> None:
        """The constructor of a class gets the arguments of a call."""
        own = self._constructor(cls)
        for function in own:
            if self.hierarchy.functions[function].name != "__post_init__":
                self.called.add(function)
                self.bind(call, function, bound + 1)
        if not any(self.hierarchy.functions[function].name == INITIAL for function in own):
            self._bind_fields(call, cls, bound)

    def _constructor(self, cls: ClassId) -> list[FunctionId]:
        """The functions that making an instance of a class calls."""
        made = Atom(SourceKind.INSTANCE, cls)
        own = [*self.members.functions(made, ("__new__", INITIAL))]
        if not any(self.hierarchy.functions[one].name == INITIAL for one in own):
            own += self.members.functions(made, ("__post_init__",))
        return own

    def make_one_of(self, call: Call, base: ClassId) -> None:
        """A variable holds the class that is called: the arguments go to the constructors of what it may be.

        The type checker names the base of all that it takes; unless that is one of them, its own constructor
        is not called in this way.
        """
        self._open_makers.append((call, base))

        def apply(atom: Atom) -> None:
            if atom.kind == SourceKind.CLASS and base in self.hierarchy.order(atom.name):
                self.make(call, atom.name, atom.bound)

        self.slots.subscribe(call.callee, apply)

    def make_bases(self) -> bool:
        """Give the arguments to the constructors of the bases, where it is not known what a variable holds."""
        pending, self._open_makers = self._open_makers, []
        unknown = [one for one in pending if not self._knows_class(*one)]
        for call, base in unknown:
            self.make(call, base, 0)
        return bool(unknown)

    def _knows_class(self, call: Call, base: ClassId) -> bool:
        atoms = [one for one in self.slots.atoms(call.callee) if one.name not in VAGUE]
        return bool(atoms) and all(
            one.kind == SourceKind.CLASS and base in self.hierarchy.order(one.name) for one in atoms
        )

    def _result(self, call: Call, function: FunctionId, bound: int) -> None:
        item = self.hierarchy.functions[function]
        if not item.is_generator:
            if item.returns_value:
                self.slots.move(self._returned(call, function, bound), call.slot)
        elif call.site is not None:
            self.heap.originate(call.slot, SourceKind.GENERATOR, function, call.site)
        else:
            self.slots.add(call.slot, Atom(SourceKind.GENERATOR, function))

    def _returned(self, call: Call, function: FunctionId, bound: int) -> int:
        """The slot of what a function may return to a call."""
        optional = self.heap.optional.get(function)
        if optional is None or any(argument.star for argument in call.arguments):
            return self.heap.result(function)
        for argument in call.arguments:
            if argument.keyword == optional.name or (
                0 <= argument.position == optional.position - bound
            ):
                answer = optional.answer(argument.sure, argument.text)
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
        one, other = _plain(functions[generic].parameters), _plain(functions[registered].parameters)
        for name, same in zip(one, other, strict=False):
            self.slots.move(self.heap.variable(generic, name), self.heap.variable(registered, same))
        self.slots.move(self.heap.result(registered), self.heap.result(generic))

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
    pairs = zip(_plain(one.parameters)[1:], _plain(other.parameters)[1:], strict=False)
    yield from pairs
    names = {parameter.name for parameter in other.parameters if parameter.kind == "keyword"}
    for parameter in one.parameters:
        if parameter.kind == "keyword" and parameter.name in names:
            yield parameter.name, parameter.name


def _plain(parameters: Iterable[Parameter]) -> list[str]:
    return [one.name for one in parameters if one.kind in _SELF_KINDS]
