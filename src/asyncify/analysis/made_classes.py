"""Classes that a call makes, as ``type("C", (Base,), {"run": run})``: their bases, and what they have beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from asyncify.analysis.names import Names
from asyncify.model.facts import Expression, Kind, Module, Role

TYPE = "builtins.type"


@dataclass(frozen=True, slots=True)
class Maker:
    """Where a function that makes classes takes their bases and attributes: positions and keywords."""

    bases: tuple[str, ...]
    attributes: tuple[str, ...]


MAKERS = {
    TYPE: Maker(("1",), ("2",)),
    "abc.ABCMeta": Maker(("1",), ("2",)),
    "types.new_class": Maker(("1", "bases"), ("3", "exec_body")),
    "dataclasses.make_dataclass": Maker(("bases",), ("1", "fields", "namespace")),
}


@dataclass(frozen=True, slots=True)
class Made:
    """What a class gets from the call that makes it.

    Args:
        bases: the expression that says them, if one does.
        attributes: the expressions of those whose name is written down, by name.
        whole: it gets no others, for sure.
    """

    bases: int | None
    attributes: dict[str, int]
    whole: bool


def made_by(names: Names, module: Module, call: Expression, maker: Maker) -> Made:
    """What a call of `maker` gives to its class."""
    arguments = [module.expressions[each] for each in module.children[call.id][1:]]
    bases = next((each.id for each in arguments if each.detail in maker.bases), None)
    attributes: dict[str, int] = {}
    whole = not any(each.kind is Kind.STARRED or not each.detail for each in arguments)
    for argument in arguments:
        if argument.detail in maker.attributes and argument.text != "None":
            for found in _attributes(names, module, argument):
                if found is None:
                    whole = False
                else:
                    attributes.update((found,))
    return Made(bases, attributes, whole)


def _attributes(names: Names, module: Module, item: Expression) -> Iterator[tuple[str, int] | None]:
    """The names and values of a namespace, or of the fields of a dataclass; None for what has no name here."""
    inside = [module.expressions[each] for each in module.children[item.id]]
    if item.kind is Kind.CONTAINER and item.text == "dict":
        if any(each.role is Role.UNPACKED for each in inside):
            yield None
        for key, value in pairwise(inside):
            if key.detail == "key":
                yield (key.string, value.id) if key.string else None
    elif item.kind is Kind.CONTAINER:
        for field in inside:
            first = field
            if field.kind is Kind.CONTAINER and module.children[field.id]:
                first = module.expressions[module.children[field.id][0]]
            yield (first.string, field.id) if first.string else None
    elif _is_dict_call(names, module, item):
        for argument in inside[1:]:
            named = argument.role is Role.KEYWORD and argument.detail
            yield (argument.detail, argument.id) if named else None
    else:
        yield None


def _is_dict_call(names: Names, module: Module, item: Expression) -> bool:
    if item.kind is not Kind.CALL:
        return False
    found = names.expression(module, module.expressions[module.children[item.id][0]])
    return [one.name for one in found] == ["builtins.dict"]
