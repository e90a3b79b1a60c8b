"""Where values go: unification over all modules together, from expressions to variables and on.

What the type checker leaves open is mostly unannotated parameters and what is kept in attributes.
Here arguments flow into parameters, parameters into attributes and results back to callers, until
nothing changes. One value has one component (see `slots`); the price of being almost linear is that
it does not matter in which direction and when something was assigned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from asyncify.analysis import effects, fixtures
from asyncify.analysis.calls import CALLEE, METHOD, Argument, Call
from asyncify.analysis.heap import RAW, Heap
from asyncify.analysis.hierarchy import Hierarchy
from asyncify.analysis.library import LibraryCalls
from asyncify.analysis.members import Members
from asyncify.analysis.names import Denoted, Names, Sort
from asyncify.analysis.slots import ELEMENT, ENTER, Atom, element_key
from asyncify.model.facts import (
    ClassId,
    Expression,
    FlowKind,
    FunctionId,
    Kind,
    Module,
    Place,
    Role,
)
from asyncify.model.graph import Access, Edge, Evidence, Reference, SourceKind, Target

# Classes that say nothing about where a value comes from.
_VAGUE = frozenset({"?", "builtins.object", "typing.Any", "types.NoneType", "builtins.NoneType"})
_LITERALS = {"'": "str", '"': "str", "b": "bytes", "T": "bool", "F": "bool"}
_NOTHING = frozenset({"builtins.object", ""})  # constructors that do nothing


class Known:
    """What the type checker said, by the place it is about."""

    def __init__(
        self,
        edges: Iterable[Edge] = (),
        types: Mapping[Reference, str] | None = None,
        classes: Mapping[Reference, str] | None = None,
    ) -> None:
        self.edges: dict[Reference, list[Edge]] = {}
        for edge in edges:
            self.edges.setdefault(edge.site, []).append(edge)
        self.types = {ref: name for ref, name in (types or {}).items() if name not in _VAGUE}
        self.classes = classes or {}


class Flow:
    """The flow of values through all modules."""

    def __init__(
        self, modules: Mapping[str, Module], names: Names, hierarchy: Hierarchy, known: Known
    ) -> None:
        self.modules = modules
        self.names = names
        self.hierarchy = hierarchy
        self.known = known
        self.heap = Heap(modules, hierarchy)
        self.slots = self.heap.slots
        self.stored = _stored(modules, hierarchy)
        self.members = Members(self.heap, self.stored)
        self.library = LibraryCalls(self.heap, self.members, known.types)
        self.calls: list[Call] = []
        self.external_names: dict[Reference, str] = {}
        self.denoted: dict[Reference, tuple[Denoted, ...]] = {}

    def run(self) -> None:
        """Read every module, then let values flow until nothing changes."""
        self._declare()
        for module in self.modules.values():
            self._module(module)
        fixtures.link(self.modules, self.names, self.heap)
        for module in self.modules.values():
            self._decorations(module)
        for module in self.modules.values():
            for item in module.expressions:
                if item.kind is Kind.CALL:
                    self._call(module, item)
        self.settle()

    def components(self) -> Iterator[int]:
        """One slot of every component that has an expression."""
        seen: set[int] = set()
        for name, module in self.modules.items():
            first = self.heap.at(name, 0)
            for slot in range(first, first + len(module.expressions)):
                root = self.slots.find(slot)
                if root not in seen:
                    seen.add(root)
                    yield root

    def settle(self) -> None:
        """Let values flow until nothing changes."""
        self.slots.settle(self.library.react, self.members.link)

    # definitions

    def _declare(self) -> None:
        for function in self.hierarchy.functions.values():
            owner = self._owner(function.id)
            if owner is not None:
                self.library.owners[function.id] = owner
            if function.owner is None or not function.parameters:
                continue
            first = function.parameters[0]
            if self.hierarchy.is_static(function.id) or first.kind not in (
                "positional",
                "positional-only",
            ):
                continue
            kind = (
                SourceKind.CLASS
                if self.hierarchy.is_classmethod(function.id)
                else SourceKind.INSTANCE
            )
            self.slots.add(self.heap.variable(function.id, first.name), Atom(kind, function.owner))

    def _owner(self, function: FunctionId) -> ClassId | None:
        """The class around a function, nested functions included."""
        functions = self.hierarchy.functions
        while function in functions:
            if functions[function].owner is not None:
                return functions[function].owner
            function = functions[function].parent
        return None

    def _decorations(self, module: Module) -> None:
        """Decorators of the project are called with what they decorate, from the inside out."""
        for function in module.functions:
            if not any(self._changes(module, one) for one in function.decorators):
                continue
            slot = self.slots.new()
            self.slots.add(slot, Atom(RAW, function.id))
            for identifier in reversed(function.decorators):
                if self._changes(module, identifier):
                    result = self.slots.new()
                    call = self.library.imply(
                        self.heap.at(module.name, identifier), (Argument(slot, 0),), result
                    )
                    call.site = None
                    slot = result
            self.heap.decorated[function.id] = slot

    def _changes(self, module: Module, identifier: int) -> bool:
        """Whether a decorator is a function or class of the project."""
        item = module.expressions[identifier]
        if item.kind is Kind.CALL:
            item = module.expressions[module.children[item.id][0]]
        found = self.names.expression(module, item)
        if not found:
            return item.text not in ("setter", "getter", "deleter")
        return any(one.sort in (Sort.FUNCTION, Sort.CLASS, Sort.VARIABLE) for one in found)

    # expressions

    def _module(self, module: Module) -> None:
        first = self.heap.at(module.name, 0)
        kinds, roles = self._kinds(), self._roles()
        types, name = self.known.types, module.name
        for item in module.expressions:
            if item.place is Place.ANNOTATION:
                if item.kind in (Kind.NAME, Kind.ATTRIBUTE):
                    self._denote(module, item)
                continue
            slot = first + item.id
            handle = kinds.get(item.kind)
            if handle is not None:
                handle(module, item, slot)
            attach = roles.get(item.role)
            if attach is not None:
                attach(module, item, slot)
            known = types.get(Reference(name, item.id)) if types else None
            if known is not None:
                self.slots.add(slot, Atom(SourceKind.INSTANCE, known))
        for flow in module.flows:
            self._flow(module, flow.kind, flow.source, flow.target)

    def _kinds(self):  # type: ignore[no-untyped-def]
        return {
            Kind.NAME: self._name,
            Kind.ATTRIBUTE: self._attribute,
            Kind.SUBSCRIPT: self._subscript,
            Kind.LAMBDA: self._lambda,
            Kind.CONSTANT: self._constant,
            Kind.CONTAINER: self._container,
            Kind.COMPREHENSION: self._container,
            Kind.WALRUS: self._walrus,
        }

    def _roles(self):  # type: ignore[no-untyped-def]
        return {
            Role.BRANCH: self._passes,
            Role.AWAITED: self._passes,
            Role.ELEMENT: self._in_container,
            Role.UNPACKED: self._unpacked,
            Role.RETURNED: self._returned,
            Role.YIELDED: self._yielded,
            Role.DELEGATED: self._delegated,
            Role.DEFAULT: self._default,
        }

    def _denote(self, module: Module, item: Expression) -> tuple[Denoted, ...]:
        found = self.names.expression(module, item)
        reference = Reference(module.name, item.id)
        if found:
            self.denoted[reference] = found
            for one in found:
                if one.sort is Sort.EXTERNAL:
                    self.external_names.setdefault(reference, one.name)
        return found

    def _name(self, module: Module, item: Expression, slot: int) -> None:
        if item.role is Role.TARGET and item.variable is not None:
            self.slots.unify(slot, self.heap.variable(*item.variable))
        for one in self._denote(module, item):
            self.members.denote(slot, one)

    def _attribute(self, module: Module, item: Expression, slot: int) -> None:
        found = self._denote(module, item)
        for one in found:
            self.members.denote(slot, one)
        if found and item.role is not Role.TARGET:
            return
        receiver = module.children[item.id][0]
        known = self.known.types.get(Reference(module.name, receiver))
        if known in self.hierarchy.classes:
            atom = Atom(SourceKind.INSTANCE, known)
            self.members.link(slot, slot, item.text, atom)
        else:
            child = self.slots.child(self.heap.at(module.name, receiver), item.text)
            self.slots.unify(slot, child)

    def _subscript(self, module: Module, item: Expression, slot: int) -> None:
        container, index = module.children[item.id][:2]
        inner = self.heap.at(module.name, container)
        key = module.expressions[index]
        if key.kind is Kind.CONSTANT:
            self.slots.unify(slot, self.slots.child(inner, element_key(key.text)))
        elif key.text == "Slice" and key.kind is Kind.OTHER:
            self.slots.unify(slot, inner)
        else:
            self.slots.unify(slot, self.slots.child(inner, ELEMENT))

    def _lambda(self, module: Module, item: Expression, slot: int) -> None:
        self.slots.add(slot, Atom(SourceKind.FUNCTION, item.text))

    def _constant(self, module: Module, item: Expression, slot: int) -> None:
        if item.text != "None":
            name = _LITERALS.get(item.text[:1], "int")
            self.slots.add(slot, Atom(SourceKind.INSTANCE, f"builtins.{name}"))

    def _container(self, module: Module, item: Expression, slot: int) -> None:
        if item.role not in (Role.TARGET, Role.DELETED):
            self.slots.add(slot, Atom(SourceKind.INSTANCE, f"builtins.{item.text}"))

    def _walrus(self, module: Module, item: Expression, slot: int) -> None:
        for child in module.children[item.id]:
            self.slots.unify(slot, self.heap.at(module.name, child))

    def _passes(self, module: Module, item: Expression, slot: int) -> None:
        self.slots.unify(slot, self.heap.at(module.name, item.parent))

    def _in_container(self, module: Module, item: Expression, slot: int) -> None:
        if item.detail == "key" or item.kind is Kind.STARRED:
            return
        parent = module.expressions[item.parent]
        key = ELEMENT
        if parent.text == "tuple" and not _starred(module, parent):
            key = element_key(item.detail)
        elif item.detail == "value" and parent.kind is Kind.CONTAINER:
            before = module.expressions[module.children[parent.id][_index(module, item) - 1]]
            if before.kind is Kind.CONSTANT:
                key = element_key(before.text)
        container = self.heap.at(module.name, parent.id)
        self.slots.unify(slot, self.slots.child(container, key))

    def _unpacked(self, module: Module, item: Expression, slot: int) -> None:
        parent = module.expressions[item.parent]
        if parent.kind is Kind.STARRED and parent.parent >= 0:
            parent = module.expressions[parent.parent]
        if parent.kind is Kind.CONTAINER:
            container = self.heap.at(module.name, parent.id)
            self.slots.unify(self.slots.child(slot, ELEMENT), self.slots.child(container, ELEMENT))

    def _returned(self, module: Module, item: Expression, slot: int) -> None:
        if not self.hierarchy.functions[item.function].is_generator:
            self.slots.unify(slot, self.heap.result(item.function))

    def _yielded(self, module: Module, item: Expression, slot: int) -> None:
        self.slots.unify(slot, self.heap.yields(item.function))

    def _delegated(self, module: Module, item: Expression, slot: int) -> None:
        self.slots.unify(self.slots.child(slot, ELEMENT), self.heap.yields(item.function))

    def _default(self, module: Module, item: Expression, slot: int) -> None:
        """A default value is one more argument; `detail` is the parameter, the function is around it."""

    def _flow(self, module: Module, kind: FlowKind, source: int, target: int) -> None:
        start, end = self.heap.at(module.name, source), self.heap.at(module.name, target)
        if kind is FlowKind.VALUE:
            self.slots.unify(start, end)
        elif kind is FlowKind.ENTER:
            self._entered(module, source, target)
        elif kind is FlowKind.CAUGHT:
            self._caught(module, source, end)
        elif self.known.types.get(Reference(module.name, source)) not in effects.MAPPINGS:
            self.slots.unify(self.slots.child(start, self._position(module, target)), end)

    def _position(self, module: Module, target: int) -> str:
        item = module.expressions[target]
        if item.parent >= 0 and item.detail.isdigit():
            parent = module.expressions[item.parent]
            if parent.kind is Kind.CONTAINER and not _starred(module, parent):
                return element_key(item.detail)
        return ELEMENT

    def _entered(self, module: Module, source: int, target: int) -> None:
        known = self.known.types.get(Reference(module.name, source))
        bound = self.known.types.get(Reference(module.name, target))
        if known and bound and known not in self.hierarchy.classes and known != bound:
            return
        child = self.slots.child(self.heap.at(module.name, source), ENTER)
        self.slots.unify(child, self.heap.at(module.name, target))

    def _caught(self, module: Module, source: int, target: int) -> None:
        caught = [source, *module.children[source]]
        for identifier in caught:
            for one in self.names.expression(module, module.expressions[identifier]):
                if one.sort in (Sort.CLASS, Sort.EXTERNAL):
                    self.slots.add(target, Atom(SourceKind.INSTANCE, one.name))

    # calls

    def _call(self, module: Module, item: Expression) -> None:
        site = Reference(module.name, item.id)
        callee = module.expressions[module.children[item.id][0]]
        call = Call(site, self.heap.at(module.name, item.id), self._arguments(module, item))
        call.callee = self.heap.at(module.name, callee.id)
        call.function = item.function
        call.forwards = self._forwards(module, item, callee)
        if callee.kind is Kind.ATTRIBUTE:
            call.attribute = callee.text
            call.receiver = self.heap.at(module.name, module.children[callee.id][0])
        self.calls.append(call)
        denoted = self.denoted.get(Reference(module.name, callee.id), ())
        if self._typed(call, callee, denoted):
            return
        direct = [one for one in denoted if one.sort is not Sort.VARIABLE]
        for one in direct:
            self._direct(call, one)
        if not direct or len(direct) < len(denoted):
            self._through(module, call, callee)

    def _arguments(self, module: Module, item: Expression) -> tuple[Argument, ...]:
        found: list[Argument] = []
        for identifier in module.children[item.id][1:]:
            part = module.expressions[identifier]
            slot = self.heap.at(module.name, identifier)
            text = part.text if part.kind is Kind.CONSTANT else ""
            if part.kind is Kind.STARRED:
                inner = module.children[identifier][0]
                slot = self.heap.at(module.name, inner)
                found.append(Argument(slot, int(part.detail), star="*", expression=inner))
            elif part.role is Role.ARGUMENT:
                found.append(Argument(slot, int(part.detail), text=text, expression=identifier))
            elif part.role is Role.KEYWORD:
                star = "" if part.detail else "**"
                found.append(
                    Argument(slot, -1, part.detail, star=star, text=text, expression=identifier)
                )
        return tuple(found)

    def _forwards(self, module: Module, item: Expression, callee: Expression) -> bool:
        """Whether this is `function(*args, **kwargs)` in the wrapper that a decorator makes."""
        if callee.kind is not Kind.NAME or callee.variable is None:
            return False
        function = self.hierarchy.functions[item.function]
        return callee.variable[0] == function.parent and any(
            one.star == "*"
            and module.expressions[one.expression].variable is not None
            and module.expressions[one.expression].variable[0] == item.function  # type: ignore[index]
            for one in self._arguments(module, item)
        )

    def _typed(self, call: Call, callee: Expression, denoted: tuple[Denoted, ...]) -> bool:
        """Take what the type checker knows; whether that is all."""
        assert call.site is not None
        edges = [
            edge
            for edge in self.known.edges.get(call.site, ())
            if edge.access in (Access.CALL, Access.CONSTRUCT) and edge.targets
        ]
        constructed = self._constructed(call, callee, denoted)
        if constructed:
            self.library.construct(call, constructed, 0, Evidence.TYPED)
        for edge in edges:
            for target in edge.targets:
                self._target(call, callee, target, edge.access, denoted)
        return bool(constructed or edges) and not any(edge.open for edge in edges)

    def _constructed(
        self, call: Call, callee: Expression, denoted: tuple[Denoted, ...]
    ) -> ClassId | None:
        """The class of the project that a call makes an instance of."""
        assert call.site is not None
        found = self.known.classes.get(Reference(call.site.module, callee.id))
        if found in self.hierarchy.classes:
            return found
        if len(denoted) == 1 and denoted[0].sort is Sort.CLASS:
            return denoted[0].name
        return None

    def _target(
        self,
        call: Call,
        callee: Expression,
        target: Target,
        access: Access,
        denoted: tuple[Denoted, ...],
    ) -> None:
        if target.external is not None:
            if access is Access.CONSTRUCT:
                target = _constructed_class(target)
                if target.receiver in self.hierarchy.classes:
                    call.constructs.setdefault(target.external or "", target)
                    return
            name = target.external or ""
            if name in _NOTHING:
                return
            call.applied.add((SourceKind.EXTERNAL, name, 0))
            self.library.external(call, name, target)
            return
        function = target.function
        if function is None or access is Access.CONSTRUCT:
            if function is not None:
                call.constructs.setdefault(function, target)
            return
        bound = self._bound(call, callee, function)
        call.applied.add((SourceKind.FUNCTION, function, bound))
        self.library.function(call, target, bound)

    def _bound(self, call: Call, callee: Expression, function: FunctionId) -> int:
        """Whether the first parameter of a method is given by the way it is reached."""
        if callee.kind is not Kind.ATTRIBUTE or self.hierarchy.is_static(function):
            return int(
                self.hierarchy.functions[function].name == "__call__"
                or self.hierarchy.is_classmethod(function)
                or (
                    callee.kind is not Kind.ATTRIBUTE
                    and not self.hierarchy.is_static(function)
                    and callee.kind is Kind.NAME
                )
            )
        assert call.site is not None
        module = self.modules[call.site.module]
        receiver = module.children[callee.id][0]
        reference = Reference(module.name, receiver)
        is_class = reference in self.known.classes or any(
            one.sort is Sort.CLASS for one in self.denoted.get(reference, ())
        )
        return 1 if not is_class or self.hierarchy.is_classmethod(function) else 0

    def _direct(self, call: Call, one: Denoted) -> None:
        kinds = {
            Sort.FUNCTION: SourceKind.FUNCTION,
            Sort.CLASS: SourceKind.CLASS,
            Sort.EXTERNAL: SourceKind.EXTERNAL,
        }
        if one.sort in kinds:
            self.library.apply(call, Atom(kinds[one.sort], one.name), Evidence.TYPED)

    def _through(self, module: Module, call: Call, callee: Expression) -> None:
        """Wait for what the callee, or its receiver, turns out to be."""
        if callee.kind is not Kind.ATTRIBUTE:
            self.slots.subscribe(call.callee, (CALLEE, call))
            return
        receiver = Reference(module.name, module.children[callee.id][0])
        known = self.known.types.get(receiver)
        if known is not None:
            self.library.method(call, callee.text, Atom(SourceKind.INSTANCE, known))
        else:
            self.slots.subscribe(call.receiver, (METHOD, call, callee.text))
        if callee.text in self.stored:
            self.slots.subscribe(call.callee, (CALLEE, call))


def _constructed_class(target: Target) -> Target:
    """An external class stands for its own constructor, wherever that is defined."""
    assert target.external is not None
    owner, _, name = target.external.rpartition(".")
    if target.receiver and ":" not in target.receiver:
        owner = target.receiver
    elif name not in ("__init__", "__new__"):
        owner = target.external
    return replace(target, external=owner, receiver=target.receiver or owner)


def _stored(modules: Mapping[str, Module], hierarchy: Hierarchy) -> frozenset[str]:
    """Every name of an attribute that is assigned to somewhere, or bound in a class body."""
    found = {
        item.text
        for module in modules.values()
        for item in module.expressions
        if item.kind is Kind.ATTRIBUTE and item.role is Role.TARGET
    }
    found.update(name for owner, name in hierarchy.names.assigned if owner in hierarchy.classes)
    return frozenset(found)


def _starred(module: Module, container: Expression) -> bool:
    return any(
        module.expressions[child].kind is Kind.STARRED for child in module.children[container.id]
    )


def _index(module: Module, item: Expression) -> int:
    return module.children[item.parent].index(item.id)
