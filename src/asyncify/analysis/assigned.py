"""The names of all attributes that something is assigned to, whoever has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from asyncify.analysis.hierarchy import Hierarchy
from asyncify.model.composed import written
from asyncify.model.facts import Expression, Kind, Module, Place, Role

VALUES = ("value", "_value_")  # of a member of an enumeration


def assigned_names(modules: Mapping[str, Module], hierarchy: Hierarchy) -> frozenset[str]:
    """Every name of an attribute that is assigned to, or bound in a class body or by making a class."""
    found = {name for owner, name in hierarchy.names.assigned if owner in hierarchy.classes}
    if any(map(hierarchy.is_enumeration, hierarchy.classes)):
        found.update(VALUES)
    for module in modules.values():
        for item in module.expressions:
            made = hierarchy.made_class(module, item)
            found.update(made.attributes if made is not None else ())
            if item.kind is Kind.ATTRIBUTE and item.role is Role.TARGET:
                found.add(item.text)
            elif item.kind is Kind.CALL:
                found.update(_set_by_name(module, item))
            if _is_namespace(module, item):
                found.update(_put_into(module, item))
    return frozenset(found)


def is_member(hierarchy: Hierarchy, module: Module, source: int, target: int) -> bool:
    """Whether an assignment makes a member of an enumeration: no longer the value, but an object that has it."""
    name = module.expressions[target]
    if name.place is not Place.CLASS_BODY or name.variable is None:
        return False
    made = module.expressions[source].kind in (Kind.CALL, Kind.CONSTANT, Kind.CONTAINER)
    return made and hierarchy.is_enumeration(name.variable[0])


def _set_by_name(module: Module, item: Expression) -> Iterable[str]:
    """The attributes that `setattr(obj, "name", value)` sets."""
    if len(module.children[item.id]) != 4:
        return ()
    callee, _, name, _ = module.children[item.id]
    if module.expressions[callee].text != "setattr":
        return ()
    return written(module, name).texts or ()


def _is_namespace(module: Module, item: Expression) -> bool:
    """Whether an expression is `obj.__dict__` or `vars(obj)`."""
    if item.kind is not Kind.CALL:
        return item.kind is Kind.ATTRIBUTE and item.text == "__dict__"
    return module.expressions[module.children[item.id][0]].text in ("vars", "globals")


def _put_into(module: Module, namespace: Expression) -> Iterable[str]:
    """The attributes that `obj.__dict__["name"] = value` and `vars(obj).update(name=value)` set."""
    outer = module.expressions[namespace.parent] if namespace.parent >= 0 else None
    if outer is None:
        return
    if namespace.role is Role.SUBSCRIPTED and outer.role is Role.TARGET:
        yield from written(module, module.children[outer.id][1]).texts or ()
    elif namespace.role is Role.RECEIVER and outer.role is Role.CALLEE:
        for number in module.children[outer.parent][1:]:
            given = module.expressions[number]
            if given.role is Role.KEYWORD:
                yield given.detail
            for key in module.children[number] if given.kind is Kind.CONTAINER else (number,):
                yield from written(module, key).texts or ()
