"""Asks the type checker which calls reach what, in terms of our own functions and expressions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asyncify.analysis import checker
from asyncify.analysis.naming import UNKNOWN, Places, Project
from asyncify.analysis.reached import Reached
from asyncify.analysis.report import ClassRef, Report
from asyncify.model.facts import ClassId, FunctionId, Kind, Module
from asyncify.model.graph import Access, Edge, Reference, Target

# Bases that the checker takes as a form of the language and does not list.
_FORMS = frozenset({"object", "Generic", "Protocol"})
_SCALARS = frozenset({"builtins.str", "builtins.int", "builtins.float"})


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the type checker knows about the project.

    Every call of every module has an edge; what the checker left open has one without targets.
    """

    edges: tuple[Edge, ...]
    types: Mapping[Reference, str]  # the one class of an expression: ClassId, or a dotted name
    classes: Mapping[Reference, str]  # expressions that are a class, by that class
    bases: Mapping[ClassId, tuple[str, ...]]  # in MRO order, "?" at the end if one is unknown
    fields: Mapping[tuple[ClassId, str], str]  # the class of an attribute
    overridden: Mapping[FunctionId, tuple[str, ...]]  # FunctionId, or a dotted name
    results: Mapping[FunctionId, str]  # what the undecorated function returns, awaited if async
    functions_used: Mapping[Reference, tuple[Target, ...]]  # functions used as values
    scalars: frozenset[Reference] = frozenset()  # a str or a number for sure, never None


def resolve(
    root: Path,
    modules: Mapping[str, Module],
    *,
    paths: Sequence[str] | None = None,
    search_roots: Sequence[Path],
    homes: Mapping[str, Path] | None = None,
    lent_roots: Sequence[Path] = (),
    python_version: str,
    jobs: int = 0,
) -> Resolution:
    """Run the type checker over the modules (those at `paths`, and what they import) and read its report.

    Files with a directory in `homes` are checked apart: for them its modules hide those of others.
    What is in `lent_roots` has a second name, that it is imported by: these come last, and hide nothing.

    Raises:
        CheckerError: the checker is missing, fails, or writes a format that was not tested.
    """
    root = root.resolve()
    asked = sorted(module.path for module in modules.values()) if paths is None else paths
    assembly = _Assembly(root, modules)
    homes = homes or {}
    together: dict[Path | None, list[str]] = {}
    for path in asked:
        together.setdefault(homes.get(path), []).append(path)
    for home, own in together.items():
        with tempfile.TemporaryDirectory(prefix="asyncify-", ignore_cleanup_errors=True) as name:
            directory = checker.run(
                Path(name).resolve(),
                [root / path for path in own],
                search_roots=[*_ordered(search_roots, home), *lent_roots],
                python_version=python_version,
                jobs=jobs,
            )
            assembly.read(Report(directory), frozenset(asked) - frozenset(own))
    return assembly.resolution()


@dataclass(slots=True)
class _Assembly:
    """Collects the resolution, module by module."""

    root: Path
    modules: Mapping[str, Module]
    edges: dict[str, list[Edge]] = field(default_factory=dict)
    types: dict[Reference, str] = field(default_factory=dict)
    classes: dict[Reference, str] = field(default_factory=dict)
    bases: dict[ClassId, tuple[str, ...]] = field(default_factory=dict)
    fields: dict[tuple[ClassId, str], str] = field(default_factory=dict)
    overridden: dict[FunctionId, tuple[str, ...]] = field(default_factory=dict)
    results: dict[FunctionId, str] = field(default_factory=dict)
    functions_used: dict[Reference, tuple[Target, ...]] = field(default_factory=dict)
    scalars: set[Reference] = field(default_factory=set)

    def resolution(self) -> Resolution:
        """Everything, with an open edge for the calls of modules that the checker did not report."""
        edges = [
            edge
            for module in self.modules.values()
            for edge in self.edges.get(module.name) or _open_calls(module)
        ]
        return Resolution(
            tuple(edges),
            self.types,
            self.classes,
            dict(sorted(self.bases.items())),
            dict(sorted(self.fields.items())),
            dict(sorted(self.overridden.items())),
            dict(sorted(self.results.items())),
            self.functions_used,
            frozenset(self.scalars),
        )

    def read(self, report: Report, apart: frozenset[str]) -> None:
        """Take in the report; the files `apart` only lend their names, another report is about them."""
        project = Project(report)
        by_path = {str(self.root / module.path): module for module in self.modules.values()}
        places: dict[str, Places] = {}
        chosen: dict[str, int] = {}  # by our name: a file may have several names in the report
        for identifier, name, path in report.sources():
            module = by_path.get(path)
            if module is None:
                if path.endswith(".pyi") and (module := by_path.get(path.removesuffix("i"))):
                    project.add_stub(identifier, module)
                continue
            if module.name not in places:
                if (source := _source(path)) is None:
                    continue
                places[module.name] = Places(module, source)
            project.add(identifier, places[module.name])
            if module.name not in chosen or name == module.name:
                chosen[module.name] = identifier
        self._classes(project)
        self._functions(project)
        for name, identifier in chosen.items():
            own = places.pop(name)  # its tables go when it is done
            if own.module.path not in apart:
                self._module(project, identifier, own)

    def _classes(self, project: Project) -> None:
        complete = {ref: self._all_bases_known(project, ref) for ref in project.classes}
        for reference, cls in project.classes.items():
            found = project.report.found_class(reference)
            if found is None:
                continue
            lineage = list(project.lineage(reference))
            names = dict.fromkeys(project.class_name(ancestor) for ancestor in lineage[1:])
            unknown = not all(complete.get(ancestor, True) for ancestor in lineage)
            self.bases[cls.id] = (*names, UNKNOWN) if unknown else tuple(names)
            for name, raw in found.fields.items():
                if known := project.type_name(raw["type"]):
                    self.fields[cls.id, name] = known

    def _all_bases_known(self, project: Project, reference: ClassRef) -> bool:
        """Whether every base of a class has a class in the report, which leaves out unknown ones."""
        cls = project.classes[reference]
        found = project.report.found_class(reference)
        module = self.modules[cls.module]
        named = [base for base in cls.bases if not _is_form(module, base)]
        return found is not None and len(found.bases) >= len(named)

    def _functions(self, project: Project) -> None:
        for reference, function in project.functions.items():
            found = project.report.function(reference)
            if found is None:
                continue
            if known := project.result(reference, awaited=function.is_async):
                self.results[function.id] = known
            private = found.short.startswith("__") and not found.short.endswith("__")
            if found.owner and not private:
                ancestors = list(project.lineage(found.owner))[1:]
                methods = (project.report.method(ancestor, found.short) for ancestor in ancestors)
                names = [project.function_name(method) for method in methods if method]
                if names:
                    self.overridden[function.id] = tuple(name for name in names if name)

    def _module(self, project: Project, identifier: int, places: Places) -> None:
        types, classes = self._expressions(project, identifier, places)
        reached = Reached(project, places, classes, self.bases)
        reached.read(project.report.calls(identifier))
        name = places.module.name
        self.edges[name] = list(reached.edges())
        # In source order: the report's own order changes from run to run.
        for collected, known in (
            (self.types, reached.results | types),
            (self.classes, reached.class_values | classes),
        ):
            collected.update((Reference(name, number), known[number]) for number in sorted(known))
        for number, targets in sorted(reached.values.items()):
            self.functions_used[Reference(name, number)] = targets

    def _expressions(
        self, project: Project, identifier: int, places: Places
    ) -> tuple[dict[int, str], dict[int, str]]:
        """The classes of expressions, and the expressions that are classes, by number."""
        types: dict[int, str] = {}
        classes: dict[int, str] = {}
        for location, info in project.report.types(identifier):
            if info.is_coroutine:
                continue
            name = project.class_name(info.cls)
            known = classes if info.is_class else types
            for expression in places.at(location):
                known[expression.id] = name
                if name in _SCALARS and known is types and not info.is_optional:
                    self.scalars.add(Reference(places.module.name, expression.id))
        return types, classes


def _ordered(roots: Sequence[Path], home: Path | None) -> list[Path]:
    """With ``src`` before its parent the checker calls ``src/a.py`` just ``a``, as its importers do."""
    found = sorted((root.resolve() for root in roots), key=lambda root: -len(root.parts))
    return found if home is None else list(dict.fromkeys((home.resolve(), *found)))


def _is_form(module: Module, identifier: int) -> bool:
    """Whether a base is `object`, `Generic`, `Protocol[T]`: a form of the language."""
    expression = module.expressions[identifier]
    if expression.kind is Kind.SUBSCRIPT:
        expression = module.expressions[module.children[identifier][0]]
    return expression.text in _FORMS


def _source(path: str) -> str | None:
    """The text of a file, for its columns; the checker reads nothing but UTF-8."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _open_calls(module: Module) -> Iterator[Edge]:
    for expression in module.expressions:
        if expression.kind is Kind.CALL:
            yield Edge(Reference(module.name, expression.id), Access.CALL, (), True)
