"""Which annotations describe an expression: of variables, attributes, parameters and results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from asyncify.model.facts import Expression, Flow, FlowKind, Function, Kind, Parameter, Place, Role
from asyncify.model.graph import Access, Reference

if TYPE_CHECKING:
    from asyncify.planning.project import Project

# ("variable", scope, name), ("attribute", class, name) or ("result", function, "")
Slot = tuple[str, str, str]
Described = tuple[Slot, int]  # and how deep inside the object of the slot the expression lies

_CASTS = frozenset({"typing.cast", "typing_extensions.cast"})
_PASSING = frozenset({Role.ASSIGNED, Role.BRANCH})


class Annotated:
    """Every annotation of a project, by the slot that it describes."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.annotations: dict[Slot, list[Reference]] = {}
        self.rows: set[Slot] = set()  # *args and **kwargs: annotated by what is in them
        self._owners: dict[str, set[str]] = {}  # classes that annotate an attribute of this name
        self._defaults: dict[Reference, Slot] = {}
        for function in project.functions.values():
            self._function(function)
        for name, module in project.graph.modules.items():
            targets = {
                e.statement: e for e in module.expressions if e.role is Role.TARGET and e.parent < 0
            }
            for expression in module.expressions:
                if expression.role is not Role.ANNOTATION or expression.parent >= 0:
                    continue
                if module.statements[expression.statement].kind == "AnnAssign":
                    target = targets.get(expression.statement)
                    if target is not None:
                        self._variable(name, target, Reference(name, expression.id))
        # by module, as most of them have nothing that anybody asks about
        self._flows: dict[str, dict[int, list[int]]] = {}
        self._elements: dict[str, dict[int, int]] = {}

    def _function(self, function: Function) -> None:
        for parameter in function.parameters:
            slot = ("variable", function.id, parameter.name)
            if parameter.annotation >= 0:
                self._add(slot, Reference(function.module, parameter.annotation))
            if parameter.kind in ("*", "**"):
                self.rows.add(slot)
            if parameter.default >= 0:
                self._defaults[Reference(function.module, parameter.default)] = slot
        if function.returns >= 0:
            self._add(("result", function.id, ""), Reference(function.module, function.returns))

    def _variable(self, module: str, target: Expression, annotation: Reference) -> None:
        for slot in self._own(Reference(module, target.id), target):
            self._add(slot, annotation)

    def _add(self, slot: Slot, annotation: Reference) -> None:
        self.annotations.setdefault(slot, []).append(annotation)
        if slot[0] == "attribute":
            self._owners.setdefault(slot[2], set()).add(slot[1])

    def roots(self) -> Iterator[Reference]:
        """Every annotation, and every type that `cast` is given."""
        casting = {
            callee.module for callee, name in self.project.graph.names.items() if name in _CASTS
        }
        for name, module in self.project.graph.modules.items():
            for expression in module.expressions:
                if expression.role is Role.ANNOTATION:
                    yield Reference(name, expression.id)
                elif name in casting and _is_first_argument(expression):
                    if self._is_cast(reference := Reference(name, expression.id)):
                        yield reference

    def _is_cast(self, reference: Reference) -> bool:
        if self.project.expression(reference).place is Place.ANNOTATION:
            return False
        outer = self.project.parent(reference)
        if outer is None:
            return False
        callee = self.project.child(outer[0], Role.CALLEE)
        return callee is not None and self.project.graph.names.get(callee) in _CASTS

    # -- from expressions to slots ---------------------------------------------------------------

    def describing(self, reference: Reference) -> Iterator[Described]:
        """The slots of an expression; with a depth, those of something that holds it."""
        found: dict[Described, None] = {}
        for slot, depth in self._slots(reference, 0):
            if slot not in self.rows:
                found[slot, depth] = None
            elif depth:
                found[slot, depth - 1] = None
        return iter(found)

    def _slots(self, reference: Reference, depth: int) -> Iterator[Described]:
        if depth > 3:
            return
        expression = self.project.expression(reference)
        for slot in (*self._own(reference, expression), *self._sent(reference, expression)):
            yield slot, depth
        module = self.project.module(reference)
        if module.name not in self._flows:
            self._flows[module.name] = _by_source(module.flows)
            elements = (flow for flow in module.flows if flow.kind is FlowKind.ELEMENT)
            self._elements[module.name] = {flow.target: flow.source for flow in elements}
        for target in self._flows[module.name].get(reference.expression, ()):
            found = Reference(reference.module, target)
            for slot in self._own(found, self.project.expression(found)):
                yield slot, depth
        if expression.role is Role.YIELDED:
            yield ("result", expression.function, ""), depth + 1
        for holder, deeper in self._holders(reference, expression):
            yield from self._slots(holder, depth + deeper)

    def _holders(
        self, reference: Reference, expression: Expression
    ) -> Iterator[tuple[Reference, int]]:
        """What has the same value, or (with 1) holds it."""
        outer = self.project.parent(reference)
        if expression.role in _PASSING and outer is not None:
            yield outer[0], 0
        elif expression.role is Role.ELEMENT and outer is not None:
            yield outer[0], 1
        if expression.kind is Kind.SUBSCRIPT:
            base = self.project.child(reference, Role.SUBSCRIPTED)
            if base is not None:
                yield base, 1
        elif reference.expression in self._elements[reference.module]:
            yield Reference(
                reference.module, self._elements[reference.module][reference.expression]
            ), 1

    def _own(self, reference: Reference, expression: Expression) -> Iterable[Slot]:
        """The slots that an expression itself names."""
        if expression.kind is Kind.NAME and expression.variable is not None:
            scope, name = expression.variable
            yield "variable", scope, name
            if scope in self.project.graph.classes:
                yield "attribute", scope, name
        elif expression.kind is Kind.ATTRIBUTE:
            yield from self._attribute(reference, expression)
            yield from self._results(reference, Access.PROPERTY)
        elif expression.kind is Kind.CALL:
            yield from self._results(reference, Access.CALL)

    def _attribute(self, reference: Reference, expression: Expression) -> Iterable[Slot]:
        receiver = self.project.child(reference, Role.RECEIVER)
        if receiver is None:
            return
        found = self.project.graph.types.get(receiver)
        if found is None:
            function = self.project.functions[expression.function]
            first = function.parameters[0].name if function.parameters else None
            if function.owner is not None and self.project.expression(receiver).text == first:
                found = function.owner
        if found is None or found not in self.project.graph.classes:
            owners = self._owners.get(expression.text, set())
            found = next(iter(owners)) if found is None and len(owners) == 1 else None
        if found is not None:
            for cls in (found, *self.project.graph.bases.get(found, ())):
                yield "attribute", cls, expression.text

    def _results(self, reference: Reference, access: Access) -> Iterator[Slot]:
        for edge in self.project.edges_at(reference):
            if edge.access is access:
                for target in edge.targets:
                    if target.function is not None:
                        yield "result", target.function, ""

    def _sent(self, reference: Reference, expression: Expression) -> Iterator[Slot]:
        """The slots that an expression is put into."""
        if expression.role is Role.RETURNED:
            yield "result", expression.function, ""
        elif expression.role is Role.DEFAULT and reference in self._defaults:
            yield self._defaults[reference]
        elif expression.role in (Role.ARGUMENT, Role.KEYWORD):
            outer = self.project.parent(reference)
            edge = self.project.call_edge(outer[0]) if outer is not None else None
            if edge is None or outer is None:
                return
            for target in edge.targets:
                if target.function is not None:
                    function = self.project.functions[target.function]
                    bound = edge.access is Access.CONSTRUCT or self._is_bound(function, outer[0])
                    parameter = _parameter(function, expression, bound)
                    if parameter is not None:
                        yield "variable", function.id, parameter.name

    def _is_bound(self, function: Function, call: Reference) -> bool:
        """Whether a call leaves out the first parameter."""
        if function.owner is None:
            return False
        names = [name for _, name in self.project.decorators(function)]
        if "builtins.staticmethod" in names:
            return False
        callee = self.project.child(call, Role.CALLEE)
        receiver = self.project.child(callee, Role.RECEIVER) if callee is not None else None
        if receiver is None or "builtins.classmethod" in names:
            return True
        value = self.project.value(receiver)
        return value is None or all(s.kind.value != "class" for s in value.sources)


def _is_first_argument(expression: Expression) -> bool:
    return expression.role is Role.ARGUMENT and expression.detail == "0"


def _by_source(flows: Iterable[Flow]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for flow in flows:
        if flow.kind is FlowKind.VALUE:
            found.setdefault(flow.source, []).append(flow.target)
    return found


def _parameter(function: Function, argument: Expression, bound: bool) -> Parameter | None:
    if argument.role is Role.KEYWORD:
        named = [p for p in function.parameters if p.name == argument.detail]
        return named[0] if named else next((p for p in function.parameters if p.kind == "**"), None)
    if not argument.detail.isdigit():
        return None
    position = int(argument.detail) + bound
    positional = [p for p in function.parameters if p.kind in ("positional", "positional-only")]
    if position < len(positional):
        return positional[position]
    return next((p for p in function.parameters if p.kind == "*"), None)
