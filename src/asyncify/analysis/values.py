"""Values: the components that matter to somebody, with their origins and every place that sees them."""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.analysis.flow import Flow
from asyncify.analysis.heap import RAW
from asyncify.model.facts import Expression, Kind, Module, Place, Role
from asyncify.model.graph import Reference, Source, SourceKind, Value

_REPORTED = frozenset(
    {SourceKind.FUNCTION, SourceKind.CLASS, SourceKind.INSTANCE, SourceKind.EXTERNAL}
)
# Nothing happens to a definition that is only named here: edges and bases tell about it.
_PLAIN_USE = frozenset({Role.CALLEE, Role.DECORATOR, Role.BASE, Role.CAUGHT, Role.ANNOTATION})


class Values:
    """Reads the components off when values no longer flow."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.slots = flow.slots
        self.sources: dict[int, dict[Source, None]] = {}
        self._interesting: set[int] = set()
        self._collect()

    def _collect(self) -> None:
        find = self.slots.find
        for slot, source in self.flow.heap.sources:
            self.sources.setdefault(find(slot), {})[source] = None
        self._interesting.update(self.sources)
        self._parameters()

    def _parameters(self) -> None:
        """Parameters of functions that nobody in the project calls, or that leave the project."""
        called, escaped = self.flow.library.called, self.escaped()
        for function in self.flow.hierarchy.functions.values():
            if function.id in called and function.id not in escaped:
                continue
            for index, parameter in enumerate(function.parameters):
                if index or function.owner is None:
                    slot = self.flow.heap.variable(function.id, parameter.name)
                    source = Source(SourceKind.PARAMETER, f"{function.id}({parameter.name})")
                    self.sources.setdefault(self.slots.find(slot), {})[source] = None

    def escaped(self) -> frozenset[str]:
        """Functions that are handed to somebody outside the project, or to nobody knows whom."""
        found: set[str] = set()
        for call in self.flow.calls:
            if any(target.function for target in call.targets.values()) or call.decorated:
                continue
            for argument in call.arguments:
                for atom in self.slots.atoms(argument.slot):
                    if atom.kind in (SourceKind.FUNCTION, RAW):
                        found.add(atom.name)
        return frozenset(found)

    def unknown(self) -> frozenset[int]:
        """Components that may hold objects that nobody knows."""
        return frozenset(
            root
            for root, sources in self.sources.items()
            if any(source.kind in (SourceKind.PARAMETER, SourceKind.CALL) for source in sources)
        )

    def values(self) -> Iterator[Value]:
        """Every value that matters, by its first occurrence."""
        occurrences: dict[int, list[Reference]] = {}
        find, at = self.slots.find, self.flow.heap.at
        for module in self.flow.modules.values():
            first = at(module.name, 0)
            for item in module.expressions:
                if item.place is Place.ANNOTATION:
                    continue
                root = find(first + item.id)
                occurrences.setdefault(root, []).append(Reference(module.name, item.id))
        number = 0
        for root, places in occurrences.items():
            sources = self._sources(root)
            if sources and not self._is_plain(sources, places):
                constants = self._constants(places)
                yield Value(number, tuple(dict.fromkeys((*sources, *constants))), tuple(places))
                number += 1

    def _sources(self, root: int) -> list[Source]:
        """The origins of a component, empty if there is none that matters."""
        found = dict(self.sources.get(root, {}))
        sited = {source.name for source in found if source.site is not None}
        is_call = any(source.kind is SourceKind.CALL for source in found)
        matters = any(source.kind is not SourceKind.PARAMETER for source in found)
        for atom in self.slots.atoms(root):
            kind = SourceKind.FUNCTION if atom.kind == RAW else atom.kind
            if kind not in _REPORTED or atom.name in sited:
                continue
            if kind == SourceKind.INSTANCE and atom.name.startswith("builtins."):
                continue
            if kind == SourceKind.INSTANCE and is_call and ":" not in atom.name:
                continue
            found[Source(SourceKind(kind), atom.name)] = None
            matters = True
        return sorted(found, key=_order) if matters else []

    def _constants(self, places: list[Reference]) -> Iterator[Source]:
        for reference in places:
            item = self._expression(reference)
            if item.kind is Kind.CONSTANT:
                yield Source(SourceKind.CONSTANT, item.text, reference)

    def _is_plain(self, sources: list[Source], places: list[Reference]) -> bool:
        """Whether a definition is only named to be called, or to look into it."""
        kinds = {source.kind for source in sources}
        if not kinds <= {SourceKind.FUNCTION, SourceKind.CLASS, SourceKind.EXTERNAL}:
            return False
        plain = _PLAIN_USE if SourceKind.FUNCTION in kinds else _PLAIN_USE | {Role.RECEIVER}
        return all(self._expression(reference).role in plain for reference in places)

    def _expression(self, reference: Reference) -> Expression:
        module: Module = self.flow.modules[reference.module]
        return module.expressions[reference.expression]

    def types(self, values: tuple[Value, ...]) -> dict[Reference, str]:
        """The class of expressions by the one class that their value has."""
        found: dict[Reference, str] = {}
        for value in values:
            first = value.occurrences[0]
            slot = self.flow.heap.at(first.module, first.expression)
            atoms = list(self.slots.atoms(slot))
            classes = {atom.name for atom in atoms if atom.kind == SourceKind.INSTANCE}
            others = {atom.kind for atom in atoms} - {SourceKind.INSTANCE, SourceKind.CALL}
            if len(classes) == 1 and not others:
                found.update(dict.fromkeys(value.occurrences, classes.pop()))
        return found


def _order(source: Source) -> tuple[str, str, str, int]:
    site = source.site
    return source.kind, source.name, site.module if site else "", site.expression if site else -1
