"""Which scope owns a name: Python's own rules, without running its compiler."""

from __future__ import annotations

import builtins
from enum import Enum, auto

Variable = tuple[str, str]

# What `site` adds, and without the names that every module has of its own.
BUILTINS = frozenset(
    {name for name in dir(builtins) if not name.startswith("_")}
    | {"__import__", "__build_class__", "__debug__"}
    | {"exit", "quit", "copyright", "credits", "license", "help"}
)


class ScopeKind(Enum):
    """What opens a scope."""

    MODULE = auto()
    FUNCTION = auto()  # and lambda
    CLASS = auto()
    COMPREHENSION = auto()
    TYPE_PARAMETERS = auto()  # PEP 695: around a generic function, class or alias


class Scope:
    """One scope while its module is read.

    `prefix` starts the id of what is defined in it, `owner` is the class whose body it is.
    """

    __slots__ = (
        "bindings",
        "globals",
        "id",
        "kind",
        "module",
        "nonlocals",
        "owner",
        "parent",
        "prefix",
        "variables",
    )

    def __init__(self, kind: ScopeKind, identifier: str, parent: Scope | None) -> None:
        self.kind = kind
        self.id = identifier
        self.parent = parent
        self.module: Scope = parent.module if parent else self
        self.bindings: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.variables: dict[str, Variable] = {}
        self.prefix: str
        self.owner: str | None
        if parent is None:
            self.prefix, self.owner = identifier, None
        elif kind in (ScopeKind.COMPREHENSION, ScopeKind.TYPE_PARAMETERS):
            self.prefix, self.owner = parent.prefix, parent.owner
        else:
            self.prefix = identifier + "."
            self.owner = identifier if kind is ScopeKind.CLASS else None

    def container(self) -> Scope:
        """The scope that a walrus binds in: the nearest one that is not a comprehension."""
        scope = self
        while scope.kind is ScopeKind.COMPREHENSION and scope.parent:
            scope = scope.parent
        return scope

    def settle(self) -> None:
        """Move what ``global`` and ``nonlocal`` declare to where it is bound.

        To be called for every scope once the whole module was read, before the first `variable`.
        """
        if self is not self.module:
            self.module.bindings |= self.bindings & self.globals
            self.bindings -= self.globals | self.nonlocals

    def variable(self, name: str) -> Variable:
        """The owning scope of a name that is used here, and the name.

        A name that nobody binds and that is no builtin belongs to the module: a star import, or
        another module, may bind it.
        """
        found = self.variables.get(name)
        if found is None:
            found = self.variables[name] = (self._owner(name), name)
        return found

    def _owner(self, name: str) -> str:
        scope: Scope | None = self
        sees_class = True  # only the class body itself, and its type parameters, see its names
        while scope is not None:
            if name in scope.globals:
                scope = self.module
                break
            if name in scope.bindings and (sees_class or scope.kind is not ScopeKind.CLASS):
                return scope.id
            sees_class = sees_class and scope.kind is ScopeKind.TYPE_PARAMETERS
            scope = scope.parent
        if name in BUILTINS and name not in self.module.bindings:
            return "builtins"
        return self.module.id
