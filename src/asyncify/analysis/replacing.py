"""What takes the place of a whole module, of a class, or of the code of a function.

After ``sys.modules[__name__] = Settings()``, who imports the module gets the attributes of something else, and nobody sees that in the names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.analysis.flow import Flow
from asyncify.analysis.names import Sort
from asyncify.analysis.slots import RAW
from asyncify.model.facts import Class, Expression, FunctionId, Kind, Module, Role
from asyncify.model.graph import Reference, SourceKind

_CODE = "__code__"
_GIVEN = frozenset({Role.ASSIGNED, Role.ARGUMENT, Role.KEYWORD})


class Replacing:
    """Finds these functions, when nothing moves any more."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.hierarchy = flow.hierarchy

    def replaced(self) -> dict[FunctionId, Reference]:
        """The functions that are another thing than their names say, each with the place that makes them so."""
        found: dict[FunctionId, Reference] = {}
        for module in self.flow.modules.values():
            for item in module.expressions:
                if item.role is Role.TARGET and item.kind in (Kind.SUBSCRIPT, Kind.ATTRIBUTE):
                    site = Reference(module.name, item.id)
                    found.update((f, site) for f in self._by(module, item) if f not in found)
            for cls in module.classes:
                for base in cls.bases:
                    site = Reference(module.name, base)
                    found.update((f, site) for f in self._overridden(cls, base) if f not in found)
        return found

    def _overridden(self, cls: Class, base: int) -> Iterator[FunctionId]:
        """The methods of what a base may be that a class defines again, where no name says what that is."""
        order = self.hierarchy.order(cls.id)
        varied = self.hierarchy.is_varied(cls.id) and "?" in order
        for kind, name in self._atoms(cls.module, base):
            if kind == SourceKind.CLASS and name in self.hierarchy.classes:
                if varied or name not in order:
                    for method in self.hierarchy.members.get(cls.id, ()):
                        found = self.hierarchy.lookup(name, method)
                        yield from (one.name for one in found if one.sort is Sort.FUNCTION)

    def _by(self, module: Module, item: Expression) -> Iterator[FunctionId]:
        """What an assignment to a subscript or an attribute replaces."""
        receiver, *rest = module.children[item.id]
        if item.kind is Kind.SUBSCRIPT:
            denoted = self.flow.motion.denoted(module.name, receiver)
            if any(one.name == "sys.modules" for one in denoted):
                key = module.expressions[rest[0]]
                name = module.name if key.text == "__name__" else key.string
                yield from self._loaded(name, self._atoms(module.name, item.id))
        elif item.text == "__class__":
            held = self._atoms(module.name, receiver)
            for name in (name for kind, name in held if kind == SourceKind.MODULE):
                yield from self._loaded(name, self._atoms(module.name, item.id))
        elif item.text == _CODE:
            yield from self._recoded()

    def _atoms(self, module: str, number: int) -> list[tuple[str, str]]:
        atoms = self.flow.slots.atoms(self.flow.heap.at(module, number))
        return [(atom.kind, atom.name) for atom in atoms]

    def _loaded(self, name: str, atoms: Iterable[tuple[str, str]]) -> Iterator[FunctionId]:
        """What is in a module, or is found through its name from now on."""
        module = (SourceKind.MODULE, name)
        put = [atom for atom in atoms if atom != module]
        for kind, other in (*put, module) if put else ():
            yield from self.hierarchy.functions_in(kind, other)

    def _recoded(self) -> Iterator[FunctionId]:
        """The functions that give their code to others, or get that of others, anywhere in the project."""
        for module in self.flow.modules.values():
            for item in module.expressions:
                if item.text != _CODE or item.kind is not Kind.ATTRIBUTE:
                    continue
                if item.role is Role.TARGET or item.role in _GIVEN:
                    for kind, name in self._atoms(module.name, module.children[item.id][0]):
                        if kind in (SourceKind.FUNCTION, RAW):
                            yield name
