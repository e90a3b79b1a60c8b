"""Reads pyrefly's pysa report: an internal format, so everything that knows it is in this file.

The report has three files per module, named ``MODULE:ID.json``: ``definitions``, ``call_graphs``
and ``type_of_expressions``. Functions are named by the module's id and a string: ``F:n`` for a
``def``, ``CF:class:n`` for a synthesized method or a callable field, ``MTL`` and ``CTL:n`` for the
bodies of the module and of a class, ``FDT:n`` for the decorators of a function. Columns are UTF-8
bytes from 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from asyncify.analysis import checker
from asyncify.errors import CheckerError

Json = dict[str, Any]
Position = tuple[int, int, int, int]  # line, column, end line, end column as the report counts
ClassRef = tuple[int, int]  # module, class
FunctionRef = tuple[int, str]  # module, function

# Modules whose name depends on the platform or that hold the C half of a public module.
_PUBLIC = {"posixpath": "os.path", "ntpath": "os.path", "genericpath": "os.path"}
_FORMAT = 1
_HEAD = 8192  # bytes; the path of a module stands at the beginning of its files
_FILE = re.compile(r'"source_path":\{"FileSystem":("(?:[^"\\]|\\.)*")')


def position(text: str) -> Position:
    """``13:13-13:26`` as numbers."""
    start, _, end = text.partition("-")
    line, _, column = start.partition(":")
    end_line, _, end_column = end.partition(":")
    return int(line), int(column), int(end_line), int(end_column)


@dataclass(slots=True)
class FoundFunction:
    """A function of the report."""

    name: str  # canonical, dotted
    short: str
    owner: ClassRef | None
    location: Position | None
    results: list[Json]  # the return type of every signature
    decorated: bool


@dataclass(slots=True)
class FoundClass:
    """A class of the report."""

    name: str  # canonical, dotted
    location: Position | None
    bases: list[ClassRef]
    ancestors: list[ClassRef]  # in MRO order, without itself and object
    fields: Mapping[str, Json]


@dataclass(slots=True)
class Definitions:
    """What one module defines."""

    module: str
    functions: dict[str, FoundFunction] = field(default_factory=dict)
    classes: dict[int, FoundClass] = field(default_factory=dict)
    methods: dict[tuple[int, str], str] = field(default_factory=dict)  # (class, name) -> function


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """The type of an expression, as far as it is one class."""

    cls: ClassRef
    is_class: bool  # the class itself, not an instance
    is_coroutine: bool
    is_optional: bool = False


def type_info(raw: Json) -> TypeInfo | None:
    """The one class of a type; None when it is unknown, a union, a function, a module."""
    names = raw.get("class_names")
    if not names or not names.get("is_exhaustive") or len(names["classes"]) != 1:
        return None
    entry = names["classes"][0]
    every = set(entry.get("modifiers", ()))
    modifiers = every - {"Optional"}
    if modifiers - {"Type", "Coroutine"} or len(modifiers) > 1:
        return None
    flags = ("Type" in modifiers, "Coroutine" in modifiers, "Optional" in every)
    return TypeInfo(class_ref(entry["class"]), *flags)


def class_ref(raw: Json) -> ClassRef:
    """The address of a class."""
    return raw["module_id"], raw["class_id"]


def function_ref(raw: Json) -> FunctionRef:
    """The address of a function."""
    return raw["module_id"], raw["function_id"]


class Report:
    """The report of one run; files are read when they are asked for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._definitions: dict[int, Definitions] = {}

    @cached_property
    def files(self) -> dict[int, str]:
        """The file name of every module, by module id."""
        names = (path.name for path in (self.directory / "definitions").glob("*.json"))
        return {int(name[:-5].rpartition(":")[2]): name for name in names}

    def sources(self) -> Iterator[tuple[int, str, str]]:
        """Id, name and path of every module that is a file; the checker's own stubs are not.

        A file that is imported under two names is two modules.
        """
        for name, identifier in sorted((name, number) for number, name in self.files.items()):
            with (self.directory / "definitions" / name).open("rb") as file:
                head = file.read(_HEAD).decode("utf-8", "replace")
            if match := _FILE.search(head):
                yield identifier, name[:-5].rpartition(":")[0], json.loads(match[1])

    def definitions(self, module: int) -> Definitions:
        """The definitions of a module, read once."""
        if module not in self._definitions:
            self._definitions[module] = _definitions(self._read("definitions", module))
        return self._definitions[module]

    def calls(self, module: int) -> Iterator[tuple[str, Json]]:
        """Location and callees of everything in a module that calls something."""
        for callees in self._read("call_graphs", module)["call_graphs"].values():
            yield from callees.items()

    def types(self, module: int) -> Iterator[tuple[str, TypeInfo]]:
        """Location and type of the names, receivers and arguments of a module."""
        for scope in self._read("type_of_expressions", module)["functions"].values():
            table = [type_info(raw) for raw in scope["type_table"]]
            for location, number in scope["locations"].items():
                if info := table[number]:
                    yield location, info

    def function(self, reference: FunctionRef) -> FoundFunction | None:
        """A function by its address."""
        return self.definitions(reference[0]).functions.get(reference[1])

    def found_class(self, reference: ClassRef) -> FoundClass | None:
        """A class by its address."""
        return self.definitions(reference[0]).classes.get(reference[1])

    def method(self, owner: ClassRef, name: str) -> FunctionRef | None:
        """The method that a class itself defines."""
        function = self.definitions(owner[0]).methods.get((owner[1], name))
        return (owner[0], function) if function else None

    def _read(self, kind: str, module: int) -> Json:
        name = self.files.get(module)
        if name is None:
            raise CheckerError(f"pyrefly {checker.version()}: its report names a missing module")
        try:
            raw: Any = json.loads((self.directory / kind / name).read_bytes())
        except (OSError, ValueError) as error:
            raise CheckerError(
                f"pyrefly {checker.version()}: its report cannot be read ({error})"
            ) from error
        if not isinstance(raw, dict) or raw.get("format_version") != _FORMAT:
            found = raw.get("format_version") if isinstance(raw, dict) else None
            raise CheckerError(
                f"pyrefly {checker.version()} writes report format {found}, only {_FORMAT} is known:"
                f" install pyrefly {checker.TESTED}.*"
            )
        content: Json = raw
        return content


def _definitions(raw: Json) -> Definitions:
    module: str = raw["module_name"]
    module = _PUBLIC.get(module, module)
    found = Definitions(module)
    names = _Names(raw, module)
    for identifier, entry in raw["function_definitions"].items():
        owner = entry.get("defining_class")
        found.functions[identifier] = FoundFunction(
            names.qualified(entry),
            entry["name"],
            class_ref(owner) if owner else None,
            position(entry["name_location"]) if "name_location" in entry else None,
            [signature["return_annotation"] for signature in entry["undecorated_signatures"]],
            bool(entry.get("decorator_callees")),
        )
        if owner and not entry.get("is_property_setter"):
            found.methods[owner["class_id"], entry["name"]] = identifier
    for entry in raw["class_definitions"].values():
        mro = entry["mro"]
        found.classes[entry["class_id"]] = FoundClass(
            names.qualified(entry),
            position(entry["name_location"]) if "name_location" in entry else None,
            [class_ref(base) for base in entry.get("bases", ())],
            [class_ref(base) for base in _resolved(mro) if base["class_name"] != "object"],
            entry.get("fields", {}),
        )
    return found


def _resolved(mro: Json | str) -> list[Json]:
    """The ancestors; a cyclic hierarchy has none."""
    return mro.get("Resolved", []) if isinstance(mro, dict) else []


@dataclass(slots=True)
class _Names:
    """Dotted names out of the scopes that enclose a definition."""

    raw: Json
    module: str

    def qualified(self, entry: Json) -> str:
        return f"{self._prefix(entry['parent'])}.{entry['name']}"

    def _prefix(self, parent: Json | str) -> str:
        if isinstance(parent, dict):
            if "Class" in parent:
                outer = self.raw["class_definitions"].get(str(parent["Class"]["class_id"]))
            else:
                index = parent["Function"]["func_def_index"]
                outer = self.raw["function_definitions"].get(f"F:{index}")
            if outer:
                return self.qualified(outer)
        return self.module
