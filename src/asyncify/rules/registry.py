"""Finds the rule files, and looks names up in them.

Third parties add libraries through the entry point group ``asyncify.rules``; each entry point is a
`Library` (or a sequence of them).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import entry_points

from asyncify import rules
from asyncify.errors import ConfigError
from asyncify.rules.hooks import Framework
from asyncify.rules.spec import (
    Attribute,
    Call,
    Client,
    Derived,
    Entry,
    Hazard,
    Helper,
    Interceptor,
    Library,
    Raises,
    Refuse,
    Resource,
    Thread,
    Use,
)

GROUP = "asyncify.rules"
_NOT_RULES = frozenset({"spec", "hooks", "registry"})


@cache
def load_rules() -> tuple[Library, ...]:
    """Every library that is installed, our own first, sorted by name."""
    found: list[Library] = []
    for info in sorted(pkgutil.iter_modules(rules.__path__), key=lambda info: info.name):
        if not info.name.startswith("_") and info.name not in _NOT_RULES:
            module = import_module(f"{rules.__name__}.{info.name}")
            found.extend(_libraries(getattr(module, "library", ())))
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        found.extend(_libraries(point.load()))
    return tuple(found)


@cache
def load_frameworks() -> tuple[Framework, ...]:
    """Every framework that calls functions of a project."""
    modules = [
        import_module(f"{rules.__name__}.{info.name}")
        for info in sorted(pkgutil.iter_modules(rules.__path__), key=lambda info: info.name)
        if info.name not in _NOT_RULES
    ]
    return tuple(module.framework for module in modules if hasattr(module, "framework"))


def kept(library: Library) -> Library:
    """What is left of a library that stays as it is: that nobody awaits while holding one of its objects."""
    why = f"the configuration keeps {library.name}"
    entries = tuple(
        replace(entry, to="", hold=replace(entry.hold, why=entry.hold.why or why))
        for entry in library.entries
        if isinstance(entry, Resource) and entry.hold is not None
    )
    return Library(library.name, library.code, library.target, entries, modules=library.modules)


def _libraries(value: Library | Iterable[Library]) -> tuple[Library, ...]:
    return (value,) if isinstance(value, Library) else tuple(value)


@dataclass(frozen=True)
class Rules:
    """The libraries of a run, with look-up by canonical name.

    Raises:
        ConfigError: two libraries claim one name.
    """

    libraries: tuple[Library, ...]
    entries: Mapping[tuple[str, str], tuple[Library, Entry]] = field(init=False, repr=False)
    _canonical: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        entries: dict[tuple[str, str], tuple[Library, Entry]] = {}
        for library in self.libraries:
            for entry in library.entries:
                for key in _keys(entry):
                    if key in entries:
                        other = entries[key][0].name
                        raise ConfigError(f"rules {library.name} and {other} both claim {key[1]}")
                    entries[key] = (library, entry)
        object.__setattr__(self, "entries", entries)

    @classmethod
    def select(cls, choice: Mapping[str, str] | None = None) -> Rules:
        """The installed libraries without those that the configuration keeps (``requests = "keep"``)."""
        chosen = choice or {}
        return cls(
            tuple(
                library if chosen.get(library.name, library.target) == library.target else rest
                for library in load_rules()
                for rest in [kept(library)]
            )
        )

    def without(self, codes: Callable[[str], bool]) -> Rules:
        """The same, but libraries whose code is not wanted stay as they are."""
        return Rules(tuple(one if codes(one.code) else kept(one) for one in self.libraries))

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Public names of modules and types, and the canonical ones."""
        return {k: v for library in self.libraries for k, v in library.modules.items()}

    @cached_property
    def triggers(self) -> tuple[str, ...]:
        """Identifiers of which a file with a blocking call holds at least one."""
        return tuple(sorted({t for library in self.libraries for t in library.triggers}))

    @cached_property
    def owners(self) -> Mapping[str, Library]:
        """Modules and types that have a blocking call, by their public and canonical names."""
        found: dict[str, Library] = {}
        for (kind, name), (library, entry) in self.entries.items():
            if kind == "call" and isinstance(entry, Call | Thread | Refuse):
                found.setdefault(name.rpartition(".")[0], library)
        for public, canonical in self.aliases.items():
            if ("call", canonical) in self.entries:
                found.setdefault(public.rpartition(".")[0], self.entries[("call", canonical)][0])
        return found

    @cached_property
    def waiting(self) -> frozenset[str]:
        """Functions and methods that wait for something, by their canonical and their public names."""
        names = {
            name
            for (kind, name), (_, entry) in self.entries.items()
            if kind == "call"
            and (
                isinstance(entry, Thread)
                or (isinstance(entry, Call) and entry.awaited and entry.waits)
            )
        }
        others = {
            public + name.removeprefix(canonical)
            for public, canonical in self.aliases.items()
            for name in names
            if name == canonical or name.startswith(f"{canonical}.")
        }
        return frozenset(names | others)

    @cached_property
    def data(self) -> frozenset[str]:
        """Methods that give what JSON has, by their canonical names."""
        return frozenset(name for library in self.libraries for name in library.data)

    @cached_property
    def with_states(self) -> frozenset[str]:
        """Resource types that another one is a state of."""
        return frozenset(e.of for _, e in self.entries.values() if isinstance(e, Resource) and e.of)

    @cached_property
    def alike(self) -> frozenset[str]:
        """Resource types of which no use is written in another way: code that sees one may see something else."""
        kinds = {e.name for _, e in self.entries.values() if isinstance(e, Resource) and e.to}
        return frozenset(kinds - {name for _, e in self.entries.values() for name in _changed(e)})

    def canonical(self, name: str) -> str:
        """A name as the rules write it: the longest known prefix is replaced by its canonical form."""
        if name not in self._canonical:
            self._canonical[name] = self._made_canonical(name)
        return self._canonical[name]

    def _made_canonical(self, name: str) -> str:
        prefix = name
        while prefix:
            if prefix in self.aliases:
                return self.aliases[prefix] + name[len(prefix) :]
            prefix = prefix.rpartition(".")[0]
        return name

    def _find(self, kind: str, name: str) -> tuple[Library, Entry] | None:
        return self.entries.get((kind, self.canonical(name)))

    def call(self, name: str) -> tuple[Library, Call] | None:
        """The blocking call of this name."""
        found = self._find("call", name)
        return (found[0], found[1]) if found and isinstance(found[1], Call) else None

    def thread(self, name: str) -> tuple[Library, Thread] | None:
        """The call of this name that goes to a worker thread."""
        found = self._find("call", name)
        return (found[0], found[1]) if found and isinstance(found[1], Thread) else None

    def blocking(self, name: str) -> tuple[Library, Call | Thread] | None:
        """The blocking call of this name: one that is translated, else one that goes to a thread."""
        return self.call(name) or self.thread(name)

    def refusal(self, name: str) -> tuple[Library, Refuse] | None:
        """The refusal for this name."""
        found = self._find("call", name)
        return (found[0], found[1]) if found and isinstance(found[1], Refuse) else None

    def resource(self, name: str) -> tuple[Library, Resource] | None:
        """The resource type of this name."""
        found = self._find("type", name)
        return (found[0], found[1]) if found and isinstance(found[1], Resource) else None

    def attribute(self, name: str) -> tuple[Library, Attribute] | None:
        """The attribute of this name (``type.attribute``)."""
        found = self._find("call", name)
        return (found[0], found[1]) if found and isinstance(found[1], Attribute) else None

    def use(self, type_name: str, role: str) -> tuple[Library, Use] | None:
        """How a type is consumed in a role."""
        found = self.entries.get(("use", f"{self.canonical(type_name)} {role}"))
        return (found[0], found[1]) if found and isinstance(found[1], Use) else None

    def use_of(self, kinds: Iterable[str], role: str) -> tuple[Library, Use] | None:
        """How the first of some types is consumed in a role."""
        found = (self.use(kind, role) for kind in kinds)
        return next((one for one in found if one is not None), None)

    def exception(self, name: str) -> tuple[Library, Raises] | None:
        """The exception of this name."""
        found = self._find("exception", name)
        return (found[0], found[1]) if found and isinstance(found[1], Raises) else None

    def derived(self, name: str) -> tuple[Library, Derived] | None:
        """What becomes of the classes that derive from one of this name."""
        found = self.entries.get(("derived", self.canonical(name)))
        return (found[0], found[1]) if found and isinstance(found[1], Derived) else None

    def hazard(self, name: str) -> Hazard | None:
        """The hazard of this type or function."""
        found = self._find("hazard", name)
        return found[1] if found and isinstance(found[1], Hazard) else None

    @staticmethod
    def client(library: Library, name: str) -> Client:
        """The client that a call of the library names."""
        return next(e for e in library.entries if isinstance(e, Client) and e.name == name)

    def interceptors(self, library: str) -> tuple[tuple[Library, Interceptor], ...]:
        """What tests answer the calls of a library with, where its target has a counterpart."""
        return tuple(
            (owner, entry)
            for owner in self.libraries
            for entry in owner.entries
            if isinstance(entry, Interceptor) and entry.of == library
        )

    @staticmethod
    def helper(library: Library, name: str) -> Helper:
        """The helper of this name."""
        return next(helper for helper in library.helpers if helper.name == name)


def _changed(entry: Entry) -> Iterator[str]:
    """The resource types for which an entry makes a difference in the text."""
    match entry:
        case Resource(name=name):
            if entry.enter or entry.iterate or entry.annotation or entry.hold:
                yield name
        case Use(type=name):
            yield name
        case Attribute(name=name):
            if entry.template or entry.call or entry.option:
                yield name.rpartition(".")[0]
        case Call(name=name) | Thread(name=name):
            yield from (name, name.rpartition(".")[0])


def _keys(entry: Entry) -> Iterable[tuple[str, str]]:
    match entry:
        case Call(name=name) | Thread(name=name) | Attribute(name=name) | Refuse(name=name):
            yield "call", name
        case Resource(name=name):
            yield "type", name
        case Use(type=type_name, role=role):
            yield "use", f"{type_name} {role}"
        case Raises(name=name):
            yield "exception", name
        case Hazard(name=name):
            yield "hazard", name
        case Derived(name=name):
            yield "derived", name
        case Client() | Interceptor():
            return
