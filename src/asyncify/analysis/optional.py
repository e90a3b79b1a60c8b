"""Functions whose result depends on what an argument is: ``@retry`` and ``@retry(times=3)`` of one function.

``if function is None: return partial(retry, times=times)`` is what the second form gets and never the first, so
the results of both are kept apart. Others ask whether the argument can be called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from asyncify.analysis.narrowing import binds, regions
from asyncify.model.facts import Expression, Function, FunctionId, Kind, Module, Role


class Asked(StrEnum):
    """What a test wants to know of an argument."""

    NONE = "is it None"
    TRUE = "is it true"
    CALLABLE = "can it be called"


class Optional(NamedTuple):
    """A parameter by position and name, and which results need it to be there, or to be a function."""

    position: int
    name: str
    results: Mapping[int, bool]  # by the expression that is returned
    asked: frozenset[Asked]

    def answer(self, is_function: bool, constant: str) -> bool | None:
        """Which results an argument gets; None if nobody can tell."""
        if is_function or constant == "None":
            return is_function
        if constant and self.asked in ({Asked.NONE}, {Asked.CALLABLE}):
            return self.asked == {Asked.NONE}
        return None


def optional_parameters(module: Module) -> Iterator[tuple[FunctionId, Optional]]:
    """The functions of a module of which some results need a parameter, or need it to be left out."""
    tests: dict[tuple[str, str], list[_Test]] = {}
    bound: set[tuple[str, str] | None] = set()
    returned: dict[FunctionId, list[Expression]] = {}
    for item in module.expressions:
        if item.role is Role.RETURNED:
            returned.setdefault(item.function, []).append(item)
        if item.kind is Kind.NAME and item.variable is not None:
            if binds(item):
                bound.add(item.variable)
            elif (test := _test(module, item)) is not None:
                tests.setdefault(item.variable, []).append(test)
    for function in module.functions if tests else ():
        for position, name in _optional(module, function):
            variable = (function.id, name)
            if variable in tests and variable not in bound:
                results = dict(_results(module, returned.get(function.id, ()), tests[variable]))
                if results:
                    asked = frozenset(test.asks for test in tests[variable])
                    yield function.id, Optional(position, name, results, asked)
                    break


class _Test(NamedTuple):
    """A test, whether it is true if there is a value, and what it asks for."""

    test: Expression
    given: bool
    asks: Asked


def _optional(module: Module, function: Function) -> Iterator[tuple[int, str]]:
    """The parameters that are required, or None if they are left out."""
    for position, parameter in enumerate(function.parameters):
        if parameter.kind in ("*", "**"):
            continue
        if parameter.default < 0 or module.expressions[parameter.default].text == "None":
            yield position, parameter.name


def _test(module: Module, item: Expression) -> _Test | None:
    """The test of which a name is the subject."""
    outer = module.expressions[item.parent] if item.parent >= 0 else None
    if item.role is Role.TESTED:
        return _Test(item, True, Asked.TRUE)
    if outer is None:
        return None
    if item.role is Role.COMPARED and outer.text in ("is", "is not"):
        others = [module.expressions[number] for number in module.children[outer.id]]
        if [other.text for other in others[1:]] == ["None"] and others[0] is item:
            return _Test(outer, outer.text == "is not", Asked.NONE)
    if outer.kind is Kind.CALL and item.role is Role.ARGUMENT:
        callee, *arguments = (module.expressions[number] for number in module.children[outer.id])
        if callee.variable == ("builtins", "callable") and len(arguments) == 1:
            return _Test(outer, True, Asked.CALLABLE)
    return None


def _results(
    module: Module, given_back: Sequence[Expression], tests: list[_Test]
) -> Iterator[tuple[int, bool]]:
    """The results of a function that are reached only with a value, or only without."""
    returned = [part for item in given_back for part in parts(module, item)]
    for test, given, _ in tests:
        if not given_back or test.function != given_back[0].function:
            continue
        for region, answer in regions(module, test):
            yield from ((item.id, given is answer) for item in returned if region(item))


def parts(module: Module, returned: Expression) -> tuple[Expression, ...]:
    """What a function may return by one expression: its branches, if it is a choice."""
    if returned.kind is not Kind.CHOICE:
        return (returned,)
    inside = (module.expressions[number] for number in module.children[returned.id])
    return tuple(part for part in inside if part.role is Role.BRANCH)


def is_bound(module: Module, name: Expression) -> bool:
    """Whether something is assigned to the variable of a name."""
    return any(item.variable == name.variable and binds(item) for item in module.expressions)
