"""Decorators of the project that wrap: what they return calls the function, and they do nothing else with it.

Such a decorator does not mix what it decorates: each call of a decorated function runs the wrapper, and that
runs this one function. All other decorators are followed like any function that gets another one.

A decorator is applied as it is, ``@logged``, or called first, ``@logged(level=2)``. One that allows both asks
whether it got the function, and else returns what goes on with it: ``partial(logged, level=level)``.
A context manager surrounds each call of what it decorates, ``@timed("load")``.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Set
from dataclasses import dataclass, field

from asyncify.analysis.layers import Layer, Reader, denoted, is_plain_def
from asyncify.analysis.names import Names, Sort
from asyncify.model.facts import Function, FunctionId, Kind, Module, Role
from asyncify.model.graph import Reference, Wrapper

_MANAGER = "contextlib.contextmanager"
# a decorator of others leaves the function as it is
_PLAIN = frozenset({Sort.EXTERNAL, Sort.MODULE})

_Stack = tuple[FunctionId | None, ...]  # decorators that are not plain; None: nobody knows it


@dataclass(frozen=True, slots=True)
class Decorating:
    """What decorators do with what they get.

    Args:
        wrappers: those that they return instead, by the function that it is.
        managers: the context managers that are entered around it.
        giving_back: the decorators that leave it in its place.
    """

    wrappers: Mapping[FunctionId, Wrapper] = field(default_factory=dict)
    managers: Mapping[FunctionId, Wrapper] = field(default_factory=dict)
    giving_back: Set[FunctionId] = frozenset()


def wrappers(
    modules: Mapping[str, Module],
    names: Names,
    functions: Mapping[FunctionId, Function],
    optional: Set[FunctionId],
) -> Decorating:
    """What the decorators of a project do.

    Args:
        modules: all modules.
        names: what names denote.
        functions: all functions.
        optional: the functions whose result depends on what they get.
    """
    places, stacks = _decorated(modules, names)
    layers, managers, giving_back = {}, {}, set()
    for decorator, decorated in places.items():
        called = [_called_with(modules[r.module], r.expression) for _, r in decorated]
        reader = Reader(modules, functions[decorator].module, names, functions)
        if None not in called and _makes_managers(modules, names, functions[decorator]):
            managers[decorator] = _wrapper(decorator, Layer(decorator), decorated, functions)
            continue
        if decorator in optional:
            layer = reader.layer_of_both(functions[decorator], {*called})
        elif None in called and len({*called}) > 1:
            layer = None
        else:
            layer = reader.layer(functions[decorator], called=None not in called)
        plain = all(is_plain_def(functions[each]) for each, _ in decorated)
        if layer is not None and (plain or layer.hands_on):
            layers[decorator] = layer
        elif layer is None and reader.gives_back(functions[decorator], {*called}):
            giving_back.add(decorator)
    leaving = giving_back | managers.keys()
    stacks = [tuple(one for one in stack if one not in leaving) for stack in stacks]
    used = _used_otherwise(modules, names, layers, places)
    known = _whole_stacks(stacks, frozenset(layers.keys() - used))
    found = {
        one.function: _wrapper(each, one, places[each], functions)
        for each, one in sorted(layers.items())
        if each in known
    }
    return Decorating(found, managers, giving_back)


def _makes_managers(modules: Mapping[str, Module], names: Names, function: Function) -> bool:
    """Whether calling a function gives a context manager that one generator function makes."""
    module, decorators = modules[function.module], function.decorators
    if len(decorators) != 1 or not function.is_generator or function.is_async:
        return False
    found = names.expression(module, module.expressions[decorators[0]])
    return [one.name for one in found] == [_MANAGER] and function.parent == f"{module.name}:"


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
    layer: Layer,
    places: Iterable[tuple[FunctionId, Reference]],
    functions: Mapping[FunctionId, Function],
) -> Wrapper:
    decorated: dict[bool, list[tuple[FunctionId, Reference]]] = {True: [], False: []}
    for each, place in places:
        decorated[is_plain_def(functions[each])].append((each, place))
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


def may_change(
    module: Module,
    names: Names,
    number: int,
    managers: Container[FunctionId],
    accessors: Container[str],
    *,
    registered: bool,
) -> bool:
    """Whether a decorator is a function or class of the project that may give something else.

    Args:
        module: where it stands.
        names: what names denote.
        number: the decorator.
        managers: what only surrounds the function.
        accessors: the names by which properties get a function.
        registered: whether it registers the function for a generic one.
    """
    item = module.expressions[number]
    found = denoted(module, names, item)
    if item.kind is Kind.CALL:
        item = module.expressions[module.children[item.id][0]]
    if item.text == "register" and registered:
        return False
    if not found:
        return item.text not in accessors
    own = (one for one in found if one.name not in managers)
    return any(one.sort in (Sort.FUNCTION, Sort.CLASS, Sort.VARIABLE) for one in own)


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
    layers: Mapping[FunctionId, Layer],
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
