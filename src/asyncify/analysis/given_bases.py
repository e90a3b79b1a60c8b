"""Classes that derive from one that a function gets: ``def retrying(cls): class Retrying(cls): ...``.

What such a class derives from is what the function decorates, or is called with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from asyncify.analysis.names import Names, Sort
from asyncify.model.facts import ClassId, Expression, Function, FunctionId, Kind, Module, Role


class GivenBases:
    """Says which classes of the project the parameters of functions are, where those are bases."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        names: Names,
        functions: Mapping[FunctionId, Function],
    ) -> None:
        self.modules = modules
        self.names = names
        self.functions = functions

    def of(self, base: Expression) -> tuple[ClassId | None, ...]:
        """The classes that a base may be, with None for all that nobody knows; nothing if it is no parameter."""
        if base.kind is not Kind.NAME or base.variable is None:
            return ()
        owner, name = base.variable
        function = self.functions.get(owner)
        places = [one.name for one in function.parameters] if function is not None else []
        if function is None or function.owner is not None or name not in places:
            return ()
        position = places.index(name)
        maker = self.functions.get(function.parent)
        if maker is not None and maker.kind == "def":  # of a decorator with arguments
            found = self._given(maker, 0, "", called=True)
        else:
            found = self._given(function, position, name)
        return tuple(dict.fromkeys(found))

    def _given(
        self, function: Function, position: int, name: str, *, called: bool = False
    ) -> Iterator[ClassId | None]:
        """What a function gets, or what it returns does."""
        for module, item in self._named.get(function.name, ()):
            if function.id not in {one.name for one in self.names.expression(module, item)}:
                continue
            call = module.expressions[item.parent] if item.role is Role.CALLEE else None
            if called and call is not None:
                item, call = call, None
                if item.role is Role.CALLEE:
                    call = module.expressions[item.parent]
            decorated = self._decorated.get((module.name, item.id), ())
            if decorated:
                yield from decorated if position == 0 else (None,)
            elif call is None:
                yield None
            else:
                yield from self._argument(module, call, position, name)

    def _argument(
        self, module: Module, call: Expression, position: int, name: str
    ) -> Iterator[ClassId | None]:
        given = [module.expressions[number] for number in module.children[call.id][1:]]
        for argument in given:
            if argument.detail == (name if argument.role is Role.KEYWORD else str(position)):
                found = self.names.expression(module, argument)
                yield from (one.name if one.sort is Sort.CLASS else None for one in found)
                yield from () if found else (None,)
                return
        yield None

    @cached_property
    def _decorated(self) -> dict[tuple[str, int], tuple[ClassId, ...]]:
        """What every decorator of a class decorates: the class, or what those below it made of that."""
        found: dict[tuple[str, int], tuple[ClassId, ...]] = {}
        for module in self.modules.values():
            for cls in module.classes:
                given: tuple[ClassId, ...] = (cls.id,)
                for number in reversed(cls.decorators):
                    found[module.name, number] = given
                    given = (*self._made(module, module.expressions[number]), *given)
        return found

    def _made(self, module: Module, decorator: Expression) -> Iterator[ClassId]:
        """The classes inside of a decorator."""
        if decorator.kind is Kind.CALL:
            decorator = module.expressions[module.children[decorator.id][0]]
        for one in self.names.expression(module, decorator):
            known = self.functions.get(one.name)
            inside = self.modules[known.module].classes if known is not None else ()
            yield from (each.id for each in inside if each.id.startswith(f"{one.name}."))

    @cached_property
    def _named(self) -> dict[str, list[tuple[Module, Expression]]]:
        """Where each function may be named."""
        wanted = {function.name for function in self.functions.values()}
        found: dict[str, list[tuple[Module, Expression]]] = {}
        for module in self.modules.values():
            for item in module.expressions:
                if item.kind in (Kind.NAME, Kind.ATTRIBUTE) and item.text in wanted:
                    found.setdefault(item.text, []).append((module, item))
        return found
