"""Turns the addresses of the report into ours: places into expressions, references into names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from asyncify.analysis.report import (
    ClassRef,
    FunctionRef,
    Json,
    Position,
    Report,
    class_ref,
    function_ref,
    position,
    type_info,
)
from asyncify.model.facts import Class, Expression, Function, Kind, Module, Role
from asyncify.model.graph import Target
from asyncify.model.span import Columns, Span

UNKNOWN = "?"
_Address = tuple[FunctionRef, ClassRef | None, bool]


def key(span: Span) -> Position:
    """A span as a plain tuple."""
    return span.line, span.column, span.end_line, span.end_column


@dataclass(slots=True)
class Project:
    """The names of the project's functions and classes, by their address in the report."""

    report: Report
    functions: dict[FunctionRef, Function] = field(default_factory=dict)
    classes: dict[ClassRef, Class] = field(default_factory=dict)
    modules: set[int] = field(default_factory=set)
    # what was found out, for the calls to come: most of them reach what others have reached before
    _targets: dict[_Address, Target | None] = field(default_factory=dict)
    _results: dict[_Address, str | None] = field(default_factory=dict)

    def add(self, identifier: int, places: Places) -> None:
        """Match the definitions of a module with ours, by the place of their names."""
        module = places.module
        self.modules.add(identifier)
        functions = {key(function.name_span): function for function in module.functions}
        classes = {key(cls.name_span): cls for cls in module.classes}
        definitions = self.report.definitions(identifier)
        for name, function in definitions.functions.items():
            if function.location and (ours := functions.get(places.position(function.location))):
                self.functions[identifier, name] = ours
        for number, cls in definitions.classes.items():
            if cls.location and (own := classes.get(places.position(cls.location))):
                self.classes[identifier, number] = own

    def add_stub(self, identifier: int, module: Module) -> None:
        """Match the declarations in the stub beside a module with what they declare, by their names."""
        self.modules.add(identifier)
        functions = {function.id.partition("~")[0]: function for function in module.functions}
        classes = {cls.id.partition("~")[0]: cls for cls in module.classes}
        definitions = self.report.definitions(identifier)

        def ours(name: str) -> str:
            return f"{module.name}:{name.removeprefix(f'{definitions.module}.')}"

        for name, function in definitions.functions.items():
            if declared := functions.get(ours(function.name)):
                self.functions[identifier, name] = declared
        for number, cls in definitions.classes.items():
            if own := classes.get(ours(cls.name)):
                self.classes[identifier, number] = own

    def class_name(self, reference: ClassRef) -> str:
        """A ClassId for a class of the project, a dotted name for any other."""
        if ours := self.classes.get(reference):
            return ours.id
        found = self.report.found_class(reference)
        return found.name if found else UNKNOWN

    def type_name(self, raw: Json, *, awaited: bool = False) -> str | None:
        """The class of the instances of a type."""
        info = type_info(raw)
        if info is None or info.is_class or (info.is_coroutine and not awaited):
            return None
        return self.class_name(info.cls)

    def result(
        self,
        reference: FunctionRef,
        receiver: ClassRef | None = None,
        *,
        awaited: bool = False,
    ) -> str | None:
        """The class of what a function returns, its decorators left aside."""
        address = reference, receiver, awaited
        if address not in self._results:
            self._results[address] = self._result(reference, receiver, awaited=awaited)
        return self._results[address]

    def _result(
        self, reference: FunctionRef, receiver: ClassRef | None, *, awaited: bool
    ) -> str | None:
        found = self.report.function(reference)
        if found is None:
            return None
        names = {self.type_name(raw, awaited=awaited) for raw in found.results}
        name = names.pop() if len(names) == 1 else None
        if found.owner and receiver not in (None, found.owner):
            # `Self` is written as the class that defines the method.
            return None if name == self.class_name(found.owner) else name
        return name

    def function_name(self, reference: FunctionRef) -> str | None:
        """A FunctionId for a function of the project, a dotted name for any other."""
        if ours := self.functions.get(reference):
            return ours.id
        found = self.report.function(reference)
        return found.name if found else None

    def lineage(self, reference: ClassRef) -> Iterator[ClassRef]:
        """A class and its ancestors, in MRO order."""
        yield reference
        if found := self.report.found_class(reference):
            yield from found.ancestors

    def method(self, reference: ClassRef, name: str) -> FunctionRef | None:
        """The method that an object of this class has under a name."""
        for ancestor in self.lineage(reference):
            if method := self.report.method(ancestor, name):
                return method
        return None

    def target(self, raw: Json) -> Target | None:
        """One target of the report."""
        kind, reference = next(iter(raw["target"].items()))
        receiver = class_ref(raw["receiver_class"]) if "receiver_class" in raw else None
        return self.named(function_ref(reference), receiver, overrides=kind == "Overrides")

    def named(
        self, reference: FunctionRef, receiver: ClassRef | None, *, overrides: bool
    ) -> Target | None:
        """A function as a target. A callable field of the project is nothing that anybody can name."""
        address = reference, receiver, overrides
        if address not in self._targets:
            self._targets[address] = self._named(reference, receiver, overrides=overrides)
        return self._targets[address]

    def _named(
        self, reference: FunctionRef, receiver: ClassRef | None, *, overrides: bool
    ) -> Target | None:
        name = self.function_name(reference)
        ours = reference in self.functions
        if name is None or (not ours and self._is_callable_field(reference)):
            return None
        return Target(
            function=name if ours else None,
            external=None if ours else name,
            overrides=overrides,
            receiver=self.class_name(receiver) if receiver else None,
        )

    def _is_callable_field(self, reference: FunctionRef) -> bool:
        found = self.report.function(reference)
        return (
            reference[0] in self.modules
            and reference[1].startswith("CF:")
            and not (found and found.short.startswith("_"))
        )


class Places:
    """Where the expressions of one module are, as the report counts.

    The tables are made when they are first asked for: they are as large as the module, and while those of
    one module are needed, the others have to wait or are done.
    """

    def __init__(self, module: Module, source: str) -> None:
        self.module = module
        self._columns = None if source.isascii() else Columns(source)

    @cached_property
    def _expressions(self) -> dict[Position, list[Expression]]:
        found: dict[Position, list[Expression]] = {}
        for expression in self.module.expressions:
            found.setdefault(key(expression.span), []).append(expression)
        return found

    @cached_property
    def _targets(self) -> dict[tuple[int, int], Expression]:
        return {
            (expression.span.line, expression.span.column): expression
            for expression in self.module.expressions
            if expression.kind is Kind.SUBSCRIPT and expression.role is Role.TARGET
        }

    def position(self, place: Position) -> Position:
        """A place of the report in our columns."""
        line, column, end_line, end_column = place
        if (columns := self._columns) is None:
            return line, column - 1, end_line, end_column - 1
        return (
            line,
            columns.character(line, column - 1),
            end_line,
            columns.character(end_line, end_column - 1),
        )

    def at(self, location: str) -> list[Expression]:
        """The expressions with exactly this place."""
        return self._expressions.get(self.position(position(location)), [])

    def only(self, location: str, kind: Kind | None = None) -> Expression | None:
        """The expression of this kind at a place."""
        for expression in self.at(location):
            if kind is None or expression.kind is kind:
                return expression
        return None

    def assigned(self, location: str) -> Expression | None:
        """The subscript that is assigned to where a place begins."""
        return self._targets.get(self.position(position(location))[:2])
