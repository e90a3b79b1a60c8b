"""The text of decorators: what they return calls the function, and they do nothing else with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from asyncify.analysis.names import Denoted, Names
from asyncify.analysis.optional import parts
from asyncify.model.attributes import READERS
from asyncify.model.facts import Expression, Function, FunctionId, Kind, Module, Role
from asyncify.model.graph import Reference

_PARTIAL = frozenset({"functools.partial"})
_CASTS = frozenset({"typing.cast", "typing_extensions.cast"})
_REACHING = frozenset({"__call__", "__func__", "__get__", "__wrapped__"})


@dataclass(frozen=True, slots=True)
class Layer:
    """The wrapper that a decorator makes, and where that calls the function."""

    function: FunctionId
    calls: tuple[Reference, ...] = ()
    hands_on: bool = False  # whether it only returns what these give
    alone: bool = False  # and nothing else
    again: tuple[Reference, ...] = ()  # where the decorator calls itself, or hands itself on


def denoted(module: Module, names: Names, item: Expression) -> tuple[Denoted, ...]:
    """What a decorator or a call names, called or not."""
    if item.kind is Kind.CALL:
        item = module.expressions[module.children[item.id][0]]
    return names.expression(module, item)


class Reader:
    """Reads the text of decorators in one module."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        module: str,
        names: Names,
        functions: Mapping[FunctionId, Function],
        shown: Set[FunctionId] = frozenset(),
    ) -> None:
        self.modules, self.names, self.functions = modules, names, functions
        self.module, self.shown = modules[module], shown  # and the functions that got the function

    def layer(self, decorator: Function, *, called: bool) -> Layer | None:
        """What a decorator makes of the function that it gets; None if it may do anything else with it."""
        if not self._is_plain(decorator):
            return None
        if called:
            inner = self._returned(decorator, "")
            if inner is None or inner.decorators or not self._is_handed_out(inner):
                return None
            decorator = inner
        if any(one.default < 0 and one.kind != "**" for one in decorator.parameters[1:]):
            return None
        return self._wrapping(decorator)

    def layer_of_both(
        self, decorator: Function, called: Set[tuple[str, ...] | None]
    ) -> Layer | None:
        """What a decorator makes of the function that it gets, be it at once or when its result is called.

        Args:
            decorator: the function.
            called: what it is called with where it decorates, each by its keywords; None where it is not called.
        """
        name = _first(decorator)
        given = {keyword for keywords in called for keyword in keywords or ()}
        if not self._is_plain(decorator) or given & {"", name}:
            return None
        results = list(self._results(decorator.id))
        applied = {one.id for one in results if self._applies(one, name)}
        places = ((one.id, self._again(one, decorator)) for one in results)
        again = {number: place for number, place in places if place is not None}
        if not applied:
            layer = self._wrapping(decorator, again.keys())
            return layer and replace(layer, again=tuple(again.values()))
        inner = self._returned(decorator, "", applied)
        read = (
            one.parent in applied or self._is_read(one) for one in self._named(decorator.id, name)
        )
        if inner is None or inner.decorators or not self._is_handed_out(inner, applied):
            return None
        return self._wrapping(inner) if all(read) else None

    def gives_back(self, decorator: Function, called: Set[tuple[str, ...] | None]) -> bool:
        """Whether a decorator returns nothing but the function that it gets: one that marks or registers it."""
        if not self._is_plain(decorator) or (None in called and len(called) > 1):
            return False
        if None not in called:
            inner = self._returned(decorator, "")
            if inner is None or inner.decorators or not self._is_handed_out(inner):
                return False
            decorator = inner
        own = (decorator.id, _first(decorator))
        results = list(self._results(decorator.id))
        bound = any(item.role is Role.TARGET for item in self._named(*own))
        return bool(results) and not bound and all(one.variable == own for one in results)

    def _is_plain(self, decorator: Function) -> bool:
        """Whether a decorator is a function of its module, or of a class, that nothing decorates."""
        outside = decorator.parent == f"{self.module.name}:"
        plain = decorator.kind == "def" and is_plain_def(decorator)
        return outside and plain and not decorator.decorators

    def _applies(self, result: Expression, name: str) -> bool:
        """Whether a result is `wrapping(function)`."""
        parts = [self.module.expressions[number] for number in self.module.children[result.id]]
        return result.kind is Kind.CALL and [one.text for one in parts[1:]] == [name]

    def _again(self, result: Expression, decorator: Function) -> Reference | None:
        """Where a result, called with the function, calls the decorator with it.

        That is `partial(decorator, level=level)`, or `lambda function: decorator(function, level)`.
        """
        given = ""
        if result.kind is Kind.LAMBDA:
            own = next(one for one in self.module.functions if one.id == result.text)
            given = _first(own)
            result = next(self._results(own.id))
        if result.kind is not Kind.CALL:
            return None
        callee, *arguments = (
            self.module.expressions[number] for number in self.module.children[result.id]
        )
        if given:
            fits = arguments[:1] and arguments[0].text == given
        else:
            callee, *arguments = arguments if self._calls(result, _PARTIAL) else [callee]
            fits = all(one.role is Role.KEYWORD and one.detail for one in arguments)
        named = self.names.expression(self.module, callee)
        if not fits or [one.name for one in named] != [decorator.id]:
            return None
        return Reference(self.module.name, result.id if given else callee.id)

    def _wrapping(self, decorator: Function, beside: Set[int] = frozenset()) -> Layer | None:
        name = _first(decorator)
        wrapper = self._returned(decorator, name, beside) if name else None
        if wrapper is None or not self._is_handed_out(wrapper):
            return None
        calls = []
        for item in self._named(decorator.id, name):
            if item.role is Role.CALLEE and item.function == wrapper.id:
                calls.append(Reference(self.module.name, item.parent))
            elif not self._is_read(item) and not self._is_returned(item, decorator.id):
                return None
        return self._layer_around(wrapper, calls) if calls else None

    def _layer_around(self, wrapper: Function, calls: Sequence[Reference]) -> Layer:
        given = {one.expression for one in calls}
        results = {one.id for one in self._results(wrapper.id)}
        held = [self.module.expressions[number] for number in given - results]
        kept = {one.statement for one in held if one.role is Role.ASSIGNED}
        targets = [e for e in self.module.expressions if e.role is Role.TARGET]
        targets = [e for e in targets if e.statement in kept]
        hands_on = len(held) == len(kept) == len(targets)
        known = given | {one.id for one in targets}
        for target in targets:
            own = target.kind is Kind.NAME and target.variable == (wrapper.id, target.text)
            named = {one.id for one in self._named(wrapper.id, target.text)}
            hands_on = hands_on and own and named <= known | results
            known |= named
        return Layer(wrapper.id, tuple(calls), hands_on, hands_on and results <= known)

    def _returned(
        self, function: Function, name: str, beside: Set[int] = frozenset()
    ) -> Function | None:
        """The one nested function that a function returns, whether or not it returns a parameter besides.

        Args:
            function: the function.
            name: the parameter.
            beside: other results, which are known.
        """
        found: set[str] = set()
        for item in self._results(function.id):
            if item.id in beside:
                continue
            if item.kind is not Kind.NAME or item.variable != (function.id, item.text):
                return None
            found.add(item.text)
        found.discard(name)
        inner = [f for f in self.module.functions if f.parent == function.id and f.name in found]
        alone = len(found) == 1 and len(inner) == 1 and inner[0].owner is None
        return inner[0] if alone and inner[0].kind == "def" and is_plain_def(inner[0]) else None

    def _results(self, function: FunctionId) -> Iterator[Expression]:
        """What a function returns."""
        for item in self.module.expressions:
            if item.role is Role.RETURNED and item.function == function:
                yield from map(self._bare, parts(self.module, item))

    def _is_handed_out(self, inner: Function, applied: Set[int] = frozenset()) -> bool:
        """Whether a nested function is returned, or applied for a result, and nothing else is done with it."""
        return all(
            self._is_read(item) or self._is_returned(item, inner.parent) or item.parent in applied
            for item in self._named(inner.parent, inner.name)
        )

    def _bare(self, item: Expression) -> Expression:
        """What an expression is, if it is a cast of that, or gives it the name of another function."""
        parts = [self.module.expressions[n] for n in self.module.children[item.id]]
        if item.kind is not Kind.CALL or len(parts) < 2:
            return item
        if parts[0].kind is Kind.CALL:
            return parts[1] if self._calls(parts[0], {"functools.wraps"}) else item
        if self._calls(item, {"functools.update_wrapper"}):
            return parts[1]
        casts = any(self._calls(item, {name}) for name in _CASTS)
        return parts[2] if len(parts) == 3 and casts else item

    def _calls(self, call: Expression, names: Set[str]) -> bool:
        """Whether a call reaches nothing but these."""
        found = denoted(self.module, self.names, call)
        return bool(found) and all(one.name in names for one in found)

    def _is_returned(self, item: Expression, function: FunctionId) -> bool:
        outer = self.module.expressions[item.parent] if item.parent >= 0 else item
        chosen = item.role is Role.BRANCH
        whole = outer if chosen or self._bare(outer) is item else item
        return whole.role is Role.RETURNED and whole.function == function

    def _named(self, owner: FunctionId, name: str) -> Iterator[Expression]:
        for item in self.module.expressions:
            if item.kind is Kind.NAME and item.variable == (owner, name):
                yield item

    def _is_read(self, item: Expression) -> bool:
        """Whether an occurrence only looks at a function."""
        outer = self.module.expressions[item.parent] if item.parent >= 0 else None
        if item.role is Role.TESTED:
            return True
        if outer is None:
            return False
        if item.role is Role.COMPARED:
            return outer.text in ("is", "is not")
        if item.role is Role.RECEIVER:
            return outer.role is not Role.CALLEE and outer.text not in _REACHING
        if item.role is not Role.ARGUMENT or outer.kind is not Kind.CALL:
            return False
        return self._calls(outer, READERS) or self._is_shown(outer, item.detail)

    def _is_shown(self, call: Expression, position: str) -> bool:
        """Whether a function of the project gets a function, and only looks at it too."""
        found = denoted(self.module, self.names, call)
        own = self.functions.get(found[0].name) if len(found) == 1 else None
        if own is None or own.decorators or own.owner is not None or not position.isdigit():
            return False
        free = [one.name for one in own.parameters if one.kind.startswith("positional")]
        if int(position) >= len(free) or not is_plain_def(own):
            return False
        if own.id in self.shown:
            return False
        shown = {*self.shown, own.id}
        reader = Reader(self.modules, own.module, self.names, self.functions, shown)
        return all(map(reader._is_read, reader._named(own.id, free[int(position)])))


def _first(function: Function) -> str:
    """The first parameter of a function, if it can be given by its position."""
    first = function.parameters[:1]
    return first[0].name if first and first[0].kind.startswith("positional") else ""


def is_plain_def(function: Function) -> bool:
    return not function.is_async and not function.is_generator
