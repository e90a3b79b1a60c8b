"""What every annotation has to become, because of the objects that get there."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from asyncify.model.attributes import gives_data
from asyncify.model.facts import Function, FunctionId, Role
from asyncify.model.graph import Reference, Source, SourceKind, Value, Wrapper
from asyncify.planning.annotated import Annotated, Slot
from asyncify.planning.limits import MANAGER, decorated_by
from asyncify.planning.project import Project

Owner = Hashable
Wanted = dict[tuple["Want", int], dict[Owner, None]]  # with the depth inside the annotated object

_METHODS = {"__iter__": "iterator", "__next__": "iterator", "__enter__": "manager"}


@dataclass(frozen=True, slots=True)
class Want:
    """What an annotation has to become: that of an "iterator", a "manager" or an "awaitable" result.

    `called` says that the annotated object is a function that returns one; a "decorator" gets such a
    function and returns one, and of "either" some return one and others what they did before.
    """

    kind: str
    called: bool = False


class Wishes:
    """What every annotation has to become, because of the objects that get there."""

    def __init__(
        self,
        project: Project,
        annotated: Annotated,
        coloured: frozenset[FunctionId],
        expressions: Mapping[Reference, Owner],
        twins: Iterable[FunctionId] = (),
    ) -> None:
        self.project = project
        self.annotated = annotated
        self.coloured = coloured
        self.expressions = expressions
        self.twins = twins
        self.wanted: dict[Slot, Wanted] = {}
        self._known: dict[tuple[SourceKind, str], tuple[Want | None, Owner]] = {}
        self._methods: dict[tuple[str, str], FunctionId] = {
            (cls.id, name): method
            for cls in project.graph.classes.values()
            for name, method in cls.methods
        }

    def collect(self) -> None:
        """Look at every value, and at the results of the functions themselves."""
        for identifier in sorted({*self.coloured, *self.twins}):
            function = self.project.functions[identifier]
            if self.gives_iterator(function):
                self._add(("result", identifier, ""), Want("iterator"), 0, {identifier})
        for wrapper in self.project.graph.wrappers.values():
            self._wrapped(wrapper)
        for value in self.project.graph.values:
            for want, owners in self._wants(value).items():
                for occurrence in value.occurrences:
                    for slot, depth in self.annotated.describing(occurrence):
                        if not self._describes_itself(slot, want):
                            self._add(slot, want, depth, owners)

    def bases(self) -> Iterator[tuple[FunctionId, Reference, Want]]:
        """The bases of classes that get the async protocol: they come with the methods of the plain one."""
        for cls in self.project.graph.classes.values():
            for name, method in cls.methods:
                if name in _METHODS and method in self.coloured:
                    for number in cls.bases:
                        yield method, Reference(cls.module, number), Want(_METHODS[name])

    def _wrapped(self, wrapper: Wrapper) -> None:
        """What a decorator gets and returns, where its wrapper becomes async; that is for its twin, if it has one."""
        either = (wrapper.function in self.coloured, wrapper.decorator in self.twins)
        if not any(either):
            return
        owner = {wrapper.function if either[0] else wrapper.decorator}
        own = self.project.functions[wrapper.function].parent
        awaitable = Want("awaitable", called=True)
        for call in wrapper.calls:
            callee = self.project.child(call, Role.CALLEE)
            variable = self.project.expression(callee).variable if callee is not None else None
            if variable is not None:
                self._add(("variable", *variable), awaitable, 0, owner)
        self._add(("result", own, ""), awaitable, 0, owner)
        if own != wrapper.decorator:
            self._add(("result", wrapper.decorator, ""), Want("decorator", called=True), 0, owner)

    def _add(self, slot: Slot, want: Want, depth: int, owners: Iterable[Owner]) -> None:
        wanted = self.wanted.setdefault(slot, {})
        wanted.setdefault((want, depth), {}).update(dict.fromkeys(owners))

    def gives_iterator(self, function: Function) -> bool:
        """Whether calling the function that becomes async gives an async iterator, without any await."""
        if function.is_generator or (function.owner is not None and function.name == "__iter__"):
            return True
        return any(
            self.project.functions[member].is_generator
            for member in self.project.family(function.id)
        )

    def _describes_itself(self, slot: Slot, want: Want) -> bool:
        """Whether an annotation is that of a manager function, which names what its generator yields."""
        if slot[0] != "result" or want != Want("manager"):
            return False
        return decorated_by(self.project, self.project.functions[slot[1]], MANAGER) is not None

    def _wants(self, value: Value) -> dict[Want, set[Owner]]:
        found: dict[Want, set[Owner]] = {}
        awaitable, plain = Want("awaitable", called=True), False
        for source in value.sources:
            want, owner = self._want(source)
            plain = plain or (source.kind is SourceKind.EXTERNAL and gives_data(source.name))
            if want is not None:
                found.setdefault(want, set()).add(owner)
            elif source.kind is SourceKind.FUNCTION:
                function = self.project.functions.get(source.name)
                if function is None or not function.is_async:
                    found.pop(awaitable, None)
                    return found
        if plain and awaitable in found:
            found[Want("either", called=True)] = found.pop(awaitable)
        return found

    def _want(self, source: Source) -> tuple[Want | None, Owner]:
        key = source.kind, source.name
        if key not in self._known:
            self._known[key] = self._find(source)
        return self._known[key]

    def _find(self, source: Source) -> tuple[Want | None, Owner]:
        called = source.kind is SourceKind.FUNCTION
        if called or source.kind is SourceKind.GENERATOR:
            if source.name not in self.coloured:
                return None, None
            function = self.project.functions[source.name]
            if decorated_by(self.project, function, MANAGER) is not None:
                return Want("manager", called), source.name
            if function.is_generator or not called:
                return Want("iterator", called), source.name
            return Want("awaitable", called), source.name
        if source.site is not None and source.site in self.expressions:
            return Want("iterator"), self.expressions[source.site]
        if source.kind is SourceKind.INSTANCE:
            for name, kind in _METHODS.items():
                method = self._method(source.name, name)
                if method in self.coloured:
                    return Want(kind), method
            method = self._method(source.name, "__call__")
            if method in self.coloured:
                return Want("awaitable", called=True), method
        return None, None

    def _method(self, cls: str, name: str) -> FunctionId | None:
        for owner in (cls, *self.project.graph.bases.get(cls, ())):
            if (method := self._methods.get((owner, name))) is not None:
                return method
        return None
