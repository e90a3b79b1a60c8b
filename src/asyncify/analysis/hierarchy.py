"""Classes of the project: bases, method resolution order, members, and which methods belong together."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from asyncify.analysis.given_bases import GivenBases
from asyncify.analysis.made_classes import MAKERS, TYPE, Made, made_by
from asyncify.analysis.names import Denoted, Names, Sort
from asyncify.model.attributes import derives, known_type
from asyncify.model.disjoint import DisjointSets
from asyncify.model.facts import (
    Class,
    ClassId,
    Expression,
    Function,
    FunctionId,
    Kind,
    Module,
    Role,
)
from asyncify.model.graph import SourceKind

UNKNOWN = "?"
# What a class has of its own, not instead of its base's.
_OWN = frozenset({"__new__", "__init_subclass__", "__class_getitem__", "__slots__"})
_OBJECT = frozenset(dir(object))
_CACHED = ("functools", "django.utils.functional", "werkzeug.utils")
_PROPERTIES = frozenset({"builtins.property", "abc.abstractproperty"}).union(
    f"{module}.cached_property" for module in _CACHED
)
_ACCESSORS = frozenset({"getter", "setter", "deleter"})
_STATIC = frozenset({"builtins.staticmethod", "abc.abstractstaticmethod"})
_CLASS = frozenset({"builtins.classmethod", "abc.abstractclassmethod"})
_IMPLICIT_STATIC = frozenset({"__new__"})
_IMPLICIT_CLASS = frozenset({"__init_subclass__", "__class_getitem__"})
_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
_PLAIN_BASES = ("builtins.", "typing.Generic")  # neither has a metaclass of its own


class Hierarchy:
    """Answers questions about the classes of all modules together."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        names: Names,
        bases: Mapping[ClassId, tuple[str, ...]],
    ) -> None:
        self.names = names
        self.modules = modules
        self.classes: dict[ClassId, Class] = {
            item.id: item for module in modules.values() for item in module.classes
        }
        self.functions: dict[FunctionId, Function] = {
            item.id: item for module in modules.values() for item in module.functions
        }
        self.decorators: dict[FunctionId, tuple[str, ...]] = {
            item.id: tuple(self._decorators(item))
            for item in self.functions.values()
            if item.decorators
        }
        self.members: dict[ClassId, dict[str, list[FunctionId]]] = {}
        for function in self.functions.values():
            if function.owner is not None and function.kind == "def":
                self.members.setdefault(function.owner, {}).setdefault(function.name, []).append(
                    function.id
                )
        self.method_names = sorted({name for own in self.members.values() for name in own})
        # by which properties get a function, if no class of the project has such a method
        self.accessors = _ACCESSORS.difference(self.method_names)
        self.has_descriptors = "__get__" in self.method_names
        self._known = bases
        self._doubtful: set[ClassId] = (
            set()
        )  # a base is another class where its library is installed
        # Where a method of an external class is defined, as far as the checker named it.
        self.methods: dict[tuple[str, str], str] = {}
        self._given = GivenBases(modules, names, self.functions)
        self._varied: set[ClassId] = set()  # a base is what a function gets
        self._bases = {cls: self._direct(cls, bases.get(cls, ())) for cls in self.classes}
        self._orders: dict[ClassId, tuple[str, ...]] = {}
        self._made: dict[tuple[str, ...], tuple[str, ...]] = {}  # orders of classes that calls make
        self.subclasses: dict[ClassId, list[ClassId]] = {}
        for cls in self.classes:
            for base in self.order(cls)[1:]:
                if base in self.classes:
                    self.subclasses.setdefault(base, []).append(cls)
        self._down = {cls: frozenset((cls, *self.subclasses.get(cls, ()))) for cls in self.classes}
        self._overrides: dict[FunctionId, list[Function]] = {}
        self._own = self._members_by_name()
        self.member_names = frozenset(self._own)
        self._caught: dict[str, list[ClassId]] = {}
        self._below: dict[tuple[ClassId, str], tuple[Denoted, ...]] = {}
        self._memo: dict[tuple[ClassId, str], tuple[Denoted, ...]] = {}

    def _decorators(self, function: Function) -> Iterator[str]:
        """The name of each decorator: external, a FunctionId or ClassId, or `?`; bottom up."""
        module = self.modules[function.module]
        for identifier in reversed(function.decorators):
            item = module.expressions[identifier]
            if item.kind is Kind.CALL:
                item = module.expressions[module.children[item.id][0]]
            found = self.names.expression(module, item)
            if found and found[0].sort is not Sort.VARIABLE:
                yield found[0].name
            else:
                yield f"*.{item.text}" if item.kind is Kind.ATTRIBUTE else UNKNOWN

    def _direct(self, cls: ClassId, known: tuple[str, ...]) -> tuple[str, ...]:
        """The direct bases: what imports say, and what the checker says where they say nothing."""
        item = self.classes[cls]
        module = self.modules[item.module]
        found: list[str] = []
        for position, identifier in enumerate(item.bases):
            base = module.expressions[identifier]
            if base.kind is Kind.SUBSCRIPT:  # Generic[T], Base[int]
                base = module.expressions[module.children[base.id][0]]
            named = self.names.expression(module, base)
            denoted = [one.name for one in named if one.sort in (Sort.CLASS, Sort.EXTERNAL)]
            if {Sort.EXTERNAL} < {one.sort for one in named}:
                self._doubtful.add(cls)
            nested = self._attribute_base(module, base.id)
            made = self.bases_of(module, self.made_class(module, base))
            if nested:
                found.append(nested)
            elif made:
                found.extend(made)
            elif denoted:
                found.extend(denoted)
            elif given := self._given.of(base):
                found.extend(one or UNKNOWN for one in given)
                self._varied.add(cls)
            else:
                found.append(known[position] if position < len(known) else UNKNOWN)
        return tuple(dict.fromkeys(name for name in found if name != cls))

    def made_class(self, module: Module, call: Expression) -> Made | None:
        """What an expression gives to a class, if it is a call that makes one."""
        if call.kind is not Kind.CALL:
            return None
        for one in self.names.expression(module, module.expressions[module.children[call.id][0]]):
            is_meta = one.sort is Sort.CLASS and TYPE in self._known.get(one.name, ())
            maker = MAKERS.get(TYPE if is_meta else one.name)
            if maker is not None:
                return made_by(self.names, module, call, maker)
        return None

    def bases_of(self, module: Module, made: Made | None) -> tuple[str, ...]:
        """The bases that are written down in a call which makes a class, as `type("C", (Base,), {})`."""
        if made is None or made.bases is None:
            return ()
        if module.expressions[made.bases].kind is not Kind.CONTAINER:
            return ()
        parts = (module.expressions[each] for each in module.children[made.bases])
        found = [one for part in parts for one in self.names.expression(module, part)]
        return tuple(one.name for one in found if one.sort in (Sort.CLASS, Sort.EXTERNAL))

    def make(self, bases: tuple[str, ...]) -> None:
        """A call makes a class with these bases, which become brothers."""
        orders = [self.order(base) if base in self.classes else (base,) for base in bases]
        self._made.setdefault(bases, tuple(_merge([*orders, bases])))

    def _attribute_base(self, module: Module, identifier: int) -> ClassId | None:
        """A base that is a class inside a class, `Outer.Inner`."""
        item = module.expressions[identifier]
        if item.kind is not Kind.ATTRIBUTE:
            return None
        receiver = module.expressions[module.children[identifier][0]]
        for one in self.names.expression(module, receiver):
            if one.sort is Sort.CLASS and f"{one.name}.{item.text}" in self.classes:
                return f"{one.name}.{item.text}"
        return None

    def order(self, cls: ClassId) -> tuple[str, ...]:
        """The class and its ancestors in method resolution order, external and unknown ones last."""
        if cls not in self._orders:
            known = self._known.get(cls, (UNKNOWN,))
            if UNKNOWN not in known and cls not in self._varied:
                doubtful = any(each in self._doubtful for each in (cls, *known))
                self._orders[cls] = (cls, *known, UNKNOWN) if doubtful else (cls, *known)
                return self._orders[cls]
            self._orders[cls] = (cls,)  # a cycle in broken code ends here
            merged = [
                self.order(base) if base in self.classes else (base,) for base in self._bases[cls]
            ]
            found = [cls, *_merge([*merged, self._bases[cls]])]
            told = cls in self._known and cls not in self._varied
            if told and UNKNOWN not in found:
                found.append(UNKNOWN)
            self._orders[cls] = tuple(found)
        return self._orders[cls]

    def is_varied(self, cls: ClassId) -> bool:
        """Whether a function that gets one of its bases makes the class."""
        return cls in self._varied

    def direct(self, cls: ClassId) -> tuple[str, ...]:
        """The direct bases of a class of the project."""
        return self._bases[cls]

    def related(self, one: ClassId, other: ClassId) -> bool:
        """Whether one object may have both classes: by inheritance, or in a common subclass."""
        below, others = self._down.get(one), self._down.get(other)
        return one == other or below is None or others is None or not below.isdisjoint(others)

    def caught_as(self, external: str) -> list[ClassId]:
        """The classes with methods of their own whose objects an `except` of an external class catches."""
        if external not in self._caught:
            bases = {base for cls in self.classes for base in self.order(cls)}
            caught = {base for base in bases if derives(base, external)}
            self._caught[external] = [
                cls
                for cls in (self.classes if external not in self.classes else ())
                if not caught.isdisjoint(self.order(cls))
                and any(not name.startswith("__") for name in self.methods_of(cls))
            ]
        return self._caught[external]

    def methods_of(self, cls: ClassId) -> list[str]:
        """The names of the methods of a class and of its bases."""
        found = (self.members.get(base, {}) for base in self.order(cls))
        return list(dict.fromkeys(name for members in found for name in members))

    def lookup(self, cls: ClassId, attribute: str) -> tuple[Denoted, ...]:
        """What the attribute denotes by the first class that has it, in resolution order."""
        if attribute not in self._own:
            return ()
        key = cls, attribute
        if key not in self._memo:
            self._memo[key] = self._lookup(self.order(cls), attribute)
        return self._memo[key]

    def above(self, cls: ClassId, attribute: str) -> tuple[Denoted, ...]:
        """What `super().attribute` may denote: in the ancestors, else beside them in a subclass."""
        found = self._lookup(self.order(cls)[1:], attribute)
        orders = [self.order(sub) for sub in self.subclasses.get(cls, ())]
        for order in (*orders, *self._made.values()):
            after = order[order.index(cls) + 1 :] if cls in order else ()
            found = tuple(dict.fromkeys((*found, *self._lookup(after, attribute))))
        return found

    def below(self, cls: ClassId, attribute: str) -> tuple[Denoted, ...]:
        """What the attribute denotes in the subclasses, of a class that has none itself."""
        key = cls, attribute
        if attribute not in self._own:
            return ()
        if key not in self._below:
            found: dict[Denoted, None] = {}
            for sub in self.subclasses.get(cls, ()):
                found.update(dict.fromkeys(self.lookup(sub, attribute)))
            self._below[key] = tuple(found)
        return self._below[key]

    def _lookup(self, order: Iterable[str], attribute: str) -> tuple[Denoted, ...]:
        own = self._own.get(attribute)
        if own is not None:
            for cls in order:
                if cls in own:
                    return own[cls]
                if attribute not in _OBJECT and hasattr(known_type(cls), attribute):
                    return ()  # that of a base outside the project comes first
        return ()

    def _members_by_name(self) -> dict[str, dict[ClassId, tuple[Denoted, ...]]]:
        """What every class has of its own, by the name of the attribute."""
        found: dict[str, dict[ClassId, tuple[Denoted, ...]]] = {}
        for owner, name in self.names.assigned:
            if owner in self.classes:
                variable = self.names.variable(self.classes[owner].module, (owner, name))
                found.setdefault(name, {})[owner] = variable
        for cls in self.classes:
            outer, _, name = cls.rpartition(".")
            if outer in self.classes:
                found.setdefault(name, {})[outer] = (Denoted(Sort.CLASS, cls),)
        for cls, members in self.members.items():
            for name, methods in members.items():
                getters = [
                    Denoted(Sort.FUNCTION, one) for one in methods if not self._is_setter(one)
                ]
                if getters:
                    found.setdefault(name, {})[cls] = tuple(getters)
        return found

    def _is_setter(self, function: FunctionId) -> bool:
        return any(
            name == "typing.overload" or (name[:2] == "*." and name[2:] in self.accessors)
            for name in self.decorators.get(function, ())
        )

    def external(self, cls: ClassId) -> tuple[str, ...]:
        """The ancestors outside the project, in resolution order; `?` where one is unknown."""
        return tuple(name for name in self.order(cls) if name not in self.classes)

    def is_property(self, function: FunctionId) -> bool:
        """Whether reading the attribute calls the function."""
        return any(name in _PROPERTIES for name in self.decorators.get(function, ()))

    def is_static(self, function: FunctionId) -> bool:
        """Whether a method gets neither instance nor class."""
        item = self.functions[function]
        return item.owner is None or (
            item.name in _IMPLICIT_STATIC
            or any(name in _STATIC for name in self.decorators.get(function, ()))
        )

    def is_classmethod(self, function: FunctionId) -> bool:
        """Whether a method gets the class."""
        item = self.functions[function]
        return item.owner is not None and (
            item.name in _IMPLICIT_CLASS
            or any(name in _CLASS for name in self.decorators.get(function, ()))
        )

    def is_enumeration(self, cls: ClassId) -> bool:
        """Whether the names of a class body are instances of the class."""
        return cls in self.classes and any(base.startswith("enum.") for base in self.external(cls))

    def is_overload(self, function: FunctionId) -> bool:
        """Whether a function only declares one way to call another."""
        return "typing.overload" in self.decorators.get(function, ())

    def is_protocol(self, cls: ClassId) -> bool:
        """Whether the class is a `typing.Protocol`."""
        return any(base in _PROTOCOLS for base in self._bases.get(cls, ()))

    @cached_property
    def plain(self) -> frozenset[ClassId]:
        """The classes of which nothing is an instance but objects of them and of what derives from them.

        A metaclass may say otherwise: that of an abstract class takes in what is registered, that of a
        protocol what has the methods. An object may do so, too, by its attribute `__class__`.
        """
        items = [(m.name, item) for m in self.modules.values() for item in m.expressions]
        changed = any(item.text == "__class__" and item.role is Role.TARGET for _, item in items)
        if changed or "__class__" in self._own:
            return frozenset()
        told = {cls for cls, item in self._keywords}
        return frozenset(
            cls
            for cls in self.classes
            if told.isdisjoint(self.order(cls))
            and all(name.startswith(_PLAIN_BASES) for name in self.external(cls))
        )

    @cached_property
    def _keywords(self) -> list[tuple[ClassId, Expression]]:
        """The keywords in the headers of classes: `metaclass`, and those of `__init_subclass__`."""
        headers = {(one.module, one.statement): one.id for one in self.classes.values()}
        return [
            (headers[name, item.statement], item)
            for name, module in self.modules.items()
            for item in module.expressions
            if item.role is Role.BASE and not item.detail.isdigit()
            if (name, item.statement) in headers
        ]

    @cached_property
    def made_by(self) -> dict[ClassId, list[ClassId]]:
        """The classes that are objects of a metaclass of the project, by that and by each of its bases."""
        found: dict[ClassId, list[ClassId]] = {}
        for cls, item in self._keywords:
            if item.detail == "metaclass":
                for meta in self.names.expression(self.modules[self.classes[cls].module], item):
                    for base in self.order(meta.name) if meta.sort is Sort.CLASS else ():
                        made = found.setdefault(base, [])
                        made += [each for each in self._down[cls] if each not in made]
        return {base: sorted(made) for base, made in found.items()}

    def around(self, cls: ClassId) -> tuple[ClassId, ...]:
        """A class, its bases, and those that derive from it."""
        return (*self.order(cls), *self.subclasses.get(cls, ()))

    def functions_in(self, kind: str, name: str) -> Iterator[FunctionId]:
        """The functions that are found in an object, a class or a module, and the methods of classes that are."""
        found = self.names.definitions(name) if kind == SourceKind.MODULE else ()
        yield from (one.name for one in found if one.sort is Sort.FUNCTION)
        classes = [one.name for one in found if one.sort is Sort.CLASS]
        if kind in (SourceKind.INSTANCE, SourceKind.CLASS) and name in self.classes:
            classes.extend(self.around(name))
        for cls in classes:
            for methods in self.members.get(cls, {}).values():
                yield from methods

    def overrides(self, function: FunctionId) -> list[Function]:
        """The methods that subclasses define instead of this one."""
        if function not in self._overrides:
            item = self.functions[function]
            self._overrides[function] = [
                self.functions[other]
                for sub in self.subclasses.get(item.owner or "", ())
                for other in self.members.get(sub, {}).get(item.name, ())
            ]
        return self._overrides[function]

    def is_overridden(self, function: FunctionId) -> bool:
        """Whether a subclass defines the method again."""
        return bool(self.overrides(function))

    def families(
        self, pairs: Iterable[tuple[FunctionId, FunctionId]] = ()
    ) -> DisjointSets[FunctionId]:
        """Methods that override one another, siblings and mixins of a common subclass included."""
        families = DisjointSets[FunctionId]()
        for cls in self.classes:
            last: dict[str, FunctionId] = {}
            for base in self.order(cls):
                for name, methods in self.members.get(base, {}).items():
                    if name in _OWN or (name.startswith("__") and not name.endswith("__")):
                        continue
                    for method in methods:
                        families.join((last.setdefault(name, method), method))
        for one, other in pairs:
            families.join((one, other))
        return families

    def outside(self, overridden: Mapping[FunctionId, tuple[str, ...]]) -> dict[FunctionId, str]:
        """The method of a class outside the project that each method overrides, `?` if unknown."""
        found: dict[FunctionId, str] = {}
        for cls in self.classes:
            unknown = UNKNOWN in self.external(cls)
            for name, methods in self.members.get(cls, {}).items():
                for method in methods:
                    known = _external_override(overridden.get(method, ()), name)
                    if known:
                        found[method] = known
                    elif unknown and name not in _OBJECT:
                        found[method] = UNKNOWN
        return found


def _external_override(overridden: Iterable[str], name: str) -> str | None:
    for one in overridden:
        if ":" in one or one == f"{builtins.__name__}.object.{name}":
            continue
        return one
    return None


def _merge(orders: list[tuple[str, ...]]) -> Iterator[str]:
    """C3 linearisation; the first head where the orders contradict each other."""
    lists = [list(order) for order in orders if order]
    while lists:
        tails = {name for order in lists for name in order[1:]}
        head = next((order[0] for order in lists if order[0] not in tails), lists[0][0])
        yield head
        lists = [kept for order in lists if (kept := [name for name in order if name != head])]
