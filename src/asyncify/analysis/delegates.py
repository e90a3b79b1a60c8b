"""Objects that ask another one for what their class lacks: ``return getattr(self.target, name)`` in `__getattr__`.

Who reads an attribute of such an object, or calls it, gets that of the other one. Where `__getattr__` gives
anything else as well, nobody knows what that is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from asyncify.analysis.optional import is_bound, parts
from asyncify.model.attributes import DELEGATING
from asyncify.model.facts import Expression, Function, FunctionId, Kind, Module, Role
from asyncify.model.graph import Reference

Asker = Callable[[int], None]


class Delegates:
    """Who is asked, by the method that asks, and what for."""

    def __init__(
        self, modules: Mapping[str, Module], functions: Mapping[FunctionId, Function]
    ) -> None:
        self._modules = modules
        self._functions = functions
        self._asked: dict[FunctionId, dict[int, int]] = {}  # slots, by the expression of the call
        self._askers: dict[FunctionId, dict[Hashable, Asker]] = {}
        self._returned: dict[FunctionId, list[Expression]] = {}

    def add(self, function: FunctionId, site: Reference, name: int, slot: int) -> None:
        """Notes a call of `getattr`, if it asks what is in a slot for what another object lacks.

        Args:
            function: the function that calls it.
            site: the call.
            name: the expression of its second argument.
            slot: that of its first.
        """
        own, module = self._functions.get(function), self._modules[site.module]
        if own is None or name < 0 or not _is_asked_name(module, own, module.expressions[name]):
            return
        self._asked.setdefault(function, {})[site.expression] = slot
        for asker in list(self._askers.get(function, {}).values()):
            asker(slot)

    def ask(self, function: FunctionId, key: Hashable, asker: Asker) -> None:
        """Hears of everybody whom a method asks; of what has the same `key` once."""
        askers = self._askers.setdefault(function, {})
        if key not in askers:
            askers[key] = asker
            for slot in list(self._asked.get(function, {}).values()):
                asker(slot)

    def asked(self, function: FunctionId) -> list[int]:
        """The slots of those whom a method asks; empty if it may give anything else as well."""
        found = self._asked.get(function, {})
        if not found:
            return []
        whole = all(
            part.id in found or part.kind is Kind.CONSTANT for part in self._results(function)
        )
        return list(found.values()) if whole else []

    def _results(self, function: FunctionId) -> list[Expression]:
        if function not in self._returned:
            module = self._modules[self._functions[function].module]
            self._returned[function] = [
                part
                for item in module.expressions
                if item.role is Role.RETURNED and item.function == function
                for part in parts(module, item)
            ]
        return self._returned[function]


def _is_asked_name(module: Module, function: Function, item: Expression) -> bool:
    """Whether an expression is the name that `__getattr__` gets."""
    if function.name not in DELEGATING or function.owner is None or len(function.parameters) < 2:
        return False
    return item.variable == (function.id, function.parameters[1].name) and not is_bound(
        module, item
    )
