"""Objects of a library: every place that sees one decides whether they can be translated.

All occurrences of such an object, and of the objects that its methods return, are one *group*: a
session, the responses that it gives and the helper functions they pass through are translated
together or not at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from asyncify.model.facts import FlowKind, Place, Role
from asyncify.model.graph import Access, Evidence, Reference, SourceKind, Value
from asyncify.model.plan import AddImport, Edit, Replace
from asyncify.planning.arguments import returned_type, shapes, template_imports
from asyncify.planning.assigned import is_paired
from asyncify.planning.derived import derived_edits
from asyncify.planning.groups import Group, dropped, is_closed, last_part, leaves_generator
from asyncify.planning.handed import (
    answers_as_before,
    asked_attribute,
    asks_for_others,
    called_again,
    handed_over,
    is_cast,
    lend,
    use_whole,
)
from asyncify.planning.helpers import eager_argument, is_listed
from asyncify.planning.interceptors import patches
from asyncify.planning.keeping import LOOKERS
from asyncify.planning.managers import enter_step
from asyncify.planning.origins import is_own, is_plain, runs_code, stranger
from asyncify.planning.project import PASSING_ROLES, UNSEEN, Project
from asyncify.planning.raised_objects import forgets_arguments
from asyncify.planning.reopened import reopened
from asyncify.planning.steps import Step
from asyncify.planning.truth import decides, read, truth
from asyncify.planning.units import is_named, is_of_others
from asyncify.planning.unseen_uses import unseen_use
from asyncify.planning.uses import iterate_object, iterate_step
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Attribute, Call, Library, Resource, Thread, Use

_NAMING = (Role.CALLEE, Role.RECEIVER, Role.ANNOTATION, Role.BASE, Role.DISCARDED)
UNIT = ""  # `Use.used` of a step that belongs to a blocking call, not to a function


class Resources:
    """Finds the groups of a project."""

    def __init__(self, project: Project, rules: Rules) -> None:
        self.project = project
        self.rules = rules
        self._type_of: dict[int, tuple[Library, Resource]] = {}
        self._leader: dict[object, object] = {}
        self._groups: dict[object, Group] = {}
        self._queue: deque[Value] = deque()
        self._late: deque[Value] = deque()  # of types with states: a state may yet turn out
        self._visited: set[int] = set()
        self._replaced: frozenset[str] | None = None
        self._given: set[int] = set()  # values that a call or an attribute of a library gives
        self._also: dict[int, list[str]] = {}  # further types of a value, of which every use waits
        self._lost: dict[str, tuple[Reference, str]] = {}  # objects that go on unseen, by type

    def groups(self) -> list[Group]:
        """Every group with at least one blocking call or resource, in source order."""
        for edge in self.project.graph.edges:
            if edge.access in (Access.CALL, Access.CONSTRUCT):
                for target in edge.targets:
                    if target.external is not None:
                        self._see_call(edge.site, target.external)
        for value in self.project.graph.values:
            self._see_value(value)
        while self._queue or self._late:
            self._visit((self._queue or self._late).popleft())
        return [group for group in self._finished() if group.calls or group.types]

    def _finished(self) -> list[Group]:
        seen: dict[int, Group] = {}
        for key in list(self._groups):
            group = self._group(key)
            group.bound = [v for v in group.values if self._type_of[v.id][1].one_loop]
            for value in () if id(group) in seen else group.values:
                group.asks.extend(reopened(self.project, value, self._type_of[value.id][1].ends))
            if id(group) not in seen and (lost := dropped(self.project, group)) is not None:
                problem = (lost[1], "what is written to it may arrive late, for nobody closes it")
                group.problems.append(problem)
                group.lent.setdefault(lost[0].id, problem)
            if id(group) not in seen and (place := unseen_use(self.project, self.rules, group)):
                group.problems.append((place, "something that nobody knows seems to have it"))
            seen.setdefault(id(group), group)
        exposed: dict[str, list[Group]] = {}  # what others may make objects for, by type
        for name, site in self._used_as_value():
            if name not in exposed:
                exposed[name] = [g for g in seen.values() if self._is_exposed(g, name)]
            for group in exposed[name]:
                group.problems.append((site, f"{last_part(name)} is used as a value"))
        for group in seen.values():
            known = (self._type_of[v.id][1].name for v in group.values if self._is_unmade(v))
            group.problems.extend(self._lost[name] for name in known if name in self._lost)
        return list(seen.values())

    def _is_unmade(self, value: Value) -> bool:
        """Whether only its type tells what an object is: it may be one that goes on unseen elsewhere."""
        return value.id not in self._given and not any(
            source.site is not None or source.kind is SourceKind.PARAMETER
            for source in value.sources
        )

    def _is_exposed(self, group: Group, name: str) -> bool:
        made = group.types.get(name)
        if made is None or not made[1].to or made[1].hold is not None:
            return False
        return not is_closed(self.project, group)

    def _used_as_value(self) -> Iterable[tuple[str, Reference]]:
        """Types that somebody may make objects of, or ask for, where nobody sees it."""
        targets = {patch.target for patch in patches(self.project)}
        for site, name in self.project.graph.names.items():
            if site in targets:
                continue  # planning.interception knows these
            expression = self.project.expression(site)
            if expression.role in _NAMING or expression.place is Place.ANNOTATION:
                continue
            if is_cast(self.project, site, "0"):
                continue  # planning.annotations knows these
            made = self.rules.resource(name)
            if made is not None:
                yield made[1].name, site
            elif (found := self.rules.blocking(name)) is not None and found[1].returns:
                yield found[1].returns, site

    # -- union ---------------------------------------------------------------------------------

    def _find(self, key: object) -> object:
        while (leader := self._leader.setdefault(key, key)) != key:
            key = leader
        return key

    def _group(self, key: object) -> Group:
        return self._groups.setdefault(self._find(key), Group())

    def _join(self, one: object, two: object) -> None:
        first, second = self._find(one), self._find(two)
        if first != second:
            self._group(one).absorb(self._group(two))
            self._leader[second] = first
            del self._groups[second]

    # -- typing --------------------------------------------------------------------------------

    def _see_call(self, site: Reference, name: str) -> None:
        """A call of a library: it belongs to the group of what it returns."""
        found = self.rules.blocking(name)
        made = self.rules.resource(name)
        if found is None and made is not None:
            self._give_type(site, made)
            self._group(site).problems.append(
                (site, f"a {last_part(made[1].name)} is made by hand")
            )
        if found is None or is_of_others(self.project, site, name):
            return
        owner = self.rules.resource(found[1].name.rpartition(".")[0])
        if owner is not None and is_named(self.project, site, found[1].name):
            return  # a method: its receiver is seen as a value
        self._group(site).calls[site] = found
        self._returns(site, found[1])

    def _gives(self, names: Sequence[str]) -> bool:
        """Whether each of these functions gives an object of a library."""
        found = [self.rules.blocking(name) for name in names]
        return bool(found) and all(call is not None and call[1].returns for call in found)

    def _returns(self, site: Reference, call: Call | Thread | Attribute) -> None:
        if returned := returned_type(self.project, site, call):
            made = self.rules.resource(returned)
            if made is None:  # of a library that the configuration leaves alone
                return
            self._give_type(site, made)
            entered = made[1].must_enter or (isinstance(call, Call) and call.must_enter)
            if entered and self.project.expression(site).role is not Role.ENTERED:
                reason = f"a {last_part(made[1].name)} is made outside a with statement"
                self._group(site).problems.append((site, reason))

    def _give_type(self, site: Reference, made: tuple[Library, Resource]) -> None:
        value = self.project.value(site)
        if value is None:  # nobody keeps it: the call expression is its only occurrence
            value = Value(-1 - len(self._type_of), (), (site,))
        self._given.add(value.id)
        self._join(value.id, site)
        self._add(value, made)

    def _add(self, value: Value, made: tuple[Library, Resource]) -> None:
        known = self._type_of.get(value.id)
        if known is None:
            self._type_of[value.id] = made
            group = self._group(value.id)
            group.types[made[1].name] = made
            group.values.append(value)
            (self._late if made[1].name in self.rules.with_states else self._queue).append(value)
        elif made[1].of == known[1].name and value.id not in self._visited:
            self._type_of[value.id] = made
            self._group(value.id).types[made[1].name] = made
        elif made[1].name not in (known[1].name, known[1].of):
            problem = (value.occurrences[0], f"it may be a {known[1].name} or a {made[1].name}")
            self._group(value.id).problems.append(problem)
            if known[1].stays and made[1].stays and value.id not in self._visited:
                first, second = sorted((known, made), key=lambda m: m[1].waits, reverse=True)
                self._type_of[value.id] = first  # a thread waits for both
                self._group(value.id).types[made[1].name] = made
                self._also.setdefault(value.id, []).append(second[1].name)
            elif max(known[1].waits, made[1].waits) == (False, True):
                self._group(value.id).lent.setdefault(value.id, problem)

    def _see_value(self, value: Value) -> None:
        """A value that the type checker, or an annotation, knows to be a resource."""
        for source in value.sources:
            if source.kind is SourceKind.INSTANCE and (made := self.rules.resource(source.name)):
                self._add(value, made)
        for occurrence in value.occurrences:
            name = self.project.graph.types.get(occurrence)
            if name is not None and (made := self.rules.resource(name)):
                self._add(value, made)

    # -- occurrences -----------------------------------------------------------------------------

    def _visit(self, value: Value) -> None:
        library, resource = self._type_of[value.id]
        self._visited.add(value.id)
        group = self._group(value.id)
        own = [n for n, source in enumerate(value.sources) if is_own(self.rules, source)]
        worked = [
            number
            for number, occurrence in enumerate(value.occurrences)
            if (not own or any(value.arrives(one, number) for one in own))
            and self._occurrence(value, occurrence, library, resource)
        ]
        if not resource.to or resource.name in self.rules.alike:
            return
        group = self._group(value.id)
        for number, source in enumerate(value.sources):
            other = stranger(self.rules, source)
            if other and source.site not in group.calls:
                if not is_plain(source) or any(value.arrives(number, p) for p in worked):
                    problem = (source.site or value.occurrences[0], other)
                    group.problems.append(problem)
                    if resource.always_waits and runs_code(source):
                        group.lent.setdefault(value.id, problem)
        if value.lost is not None:
            group.problems.append((value.lost, UNSEEN))

    def _occurrence(
        self, value: Value, site: Reference, library: Library, resource: Resource
    ) -> bool:
        """Look at a place that sees an object; whether it asks for more than that it is one."""
        project, group = self.project, self._group(value.id)
        expression, outer = project.expression(site), project.parent(site)
        if expression.role is Role.RECEIVER and outer is not None:
            self._attribute(value, site, outer[0], resource)
            return True
        if expression.role is Role.ENTERED:
            self._entered(value.id, site, library, resource)
            return True
        if expression.role in (Role.ITERATED, Role.DELEGATED) or is_listed(expression):
            iterate_object(project, group, site, library, resource)
            return True
        test = self.rules.use(resource.name, "test")
        if test is not None and (tested := decides(project, site)) is not None:
            made = truth(project, site, test[1], tested, self._gives)
            if isinstance(made, Step):
                group.steps.append(made)
            else:
                group.problems.append(made)
            return True
        passing = expression.role in PASSING_ROLES or expression.role.value in resource.roles
        passing = passing or (expression.role is Role.ELEMENT and is_paired(project, site))
        if passing or expression.role in (Role.COMPARED, Role.YIELDED, Role.UNPACKED):
            if not leaves_generator(project, expression):
                return False
            group.problems.append((site, f"a generator gives a {last_part(resource.name)}"))
            return False
        if expression.role in (Role.ARGUMENT, Role.KEYWORD) and outer is not None:
            return self._argument(value.id, site, outer[0], resource)
        if not resource.is_harmless:
            what = f"a {last_part(resource.name)} is used as {expression.role}"
            group.problems.append((site, what))
            self._lost.setdefault(resource.name, (site, what))
        return False

    def _attribute(
        self, value: Value, site: Reference, access: Reference, resource: Resource
    ) -> None:
        project, group = self.project, self._group(value.id)
        attribute = project.expression(access)
        name = f"{resource.name}.{attribute.text}"
        names = [name, *(f"{one}.{attribute.text}" for one in self._also.get(value.id, ()))]
        known = (self.rules.blocking(one) for one in names)
        found = next((one for one in known if one is not None), None)
        if attribute.role is Role.CALLEE and found is not None:
            outer = project.parent(access)
            assert outer is not None
            if is_of_others(project, outer[0], name):
                return
            self._join(value.id, outer[0])
            self._group(value.id).calls[outer[0]] = found
            self._returns(outer[0], found[1])
            return
        if found is not None and (repeated := called_again(project, access)) is not None:
            group.iterated[repeated] = (found[0], name)
        plain = self.rules.attribute(name)
        if plain is None:
            refused = self.rules.refusal(name)
            reason = refused[1].reason if refused else f".{attribute.text} has no faithful form"
            group.problems.append((access, reason))
        else:
            self._known_attribute(value, site, access, *plain)

    def _known_attribute(
        self, value: Value, site: Reference, access: Reference, library: Library, entry: Attribute
    ) -> None:
        project, group = self.project, self._group(value.id)
        attribute, path = project.expression(access), project.module(site).path
        for helper in entry.helpers:
            group.helpers[(site.module, helper)] = (library, helper)
        if entry.returns:
            self._join(value.id, access)
            self._returns(access, entry)
            group = self._group(value.id)
        if entry.wide:
            group.asks.append((access, entry.wide))
        if entry.option:
            group.late.append((access, entry.option))
        elif attribute.role is Role.TARGET:
            self._store(value, access, entry)
        elif attribute.role is Role.CALLEE and entry.call:
            outer = project.parent(access)
            assert outer is not None
            edit = Replace(outer[1].span, entry.call, (project.expression(site).span,))
            group.steps.append(Step(((path, edit),)))
        elif entry.template:
            edit = read(project, site, access, entry.template, entry.opposite)
            group.steps.append(Step(((path, edit),)))

    def _store(self, value: Value, target: Reference, entry: Attribute) -> None:
        """What is assigned to an attribute; an object of the library moves with the one that gets it."""
        for kind, origin in self.project.origins(target):
            if kind is FlowKind.VALUE and shapes(self.project, origin) & set(entry.store):
                given = self.project.value(origin)
                self._join(value.id, origin if given is None else given.id)
                derived = derived_edits(self.project, self.rules, origin)
                if isinstance(derived, str):
                    self._group(value.id).problems.append((origin, derived))
                elif derived is not None:
                    self._group(value.id).steps.append(Step(derived))
                return
        reason = f"assigning this to .{last_part(entry.name)} has no faithful form"
        self._group(value.id).problems.append((target, reason))

    def _entered(self, key: int, site: Reference, library: Library, resource: Resource) -> None:
        project = self.project
        path = project.module(site).path
        kind = project.graph.types.get(site)
        made = [self.rules.blocking(name) for name in project.callee_names(site)]
        known = any(call and call[1].returns for call in made)  # what it gives is entered, not it
        if kind is not None and self.rules.resource(kind) is None and not known:
            return  # `closing(x)` gives x when it is entered: x is looked at as its argument
        for flow in project.module(site).flows:
            if flow.kind is FlowKind.ENTER and flow.source == site.expression:
                target = Reference(site.module, flow.target)
                if resource.hold is not None:
                    group = self._group(key)
                    group.problems.append((site, "what entering it gives is used"))
                    continue
                self._join(key, target)
                self._give_type(target, (library, resource))
                self._group(key).entered.append((site, target))
        group = self._group(key)
        edits: list[tuple[str, Edit]] = []
        if resource.enter_template != "{0}" and site not in group.calls:
            span = project.expression(site).span
            edits.append((path, Replace(span, resource.enter_template, (span,), around=True)))
            imports = template_imports(resource.enter_template)
            edits.extend((path, AddImport(text)) for text in imports)
            for helper in resource.helpers:
                group.helpers[(site.module, helper)] = (library, helper)
        if resource.enter == "async":
            step = enter_step(project, site, UNIT)
            group.steps.append(Step((*edits, *step.edits), step.uses, step.limit))
        elif resource.enter == "plain":
            group.steps.append(Step(tuple(edits)))
        else:
            group.problems.append((site, f"a {last_part(resource.name)} is entered by with"))

    def _argument(self, key: int, site: Reference, call: Reference, resource: Resource) -> bool:
        """Look at an object that a call gets; whether the call asks for more than that it is one."""
        project, group = self.project, self._group(key)
        edge = project.call_edge(call)
        if edge is not None and edge.targets and all(t.function for t in edge.targets):
            if not (edge.open and any(t.evidence is Evidence.BY_NAME for t in edge.targets)):
                return False  # the parameter is an occurrence itself
        if is_cast(project, site, "1") or asks_for_others(project, site):
            return False
        asked = asked_attribute(project, site)
        if asked is not None and answers_as_before(self.rules, resource, *asked):
            return True
        names, detail = project.callee_names(call), project.expression(site).detail
        kinds = (resource.name, *self._also.get(key, ()))
        used = [(name, self.rules.use_of(kinds, f"{name}:{detail}")) for name in names]
        if resource.always_waits:
            lend(project, group, key, site, used)
        if self._consumed(key, call, used):
            return True
        if resource.is_harmless or forgets_arguments(project, call):
            return False
        if resource.iterate == "async" and eager_argument(project, site):
            group.steps.append(iterate_step(project, site, UNIT))
        else:
            problem = (site, handed_over(resource.name, names))
            group.problems.append(problem)
            if not names or not LOOKERS.issuperset(names):
                self._lost.setdefault(resource.name, problem)
        return True

    def _consumed(
        self,
        key: int,
        call: Reference,
        used: Iterable[tuple[str, tuple[Library, Use] | None]],
    ) -> bool:
        """Whether a rule says what becomes of a call that gets an object."""
        for name, found in used:
            if found is None:
                continue
            if found[1].plain:
                self._join(key, call)
            if found[1].stays or name in self._patched():
                return False
            if found[1].plain:
                return True
            if use_whole(self.project, self._group(key), call, *found):
                return True
        return False

    def _patched(self) -> frozenset[str]:
        """Functions that a test replaces: they have to be called as they are."""
        if self._replaced is None:
            self._replaced = frozenset(patch.path for patch in patches(self.project))
        return self._replaced
