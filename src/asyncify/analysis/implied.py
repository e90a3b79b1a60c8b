"""What the source only implies: properties, special methods, `with`, `for` and decorators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.analysis.byname import ByName
from asyncify.analysis.flow import Flow
from asyncify.analysis.slots import SUPER, Atom
from asyncify.model.facts import Expression, Kind, Module, Role
from asyncify.model.graph import Access, Evidence, SourceKind, Target

_COMPARE = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__")
_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_OPERATORS = (
    *(f"__{prefix}{name}__" for name in _BINARY for prefix in ("", "r", "i")),
    *("__lshift__", "__rshift__", "__neg__", "__pos__", "__invert__"),
)
_SUBSCRIPT = {Role.TARGET: "__setitem__", Role.DELETED: "__delitem__"}
# What may reach a function without a call of it: the rest need not be looked at.
REACHING = frozenset({Kind.CALL, Kind.ATTRIBUTE, Kind.SUBSCRIPT, Kind.OTHER})
REACHING_ROLES = frozenset(
    {
        Role.ENTERED,
        Role.DECORATOR,
        Role.ITERATED,
        Role.DELEGATED,
        Role.UNPACKED,
        Role.ARGUMENT,
        Role.TESTED,
        Role.FORMATTED,
    }
)
_OPERATING = frozenset({Kind.SUBSCRIPT, Kind.OTHER, Kind.CALL})
_ITERATING = frozenset({Role.ITERATED, Role.DELEGATED, Role.UNPACKED})
# Functions that call a special method of their arguments, and those that iterate over one.
_CALLS = {
    **{
        f"builtins.{name}": (f"__{name}__",)
        for name in ("len", "hash", "bytes", "abs", "round", "repr", "dir")
    },
    **dict.fromkeys(("builtins.bin", "builtins.hex", "builtins.oct"), ("__index__",)),
    **{f"math.{name}": (f"__{name}__",) for name in ("ceil", "floor", "trunc")},
    "builtins.ascii": ("__repr__",),
    "builtins.bool": ("__bool__", "__len__"),
    "builtins.complex": ("__complex__", "__float__", "__index__"),
    "builtins.divmod": ("__divmod__", "__rdivmod__"),
    "builtins.float": ("__float__", "__index__"),
    "builtins.format": ("__format__", "__str__"),
    "builtins.int": ("__int__", "__index__", "__trunc__"),
    "builtins.pow": ("__pow__", "__rpow__"),
    "builtins.print": ("__str__", "__repr__"),
    "builtins.reversed": ("__reversed__", "__len__", "__getitem__"),
    "builtins.str": ("__str__", "__repr__"),
    "builtins.str.format": ("__format__", "__str__", "__repr__"),
    "copy.copy": ("__copy__", "__reduce_ex__"),
    "copy.deepcopy": ("__deepcopy__", "__reduce_ex__"),
    "os.fspath": ("__fspath__",),
}
_ITERATES = frozenset(
    f"builtins.{name}"
    for name in (
        *("list", "tuple", "set", "frozenset", "dict", "sorted", "enumerate", "zip"),
        *("iter", "next", "sum", "min", "max", "any", "all", "map", "filter"),
    )
) | {"itertools.chain", "itertools.islice", "collections.deque"}


class Implied:
    """Finds the functions that an expression reaches without a call, by what its value may be."""

    def __init__(self, flow: Flow, by_name: ByName) -> None:
        self.flow = flow
        self.slots = flow.slots
        self.hierarchy = flow.hierarchy
        self.by_name = by_name
        self._properties = {
            function.name
            for function in self.hierarchy.functions.values()
            if self.hierarchy.is_property(function.id)
        }

    def targets(self, module: Module, item: Expression) -> dict[Access, list[Target]]:
        """Everything that an expression reaches, by how."""
        found: dict[Access, list[Target]] = {}
        for access, targets in self._candidates(module, item):
            if reached := list(dict.fromkeys(targets)):
                found[access] = reached
        return found

    def _candidates(
        self, module: Module, item: Expression
    ) -> Iterator[tuple[Access, Iterable[Target]]]:
        kind, role = item.kind, item.role
        if kind is Kind.ATTRIBUTE and item.text in self._properties:
            yield Access.PROPERTY, self._property(module, item)
        if role is Role.ENTERED:
            yield Access.ENTER, self._entered(module, item)
        elif role is Role.DECORATOR:
            yield Access.DECORATE, self._decorator(module, item)
        elif role in _ITERATING or self._argument_of(module, item) in _ITERATES:
            yield Access.ITERATE, self._iterated(module, item)
        if kind in _OPERATING or role is Role.TESTED or role is Role.FORMATTED:
            yield Access.OPERATOR, self._operator(module, item)

    def _atoms(self, module: Module, identifier: int) -> Iterable[Atom]:
        """What an expression may be, nothing if that is too much."""
        slot = self.flow.heap.at(module.name, identifier)
        return () if self.slots.is_anything(slot) else self.slots.atoms(slot)

    def _special(self, module: Module, identifier: int, names: Iterable[str]) -> Iterator[Target]:
        """The special methods that instances of the project's classes have."""
        known = self.flow.known.type(module.name, identifier)
        atoms = self._atoms(module, identifier)  # an annotation may name a base from outside
        is_own = known is not None and known in self.hierarchy.classes
        for atom in (Atom(SourceKind.INSTANCE, known),) if known and is_own else atoms:
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
        if self.flow.motion.denoted(module.name, item.id):
            return
        receiver = module.children[item.id][0]
        found = False
        for atom in self._atoms(module, receiver):
            if atom.kind == SourceKind.INSTANCE or atom.kind == SUPER:
                for function in self.flow.members.functions(atom, (item.text,)):
                    found = True
                    if self.hierarchy.is_property(function):
                        yield self._target(function, atom.name)
        slot = self.flow.heap.at(module.name, receiver)
        known = self.flow.known.type(module.name, receiver)
        if not found and (known is None or self.by_name.asks_elsewhere(slot, item.text)):
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
            if atom.kind == SourceKind.GENERATOR and self.flow.members.is_context_manager(
                atom.name
            ):
                yield Target(function=atom.name, evidence=Evidence.INFERRED)

    def _iterated(self, module: Module, item: Expression) -> Iterator[Target]:
        is_async = module.statements[item.statement].kind == "AsyncFor"
        names = ("__aiter__", "__anext__") if is_async else ("__iter__", "__next__")
        for target in self._special(module, item.id, names):
            yield target
            assert target.function is not None
            if target.function.endswith(names[0]):
                for atom in self.slots.atoms(self.flow.heap.result(target.function)):
                    if atom.kind == SourceKind.INSTANCE:
                        for function in self.flow.members.functions(atom, names[1:]):
                            yield self._target(function, atom.name)
        for atom in self._atoms(module, item.id):
            if atom.kind == SourceKind.GENERATOR and not self.flow.members.is_context_manager(
                atom.name
            ):
                yield Target(function=atom.name, evidence=Evidence.INFERRED)

    def _operator(self, module: Module, item: Expression) -> Iterator[Target]:
        children = module.children[item.id]
        if item.kind is Kind.SUBSCRIPT and children:
            name = _SUBSCRIPT.get(item.role, "__getitem__")
            yield from self._special(module, children[0], (name,))
        elif item.kind is Kind.OTHER and not _with_none(module, children):
            for child in children:
                role = module.expressions[child].role
                if role is Role.COMPARED:
                    yield from self._special(module, child, _COMPARE)
                elif role is Role.OPERAND:
                    yield from self._special(module, child, _OPERATORS)
        elif item.kind is Kind.CALL and len(children) > 1:
            names = _CALLS.get(self._callee(module, item), ())
            for child in children[1:] if names else ():
                yield from self._special(module, child, names)
        if item.role is Role.TESTED:
            yield from self._special(module, item.id, ("__bool__", "__len__"))
        elif item.role is Role.FORMATTED:
            yield from self._special(module, item.id, ("__format__", "__str__", "__repr__"))

    def _callee(self, module: Module, call: Expression) -> str:
        found = self.flow.motion.denoted(module.name, module.children[call.id][0])
        if len(found) == 1:
            return found[0].name
        edges = self.flow.known.edges.get(module.name, {}).get(call.id, ())
        names = {target.external or "" for edge in edges for target in edge.targets}
        return names.pop() if len(names) == 1 else ""

    def _argument_of(self, module: Module, item: Expression) -> str:
        if item.role is not Role.ARGUMENT or item.parent < 0:
            return ""
        return self._callee(module, module.expressions[item.parent])


def _with_none(module: Module, children: Iterable[int]) -> bool:
    """Whether None is compared: that is nearly always `is None`, which calls nothing."""
    return any(module.expressions[child].text == "None" for child in children)
