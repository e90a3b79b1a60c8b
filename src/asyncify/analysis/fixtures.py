"""pytest: a parameter of a test or of a fixture gets what the fixture of its name gives, or its own parametrization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asyncify.analysis.heap import Heap
from asyncify.analysis.names import Names
from asyncify.model.facts import Expression, Function, Kind, Module, Role

_FIXTURES = frozenset({"pytest.fixture", "pytest_asyncio.fixture", "_pytest.fixtures.fixture"})
_PARAMETRIZE, _PARAM = "pytest.mark.parametrize", "pytest.param"


def link(modules: Mapping[str, Module], names: Names, heap: Heap) -> frozenset[tuple[str, str]]:
    """Lets the value of every fixture move to the parameters that ask for it; returns those."""
    fixtures = {
        module.name: {f.name: f for f in module.functions if _is_fixture(module, f, names)}
        for module in modules.values()
    }
    conftests = {
        module.path.rpartition("/")[0]: module.name
        for module in modules.values()
        if module.path.rpartition("/")[2] == "conftest.py"
    }
    linked = set(_parametrized(modules, fixtures, conftests, names, heap))
    if not any(fixtures.values()):
        return frozenset(linked)
    for module in modules.values():
        for function in module.functions:
            own = fixtures[module.name]
            if function.kind != "def" or not (
                function.name.startswith("test") or own.get(function.name) == function
            ):
                continue
            for parameter in function.parameters:
                given = _find(module, parameter.name, function, fixtures, conftests)
                if given is not None:
                    slot = heap.yields(given.id) if given.is_generator else heap.result(given.id)
                    heap.slots.move(slot, heap.variable(function.id, parameter.name))
                    linked.add((function.id, parameter.name))
    return frozenset(linked)


def _parametrized(
    modules: Mapping[str, Module],
    fixtures: Mapping[str, Mapping[str, Function]],
    conftests: Mapping[str, str],
    names: Names,
    heap: Heap,
) -> Iterator[tuple[str, str]]:
    """Lets what tests are parametrized with move to the parameters of that name; yields those."""
    for module in modules.values():
        own = [each for place in _places(module, conftests) for each in fixtures[place].values()]
        for function in module.functions:
            for decorator in function.decorators:
                for given in _parametrize(module, function, decorator, names, heap):
                    yield from _hand_on(given, own, heap)


def _find(
    module: Module,
    name: str,
    asking: Function,
    fixtures: Mapping[str, Mapping[str, Function]],
    conftests: Mapping[str, str],
) -> Function | None:
    """The nearest fixture of a name: in the module, then in the conftest files around it.

    A fixture that asks for its own name means the one that it overrides.
    """
    for place in _places(module, conftests):
        found = fixtures[place].get(name)
        if found is not None and found.id != asking.id:
            return found
    return None


def _places(module: Module, conftests: Mapping[str, str]) -> Iterator[str]:
    yield module.name
    directory = module.path.rpartition("/")[0]
    while True:
        if directory in conftests:
            yield conftests[directory]
        if not directory:
            return
        directory = directory.rpartition("/")[0]


def _is_fixture(module: Module, function: Function, names: Names) -> bool:
    for number in function.decorators:
        decorator = module.expressions[number]
        if decorator.kind is Kind.CALL:
            decorator = module.expressions[module.children[number][0]]
        if any(one.name in _FIXTURES for one in names.expression(module, decorator)):
            return True
    return False


def _parametrize(
    module: Module, function: Function, decorator: int, names: Names, heap: Heap
) -> Iterator[tuple[str, str]]:
    """Lets the values of ``@pytest.mark.parametrize("a, b", [(1, 2)])`` move to the parameters; yields those."""
    if not _calls(module, decorator, _PARAMETRIZE, names):
        return
    given = [module.expressions[number] for number in module.children[decorator][1:]]
    parts = {e.detail: e for e in given if e.role in (Role.ARGUMENT, Role.KEYWORD)}
    first, second = parts.get("0") or parts.get("argnames"), parts.get("1") or parts.get(
        "argvalues"
    )
    if first is None or second is None or second.kind is not Kind.CONTAINER:
        return
    if "indirect" in parts or "2" in parts:
        return  # a fixture gets it
    inside = [module.expressions[number] for number in module.children[first.id]]
    wanted = [one.string for one in inside] or [one.strip() for one in first.string.split(",")]
    for number in module.children[second.id]:
        row = _row(module, number, names, single=len(wanted) == 1)
        for name, value in zip(wanted, row, strict=False):
            if any(parameter.name == name for parameter in function.parameters):
                heap.slots.move(heap.at(module.name, value), heap.variable(function.id, name))
                yield function.id, name


def _hand_on(
    given: tuple[str, str], fixtures: list[Function], heap: Heap
) -> Iterator[tuple[str, str]]:
    """Lets a parameter of a test move to the fixtures that ask for its name as well; yields all of them."""
    yield given
    for fixture in fixtures:
        if any(parameter.name == given[1] for parameter in fixture.parameters):
            heap.slots.move(heap.variable(*given), heap.variable(fixture.id, given[1]))
            yield fixture.id, given[1]


def _row(module: Module, number: int, names: Names, *, single: bool) -> list[int]:
    """The values of one row of a parametrization."""
    row: Expression = module.expressions[number]
    if row.kind is Kind.CALL and _calls(module, number, _PARAM, names):
        inside = module.children[number][1:]
        return [one for one in inside if module.expressions[one].role is Role.ARGUMENT]
    if single:
        return [number]
    return list(module.children[number]) if row.kind is Kind.CONTAINER else []


def _calls(module: Module, number: int, name: str, names: Names) -> bool:
    """Whether an expression is a call of this function."""
    if module.expressions[number].kind is not Kind.CALL:
        return False
    callee = module.expressions[module.children[number][0]]
    return any(one.name == name for one in names.expression(module, callee))
