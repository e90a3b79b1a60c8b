"""Names in strings that are no constants: `getattr(self, "do_" + command)` means every attribute of that shape."""

from __future__ import annotations

import re
from dataclasses import dataclass

from asyncify.model.facts import Expression, FlowKind, Kind, Module, Role

HOLE = "{}"
_LISTED = ("tuple", "list", "set")
_PERCENT = re.compile(r"%[a-z]")
_BRACES = re.compile(r"\{\w*\}")
_SHAPE = re.compile(r"(\w*)\{\}(\w*)")


def shape_of(module: Module, number: int) -> str | None:
    """How a string is put together, ``do_{}``; None if nothing is known about it."""
    shape = _shape(module, module.expressions[number])
    return shape if shape is not None and shape != HOLE and _SHAPE.fullmatch(shape) else None


def prefix_of(module: Module, number: int) -> str:
    """How a dotted name begins that is put together, ``plugins.{}``; nothing for a relative one."""
    prefix, hole, _ = (_shape(module, module.expressions[number]) or "").partition(HOLE)
    return prefix if hole and not prefix.startswith(".") else ""


def _shape(module: Module, item: Expression) -> str | None:
    shape = _written(module, item)
    if shape is None and item.kind is Kind.NAME:
        shapes = {_written(module, source) for source in _sources(module, item)}
        shape = shapes.pop() if len(shapes) == 1 else None
    return shape


def fits(shape: str, name: str) -> bool:
    """Whether a name may be put together in this way."""
    found = _SHAPE.fullmatch(shape)
    assert found is not None, shape
    start, end = found.groups()
    return len(name) > len(start) + len(end) and name.startswith(start) and name.endswith(end)


@dataclass(frozen=True, slots=True)
class Written:
    """What is known of a string: which texts it may be, else its shape, else nothing."""

    texts: frozenset[str] | None = None
    shape: str | None = None

    def may_be(self, name: str) -> bool:
        """Whether the string may be this name."""
        if self.texts is not None:
            return name in self.texts
        return self.shape is None or fits(self.shape, name)


def written(module: Module, number: int) -> Written:
    """What a module shows of a string."""
    texts = _texts(module, module.expressions[number])
    return (
        Written(frozenset(texts)) if texts is not None else Written(None, shape_of(module, number))
    )


def _texts(module: Module, item: Expression) -> set[str] | None:
    """The strings that an expression stands for, one of them at a time; None if others may be among them."""
    if item.kind is Kind.CONSTANT:
        return {item.string}
    if item.kind is not Kind.NAME or item.variable is None or _is_parameter(module, item):
        return None
    flows = {flow.target: flow for flow in module.flows}
    found: set[str] = set()
    for each in module.expressions:
        if each.variable != item.variable or each.role is not Role.TARGET:
            continue
        flow = flows.get(each.id)
        if flow is None:
            return None
        source = module.expressions[flow.source]
        given = [source]
        if flow.kind is FlowKind.ELEMENT and source.text in _LISTED:
            given = [module.expressions[child] for child in module.children[source.id]]
        elif flow.kind is not FlowKind.VALUE or source.detail == "augmented":
            return None
        if any(each.kind is not Kind.CONSTANT for each in given):
            return None
        found.update(each.string for each in given)
    return found or None


def _is_parameter(module: Module, item: Expression) -> bool:
    owner, name = item.variable or ("", "")
    functions = (function for function in module.functions if function.id == owner)
    return any(p.name == name for function in functions for p in function.parameters)


def _sources(module: Module, item: Expression) -> list[Expression]:
    """What a variable gets, where nothing else than plain assignments gives it a value."""
    return [
        module.expressions[flow.source]
        for flow in module.flows
        if flow.kind is FlowKind.VALUE
        and module.expressions[flow.target].variable == item.variable
        and item.variable is not None
    ]


def _written(module: Module, item: Expression) -> str | None:
    children = [module.expressions[child] for child in module.children[item.id]]
    if item.text.startswith("JoinedStr:"):
        return item.text.partition(":")[2]
    if item.text == "BinOp":
        first, last = children[0], children[-1]
        if "%" in first.string:
            return _PERCENT.sub(HOLE, first.string)
        if first.string or last.string:
            return f"{first.string}{HOLE}{last.string}"
        return _written(module, first) if first.text == "BinOp" else None
    if item.kind is Kind.CALL and children[0].kind is Kind.ATTRIBUTE:
        receiver = module.expressions[module.children[children[0].id][0]]
        if children[0].text == "format" and receiver.string:
            return _BRACES.sub(HOLE, receiver.string)
    return None
