"""Look-ups over the call graph that every planning step shares."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any, TypeVar

from asyncify.model.facts import (
    ClassId,
    Expression,
    FlowKind,
    Function,
    FunctionId,
    Kind,
    Module,
    Role,
    Statement,
)
from asyncify.model.graph import (
    Access,
    CallGraph,
    Edge,
    Reference,
    Source,
    SourceKind,
    Value,
    Wrapper,
)
from asyncify.planning.families import Families, families, lines
from asyncify.rules.hooks import Framework

_MARK = "pytest.mark."
_MARKS = frozenset({"pytest.MarkDecorator", "_pytest.mark.structures.MarkDecorator"})
# roles in which a value only moves on: whoever sees it next is an occurrence of the same value
PASSING_ROLES = frozenset(
    {
        Role.ASSIGNED,
        Role.TARGET,
        Role.RETURNED,
        Role.BRANCH,
        Role.AWAITED,
        Role.DISCARDED,
        Role.DELETED,
        Role.ANNOTATION,
    }
)

# why nobody can tell what becomes of a `Value` that is lost
UNSEEN = "from here it goes on to where nobody follows it"
_Found = TypeVar("_Found")
# by module the first and the last line of each, and a function that it is for
Programs = Mapping[str, tuple[tuple[int, int, FunctionId], ...]]
_Moves = dict[Reference, list[tuple[FlowKind, Reference]]]


class Project:
    """The call graph with its indexes, and what was asked about all of it. Read only."""

    def __init__(
        self,
        graph: CallGraph,
        frameworks: tuple[Framework, ...] = (),
        wrap_scripts: bool = False,
        waiting: frozenset[str] = frozenset(),  # names of the functions that rules know to wait
        data: frozenset[str] = frozenset(),  # and of those that give what JSON has
    ) -> None:
        self.graph, self.functions = graph, graph.functions
        self.frameworks, self.wrap_scripts = frameworks, wrap_scripts
        self.waiting, self.data = waiting, data
        self.starting: frozenset[FunctionId] = frozenset()
        self.programs: Programs = {}
        self._memory: dict[Hashable, Any] = {}
        self._callee_names: dict[Reference, tuple[str, ...]] = {}

    def told(
        self, *, starting: Iterable[FunctionId] = (), programs: Programs | None = None
    ) -> Project:
        """The same, that knows more: tests that start a loop for what they await, and which programs there are."""
        made = copy(self)
        made.starting = self.starting.union(starting)
        made.programs = self.programs if programs is None else programs
        return made

    def memory(self, key: Hashable, find: Callable[[Project], _Found]) -> _Found:
        """What somebody found out about the project, or the part of it that the key names, once."""
        if key not in self._memory:
            self._memory[key] = find(self)
        found: _Found = self._memory[key]
        return found

    # -- expressions -------------------------------------------------------------------------

    def module(self, reference: Reference) -> Module:
        """The module of an expression."""
        return self.graph.modules[reference.module]

    def expression(self, reference: Reference) -> Expression:
        """The expression at an address."""
        return self.graph.modules[reference.module].expressions[reference.expression]

    def path(self, function: FunctionId) -> str:
        """The file of a function."""
        return self.graph.modules[self.functions[function].module].path

    def written_module(self, dotted: str) -> Module | None:
        """The module that a dotted name in a string means; a vendored package may have a short name."""
        top, dot, rest = dotted.partition(".")
        return self.graph.modules.get(f"{self.graph.lent.get(top, top)}{dot}{rest}")

    def parent(self, reference: Reference) -> tuple[Reference, Expression] | None:
        """The expression around an expression."""
        number = self.expression(reference).parent
        if number < 0:
            return None
        outer = Reference(reference.module, number)
        return outer, self.expression(outer)

    def children(self, reference: Reference) -> Iterator[tuple[Reference, Expression]]:
        """The expressions directly inside an expression, in source order."""
        module = self.module(reference)
        for number in module.children[reference.expression]:
            yield Reference(reference.module, number), module.expressions[number]

    def inside(self, reference: Reference) -> Iterator[Reference]:
        """An expression, and all that it is made of."""
        yield reference
        for inner, _ in self.children(reference):
            yield from self.inside(inner)

    def child(
        self, reference: Reference, role: Role, detail: str | None = None
    ) -> Reference | None:
        """The first child in a role."""
        module = self.module(reference)
        for number in module.children[reference.expression]:
            expression = module.expressions[number]
            if expression.role is role and (detail is None or expression.detail == detail):
                return Reference(reference.module, number)
        return None

    def arguments(self, call: Reference) -> list[tuple[Reference, Expression]]:
        """The arguments of a call as written."""
        roles = (Role.ARGUMENT, Role.KEYWORD, Role.UNPACKED)
        return [(r, e) for r, e in self.children(call) if e.role in roles]

    def enclosing(self, reference: Reference) -> Iterator[tuple[Expression, Expression]]:
        """Pairs (child, parent) from an expression outwards, up to its statement or lambda."""
        expressions = self.module(reference).expressions
        child = expressions[reference.expression]
        while child.parent >= 0:
            parent = expressions[child.parent]
            yield child, parent
            if parent.kind is Kind.LAMBDA:
                return
            child = parent

    @cached_property
    def _attributes(self) -> dict[str, list[Reference]]:
        found: dict[str, list[Reference]] = {}
        for name, module in self.graph.modules.items():
            for expression in module.expressions:
                if expression.kind is Kind.ATTRIBUTE:
                    found.setdefault(expression.text, []).append(Reference(name, expression.id))
        return found

    def attributes(self, name: str) -> list[Reference]:
        """Every place in the project that reads or sets an attribute of this name."""
        return self._attributes.get(name, [])

    @cached_property
    def _moves(self) -> tuple[_Moves, _Moves]:
        """How values move directly between expressions: by where they get, and by where they come from."""
        origins: _Moves = {}
        destinations: _Moves = {}
        for name, module in self.graph.modules.items():
            for flow in module.flows:
                source, target = Reference(name, flow.source), Reference(name, flow.target)
                origins.setdefault(target, []).append((flow.kind, source))
                destinations.setdefault(source, []).append((flow.kind, target))
        return origins, destinations

    def origins(self, target: Reference) -> list[tuple[FlowKind, Reference]]:
        """What flows directly into an expression, and how."""
        return self._moves[0].get(target, [])

    def destinations(self, source: Reference) -> list[tuple[FlowKind, Reference]]:
        """What an expression flows into directly, and how."""
        return self._moves[1].get(source, [])

    # -- statements --------------------------------------------------------------------------

    def statement(self, reference: Reference) -> Statement:
        """The statement that holds an expression."""
        module = self.module(reference)
        return module.statements[module.expressions[reference.expression].statement]

    def ancestry(self, module: Module, statement: Statement) -> Iterator[Statement]:
        """A statement and everything around it, inside out."""
        yield statement
        while statement.parent >= 0:
            statement = module.statements[statement.parent]
            yield statement

    @cached_property
    def _guards(self) -> dict[str, frozenset[int]]:
        """By module, the `if __name__ == "__main__"` statements."""
        guards: dict[str, set[int]] = {}
        for name, module in self.graph.modules.items():
            for expression in module.expressions:
                if expression.text != "__name__" or expression.role is not Role.COMPARED:
                    continue
                outer = module.expressions[expression.parent]
                constants = [module.expressions[n].text for n in module.children[outer.id]]
                if outer.role is Role.TESTED and "'__main__'" in constants and len(constants) == 2:
                    statement = module.statements[outer.statement]
                    if statement.kind == "If" and statement.parent < 0:
                        guards.setdefault(name, set()).add(statement.id)
        return {name: frozenset(numbers) for name, numbers in guards.items()}

    def guards(self, module: Module) -> tuple[int, ...]:
        """The main guards of a module, by the numbers of their statements."""
        return tuple(sorted(self._guards.get(module.name, ())))

    def guard(self, reference: Reference) -> Statement | None:
        """The main guard whose body executes an expression at module level."""
        module = self.module(reference)
        guards = self._guards.get(module.name, frozenset())
        previous = None
        for statement in self.ancestry(module, self.statement(reference)):
            if statement.id in guards:
                return statement if previous is not None and previous.block == "body" else None
            previous = statement
        return None

    # -- edges and values --------------------------------------------------------------------

    @cached_property
    def _reaching(self) -> dict[FunctionId, list[Edge]]:
        reaching: dict[FunctionId, list[Edge]] = {}
        for edge in self.graph.edges:
            for target in edge.targets:
                if target.function is not None:
                    reaching.setdefault(target.function, []).append(edge)
        return reaching

    def reaching(self, function: FunctionId) -> list[Edge]:
        """Every place that reaches a function."""
        return self._reaching.get(function, [])

    @cached_property
    def wrapper_calls(self) -> frozenset[Reference]:
        """The places where wrappers call what they wrap."""
        return frozenset(call for wrapper in self.graph.wrappers.values() for call in wrapper.calls)

    def wrappers_of(self, function: FunctionId) -> Sequence[Wrapper]:
        """The wrappers of a decorated function."""
        return self._wrappers_of.get(function, ())

    @cached_property
    def _wrappers_of(self) -> dict[FunctionId, list[Wrapper]]:
        found: dict[FunctionId, list[Wrapper]] = {}
        for wrapper in self.graph.wrappers.values():
            for function, _ in (*wrapper.decorated, *wrapper.handed):
                found.setdefault(function, []).append(wrapper)
        return found

    def direct_users(self, function: FunctionId) -> list[FunctionId]:
        """The functions in which a function is reached, by whatever way."""
        return list({self.expression(e.site).function: None for e in self.reaching(function)})

    def users(self, functions: Iterable[FunctionId]) -> set[FunctionId]:
        """These functions, and all that reach one of them, by whatever way."""
        found: set[FunctionId] = set()
        todo = list(functions)
        while todo:
            function = todo.pop()
            if function not in found:
                found.add(function)
                todo.extend(self.direct_users(function))
        return found

    @cached_property
    def _edge_at(self) -> dict[Reference, list[Edge]]:
        found: dict[Reference, list[Edge]] = {}
        for edge in self.graph.edges:
            found.setdefault(edge.site, []).append(edge)
        return found

    def edges_at(self, reference: Reference) -> list[Edge]:
        """Everything that an expression reaches."""
        return self._edge_at.get(reference, [])

    def call_edge(self, reference: Reference) -> Edge | None:
        """The call edge of a CALL expression."""
        for edge in self._edge_at.get(reference, ()):
            if edge.access in (Access.CALL, Access.CONSTRUCT):
                return edge
        return None

    def edge_at(self, reference: Reference, access: Access) -> Edge | None:
        """The edge of an expression for one kind of access."""
        edges = self._edge_at.get(reference, ())
        return next((edge for edge in edges if edge.access is access), None)

    def callee_names(self, call: Reference) -> tuple[str, ...]:
        """External names that a call may reach."""
        names = self._callee_names.get(call)
        if names is None:
            edges = (e for e in self.edges_at(call) if e.access in (Access.CALL, Access.CONSTRUCT))
            targets = (target.external for edge in edges for target in edge.targets)
            found = dict.fromkeys(name for name in targets if name is not None)
            callee = None if found else self.child(call, Role.CALLEE)
            if callee is not None and callee in self.graph.names:
                found[self.graph.names[callee]] = None
            names = self._callee_names[call] = tuple(found)
        return names

    @cached_property
    def _calls_to(self) -> dict[str, list[Reference]]:
        found: dict[str, list[Reference]] = {}
        for name, module in self.graph.modules.items():
            for expression in module.expressions:
                if expression.kind is Kind.CALL:
                    site = Reference(name, expression.id)
                    for callee in self.callee_names(site):
                        found.setdefault(callee, []).append(site)
        return found

    def calls_to(self, *names: str) -> list[Reference]:
        """The calls that may reach one of these external functions, in source order."""
        return sorted({site for name in names for site in self._calls_to.get(name, ())})

    @cached_property
    def _value_at(self) -> dict[Reference, Value]:
        return {place: value for value in self.graph.values for place in value.occurrences}

    @cached_property
    def _number_at(self) -> dict[Reference, int]:
        """The numbers of occurrences, for values of which not everything gets to all of them."""
        partly = (value for value in self.graph.values if value.arrivals)
        return {place: n for value in partly for n, place in enumerate(value.occurrences)}

    def value(self, reference: Reference) -> Value | None:
        """The value that an expression may stand for."""
        return self._value_at.get(reference)

    def waits(self, reference: Reference) -> str | None:
        """The name of a function of a library that waits, if an expression stands for one, and for nothing else."""
        named = self.graph.names.get(reference)
        found = [Source(SourceKind.EXTERNAL, named)] if named else self.sources(reference)
        alone = len(found) == 1 and found[0].kind is SourceKind.EXTERNAL
        return found[0].name if alone and found[0].name in self.waiting else None

    def sources(self, reference: Reference) -> tuple[Source, ...]:
        """The origins of what an expression may stand for: those of its value that get there."""
        value, number = self._value_at.get(reference), self._number_at.get(reference)
        if value is None or number is None:
            return value.sources if value is not None else ()
        key = "arriving", value.id, value.arrivals[number]  # thousands of places get the same
        return self.memory(key, lambda _: value.arriving(number))

    @cached_property
    def _values_of_functions(self) -> dict[tuple[FunctionId, SourceKind], list[Value]]:
        found: dict[tuple[FunctionId, SourceKind], list[Value]] = {}
        for value in self.graph.values:
            for name, kind in dict.fromkeys((s.name, s.kind) for s in value.sources):
                if kind in (SourceKind.FUNCTION, SourceKind.GENERATOR):
                    found.setdefault((name, kind), []).append(value)
        return found

    def values_of(self, function: FunctionId, kind: SourceKind) -> Sequence[Value]:
        """The values that a function, or what its call gives, flows into."""
        return self._values_of_functions.get((function, kind), ())

    @cached_property
    def _values_of_classes(self) -> dict[ClassId, list[Value]]:
        found: dict[ClassId, list[Value]] = {}
        for value in self.graph.values:
            classes = {s.name for s in value.sources if s.kind is SourceKind.INSTANCE}
            asked = classes.union(*(self.graph.asked.get(each, ()) for each in classes))
            lines = (self.graph.bases.get(each, ()) for each in asked)
            for owner in asked.union(*lines):
                found.setdefault(owner, []).append(value)
        return found

    def instances_of(self, cls: ClassId | None) -> Sequence[Value]:
        """The values that may hold an object of a class, or of one that derives from it."""
        return self._values_of_classes.get(cls or "", ())

    @cached_property
    def family_of(self) -> Families:
        """The functions that change colour together: overrides, and all that one place may reach."""
        return families(self)

    @cached_property
    def line_of(self) -> Families:
        """The functions that have the same form, whoever calls them: overrides and overloads."""
        return lines(self)

    def family(self, function: FunctionId) -> frozenset[FunctionId]:
        """The functions that can only change colour together with this one."""
        return self.family_of.get(function) or frozenset({function})

    def line(self, function: FunctionId) -> frozenset[FunctionId]:
        """The functions that have a twin together with this one."""
        return self.line_of.get(function) or frozenset({function})

    def decorators(self, function: Function) -> list[tuple[Reference, str | None]]:
        """The decorators of a function with the external names they resolve to (None: not external)."""
        if not function.decorators:
            return []
        places = (Reference(function.module, number) for number in function.decorators)
        return [(place, self.denoted(place)) for place in places]

    def denoted(self, reference: Reference) -> str | None:
        """The external object that an expression names; for a call, the object that is called."""
        expression = self.expression(reference)
        if expression.kind is Kind.CALL:
            names = self.callee_names(reference)
            if names:
                return names[0]
            callee = self.child(reference, Role.CALLEE)
            return self.denoted(callee) if callee is not None else None
        return self.graph.names.get(reference) or self._of_type(reference) or self._mark(reference)

    def _mark(self, reference: Reference) -> str | None:
        """The mark of pytest that a variable holds."""
        names = set()
        for source in self.sources(reference) if self.expression(reference).variable else ():
            callee = self.child(source.site, Role.CALLEE) if source.site is not None else None
            made = source.name if source.kind is SourceKind.EXTERNAL else ""
            if callee is not None or source.name not in _MARKS:
                names.add(made if callee is None else self.graph.names.get(callee, ""))
        name = names.pop() if len(names) == 1 else ""
        return name if name.startswith(_MARK) else None

    def _of_type(self, attribute: Reference) -> str | None:
        """The attribute of an object from outside the project, by the type of the object."""
        receiver = self.child(attribute, Role.RECEIVER)
        if receiver is None or self.expression(attribute).kind is not Kind.ATTRIBUTE:
            return None
        name = self.graph.types.get(receiver) or self._of_type(receiver)
        if name is None or name.startswith("builtins."):
            return None
        module, _, short = name.rpartition(".")
        if name in self.graph.classes or f"{module}:{short}" in self.graph.classes:
            return None
        return f"{name}.{self.expression(attribute).text}"
