"""Decorators of the project that wrap: what they return calls the function, and they do nothing else with it.

Such a decorator does not mix what it decorates: each call of a decorated function runs the wrapper, and that
runs this one function. All other decorators are followed like any function that gets another one.

A decorator is applied as it is, ``@logged``, or called first, ``@logged(level=2)``. One that allows both asks
whether it got the function, and else returns what goes on with it: ``partial(logged, level=level)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from asyncify.analysis.names import Denoted, Names, Sort
from asyncify.analysis.optional import parts
from asyncify.model.attributes import READERS
from asyncify.model.facts import Expression, Function, FunctionId, Kind, Module, Role
from asyncify.model.graph import Reference, Wrapper

_PARTIAL = frozenset({"functools.partial"})
_CASTS = frozenset({"typing.cast", "typing_extensions.cast"})
_REACHING = frozenset({"__call__", "__func__", "__get__", "__wrapped__"})
# a decorator of others leaves the function as it is
_PLAIN = frozenset({Sort.EXTERNAL, Sort.MODULE})

_Stack = tuple[FunctionId | None, ...]  # decorators that are not plain; None: nobody knows it


@dataclass(frozen=True, slots=True)
class _Layer:
    """The wrapper that a decorator makes, and where that calls the function."""

    function: FunctionId
    calls: tuple[Reference, ...]
    hands_on: bool  # whether it only returns what these give
    alone: bool  # and nothing else
    again: tuple[Reference, ...] = ()  # where the decorator calls itself, or hands itself on


def wrappers(
    modules: Mapping[str, Module],
    names: Names,
    functions: Mapping[FunctionId, Function],
    optional: Set[FunctionId],
) -> tuple[dict[FunctionId, Wrapper], frozenset[FunctionId]]:
    """The wrappers of a project, by the function that they are, and the decorators that give back what they get.

    Args:
        modules: all modules.
        names: what names denote.
        functions: all functions.
        optional: the functions whose result depends on what they get.
    """
    places, stacks = _decorated(modules, names)
    layers, giving_back = {}, set()
    for decorator, decorated in places.items():
        called = [_called_with(modules[r.module], r.expression) for _, r in decorated]
        reader = _Reader(modules, functions[decorator].module, names, functions)
        if decorator in optional:
            layer = reader.layer_of_both(functions[decorator], {*called})
        elif None in called and len({*called}) > 1:
            layer = None
        else:
            layer = reader.layer(functions[decorator], called=None not in called)
        plain = all(_is_plain_def(functions[each]) for each, _ in decorated)
        if layer is not None and (plain or layer.hands_on):
            layers[decorator] = layer
        elif layer is None and reader.gives_back(functions[decorator], {*called}):
            giving_back.add(decorator)
    stacks = [tuple(one for one in stack if one not in giving_back) for stack in stacks]
    used = _used_otherwise(modules, names, layers, places)
    known = _whole_stacks(stacks, frozenset(layers.keys() - used))
    found = {
        one.function: _wrapper(each, one, places[each], functions)
        for each, one in sorted(layers.items())
        if each in known
    }
    return found, frozenset(giving_back)


def is_given_away(
    functions: Mapping[FunctionId, Function], function: FunctionId, caller: FunctionId
) -> bool:
    """Whether a function comes from another one around it, which its caller is not in."""
    made = functions.get(function)
    around = functions.get(made.parent) if made is not None and made.owner is None else None
    inside = around is not None and f"{caller}.".startswith(f"{around.id}.")
    return around is not None and around.kind == "def" and not inside


def _wrapper(
    decorator: FunctionId,
    layer: _Layer,
    places: Iterable[tuple[FunctionId, Reference]],
    functions: Mapping[FunctionId, Function],
) -> Wrapper:
    decorated: dict[bool, list[tuple[FunctionId, Reference]]] = {True: [], False: []}
    for each, place in places:
        decorated[_is_plain_def(functions[each])].append((each, place))
    return Wrapper(
        decorator,
        layer.function,
        layer.calls,
        layer.again,
        tuple(decorated[True]),
        tuple(decorated[False]),
        layer.hands_on and layer.alone,
    )


def _decorated(
    modules: Mapping[str, Module], names: Names
) -> tuple[dict[FunctionId, list[tuple[FunctionId, Reference]]], list[_Stack]]:
    """What every decorator of the project decorates, and where; and what stands above each function."""
    places: dict[FunctionId, list[tuple[FunctionId, Reference]]] = {}
    stacks: list[_Stack] = []
    for module in modules.values():
        for function in module.functions:
            stack: list[FunctionId | None] = []
            for number in function.decorators:
                decorator = decorating(module, names, number)
                if decorator is not None or not _is_plain(module, names, number):
                    stack.append(decorator)
                if decorator is not None:
                    place = Reference(module.name, number)
                    places.setdefault(decorator, []).append((function.id, place))
            stacks.append(tuple(stack))
    return places, stacks


def decorating(module: Module, names: Names, number: int) -> FunctionId | None:
    """The one function of the project that decorates, called or not."""
    found = denoted(module, names, module.expressions[number])
    return found[0].name if len(found) == 1 and found[0].sort is Sort.FUNCTION else None


def denoted(module: Module, names: Names, item: Expression) -> tuple[Denoted, ...]:
    """What a decorator or a call names, called or not."""
    if item.kind is Kind.CALL:
        item = module.expressions[module.children[item.id][0]]
    return names.expression(module, item)


def _is_plain(module: Module, names: Names, number: int) -> bool:
    """Whether a decorator is somebody else's for sure."""
    found = denoted(module, names, module.expressions[number])
    return bool(found) and all(one.sort in _PLAIN for one in found)


def _called_with(module: Module, decorator: int) -> tuple[str, ...] | None:
    """The keywords that a decorator is called with, "" for all other arguments; None if it is not called."""
    if module.expressions[decorator].kind is not Kind.CALL:
        return None
    given = (module.expressions[number] for number in module.children[decorator][1:])
    return tuple(one.detail if one.role is Role.KEYWORD else "" for one in given)


def _whole_stacks(stacks: Iterable[_Stack], known: frozenset[FunctionId]) -> frozenset[FunctionId]:
    """Without the decorators that stand beside one which is not known."""
    while True:
        torn = {one for stack in stacks if not known.issuperset(stack) for one in stack}
        if torn.isdisjoint(known):
            return known
        known = known - torn


def _used_otherwise(
    modules: Mapping[str, Module],
    names: Names,
    layers: Mapping[FunctionId, _Layer],
    places: Mapping[FunctionId, list[tuple[FunctionId, Reference]]],
) -> set[FunctionId]:
    """The decorators that are called by hand, decorate a class, or are kept as values."""
    wanted = {each.rpartition(":")[2] for each in layers}
    expected = {place for each in layers for _, place in places[each]}
    expected.update(place for layer in layers.values() for place in layer.again)
    found: set[FunctionId] = set()
    renamed = {(one.attribute, one.name) for each in modules.values() for one in each.imports}
    size = 0
    while size < len(wanted):  # a package may hand on what it got under another name
        size = len(wanted)
        wanted |= {name for attribute, name in renamed if attribute in wanted}
    for module in modules.values() if wanted else ():
        for item in module.expressions:
            if item.text not in wanted or item.kind not in (Kind.NAME, Kind.ATTRIBUTE):
                continue
            place = item.parent if item.role is Role.CALLEE else item.id
            if Reference(module.name, place) not in expected:
                reached = names.expression(module, item)
                found.update(one.name for one in reached if one.sort is Sort.FUNCTION)
    return found


class _Reader:
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

    def layer(self, decorator: Function, *, called: bool) -> _Layer | None:
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
    ) -> _Layer | None:
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
        plain = decorator.kind == "def" and _is_plain_def(decorator)
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

    def _wrapping(self, decorator: Function, beside: Set[int] = frozenset()) -> _Layer | None:
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

    def _layer_around(self, wrapper: Function, calls: Sequence[Reference]) -> _Layer:
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
        return _Layer(wrapper.id, tuple(calls), hands_on, hands_on and results <= known)

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
        return inner[0] if alone and inner[0].kind == "def" and _is_plain_def(inner[0]) else None

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
        if int(position) >= len(free) or not _is_plain_def(own):
            return False
        if own.id in self.shown:
            return False
        shown = {*self.shown, own.id}
        reader = _Reader(self.modules, own.module, self.names, self.functions, shown)
        return all(map(reader._is_read, reader._named(own.id, free[int(position)])))


def _first(function: Function) -> str:
    """The first parameter of a function, if it can be given by its position."""
    first = function.parameters[:1]
    return first[0].name if first and first[0].kind.startswith("positional") else ""


def _is_plain_def(function: Function) -> bool:
    return not function.is_async and not function.is_generator
