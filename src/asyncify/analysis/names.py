"""What a name denotes: modules, definitions and variables of the project, objects outside it.

Only imports and definitions are followed here, never values. A name can have several bindings
(``try: import a except ImportError: import b``), so the answer is a tuple of candidates.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from asyncify.model.facts import Expression, Import, Kind, Module, Place, Role

BUILTINS = "builtins"
MAIN = "__main__"
Variable = tuple[str, str]


class Sort(StrEnum):
    """What sort of thing a name denotes."""

    MODULE = "module"  # of the project, or a package that holds some
    FUNCTION = "function"
    CLASS = "class"
    VARIABLE = "variable"
    EXTERNAL = "external"


class Denoted(NamedTuple):
    """One candidate: `name` is the module, the FunctionId, the ClassId or the dotted external name.

    A variable is (`name`, `attribute`): the scope that owns it, and its name there.
    """

    sort: Sort
    name: str
    attribute: str = ""


_DEFINED = frozenset({Sort.FUNCTION, Sort.CLASS})


class Names:
    """Resolves NAME expressions and chains of attributes on them."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self.assigned: set[Variable] = set()
        self._packages = _packages(modules)
        self._definitions: dict[Variable, dict[Denoted, None]] = {}
        self._imports: dict[Variable, list[Import]] = {}
        self._stars: dict[str, list[Import]] = {}
        self._memo: dict[Variable, tuple[Denoted, ...]] = {}
        self._scopes: dict[str, str] = {}  # scope -> module
        for module in modules.values():
            self._collect(module)

    def _collect(self, module: Module) -> None:
        define = self._definitions.setdefault
        for function in module.functions:
            self._scopes[function.id] = module.name
            if function.kind == "def":
                scope = (function.owner or function.parent, function.name)
                define(scope, {})[Denoted(Sort.FUNCTION, function.id)] = None
            self.assigned.update((function.id, parameter.name) for parameter in function.parameters)
        parents = _class_scopes(module)
        for item in module.classes:
            self._scopes[item.id] = module.name
            define((parents[item.id], item.name), {})[Denoted(Sort.CLASS, item.id)] = None
        for found in module.imports:
            if found.name == "*":
                self._stars.setdefault(module.name, []).append(found)
            else:
                self._imports.setdefault((found.scope, found.name), []).append(found)
        self.assigned.update(
            item.variable
            for item in module.expressions
            if item.kind is Kind.NAME and item.role is Role.TARGET and item.variable is not None
        )

    def is_module(self, name: str) -> bool:
        """Whether the project has this module, or modules below it."""
        return name in self.modules or name in self._packages

    def is_package(self, name: str) -> bool:
        """Whether there are modules of the project below a name."""
        return name in self._packages

    def own(self, module: str, name: str) -> tuple[Denoted, ...]:
        """What a name is that a module of the project binds; nothing if it does not."""
        missing = Denoted(Sort.EXTERNAL, f"{module}.{name}")
        return tuple(one for one in self.member(module, name) if one != missing)

    def binders(self, name: str) -> Iterator[str]:
        """The modules that may bind a name: those with star imports may have it from there."""
        yield from self._binders.get(name, ())
        yield from (module for module in self._stars if module not in self._binders.get(name, ()))

    @cached_property
    def _binders(self) -> dict[str, dict[str, None]]:
        found: dict[str, dict[str, None]] = {}
        for owner, name in (*self._definitions, *self._imports, *sorted(self.assigned)):
            if owner.endswith(":"):
                found.setdefault(name, {})[owner.removesuffix(":")] = None
        for module in (*self.modules, *sorted(self._packages)):
            package, _, name = module.rpartition(".")
            if package:
                found.setdefault(name, {})[package] = None
        return found

    def expression(self, module: Module, item: Expression) -> tuple[Denoted, ...]:
        """What a NAME, or a chain of attributes on one, denotes."""
        chain: list[str] = []
        while item.kind is Kind.ATTRIBUTE:
            chain.append(item.text)
            item = module.expressions[module.children[item.id][0]]
        if item.kind is not Kind.NAME or item.variable is None:
            return ()
        found = self.variable(module.name, item.variable)
        if item.place is Place.CLASS_BODY and item.role is not Role.TARGET:
            # `token = field(default_factory=token)`: the class has the name from here on
            before = self._bound((f"{module.name}:", item.variable[1]), frozenset())
            found = tuple(dict.fromkeys((*found, *before)))
        while chain and found:
            found = self.attribute(found, chain.pop())
        return found

    def variable(self, module: str, variable: Variable) -> tuple[Denoted, ...]:
        """What a variable is bound to by imports and definitions; itself if it is assigned too."""
        owner, name = variable
        if owner != BUILTINS and variable in self._memo:
            return self._memo[variable]
        found = self._bound(variable, frozenset())
        unbound = not found and owner == f"{module}:" and variable not in self.assigned
        if owner == BUILTINS or unbound:
            found = self._starred(module, name, frozenset()) or found
        if owner == BUILTINS and not found and hasattr(builtins, name):
            return (Denoted(Sort.EXTERNAL, f"{BUILTINS}.{name}"),)
        if owner != BUILTINS:
            if not found or variable in self.assigned:
                found = (*found, Denoted(Sort.VARIABLE, owner, name))
            self._memo[variable] = found
        return found

    def attribute(self, bases: Iterable[Denoted], name: str) -> tuple[Denoted, ...]:
        """What the attribute of modules and external objects denotes; classes are not looked into."""
        found: dict[Denoted, None] = {}
        for base in bases:
            if base.sort is Sort.MODULE:
                found.update(dict.fromkeys(self.member(base.name, name)))
            elif base.sort is Sort.EXTERNAL:
                found.update(dict.fromkeys(self.outside(base.name, name)))
        return tuple(found)

    def outside(
        self, owner: str, name: str, seen: frozenset[Variable] = frozenset()
    ) -> tuple[Denoted, ...]:
        """What the attribute of an object outside the project denotes; `__main__` may be any module of it."""
        found: dict[Denoted, None] = {}
        for module in sorted(self.binders(name)) if owner == MAIN else ():
            missing = Denoted(Sort.EXTERNAL, f"{module}.{name}")
            own = self.member(module, name, seen)
            found.update((one, None) for one in own if one != missing)
        return tuple(found) or (Denoted(Sort.EXTERNAL, f"{owner}.{name}"),)

    def member(
        self, module: str, name: str, seen: frozenset[Variable] = frozenset()
    ) -> tuple[Denoted, ...]:
        """What a name in a module of the project denotes."""
        variable = (f"{module}:", name)
        if variable in seen:
            return ()
        seen |= {variable}
        found = self._bound(variable, seen)
        if variable in self.assigned:
            found = (*found, Denoted(Sort.VARIABLE, *variable))
        found = found or self._starred(module, name, seen)
        if not found and self.is_module(f"{module}.{name}"):
            return (Denoted(Sort.MODULE, f"{module}.{name}"),)
        return found or (Denoted(Sort.EXTERNAL, f"{module}.{name}"),)

    def definitions(self, module: str, seen: frozenset[str] = frozenset()) -> tuple[Denoted, ...]:
        """The functions and classes that a module has: its own, and what it passes on from others."""
        if module not in self.modules or module in seen:
            return ()
        item, scope = self.modules[module], f"{module}:"
        found = {
            Denoted(Sort.FUNCTION, function.id): None
            for function in item.functions
            if function.kind == "def" and function.owner is None and function.parent == scope
        }
        for cls in item.classes:
            found.update(dict.fromkeys(self._definitions.get((scope, cls.name), ())))
        for one in item.imports:
            if one.scope != scope:
                continue
            if one.name == "*":
                found.update(dict.fromkeys(self.definitions(one.module, seen | {module})))
            elif item.is_package or one.name in (item.exports or ()):
                brought = self._imported(one, frozenset())
                found.update((one, None) for one in brought if one.sort in _DEFINED)
        return tuple(found)

    def _bound(self, variable: Variable, seen: frozenset[Variable]) -> tuple[Denoted, ...]:
        found = dict(self._definitions.get(variable, {}))
        for item in self._imports.get(variable, ()):
            found.update(dict.fromkeys(self._imported(item, seen)))
        return tuple(found)

    def _imported(self, item: Import, seen: frozenset[Variable]) -> tuple[Denoted, ...]:
        if item.attribute is None:
            sort = Sort.MODULE if self.is_module(item.module) else Sort.EXTERNAL
            return (Denoted(sort, item.module),)
        if self.is_module(item.module):
            own = (item.scope, item.name)
            if own == (f"{item.module}:", item.attribute):  # `from . import name` in the package
                return (Denoted(Sort.MODULE, f"{item.module}.{item.attribute}"),)
            return self.member(item.module, item.attribute, seen)
        return self.outside(item.module, item.attribute, seen)

    def _starred(self, module: str, name: str, seen: frozenset[Variable]) -> tuple[Denoted, ...]:
        """What star imports bring; of modules outside the project only if nothing else has it."""
        found: dict[Denoted, None] = {}
        for item in reversed(self._stars.get(module, ())):
            other = self.modules.get(item.module)
            if other is None or not _exported(other, name):
                continue
            brought = self.member(item.module, name, seen)
            if Denoted(Sort.EXTERNAL, f"{item.module}.{name}") not in brought:
                found.update(dict.fromkeys(brought))
        if found or hasattr(builtins, name):
            return tuple(found)
        return tuple(
            Denoted(Sort.EXTERNAL, f"{item.module}.{name}")
            for item in self._stars.get(module, ())
            if not self.is_module(item.module)
        )


def _exported(module: Module, name: str) -> bool:
    return not name.startswith("_") if module.exports is None else name in module.exports


def _packages(modules: Mapping[str, Module]) -> set[str]:
    """Every package above a module, those without a file of their own included."""
    found: set[str] = set()
    for name in modules:
        package = name.rpartition(".")[0]
        while package and package not in found:
            found.add(package)
            package = package.rpartition(".")[0]
    return found


def _class_scopes(module: Module) -> dict[str, str]:
    """The scope that binds the name of each class: a function, or the class around it."""
    known = {item.id for item in module.classes}
    scopes = {}
    for item in module.classes:
        outer, dot, _ = item.id.rpartition(".")
        scopes[item.id] = outer if dot and outer in known else item.parent
    return scopes
