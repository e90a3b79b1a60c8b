"""Which strings an expression stands for, where all of them are written in the project: tables of the names of methods.

``getattr(self, self.handlers[kind])`` finds a method that a display of strings names, if nothing is ever put into
that. What cannot be read off the text, a parameter or a table that somebody fills, is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from asyncify.model.facts import Expression, FlowKind, Kind, Module, Role

_Place = tuple[Module, Expression]
_Cell = tuple[_Place, ...]  # an item of what is iterated over, or a key with its value
_DEEP = 8
_READING = frozenset({"count", "get", "index", "items", "keys", "values"})
_ASKING = frozenset({"enumerate", "len", "list", "print", "repr", "set", "sorted", "str", "tuple"})
_SAME_ITEMS = frozenset({"list", "reversed", "set", "sorted", "tuple"})
_HARMLESS = frozenset({Role.COMPARED, Role.FORMATTED, Role.ITERATED, Role.TARGET, Role.TESTED})


class Texts:
    """Finds the strings that expressions stand for."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules

    def of(self, module: str, number: int) -> frozenset[str] | None:
        """The strings that an expression may be; None if there may be others."""
        known = self.modules[module]
        found = self._origins((known, known.expressions[number]), _DEEP)
        texts = {item.string for _, item in found or ()}
        return frozenset(texts) if texts and all(text.isidentifier() for text in texts) else None

    # -- what expressions are ----------------------------------------------------------------

    def _origins(self, place: _Place, deep: int) -> list[_Place] | None:
        """The constants and displays that an expression may be."""
        item = place[1]
        if item.kind in (Kind.CONSTANT, Kind.CONTAINER):
            return [place]
        if deep == 0:
            return None
        if item.kind is Kind.CHOICE:
            branches = [part for part in self._parts(place) if part[1].role is Role.BRANCH]
            return _all(self._origins(part, deep - 1) for part in branches)
        if item.kind is Kind.NAME or item.kind is Kind.ATTRIBUTE:
            return self._bound(place, deep - 1)
        if item.kind is Kind.SUBSCRIPT:
            return self._values(next(self._parts(place)), deep - 1)
        if item.kind is Kind.CALL and (receiver := self._receiver(place, "get")) is not None:
            defaults = [p for p in list(self._parts(place))[2:] if p[1].text != "None"]
            values = self._values(receiver, deep - 1)
            others = _all(self._origins(part, deep - 1) for part in defaults)
            return None if values is None or others is None else [*values, *others]
        return None

    def _bound(self, place: _Place, deep: int) -> list[_Place] | None:
        """What a variable or an attribute is bound to, if it never changes."""
        named = self._named(place)
        if named is None:
            return None
        targets = [one for one in named if one[1].role is Role.TARGET]
        found = _all(self._given(one, deep) for one in targets)
        held = any(item.kind is Kind.CONTAINER for _, item in found or ())
        if held and not all(self._is_harmless(one) for one in named):
            return None
        return found or None

    def _named(self, place: _Place) -> list[_Place] | None:
        """Every place that may name the same variable or attribute; None if others may set it."""
        module, item = place
        owner = (item.variable or ("",))[0]
        if owner == "builtins" or any(
            p.name == item.text for f in module.functions if f.id == owner for p in f.parameters
        ):
            return None
        if owner.rpartition(":")[2] and not self._is_class(module, owner):
            return [(module, one) for one in module.expressions if one.variable == item.variable]
        if item.text in self._spoken or item.text in self._renamed:
            return None
        if self._sets_any and (item.kind is Kind.ATTRIBUTE or self._is_class(module, owner)):
            return None
        return self._by_text.get(item.text, [])

    def _given(self, target: _Place, deep: int) -> list[_Place] | None:
        """What an assignment or a loop gives a target."""
        module, item = target
        if module.statements[item.statement].kind == "AnnAssign" and self._is_class(
            module, (item.variable or ("",))[0]
        ):
            return None  # a field, which a constructor may set
        flows = self._flows[module.name].get(item.id, ())
        if not flows:
            return None
        found = []
        for kind, number in flows:
            source = module.expressions[number]
            if kind is FlowKind.ELEMENT:
                found.append(self._element((module, source), item, deep))
            elif kind is FlowKind.VALUE and source.detail != "augmented":
                found.append(self._origins((module, source), deep))
            else:
                return None
        return _all(found)

    def _element(self, source: _Place, target: Expression, deep: int) -> list[_Place] | None:
        """What a loop gives a target, by itself or as a part of a tuple of targets."""
        module, item = source
        if item.role is not Role.TARGET:
            cells = self._each(source, deep)
            if cells is None or any(len(cell) > 1 for cell in cells):
                return None
            return _all(self._origins(cell[0], deep) for cell in cells)
        found: list[list[_Place] | None] = []
        for kind, number in self._flows[module.name].get(item.id, ()):
            cells = self._each((module, module.expressions[number]), deep)
            if kind is not FlowKind.ELEMENT or not target.detail.isdigit() or cells is None:
                return None
            found.extend(self._part(cell, int(target.detail), deep) for cell in cells)
        return _all(found)

    # -- what is in displays -----------------------------------------------------------------

    def _each(self, place: _Place, deep: int) -> list[_Cell] | None:
        """What a loop over an expression gets, one after the other."""
        if deep == 0:
            return None
        for method in ("items", "values", "keys"):
            receiver = self._receiver(place, method)
            if receiver is not None:
                return self._cells(receiver, method, deep - 1)
        parts = list(self._parts(place))
        if place[1].kind is Kind.CALL and len(parts) == 2 and parts[0][1].text in _SAME_ITEMS:
            builtin = (parts[0][1].variable or ("",))[0] == "builtins"
            return self._each(parts[1], deep - 1) if builtin else None
        return self._cells(place, "keys", deep - 1)

    def _cells(self, place: _Place, method: str, deep: int) -> list[_Cell] | None:
        """The items of the displays that an expression may be."""
        found: list[_Cell] = []
        displays = self._origins(place, deep)
        for display in displays or ():
            parts = list(self._parts(display))
            if display[1].kind is not Kind.CONTAINER or not all(map(_is_fixed, parts)):
                return None
            if display[1].text != "dict":
                found.extend((part,) for part in parts if method == "keys")
                continue
            keys, values = parts[::2], parts[1::2]
            if method == "items":
                found.extend(zip(keys, values, strict=True))
            else:
                found.extend((part,) for part in (keys if method == "keys" else values))
        return found if displays else None

    def _values(self, place: _Place, deep: int) -> list[_Place] | None:
        """What may be found in an expression by a key or an index."""
        displays = self._origins(place, deep)
        kinds = {display.text for _, display in displays or ()}
        cells = self._cells(place, "values" if kinds == {"dict"} else "keys", deep)
        if cells is None or len(kinds) != 1:
            return None
        return _all(self._origins(cell[0], deep) for cell in cells)

    def _part(self, cell: _Cell, position: int, deep: int) -> list[_Place] | None:
        """What stands at a position of an item."""
        if len(cell) > 1:
            return self._origins(cell[position], deep) if position < len(cell) else None
        found: list[list[_Place] | None] = []
        for row in self._origins(cell[0], deep) or (cell[0],):
            parts = list(self._parts(row))
            listed = row[1].kind is Kind.CONTAINER and row[1].text in ("tuple", "list")
            if not listed or position >= len(parts):
                return None
            if any(item.role is not Role.ELEMENT for _, item in parts):
                return None
            found.append(self._origins(parts[position], deep))
        return _all(found)

    # -- places ------------------------------------------------------------------------------

    def _parts(self, place: _Place) -> Iterator[_Place]:
        module, item = place
        return ((module, module.expressions[number]) for number in module.children[item.id])

    def _receiver(self, call: _Place, method: str) -> _Place | None:
        """The object of which a call calls this method."""
        callee = next(self._parts(call), None) if call[1].kind is Kind.CALL else None
        if callee is None or callee[1].kind is not Kind.ATTRIBUTE or callee[1].text != method:
            return None
        return next(self._parts(callee))

    def _is_harmless(self, place: _Place) -> bool:
        """Whether a place only reads what a table has."""
        module, item = place
        if item.role in _HARMLESS:
            return True
        outer = module.expressions[item.parent] if item.parent >= 0 else item
        if item.role is Role.SUBSCRIPTED:
            return outer.role not in (Role.TARGET, Role.DELETED)
        if item.role is Role.RECEIVER:
            return outer.text in _READING and outer.role is Role.CALLEE
        callee = next(self._parts((module, outer)), place)[1]
        builtin = (callee.variable or ("",))[0] == "builtins"
        return item.role is Role.ARGUMENT and builtin and callee.text in _ASKING

    def _is_class(self, module: Module, owner: str) -> bool:
        return any(cls.id == owner for cls in module.classes)

    @cached_property
    def _by_text(self) -> dict[str, list[_Place]]:
        found: dict[str, list[_Place]] = {}
        for module in self.modules.values():
            for item in module.expressions:
                if item.kind is Kind.NAME or item.kind is Kind.ATTRIBUTE:
                    found.setdefault(item.text, []).append((module, item))
        return found

    @cached_property
    def _spoken(self) -> frozenset[str]:
        """The names in strings by which somebody may set a variable or an attribute."""
        strings = (
            e.detail if e.role is Role.KEYWORD else e.string
            for module in self.modules.values()
            for e in module.expressions
            if e.role is Role.KEYWORD or e.kind is Kind.CONSTANT
        )
        return frozenset(text.rpartition(".")[2] for text in strings if text)

    @cached_property
    def _sets_any(self) -> bool:
        """Whether attributes are set by names that are not written down."""
        if "__dict__" in self._by_text:
            return True
        for module, item in self._by_text.get("setattr", ()):
            outer = module.expressions[item.parent] if item.role is Role.CALLEE else None
            parts = list(self._parts((module, outer))) if outer is not None else []
            if len(parts) < 3 or not parts[2][1].string:
                return True
        return False

    @cached_property
    def _renamed(self) -> frozenset[str]:
        """The names that another module has under another name."""
        imports = (one for module in self.modules.values() for one in module.imports)
        return frozenset(
            name
            for one in imports
            if one.attribute is not None and one.attribute != one.name
            for name in (one.attribute, one.name)
        )

    @cached_property
    def _flows(self) -> dict[str, dict[int, list[tuple[FlowKind, int]]]]:
        """By module and target, what flows there."""
        found: dict[str, dict[int, list[tuple[FlowKind, int]]]] = {}
        for module in self.modules.values():
            own = found.setdefault(module.name, {})
            for flow in module.flows:
                own.setdefault(flow.target, []).append((flow.kind, flow.source))
        return found


def _is_fixed(part: _Place) -> bool:
    """Whether a part of a display stays what it is: no list that somebody may fill."""
    item = part[1]
    return item.role is Role.ELEMENT and (item.kind is not Kind.CONTAINER or item.text == "tuple")


def _all(found: Iterable[list[_Place] | None]) -> list[_Place] | None:
    """All that was found; None if one of them is not known."""
    whole: list[_Place] = []
    for one in found:
        if one is None:
            return None
        whole += one
    return whole
