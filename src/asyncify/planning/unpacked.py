"""What a mapping may hold that a call unpacks: `**kwargs` of a wrapper has the keywords of its callers."""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Expression, Function, FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.project import Project


def unpacked_keys(project: Project, reference: Reference) -> frozenset[str]:
    """The keywords that an unpacked mapping is known to hold, and perhaps more.

    One of which the value is neither None nor a tuple, or not known, is there with a question mark too.
    Callers that nobody sees may give others.
    """
    return frozenset(_keys(project, reference, set()))


def is_unpacked(expression: Expression) -> bool:
    """Whether an argument stands behind two stars."""
    return expression.role is Role.KEYWORD and not expression.detail


def _keys(project: Project, reference: Reference, seen: set[FunctionId]) -> Iterator[str]:
    expression = project.expression(reference)
    if expression.kind is Kind.CONTAINER:
        for inner, element in project.children(reference):
            if element.detail == "key" and element.kind is Kind.CONSTANT:
                yield from _open(element.string)
            elif element.role is Role.UNPACKED:
                yield from _keys(project, inner, seen)
        return
    function = project.functions[expression.function]
    if expression.kind is Kind.NAME and function.id not in seen:
        seen.add(function.id)
        yield from _written(project, function)
        if any(p.kind == "**" and p.name == expression.text for p in function.parameters):
            yield from _handed(project, function, seen)


def _written(project: Project, function: Function) -> Iterator[str]:
    """What a function may add itself: `kwargs["stream"] = True`, `kwargs.update(stream=True)`."""
    for each in project.graph.modules[function.module].expressions:
        if each.function == function.id and each.kind is Kind.CONSTANT:
            yield from _open(each.string)
        elif each.function == function.id and each.role is Role.KEYWORD:
            yield from _given(each)


def _handed(project: Project, function: Function, seen: set[FunctionId]) -> Iterator[str]:
    """What the callers of a function hand over."""
    own = {parameter.name for parameter in function.parameters}
    for edge in project.reaching(function.id):
        for argument, given in project.arguments(edge.site):
            if is_unpacked(given):
                yield from _keys(project, argument, seen)
            elif given.role is Role.KEYWORD and given.detail not in own:
                yield from _given(given)


def _open(keyword: str) -> Iterator[str]:
    yield from (keyword, f"{keyword}?")


def _given(value: Expression) -> Iterator[str]:
    """A keyword by its value."""
    display = value.kind is Kind.CONTAINER and value.text == "tuple"
    if display or (value.kind is Kind.CONSTANT and value.text == "None"):
        yield value.detail
    else:
        yield from _open(value.detail)
