"""How values move inside one function: assignments, containers, attributes, returns.

One small function per kind of expression, and one per role; `Flow` runs them over every module.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from asyncify.analysis import effects
from asyncify.analysis.assigned import assigned_names, is_member
from asyncify.analysis.heap import Heap
from asyncify.analysis.hierarchy import Hierarchy
from asyncify.analysis.lookups import LOOKUP
from asyncify.analysis.members import Members
from asyncify.analysis.names import Denoted, Names, Sort
from asyncify.analysis.narrowing import narrowings
from asyncify.analysis.optional import parts
from asyncify.analysis.slots import DEAD, ELEMENT, PLAIN, Atom, element_key
from asyncify.model.attributes import methods_of_types
from asyncify.model.facts import Expression, FlowKind, Kind, Module, Place, Role
from asyncify.model.graph import Edge, Reference, SourceKind, Target

Rule = Callable[["Motion", Module, Expression, int], None]

# Classes that say nothing about where a value comes from.
_VAGUE = frozenset({"?", "builtins.object", "typing.Any", "types.NoneType", "builtins.NoneType"})


class Known:
    """What the type checker said, by module and expression."""

    def __init__(
        self,
        edges: Iterable[Edge] = (),
        types: Mapping[Reference, str] | None = None,
        classes: Mapping[Reference, str] | None = None,
        functions: Mapping[Reference, Sequence[Target]] | None = None,
    ) -> None:
        self.edges: dict[str, dict[int, list[Edge]]] = {}
        for edge in edges:
            site = edge.site
            self.edges.setdefault(site.module, {}).setdefault(site.expression, []).append(edge)
        self._types: dict[str, dict[int, str]] = {}
        for reference, name in (types or {}).items():
            if name not in _VAGUE:
                self._types.setdefault(reference.module, {})[reference.expression] = name
        self.classes = classes or {}
        self._functions = functions or {}

    def types(self, module: str) -> dict[int, str]:
        """The class of expressions of a module."""
        return self._types.get(module, {})

    def type(self, module: str, expression: int) -> str | None:
        """The class of an expression, if it has just one."""
        return self._types.get(module, {}).get(expression)

    def methods(self, module: str, expression: int) -> Iterator[str]:
        """The functions of others that are named by an expression, but not called there."""
        for target in self._functions.get(Reference(module, expression), ()):
            if target.external is not None:
                yield target.external


class Motion:
    """The rules, and what they find out about names on the way."""

    def __init__(
        self,
        names: Names,
        hierarchy: Hierarchy,
        known: Known,
        heap: Heap,
        followed: frozenset[str] = frozenset(),
    ) -> None:
        self.names = names
        self.hierarchy = hierarchy
        self.known = known
        self.heap = heap
        self.slots = heap.slots
        self.members = Members(heap, names, assigned_names(names.modules, hierarchy), followed)
        self._methods = frozenset(hierarchy.method_names)
        self._taken = methods_of_types().union(name.rpartition(".")[2] for name in followed)
        self._replacing: dict[str, frozenset[int]] = {}  # statements that assign to methods
        self._starred: dict[str, frozenset[int]] = {}  # expressions with a `*` in them
        self.constants: list[tuple[Reference, int]] = []  # literals, and the slot they move to
        self.external_names: dict[Reference, str] = {}
        self._denoted: dict[str, dict[int, tuple[Denoted, ...]]] = {
            name: {} for name in names.modules
        }

    def denoted(self, module: str, expression: int) -> tuple[Denoted, ...]:
        """What an expression denotes as a name."""
        return self._denoted[module].get(expression, ())

    def place(self, module: Module) -> None:
        """Give every expression its slot: names share that of their variable, scalars have none."""
        types, slots = self.known.types(module.name), self.heap.expressions[module.name]
        for item in module.expressions:
            if item.kind is Kind.CONSTANT:
                slots[item.id] = effects.scalar(item.text)
            elif item.kind is Kind.NAME or item.kind is Kind.ATTRIBUTE:
                self._denote(module, item, slots)
            known = types.get(item.id)
            if known in effects.SCALARS:
                slots[item.id] = effects.SCALARS[known]
        for item in module.expressions:
            if item.kind is Kind.WALRUS:
                slots[item.id] = slots[module.children[item.id][0]]
        for number, told in narrowings(module, self.names).items():
            for narrowing in told if slots[number] > PLAIN else ():
                passes = partial(narrowing.passes, self.hierarchy.plain, self.hierarchy.related)
                whole, slots[number] = slots[number], self.slots.filtered(slots[number], passes)
                if passes(LOOKUP):
                    self.members.lookups.pass_on(whole, slots[number])

    def module(self, module: Module) -> None:
        """Apply the rules to every expression of a module."""
        slots = self.heap.expressions[module.name]
        types = self.known.types(module.name)
        for item in module.expressions:
            if item.place is Place.ANNOTATION:
                continue
            slot = slots[item.id]
            handle = _KINDS.get(item.kind)
            if handle is not None:
                handle(self, module, item, slot)
            attach = _ROLES.get(item.role)
            if attach is not None:
                attach(self, module, item, slot)
            if slot > PLAIN:
                known = types.get(item.id)
                if known is not None:
                    self.slots.add(slot, Atom(SourceKind.INSTANCE, known))
        for flow in module.flows:
            self._flow(module, flow.kind, flow.source, flow.target)

    def assign(self, module: Module, source: int, target: int) -> None:
        """The value of an expression moves to a slot."""
        self.slots.move(self.heap.at(module.name, source), target)
        if module.expressions[source].kind is Kind.CONSTANT and target > PLAIN:
            self.constants.append((Reference(module.name, source), target))

    # names

    def _denote(self, module: Module, item: Expression, slots: array[int]) -> None:
        found = self.names.expression(module, item)
        if not found:
            return
        self._denoted[module.name][item.id] = found
        variable = DEAD
        for one in found:
            if one.sort is Sort.EXTERNAL:
                self.external_names.setdefault(Reference(module.name, item.id), one.name)
            elif one.sort is Sort.VARIABLE:
                slot = self.heap.variable(one.name, one.attribute)
                if variable != DEAD:
                    self.slots.unify(variable, slot)
                slots[item.id] = variable = slot
        if item.role is Role.TARGET and item.kind is Kind.NAME and variable == DEAD:
            assert item.variable is not None
            slots[item.id] = self.heap.variable(*item.variable)

    def _name(self, module: Module, item: Expression, slot: int) -> None:
        found = self.denoted(module.name, item.id)
        if not found or self._only_named(module, item, found):
            return
        for one in found:
            if one.sort is not Sort.VARIABLE:
                self.members.denote(slot, one)

    def _only_named(self, module: Module, item: Expression, found: tuple[Denoted, ...]) -> bool:
        """Whether a definition is only called here, or part of a longer name: no value is made."""
        if any(one.sort is Sort.VARIABLE for one in found):
            return False
        return item.role is Role.CALLEE or (
            item.role is Role.RECEIVER and bool(self.denoted(module.name, item.parent))
        )

    def _attribute(self, module: Module, item: Expression, slot: int) -> None:
        if item.text == "__dict__":
            self._namespace(module, item, slot)
        if item.text in effects.EXCEPTION_ATTRIBUTES:
            self.members.raised(slot)
        if item.id in self._denoted[module.name]:
            self._name(module, item, slot)
            return
        receiver = module.children[item.id][0]
        known = self.known.type(module.name, receiver)
        write = item.role is Role.TARGET
        if write and item.text == "__class__":
            holder = self.heap.at(module.name, receiver)
            self.slots.subscribe(slot, partial(self._becomes, holder))
        if known in self.hierarchy.classes:
            atom = Atom(SourceKind.INSTANCE, known)
            (self.members.write if write else self.members.read)(slot, item.text, atom)
        elif known not in effects.SCALARS:
            holder = self.heap.at(module.name, receiver)
            self.members.attribute(holder, item.text, slot, write=write)
        read = item.role not in (Role.CALLEE, Role.TARGET, Role.DELETED)
        if read and not self._replaces(module, item):
            for name in self.known.methods(module.name, item.id):
                self.slots.add(slot, Atom(SourceKind.EXTERNAL, name))
            if item.text in self._taken:
                method = partial(self.members.foreign_method, slot, item.text)
                self.slots.subscribe(self.heap.at(module.name, receiver), method)

    def _replaces(self, module: Module, item: Expression) -> bool:
        """Whether an expression takes the place of a method: what is put there planning makes awaitable."""
        if item.role is Role.ASSIGNED:
            if module.name not in self._replacing:
                self._replacing[module.name] = frozenset(
                    e.statement
                    for e in module.expressions
                    if e.role is Role.TARGET
                    and e.kind is Kind.ATTRIBUTE
                    and e.text in self._methods
                )
            return item.statement in self._replacing[module.name]
        if item.role is not Role.ARGUMENT or item.detail != "2":
            return False
        return module.expressions[module.children[item.parent][0]].text == "setattr"

    def _becomes(self, holder: int, atom: Atom) -> None:
        """An object gets another class."""
        if atom.kind == SourceKind.CLASS:
            self.heap.instance(holder, atom.name)

    def _namespace(self, module: Module, item: Expression, slot: int) -> None:
        """The attribute `__dict__`: of a module that is part of a longer name no value was made."""
        receiver, site = module.children[item.id][0], Reference(module.name, item.id)
        self.members.namespace(self.heap.at(module.name, receiver), slot, site)
        for one in self.denoted(module.name, receiver):
            if one.sort in (Sort.MODULE, Sort.CLASS):
                atom = Atom(one.sort.value, one.name)
                self.members.note_namespace(-1, slot, site, (atom,))
                self.members.lookups.namespace(slot, site, atom)

    # other expressions

    def _subscript(self, module: Module, item: Expression, slot: int) -> None:
        container, index = module.children[item.id][:2]
        inner = self.heap.at(module.name, container)
        key = module.expressions[index]
        if item.role is Role.TARGET:
            self.members.stores(inner, self.heap.at(module.name, index), slot)
        if key.text == "Slice" and key.kind is Kind.OTHER:
            self.slots.move(inner, slot)
            if any(module.expressions[n].detail != "upper" for n in module.children[index]):
                self.members.shifted(inner, slot)
            return
        name = element_key(key.text) if key.kind is Kind.CONSTANT else ELEMENT
        if item.role is Role.TARGET:
            self.slots.move(slot, self.slots.child(inner, name))
        elif self._is_modules(module, container):
            name = module.name if key.text == "__name__" else key.string
            self.members.lookups.load_named(slot, Reference(module.name, item.id), name)
        else:
            self.members.elements(inner, name, slot)

    def _is_modules(self, module: Module, item: int) -> bool:
        return any(one.name == "sys.modules" for one in self.denoted(module.name, item))

    def _lambda(self, module: Module, item: Expression, slot: int) -> None:
        self.slots.add(slot, Atom(SourceKind.FUNCTION, item.text))

    def _container(self, module: Module, item: Expression, slot: int) -> None:
        if item.role not in (Role.TARGET, Role.DELETED):
            self.slots.add(slot, Atom(SourceKind.INSTANCE, f"builtins.{item.text}"))

    def _expression(self, module: Module, item: Expression, slot: int) -> None:
        """A generator expression, or the like, that is not consumed where it stands."""
        if item.role in (Role.ITERATED, Role.UNPACKED, Role.DELEGATED):
            return
        if item.role is Role.ARGUMENT:
            callee = module.expressions[module.children[item.parent][0]]
            if callee.variable is not None and callee.variable[0] == "builtins":
                return
        place = Reference(module.name, item.id)
        name = f"{module.name}.<genexpr>~{item.id}"
        self.heap.originate(slot, SourceKind.EXPRESSION, name, place)

    def _lazy(self, module: Module, item: Expression, slot: int) -> None:
        """`map(...)` and its like give what a generator expression would."""
        children = module.children[item.id]
        callee = module.expressions[children[0]]
        names = {f"{callee.variable[0]}.{callee.text}"} if callee.variable is not None else set()
        names.update(one.name for one in self.denoted(module.name, callee.id))
        if not names.isdisjoint(effects.LAZY) or ("builtins.iter" in names and len(children) == 3):
            self._expression(module, item, slot)

    # roles

    def _passes(self, module: Module, item: Expression, slot: int) -> None:
        self.assign(module, item.id, self.heap.at(module.name, item.parent))

    def _in_container(self, module: Module, item: Expression, slot: int) -> None:
        if item.detail == "key" or item.kind is Kind.STARRED:
            return
        parent = module.expressions[item.parent]
        key = ELEMENT
        if parent.text == "tuple" and not self._is_starred(module, parent):
            key = element_key(item.detail)
        elif item.detail == "value" and parent.kind is Kind.CONTAINER:
            before = _before(module, item)
            if before.kind is Kind.CONSTANT:
                key = element_key(before.text)
        container = self.heap.at(module.name, parent.id)
        self.slots.move(slot, self.slots.child(container, key))

    def _is_starred(self, module: Module, container: Expression) -> bool:
        """Whether a container has other positions than those that are written; tables ask for every item."""
        if module.name not in self._starred:
            stars = (item.parent for item in module.expressions if item.kind is Kind.STARRED)
            self._starred[module.name] = frozenset(stars)
        return container.id in self._starred[module.name]

    def _operand(self, module: Module, item: Expression, slot: int) -> None:
        """What is in two containers is in their sum or union."""
        whole = self.heap.at(module.name, item.parent)
        if min(slot, whole) > PLAIN and module.expressions[item.parent].text == "BinOp":
            self.slots.subscribe(slot, partial(self._added, slot, whole))

    def _added(self, slot: int, whole: int, atom: Atom) -> None:
        if atom.kind == SourceKind.INSTANCE and atom.name in effects.CONTAINERS:
            self.members.elements(slot, ELEMENT, self.slots.child(whole, ELEMENT))

    def _unpacked(self, module: Module, item: Expression, slot: int) -> None:
        parent = module.expressions[item.parent]
        if parent.kind is Kind.STARRED and parent.parent >= 0:
            parent = module.expressions[parent.parent]
        container = self.heap.at(module.name, parent.id)
        if parent.kind is Kind.CONTAINER and parent.text == "dict":
            self.members.mapped(slot, container)
        elif parent.kind is Kind.CONTAINER:
            self.members.elements(slot, ELEMENT, self.slots.child(container, ELEMENT))

    def _returned(self, module: Module, item: Expression, slot: int) -> None:
        if self.hierarchy.functions[item.function].is_generator:
            self.assign(module, item.id, self.heap.final(item.function))
            return
        optional = self.heap.optional.get(item.function)
        if optional is None:
            self.assign(module, item.id, self.heap.result(item.function))
            return
        for part in parts(module, item):
            known = optional.results.get(part.id)
            for given in (True, False) if known is None else (known,):
                self.assign(module, part.id, self.heap.part(item.function, given))

    def _yielded(self, module: Module, item: Expression, slot: int) -> None:
        self.assign(module, item.id, self.heap.yields(item.function))

    def _delegated(self, module: Module, item: Expression, slot: int) -> None:
        self.members.elements(slot, ELEMENT, self.heap.yields(item.function))
        whole = self.heap.at(module.name, item.parent)
        self.slots.subscribe(slot, partial(self._finished, whole))

    def _finished(self, whole: int, atom: Atom) -> None:
        """A `yield from` has the value that its generator returns."""
        if atom.kind == SourceKind.GENERATOR:
            self.slots.move(self.heap.final(atom.name), whole)

    # flows

    def _flow(self, module: Module, kind: FlowKind, source: int, target: int) -> None:
        start, end = self.heap.at(module.name, source), self.heap.at(module.name, target)
        if kind is FlowKind.VALUE and _is_rest(module, target):
            self.slots.add(end, Atom(SourceKind.INSTANCE, "builtins.list"))
            self.members.elements(start, ELEMENT, self.slots.child(end, ELEMENT))
        elif kind is FlowKind.VALUE:
            if not is_member(self.hierarchy, module, source, target):
                self.assign(module, source, end)
            outer = module.expressions[target].parent
            if outer >= 0 and module.expressions[outer].kind is Kind.STARRED:
                self.members.shifted(start, end)
        elif kind is FlowKind.ENTER:
            self._entered(module, source, target)
        elif kind is FlowKind.CAUGHT:
            self._caught(module, source, end)
        elif self.known.type(module.name, source) not in effects.MAPPINGS:
            self.members.elements(start, self._position(module, target), end)

    def _position(self, module: Module, target: int) -> str:
        """Which element a target gets: it may be one of several that are unpacked."""
        item = module.expressions[target]
        if item.parent >= 0 and item.detail.isdigit():
            parent = module.expressions[item.parent]
            if parent.kind is Kind.CONTAINER and not self._is_starred(module, parent):
                return element_key(item.detail)
        return ELEMENT

    def _entered(self, module: Module, source: int, target: int) -> None:
        known = self.known.type(module.name, source)
        bound = self.known.type(module.name, target)
        if known and bound and known not in self.hierarchy.classes and known != bound:
            return
        self.members.entered(self.heap.at(module.name, source), self.heap.at(module.name, target))

    def _caught(self, module: Module, source: int, target: int) -> None:
        for identifier in (source, *module.children[source]):
            for one in self.denoted(module.name, identifier):
                if one.sort in (Sort.CLASS, Sort.EXTERNAL):
                    for name in (one.name, *self.hierarchy.caught_as(one.name)):
                        self.slots.add(target, Atom(SourceKind.INSTANCE, name))


_KINDS: dict[Kind, Rule] = {
    Kind.NAME: Motion._name,
    Kind.ATTRIBUTE: Motion._attribute,
    Kind.SUBSCRIPT: Motion._subscript,
    Kind.LAMBDA: Motion._lambda,
    Kind.CONTAINER: Motion._container,
    Kind.COMPREHENSION: Motion._container,
    Kind.GENERATOR: Motion._expression,
    Kind.CALL: Motion._lazy,
}
_ROLES: dict[Role, Rule] = {
    Role.BRANCH: Motion._passes,
    Role.AWAITED: Motion._passes,
    Role.ELEMENT: Motion._in_container,
    Role.OPERAND: Motion._operand,
    Role.UNPACKED: Motion._unpacked,
    Role.RETURNED: Motion._returned,
    Role.YIELDED: Motion._yielded,
    Role.DELEGATED: Motion._delegated,
}


def _is_rest(module: Module, target: int) -> bool:
    """Whether a target gets a list of what the others leave: `first, *rest = items`."""
    item = module.expressions[target]
    return item.parent >= 0 and module.expressions[item.parent].kind is Kind.STARRED


def _before(module: Module, item: Expression) -> Expression:
    """The key of a value in a dict display."""
    family = module.children[item.parent]
    return module.expressions[family[bisect_left(family, item.id) - 1]]
