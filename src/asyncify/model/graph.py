"""The merged call graph: what analysis hands to planning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress
from typing import NamedTuple

from asyncify.model.facts import Class, ClassId, Expression, Function, FunctionId, Module


class Evidence(StrEnum):
    """How sure an edge is."""

    TYPED = "typed"  # the type checker resolved it
    INFERRED = "inferred"  # values flow there from call sites and assignments
    BY_NAME = "by-name"  # only classes of this project define that name


class Reference(NamedTuple):
    """The address of an expression; a tuple, as whole projects are looked up by these."""

    module: str
    expression: int


class Target(NamedTuple):
    """What a call (or an access) reaches: a function of the project, or a qualified name outside it.

    External names are canonical where the object is defined (``requests.sessions.Session.get``);
    a method is named by the class that defines it, and `receiver` is the class of the object.
    """

    function: FunctionId | None = None
    external: str | None = None
    evidence: Evidence = Evidence.TYPED
    overrides: bool = False  # any override of the function may be reached
    receiver: str | None = None


class Access(StrEnum):
    """How a place reaches a function."""

    CALL = "call"
    PROPERTY = "property"
    ENTER = "enter"  # __enter__ (and __exit__)
    ITERATE = "iterate"  # __iter__, __next__
    OPERATOR = "operator"  # any other special method
    DECORATE = "decorate"
    CONSTRUCT = "construct"  # the __init__ and __new__ of a class


@dataclass(frozen=True, slots=True)
class Edge:
    """One place that reaches functions; `open` when there may be targets that nobody knows."""

    site: Reference
    access: Access
    targets: tuple[Target, ...]
    open: bool = False


class SourceKind(StrEnum):
    """Where a value comes from."""

    CALL = "call"  # the result of an external call; name is the callee
    FUNCTION = "function"  # a function of the project, as a value
    CLASS = "class"  # a class of the project, as a value
    INSTANCE = "instance"  # of a class of the project, or of an external class known by annotation
    MODULE = "module"  # of the project, as a value
    GENERATOR = "generator"  # the result of calling a generator function of the project
    EXPRESSION = "generator expression"  # one that is kept or handed on; name is its place
    EXTERNAL = "external"  # an imported object, as a value
    CONSTANT = "constant"  # a literal; name is its text ("None", ...)
    PARAMETER = "parameter"  # a parameter whose callers are not all known
    UNKNOWN = "unknown"


class Source(NamedTuple):
    """One origin of a value."""

    kind: SourceKind
    name: str = ""
    site: Reference | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """Expressions that may stand for the same object, with its origins and every place that sees it.

    Flow-insensitive: two expressions are in one value as soon as one is ever assigned to the other,
    through variables, attributes, parameters, returns and container elements. What is assigned to a
    variable does not go back to where another value of it came from: `arrivals` tells, for every
    occurrence, the numbers of the sources that get there (as bits: there are values with thousands of
    both); empty if all get everywhere.
    """

    id: int
    sources: tuple[Source, ...] = ()
    occurrences: tuple[Reference, ...] = ()
    lost: Reference | None = None  # from here it goes on to where nobody follows it
    arrivals: tuple[int, ...] = ()

    def arrives(self, source: int, occurrence: int) -> bool:
        """Whether what comes from a source may get to an occurrence, both by their numbers."""
        return not self.arrivals or bool(self.arrivals[occurrence] >> source & 1)

    def arriving(self, occurrence: int) -> tuple[Source, ...]:
        """The sources that get to an occurrence, by its number."""
        if not self.arrivals or self.arrivals[occurrence] + 1 == 1 << len(self.sources):
            return self.sources
        here = f"{self.arrivals[occurrence]:b}"  # a shift for each of thousands would copy as many bits
        return tuple(compress(self.sources, map(int, reversed(here))))

    def places_of(self, kind: SourceKind, name: str) -> Iterator[Reference]:
        """The occurrences that what comes from a source may get to."""
        made = [
            n for n, source in enumerate(self.sources) if (source.kind, source.name) == (kind, name)
        ]
        for number, occurrence in enumerate(self.occurrences):
            if any(self.arrives(source, number) for source in made):
                yield occurrence


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The function that a decorator of the project returns in the place of each that it decorates.

    Nothing is done with what is decorated but that the wrapper calls it. Edges lead to the decorated
    function: whoever calls it runs its wrappers as well. Generators, and functions that are async already,
    are `handed`: calling them gives an object that the wrapper only hands on, so it stays as it is for them.

    A context manager (`@contextmanager`) can decorate too: it is entered around each call. It is its own
    wrapper then, and calls nothing itself.
    """

    decorator: FunctionId
    function: FunctionId
    calls: tuple[Reference, ...]  # of what is decorated
    again: tuple[Reference, ...]  # where the decorator calls itself, or hands itself on
    decorated: tuple[tuple[FunctionId, Reference], ...]  # each with the decorator above it
    handed: tuple[tuple[FunctionId, Reference], ...] = ()  # and those that it need not wait for
    hands_on: bool = False  # whether it returns nothing but what it calls gives

    @property
    def is_manager(self) -> bool:
        """Whether it is a context manager that is entered around what it decorates."""
        return self.decorator == self.function


@dataclass(frozen=True, slots=True)
class CallGraph:
    """The project as planning sees it."""

    modules: Mapping[str, Module]
    functions: Mapping[FunctionId, Function]
    classes: Mapping[ClassId, Class]
    edges: tuple[Edge, ...] = ()
    values: tuple[Value, ...] = ()
    families: tuple[frozenset[FunctionId], ...] = ()  # methods that override one another
    outside: Mapping[FunctionId, str] = field(
        default_factory=dict
    )  # overrides this external method
    # functions in whose place something else may be put here that nobody sees: by the making of a class, or
    # by a name that is not written down
    replaced: Mapping[FunctionId, Reference] = field(default_factory=dict)
    bases: Mapping[ClassId, tuple[str, ...]] = field(
        default_factory=dict
    )  # every base, by canonical name
    # by class: those whose attributes its objects have as well, as `__getattr__` asks an object of them
    asked: Mapping[ClassId, frozenset[ClassId]] = field(default_factory=dict)
    # calls, and attributes `__dict__`, that find something by a name which nobody knows, where that is
    # called: with the classes and functions that it may find
    lookups: Mapping[Reference, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[Reference, str] = field(default_factory=dict)  # external object named here
    types: Mapping[Reference, str] = field(default_factory=dict)  # class (or None), canonical
    scalars: frozenset[Reference] = frozenset()  # a str or a number for sure, never None
    wrappers: Mapping[FunctionId, Wrapper] = field(default_factory=dict)  # by the wrapping function
    stubs: Mapping[str, Module] = field(default_factory=dict)  # `.pyi` files beside the modules
    lent: Mapping[str, str] = field(default_factory=dict)  # vendored packages, by their short names

    def expression(self, reference: Reference) -> Expression:
        """The expression at an address."""
        return self.modules[reference.module].expressions[reference.expression]
