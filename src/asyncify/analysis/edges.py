"""Edges: what the type checker resolved, and beside it what values, and names, add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.analysis.byname import ByName
from asyncify.analysis.calls import CONTEXT_MANAGERS, Call
from asyncify.analysis.flow import Flow
from asyncify.analysis.slots import Atom
from asyncify.model.facts import Expression, Kind, Module, Role
from asyncify.model.graph import Access, Edge, Evidence, Reference, SourceKind, Target

_COMPARE = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__")
_OPERATORS = tuple(
    f"__{prefix}{name}__"
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
    for prefix in ("", "r", "i")
) + ("__and__", "__or__", "__xor__", "__lshift__", "__rshift__", "__neg__", "__invert__")
_SUBSCRIPT = {Role.TARGET: "__setitem__", Role.DELETED: "__delitem__"}
_ITERATING = frozenset({Role.ITERATED, Role.DELEGATED, Role.UNPACKED})
# Builtins that call a special method of their argument, and those that iterate over it.
_CALLS = {
    "builtins.len": ("__len__",),
    "builtins.bool": ("__bool__", "__len__"),
    "builtins.str": ("__str__", "__repr__"),
    "builtins.repr": ("__repr__",),
    "builtins.print": ("__str__", "__repr__"),
    "builtins.int": ("__int__", "__index__"),
    "builtins.float": ("__float__",),
    "builtins.hash": ("__hash__",),
    "builtins.bytes": ("__bytes__",),
    "builtins.abs": ("__abs__",),
    "builtins.round": ("__round__",),
}
_ITERATES = frozenset(
    f"builtins.{name}"
    for name in (
        *("list", "tuple", "set", "frozenset", "dict", "sorted", "reversed", "enumerate", "zip"),
        *("iter", "next", "sum", "min", "max", "any", "all", "map", "filter"),
    )
) | {"itertools.chain", "itertools.islice", "collections.deque"}


class Edges:
    """Puts the edges of all modules together."""

    def __init__(self, flow: Flow, by_name: ByName, unknown: frozenset[int]) -> None:
        self.flow = flow
        self.slots = flow.slots
        self.hierarchy = flow.hierarchy
        self.by_name = by_name
        self.unknown = unknown  # components with origins that nobody knows
        self._calls = {call.site: call for call in flow.calls}
        self._properties = {
            function.name
            for function in self.hierarchy.functions.values()
            if self.hierarchy.is_property(function.id)
        }

    def edges(self) -> Iterator[Edge]:
        """Every edge, by module and expression."""
        for module in self.flow.modules.values():
            for item in module.expressions:
                yield from self._expression(module, item)

    def _expression(self, module: Module, item: Expression) -> Iterator[Edge]:
        reference = Reference(module.name, item.id)
        known = {edge.access: edge for edge in self.flow.known.edges.get(reference, ())}
        if item.kind is Kind.CALL:
            yield from self._call(self._calls[reference])
        for access in (
            Access.PROPERTY,
            Access.ENTER,
            Access.ITERATE,
            Access.OPERATOR,
            Access.DECORATE,
        ):
            edge = known.get(access)
            found = (
                ()
                if edge and edge.targets and not edge.open
                else self._implied(module, item, access)
            )
            if edge and edge.targets:
                yield Edge(reference, access, _merged(edge.targets, found), edge.open)
            elif targets := tuple(found):
                yield Edge(reference, access, targets, self._is_open(module, item, access, targets))

    def _call(self, call: Call) -> Iterator[Edge]:
        assert call.site is not None
        typed = [
            edge
            for edge in self.flow.known.edges.get(call.site, ())
            if edge.access in (Access.CALL, Access.CONSTRUCT)
        ]
        targets = dict(call.targets)
        for found in call.decorated.values():
            own = next(iter(found))
            made = {key: one for key, one in found.items() if key != own} or found
            for target in made.values():
                targets.setdefault(target.function or "", target)
        opened = any(edge.open and edge.targets for edge in typed)
        if not targets and not call.constructs:
            named = self.by_name.call(call)
            if named:
                yield Edge(call.site, Access.CALL, named, self.by_name.is_open(call.attribute))
            return
        constructs = dict(call.constructs)
        for name in [
            name for name, one in targets.items() if one.external and one.receiver == name
        ]:
            constructs[name] = targets.pop(name)
        if targets:
            inferred = all(one.evidence is Evidence.INFERRED for one in targets.values())
            opened = opened or (inferred and self._through_unknown(call))
            yield Edge(call.site, Access.CALL, tuple(targets.values()), opened)
        if constructs:
            yield Edge(call.site, Access.CONSTRUCT, tuple(constructs.values()), opened)

    def _through_unknown(self, call: Call) -> bool:
        slot = call.receiver if call.receiver >= 0 else call.callee
        return self.slots.find(slot) in self.unknown

    def _is_open(
        self, module: Module, item: Expression, access: Access, targets: tuple[Target, ...]
    ) -> bool:
        if targets[0].evidence is Evidence.BY_NAME:
            return self.by_name.is_open(item.text)
        slot = self.flow.heap.at(module.name, item.id)
        if access is Access.PROPERTY:
            slot = self.flow.heap.at(module.name, module.children[item.id][0])
        return self.slots.find(slot) in self.unknown

    # what the source only implies

    def _implied(self, module: Module, item: Expression, access: Access) -> Iterable[Target]:
        found: dict[Target, None] = {}
        if access is Access.PROPERTY:
            found.update(dict.fromkeys(self._property(module, item)))
        elif access is Access.DECORATE:
            if item.role is Role.DECORATOR:
                found.update(dict.fromkeys(self._decorator(module, item)))
        elif access is Access.ENTER:
            if item.role is Role.ENTERED:
                found.update(dict.fromkeys(self._entered(module, item)))
        elif access is Access.ITERATE:
            if item.role in _ITERATING or self._argument_of(module, item) in _ITERATES:
                found.update(dict.fromkeys(self._iterated(module, item)))
        else:
            found.update(dict.fromkeys(self._operator(module, item)))
        return found

    def _atoms(self, module: Module, identifier: int) -> list[Atom]:
        return list(self.slots.atoms(self.flow.heap.at(module.name, identifier)))

    def _special(self, module: Module, identifier: int, names: Iterable[str]) -> Iterator[Target]:
        """The special methods that instances of the project's classes have, if the checker is silent."""
        if Reference(module.name, identifier) in self.flow.known.types:
            return
        for atom in self._atoms(module, identifier):
            if atom.kind == SourceKind.INSTANCE:
                for function in self.flow.members.functions(atom, names):
                    yield self._target(function, atom.name)

    def _target(self, function: str, receiver: str | None = None) -> Target:
        return Target(
            function=function,
            evidence=Evidence.INFERRED,
            overrides=self.hierarchy.is_overridden(function),
            receiver=receiver,
        )

    def _property(self, module: Module, item: Expression) -> Iterator[Target]:
        if (
            item.kind is not Kind.ATTRIBUTE
            or item.text not in self._properties
            or Reference(module.name, item.id) in self.flow.denoted
        ):
            return
        receiver = module.children[item.id][0]
        found = False
        for atom in self._atoms(module, receiver):
            if atom.kind == SourceKind.INSTANCE or atom.kind == "super":
                for function in self.flow.members.functions(atom, (item.text,)):
                    found = True
                    if self.hierarchy.is_property(function):
                        yield self._target(function, atom.name)
        if not found and Reference(module.name, receiver) not in self.flow.known.types:
            slot = self.flow.heap.at(module.name, receiver)
            yield from self.by_name.candidates(slot, item.text)

    def _decorator(self, module: Module, item: Expression) -> Iterator[Target]:
        for atom in self._atoms(module, item.id):
            if atom.kind == SourceKind.FUNCTION:
                yield Target(function=atom.name, evidence=Evidence.INFERRED)
            elif atom.kind == SourceKind.EXTERNAL:
                yield Target(external=atom.name, evidence=Evidence.INFERRED)
            elif atom.kind == SourceKind.CLASS:
                made = Atom(SourceKind.INSTANCE, atom.name)
                for function in self.flow.members.functions(made, ("__init__",)):
                    yield self._target(function, atom.name)
            elif atom.kind == SourceKind.INSTANCE:
                for function in self.flow.members.functions(atom, ("__call__",)):
                    yield self._target(function, atom.name)

    def _entered(self, module: Module, item: Expression) -> Iterator[Target]:
        is_async = module.statements[item.statement].kind == "AsyncWith"
        names = ("__aenter__", "__aexit__") if is_async else ("__enter__", "__exit__")
        yield from self._special(module, item.id, names)
        for atom in self._atoms(module, item.id):
            if atom.kind == SourceKind.GENERATOR and self._is_context_manager(atom.name):
                yield Target(function=atom.name, evidence=Evidence.INFERRED)

    def _iterated(self, module: Module, item: Expression) -> Iterator[Target]:
        for target in self._special(module, item.id, ("__iter__", "__next__")):
            yield target
            assert target.function is not None
            if target.function.endswith("__iter__"):
                for atom in self.slots.atoms(self.flow.heap.result(target.function)):
                    if atom.kind == SourceKind.INSTANCE:
                        for function in self.flow.members.functions(atom, ("__next__",)):
                            yield self._target(function, atom.name)
        for atom in self._atoms(module, item.id):
            if atom.kind == SourceKind.GENERATOR and not self._is_context_manager(atom.name):
                yield Target(function=atom.name, evidence=Evidence.INFERRED)

    def _is_context_manager(self, function: str) -> bool:
        return any(name in CONTEXT_MANAGERS for name in self.hierarchy.decorators.get(function, ()))

    def _operator(self, module: Module, item: Expression) -> Iterator[Target]:
        children = module.children[item.id]
        if item.kind is Kind.SUBSCRIPT and children:
            name = _SUBSCRIPT.get(item.role, "__getitem__")
            yield from self._special(module, children[0], (name,))
        elif item.kind is Kind.OTHER:
            for child in children:
                role = module.expressions[child].role
                if role is Role.COMPARED:
                    yield from self._special(module, child, _COMPARE)
                elif role is Role.OPERAND:
                    yield from self._special(module, child, _OPERATORS)
        elif item.kind is Kind.CALL and len(children) > 1:
            names = _CALLS.get(self._callee(module, item), ())
            if names:
                yield from self._special(module, children[1], names)
        if item.role is Role.TESTED:
            yield from self._special(module, item.id, ("__bool__", "__len__"))
        elif item.role is Role.FORMATTED:
            yield from self._special(module, item.id, ("__format__", "__str__"))

    def _callee(self, module: Module, call: Expression) -> str:
        found = self.flow.denoted.get(Reference(module.name, module.children[call.id][0]), ())
        return found[0].name if len(found) == 1 else ""

    def _argument_of(self, module: Module, item: Expression) -> str:
        if item.role is not Role.ARGUMENT or item.parent < 0:
            return ""
        return self._callee(module, module.expressions[item.parent])


def _merged(typed: tuple[Target, ...], found: Iterable[Target]) -> tuple[Target, ...]:
    known = {target.function or target.external for target in typed}
    return (
        *typed,
        *(target for target in found if (target.function or target.external) not in known),
    )
