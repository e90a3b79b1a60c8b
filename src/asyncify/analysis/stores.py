"""What is put into objects by names that are not written down: `setattr(module, name, fake)`, `vars(x)[name] = fake`.

Data does no harm there. What can be called may come in place of any function whose name it may be: nobody makes
that awaitable, for nobody sees of which function it takes the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.analysis.binding import Argument, Call
from asyncify.analysis.flow import Flow
from asyncify.analysis.members import Store
from asyncify.analysis.slots import ANYTHING, RAW, Atom
from asyncify.model.composed import Written, written
from asyncify.model.facts import (
    Expression,
    FlowKind,
    Function,
    FunctionId,
    Kind,
    Module,
    Role,
)
from asyncify.model.graph import Reference, SourceKind

_CALLABLE = frozenset({SourceKind.FUNCTION, SourceKind.CLASS, SourceKind.EXTERNAL, RAW})
_OBJECTS = frozenset({SourceKind.INSTANCE, SourceKind.CLASS})
_READING = frozenset({"copy", "get", "items", "keys", "values"})
_FAR = 3  # calls through which a name is followed


class Stores:
    """Finds what may be in the place of functions, when nothing moves any more."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.slots = flow.slots
        self.hierarchy = flow.hierarchy
        self._callers: dict[FunctionId, list[tuple[Call, int]]] | None = None

    def replaced(self) -> dict[FunctionId, Reference]:
        """The functions that may have something else in their place, each with where it is put there."""
        found: dict[FunctionId, Reference] = {}
        for store in self.flow.members.unnamed:
            if not self._may_be_called(store.value) or self._restores(store):
                continue
            functions = dict.fromkeys(self._functions(store))
            names = self._names(store) if functions else Written()
            for function in functions:
                if names.may_be(self._name(function)):
                    found.setdefault(function, store.site)
        return found

    def _restores(self, store: Store) -> bool:
        """Whether an object gets back what it had: a copy, or one that was pickled."""
        function = self.flow.modules[store.site.module].expressions[store.site.expression].function
        return self._name(function) == "__setstate__"

    def give_lookups(self) -> None:
        """What is found by an unknown name, and put into another object by one, is called by nobody knows whom."""
        lookups = self.flow.members.lookups
        reached = lookups.reached() if self.flow.members.unnamed else {}
        for store in self.flow.members.unnamed:
            if self.slots.find(store.value) in reached:
                known = {a.name for a in self._receivers(store) if a.kind in _OBJECTS}
                around = {b for c in known for b in self.hierarchy.around(c)}
                lookups.put(store.value, around, store.site)

    def _may_be_called(self, slot: int) -> bool:
        """Whether what gets to a slot may be called in place of a function."""
        return any(
            atom == ANYTHING
            or atom.kind in _CALLABLE
            or atom.name.rpartition(".")[2].endswith("Mock")
            or (
                atom.kind == SourceKind.INSTANCE
                and bool(self.flow.members.denoted(atom, "__call__"))
            )
            for atom in self.slots.atoms(slot)
        )

    # in whose place

    def _receivers(self, store: Store) -> list[Atom]:
        atoms = self.slots.atoms(store.receiver) if store.receiver >= 0 else ()
        known = (atom for atom in (*atoms, *store.atoms) if not atom.bound)
        return [a for a in known if a.kind == SourceKind.MODULE or a.name in self.hierarchy.classes]

    def _functions(self, store: Store) -> Iterator[FunctionId]:
        """The functions that are found in the object, and the methods of classes that are."""
        for atom in self._receivers(store):
            yield from self.hierarchy.functions_in(atom.kind, atom.name)

    # by which name

    def _name(self, function: FunctionId) -> str:
        return self.hierarchy.functions[function].name

    def _names(self, store: Store) -> Written:
        if store.key:
            return Written(frozenset({store.key}))
        module = self.flow.modules[store.site.module]
        if store.name < 0:
            return _put_at(module, module.expressions[store.site.expression])
        return self._written(module, module.expressions[store.name], _FAR)

    def _written(self, module: Module, item: Expression, far: int) -> Written:
        """What a string may be, also where the callers of a function give it."""
        found = written(module, item.id)
        if found.texts is not None or found.shape is not None or item.kind is not Kind.NAME:
            return found
        owner, name = item.variable or ("", "")
        function = self.hierarchy.functions.get(owner)
        texts = None
        if function is not None and far and any(p.name == name for p in function.parameters):
            texts = self._given(function, name, far - 1)
        elif function is not None:
            texts = self._keywords(module, item, function)
        return Written(frozenset(texts)) if texts is not None else found

    def _given(self, function: Function, name: str, far: int) -> set[str] | None:
        """The strings that a parameter gets; None if there may be others."""
        number = next(n for n, p in enumerate(function.parameters) if p.name == name)
        parameter, found = function.parameters[number], set[str]()
        if parameter.kind in ("*", "**") or not self._calls_of(function.id):
            return None
        for call, bound in self._calls_of(function.id):
            argument = _argument(call, number - bound, name)
            if argument is None or call.site is None:
                return None
            if argument.text:
                found.add(argument.text[1:-1])
                continue
            module = self.flow.modules[call.site.module]
            texts = self._written(module, module.expressions[argument.expression], far).texts
            if texts is None:
                return None
            found.update(texts)
        return found

    def _keywords(self, module: Module, item: Expression, function: Function) -> set[str] | None:
        """The names in `for name, value in options.items()`, where the options are the function's keywords."""
        options = {p.name for p in function.parameters if p.kind == "**"}
        if not options or not any(_is_key_of(module, item, function.id, o) for o in options):
            return None
        named = {p.name for p in function.parameters}
        found: set[str] = set()
        for call, _ in self._calls_of(function.id):
            if any(argument.star == "**" for argument in call.arguments):
                return None
            found.update(one.keyword for one in call.arguments if one.keyword)
        return found - named

    def _calls_of(self, function: FunctionId) -> list[tuple[Call, int]]:
        """The calls of a function, with how many of its parameters the way to it has given."""
        if self._callers is None:
            self._callers = {}
            for call in self.flow.calls:
                for kind, name, bound in call.applied:
                    if kind == SourceKind.FUNCTION:
                        self._callers.setdefault(name, []).append((call, bound))
                for name in call.constructs:
                    self._callers.setdefault(name, []).append((call, 1))
        return self._callers.get(function, [])


def _put_at(module: Module, namespace: Expression) -> Written:
    """The names under which a place puts something into a namespace; nothing is known of one that goes on."""
    outer = module.expressions[namespace.parent] if namespace.parent >= 0 else None
    if outer is None:
        return Written()
    if namespace.role is Role.SUBSCRIPTED:
        if outer.role is not Role.TARGET:
            return Written(frozenset())
        keys = [
            e for n in module.children[outer.id] if (e := module.expressions[n]) is not namespace
        ]
        return _constants(keys)
    if namespace.role is Role.COMPARED:
        return Written(frozenset())
    if namespace.role is not Role.RECEIVER or outer.role is not Role.CALLEE:
        return Written()
    if outer.text in _READING:
        return Written(frozenset())
    if outer.text != "update":
        return Written()
    given = [module.expressions[n] for n in module.children[outer.parent] if n != outer.id]
    texts = {e.detail for e in given if e.role is Role.KEYWORD}
    for mapping in (e for e in given if e.role is not Role.KEYWORD):
        parts = [module.expressions[n] for n in module.children[mapping.id]]
        names = _constants([e for e in parts if e.detail != "value"]).texts
        if mapping.kind is not Kind.CONTAINER or mapping.text != "dict" or names is None:
            return Written()
        texts |= names
    return Written(frozenset(texts)) if "" not in texts else Written()


def _constants(keys: Iterable[Expression]) -> Written:
    texts = frozenset(key.string for key in keys)
    return Written(texts) if "" not in texts else Written()


def _argument(call: Call, position: int, name: str) -> Argument | None:
    """What a call gives to a parameter, if that can be told."""
    if any(argument.star for argument in call.arguments):
        return None
    known = (a for a in call.arguments if a.keyword == name or 0 <= a.position == position)
    return next(known, None)


def _is_key_of(module: Module, item: Expression, function: FunctionId, options: str) -> bool:
    """Whether a variable is the first of two in loops over the items of a mapping, and nothing else."""
    flows = {flow.target: flow.source for flow in module.flows if flow.kind is FlowKind.ELEMENT}
    targets = [
        e for e in module.expressions if e.variable == item.variable and e.role is Role.TARGET
    ]
    for target in targets:
        source = flows.get(
            flows.get(target.id, -1), -1
        )  # of the pair, and of what that is taken from
        callee = next(iter(module.children[source]), -1) if source >= 0 else -1
        if target.detail != "0" or callee < 0 or module.expressions[callee].text != "items":
            return False
        mapping = next(iter(module.children[callee]), -1)
        if mapping < 0 or module.expressions[mapping].variable != (function, options):
            return False
    return bool(targets)
