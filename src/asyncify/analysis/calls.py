"""Calls: from the values that a callee may be to targets, parameters and results."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from asyncify.analysis import effects
from asyncify.analysis.binding import Binding, Call
from asyncify.analysis.heap import Heap
from asyncify.analysis.members import Members
from asyncify.analysis.names import Denoted, Sort
from asyncify.analysis.slots import LOADED, RAW, SUPER, Atom
from asyncify.model.attributes import INITIAL
from asyncify.model.facts import ClassId, FunctionId, Role
from asyncify.model.graph import Evidence, SourceKind, Target

# Types that say nothing of the object: another atom knows which class it is.
VAGUE = frozenset({"builtins.super", "builtins.type"})
MODULE_TYPE = "types.ModuleType"
_BASES_WITHOUT_METHODS = frozenset(
    {
        "?",
        "abc.ABC",
        "builtins.object",
        "enum.Enum",
        "enum.Flag",
        "typing.Generic",
        "typing.Protocol",
    }
)


class Calls(Binding):
    """Applies what reaches a callee; `external` handles callees outside the project."""

    def __init__(self, heap: Heap, members: Members) -> None:
        super().__init__(heap, members)
        self.of_modules: list[Call] = []  # calls of attributes of modules that nobody may know
        # the calls of decorated generator functions; None once each of them gives a generator
        self._decorated_calls: dict[FunctionId, list[tuple[Call, int, bool]] | None] = {}
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
        elif atom.kind == SourceKind.INSTANCE and atom.name in effects.CALLABLE:
            self._external_method(call, "__call__", atom.name)
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
            self.members.delegate(
                atom, (id(call), attribute), partial(self._asked, call, attribute)
            )

    def _asked(self, call: Call, attribute: str, slot: int) -> None:
        """The call reaches an attribute of whatever is in a slot."""
        self.slots.subscribe(slot, partial(self.method, call, attribute))

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
        generator = self.hierarchy.functions[function].is_generator
        if raw and call.added is not None:  # each call of the decorated function binds the others
            self.bind(Call(None, call.slot, call.added), function, bound)
            if generator and self._is_returned(call):
                self._give_back_generator(function)
            elif generator:
                self._generator(call, function)  # the wrapper itself does something with it
            return
        self.bind(call, function, bound)
        if not raw and generator and function in self.heap.decorated:
            waiting = self._decorated_calls.setdefault(function, [])
            if waiting is not None:  # until the wrapper is seen to hand the generator on
                waiting.append((call, bound, target.overrides))
                return
        self._result(call, function, bound, overrides=target.overrides)

    def _give_back_generator(self, function: FunctionId) -> None:
        """A wrapper hands on the generator of a decorated function: every call of that gets its own."""
        waiting = self._decorated_calls.get(function) or ()
        self._decorated_calls[function] = None
        for call, bound, overrides in waiting:
            self._result(call, function, bound, overrides=overrides)

    def _is_returned(self, call: Call) -> bool:
        """Whether a wrapper hands on what it gets."""
        if call.function in self.heap.handing:
            return True
        if call.site is None:
            return False
        module = self.hierarchy.modules[call.site.module]
        return module.expressions[call.site.expression].role is Role.RETURNED

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
            if atom.name not in self.heap.handing:
                self._result(call, atom.name, bound + atom.bound, overrides=False)
        elif atom.kind != RAW:  # one that the same decorator got from somebody else
            self.apply(call, atom)

    def construct(self, call: Call, cls: ClassId, bound: int, evidence: Evidence) -> None:
        """The call makes an instance of a class of the project."""
        self.make(call, cls, bound)
        self._made(call, cls, evidence, self._constructor(cls))

    def declare(self, call: Call, cls: ClassId, evidence: Evidence) -> None:
        """The result of a call is an instance of a class, or of one that derives from it."""
        below = self.members.functions(Atom(SourceKind.INSTANCE, cls), ("__new__", INITIAL))
        self._made(call, cls, evidence, self._constructor(cls) or [*below])

    def _made(
        self, call: Call, cls: ClassId, evidence: Evidence, own: Sequence[FunctionId]
    ) -> None:
        self.heap.instance(call.slot, cls, call.site)
        # as the checker says where it knows the class
        if not own and evidence is Evidence.INFERRED:
            target = Target(external="builtins.object", evidence=evidence, receiver=cls)
            call.constructs.setdefault(cls, target)
        for function in own:
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
        own = self._of_class(cls, "__new__", INITIAL)
        if not any(self.hierarchy.functions[one].name == INITIAL for one in own):
            own += self._of_class(cls, "__post_init__")
        return own

    def _of_class(self, cls: ClassId, *names: str) -> list[FunctionId]:
        """The methods of a class itself: nothing that only a class below has."""
        found = (one for name in names for one in self.hierarchy.lookup(cls, name))
        return [one.name for one in found if one.sort is Sort.FUNCTION]

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
        found = self.members.lookups.reached() if pending else {}
        unknown = [
            (call, base)
            for call, base in pending
            if self.slots.find(call.callee) in found or not self._knows_class(call, base)
        ]
        for call, base in unknown:
            self.make(call, base, 0)
        return bool(unknown)

    def _knows_class(self, call: Call, base: ClassId) -> bool:
        atoms = [one for one in self.slots.atoms(call.callee) if one.name not in VAGUE]
        return bool(atoms) and all(
            one.kind == SourceKind.CLASS and base in self.hierarchy.order(one.name) for one in atoms
        )
