"""The objects that hold the answers of an interceptor, and every place that sees one."""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Expression, FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.modules import is_within
from asyncify.model.plan import Edit, Replace
from asyncify.planning.answers import Answers
from asyncify.planning.assigned import targets
from asyncify.planning.drafts import Draft, Unfaithful
from asyncify.planning.hooks import in_test_file
from asyncify.planning.limits import FIXTURE, decorated_by
from asyncify.planning.project import PASSING_ROLES
from asyncify.rules.spec import Interceptor, Library

Variable = tuple[FunctionId, str]


class Translator:
    """Translates every use of one interceptor."""

    def __init__(self, draft: Draft, library: Library, interceptor: Interceptor) -> None:
        self.draft, self.interceptor = draft, interceptor
        self.project = draft.project
        self.answers = Answers(draft, library, interceptor)
        self.given: dict[Variable, list[Reference]] = {}  # what holds the fixture, and where

    def translate(self) -> bool:
        """Collects the edits; whether the interceptor is used at all.

        Raises:
            Unfaithful: one use has no counterpart.
        """
        used = False
        later = []
        for site, kind in self._roots():
            used = True
            name = self.project.graph.names.get(site, "") if kind == "name" else ""
            if name in self.interceptor.matchers:
                later.append(site)
            else:
                self._use(site, kind)
        for site in later:
            if site not in self.answers.handled:
                raise self.draft.refuse(site, "the matcher is used elsewhere")
        for parameter, sites in self._fixtures():
            used = True
            self.draft.edits.append(parameter)
            for site in sites:
                self.draft.replace(site, f"{self.interceptor.to}_mock")
        self.answers.finish()
        if used:
            self.draft.requires.update(self.interceptor.requires)
        return used

    # -- where routers are -----------------------------------------------------------------------

    def _roots(self) -> Iterator[tuple[Reference, str]]:
        module = self.interceptor.module
        for reference, name in self.project.graph.names.items():
            inside = is_within(name, module)
            if inside and name not in self.interceptor.routers and not self._is_part(reference):
                yield reference, "name"
        made = ((site, "made") for site in self.project.calls_to(*self.interceptor.routers))
        yield from sorted((*made, *((place, "router") for place in self._places())))

    def _is_part(self, reference: Reference) -> bool:
        """Whether a name is only a part of a longer one."""
        outer = self.project.parent(reference)
        if outer is None or self.project.expression(reference).role is not Role.RECEIVER:
            return False
        return outer[0] in self.project.graph.names

    def _places(self) -> Iterator[Reference]:
        """Where a router is that is not made there, by its type or by all that gets there."""
        graph, names = self.project.graph, self.interceptor.routers
        found = {place for place, name in graph.types.items() if name in names}
        for value in graph.values:
            if value.sources and all(source.name in names for source in value.sources):
                found.update(value.occurrences)
        return (each for each in found if self.project.expression(each).kind is not Kind.CALL)

    def _fixtures(self) -> Iterator[tuple[tuple[str, Edit], list[Reference]]]:
        """The parameters that get the fixture, each with its edit and with the names that stand for it."""
        fixture = self.interceptor.fixture
        for function in self.project.functions.values():
            for parameter in function.parameters if fixture else ():
                if parameter.name != fixture:
                    continue
                module = self.project.graph.modules[function.module]
                if not in_test_file(module.path) or parameter.annotation >= 0:
                    raise Unfaithful(f"{fixture} is annotated ({module.path})")
                edit = Replace(parameter.span, f"{self.interceptor.to}_mock")
                yield (module.path, edit), self._given((function.id, fixture))

    def _given(self, variable: Variable) -> list[Reference]:
        """Translates whatever is done with a variable that holds the fixture; its own names."""
        if variable not in self.given:
            module = self.project.graph.modules[self.project.functions[variable[0]].module]
            found = [e.id for e in module.expressions if e.variable == variable]
            self.given[variable] = [Reference(module.name, number) for number in found]
            for site in self.given[variable]:
                self._router(site)
                for other in self._moved_to(site):
                    self._given(other)
        return self.given[variable]

    def _moved_to(self, site: Reference) -> Iterator[Variable]:
        """The variables that get the fixture from a place that only passes it on.

        Raises:
            Unfaithful: nobody knows where it goes.
        """
        expression = self.project.expression(site)
        function = self.project.functions[expression.function]
        if expression.role is Role.ASSIGNED and expression.parent < 0:
            for name in self._names(site):
                yield self.project.expression(name).variable or ("", "")
        elif expression.role in (Role.RETURNED, Role.YIELDED):
            if decorated_by(self.project, function, FIXTURE) is None:
                raise self.draft.refuse(site, "a function returns the router")
            for other in self.project.functions.values():
                if any(each.name == function.name for each in other.parameters):
                    yield other.id, function.name
        elif expression.role in (Role.ARGUMENT, Role.KEYWORD):
            yield from self._parameters(site, expression)
        elif expression.role not in (Role.RECEIVER, Role.DISCARDED, Role.TARGET):
            raise self.draft.refuse(site, f"the router is used as {expression.role}")

    def _parameters(self, site: Reference, argument: Expression) -> Iterator[Variable]:
        """The parameters of the project that an argument gets to."""
        outer = self.project.parent(site)
        edge = self.project.call_edge(outer[0]) if outer is not None else None
        for target in edge.targets if edge is not None else ():
            function = self.project.functions[target.function or ""]
            if function.owner is not None:
                raise self.draft.refuse(site, "a method gets the router")
            names = [each.name for each in function.parameters if each.kind not in ("*", "**")]
            if argument.role is Role.ARGUMENT:
                names = names[int(argument.detail) :][:1]
            else:
                names = [name for name in names if name == argument.detail]
            if not names:
                raise self.draft.refuse(site, "nobody knows which parameter gets the router")
            yield function.id, names[0]

    # -- uses ------------------------------------------------------------------------------------

    def _use(self, site: Reference, kind: str) -> None:
        if kind == "made":
            self._make(site)
        elif kind == "router":
            self._router(site)
        else:
            self._name(site)

    def _name(self, site: Reference) -> None:
        """A name below the module: a function or an attribute of its own router."""
        name = self.project.graph.names[site]
        short = name.removeprefix(self.interceptor.module).lstrip(".")
        to = self.interceptor.to
        expression = self.project.expression(site)
        if name in self.interceptor.names and expression.role is Role.DECORATOR:
            self.draft.replace(site, self.interceptor.names[name], (), f"import {to}")
        elif short in self.interceptor.answers and expression.role is Role.CALLEE:
            outer = self.project.parent(site)
            assert outer is not None
            self._answer(outer[0], short, None)
        elif short in self.interceptor.constants and self._is_method(site):
            return
        elif f"router.{short}" in self.interceptor.reads:
            template, kind = self.interceptor.reads[f"router.{short}"]
            self.draft.replace(site, template.format(to), (), f"import {to}")
            self._follow(site, kind)
        else:
            raise self.draft.refuse(site, f"{name} has no counterpart in {to}")

    def _is_method(self, site: Reference) -> bool:
        """Whether a constant is the method of an answer; it goes with the call."""
        expression = self.project.expression(site)
        return (expression.role is Role.ARGUMENT and expression.detail == "0") or (
            expression.role is Role.KEYWORD and expression.detail == "method"
        )

    def _make(self, site: Reference) -> None:
        """A call that makes a router."""
        names = self.project.callee_names(site)
        table = next(self.interceptor.routers[n] for n in names if n in self.interceptor.routers)
        parts = list(self.interceptor.defaults)
        holes: list[Reference] = []
        for reference, argument in self.project.arguments(site):
            if argument.role is not Role.KEYWORD or argument.detail not in table:
                raise self.draft.refuse(site, "the router is made with other arguments")
            parts.append(f"{table[argument.detail]}={{{len(holes)}}}")
            holes.append(reference)
        expression = self.project.expression(site)
        if expression.role is Role.DECORATOR:
            raise self.draft.refuse(site, "the router is a decorator")
        to = self.interceptor.to
        self.draft.replace(site, f"{to}.mock({', '.join(parts)})", holes, f"import {to}")

    def _router(self, site: Reference) -> None:
        """A place that sees a router."""
        expression = self.project.expression(site)
        outer = self.project.parent(site)
        if expression.role is not Role.RECEIVER or outer is None:
            if not self._passes(site, expression):
                raise self.draft.refuse(site, f"the router is used as {expression.role}")
            return
        attribute, written = outer
        if written.text in self.interceptor.answers and written.role is Role.CALLEE:
            call = self.project.parent(attribute)
            assert call is not None
            self._answer(call[0], written.text, site)
        elif written.text in self.interceptor.constants and self._is_method(attribute):
            return
        else:
            self._read(attribute, "router", site)

    def _passes(self, site: Reference, expression: Expression) -> bool:
        """Whether a router only moves on to places that are seen as well."""
        if expression.role in PASSING_ROLES or expression.role in (Role.YIELDED, Role.ENTERED):
            return True
        outer = self.project.parent(site)
        if expression.role not in (Role.ARGUMENT, Role.KEYWORD) or outer is None:
            return False
        edge = self.project.call_edge(outer[0])
        targets = edge.targets if edge is not None else ()
        return bool(targets) and all(target.function is not None for target in targets)

    def _read(self, site: Reference, kind: str, receiver: Reference) -> None:
        """An attribute of something that belongs to a router."""
        written = self.project.expression(site)
        outer = self.project.parent(site)
        key = f"{kind}.{written.text}"
        if f"{key}()" in self.interceptor.reads and written.role is Role.CALLEE and outer:
            template, result = self.interceptor.reads[f"{key}()"]
            if self.project.arguments(outer[0]):
                raise self.draft.refuse(site, f".{written.text} has arguments")
            imports = ("import json",) if template.startswith("json.") else ()
            self.draft.replace(outer[0], template, (receiver,), *imports)
            self._follow(outer[0], result)
            return
        if key not in self.interceptor.reads or written.role is Role.TARGET:
            raise self.draft.refuse(site, f"`.{written.text}` has no counterpart")
        template, result = self.interceptor.reads[key]
        if template != f"{{0}}.{written.text}":
            self.draft.replace(site, template, (receiver,))
        self._follow(site, result)

    def _follow(self, site: Reference, kind: str) -> None:
        """What is done with something that belongs to a router."""
        if not kind:
            return
        expression = self.project.expression(site)
        outer = self.project.parent(site)
        reads = self.interceptor.reads
        if expression.role is Role.RECEIVER and outer is not None:
            self._read(outer[0], kind, site)
        elif expression.role is Role.DISCARDED or (
            expression.role in (Role.TESTED, Role.COMPARED) and f"{kind}.test" in reads
        ):
            return
        elif expression.role is Role.SUBSCRIPTED and outer is not None and f"{kind}.[]" in reads:
            template, result = reads[f"{kind}.[]"]
            if template != "{0}":
                self.draft.replace(outer[0], template, (outer[0],))
            self._follow(outer[0], result)
        elif (
            expression.role is Role.ARGUMENT
            and outer is not None
            and self.project.callee_names(outer[0]) == ("builtins.len",)
            and f"{kind}.len" in reads
        ):
            return
        elif expression.role is Role.ASSIGNED and expression.parent < 0:
            for name in self._names(site):
                self._follow(name, kind)
        else:
            raise self.draft.refuse(site, f"a {kind} is used as {expression.role}")

    def _names(self, site: Reference) -> list[Reference]:
        """The uses of the local variable that a value is assigned to, if that is all it is."""
        module = self.project.module(site)
        expression = self.project.expression(site)
        assigned = [self.project.expression(target) for target in targets(self.project, site)]
        variable = assigned[0].variable if len(assigned) == 1 else None
        if variable is None or variable[0] != expression.function:
            raise self.draft.refuse(site, "it is kept in something else than one local variable")
        found = [e for e in module.expressions if e.variable == variable and e is not assigned[0]]
        if any(e.role is Role.TARGET for e in found):
            raise self.draft.refuse(site, "the variable holds something else as well")
        return [Reference(module.name, e.id) for e in found]

    def _answer(self, call: Reference, method: str, router: Reference | None) -> None:
        self.answers.register(call, method, router)
        self._follow(call, "answer")
