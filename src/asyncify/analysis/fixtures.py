"""pytest fixtures: a parameter of a test or of another fixture gets what the fixture of its name gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asyncify.analysis.heap import Heap
from asyncify.analysis.names import Names
from asyncify.model.facts import Function, Kind, Module

_FIXTURES = frozenset({"pytest.fixture", "pytest_asyncio.fixture", "_pytest.fixtures.fixture"})


def link(modules: Mapping[str, Module], names: Names, heap: Heap) -> frozenset[tuple[str, str]]:
    """Lets the value of every fixture move to the parameters that ask for it; returns those."""
    fixtures = {
        module.name: {f.name: f for f in module.functions if _is_fixture(module, f, names)}
        for module in modules.values()
    }
    linked: set[tuple[str, str]] = set()
    if not any(fixtures.values()):
        return frozenset()
    conftests = {
        module.path.rpartition("/")[0]: module.name
        for module in modules.values()
        if module.path.rpartition("/")[2] == "conftest.py"
    }
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
