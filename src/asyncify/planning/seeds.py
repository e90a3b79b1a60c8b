"""The blocking calls of a project, as units that are converted together, each with its edits.

A group of objects that a library can translate is one unit. Where it cannot (an argument, an
attribute or a place without faithful form), every blocking call of the group is a unit of its own that
keeps the library and runs in a worker thread, if the resource allows that; else it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from asyncify.model.facts import FunctionId, Kind, Place, Role
from asyncify.model.graph import Access, Reference
from asyncify.model.plan import AddImport, Await, Edit, Replace
from asyncify.planning.arguments import (
    Carried,
    carry,
    returned_type,
    template_imports,
)
from asyncify.planning.colour import Limit, Unit
from asyncify.planning.consumers import async_context
from asyncify.planning.counted import uncounted
from asyncify.planning.derived import derived_edits
from asyncify.planning.groups import Group, in_one_function, last_part, stays_inside
from asyncify.planning.lookups import looked_up
from asyncify.planning.options import Options
from asyncify.planning.project import Project
from asyncify.planning.resources import Resources
from asyncify.planning.scoping import misread
from asyncify.planning.scripts import in_script
from asyncify.planning.steps import Step
from asyncify.planning.threads import Threads
from asyncify.planning.units import (
    ClientCall,
    Guard,
    Seed,
    Site,
    helper_edits,
    import_text,
    is_awaited,
    is_named,
    is_of_others,
    is_wrapped,
    noted,
    target_name,
    unit_name,
    used_helpers,
)
from asyncify.planning.waiting_callbacks import waiting_callbacks
from asyncify.planning.wider import Form, taken_options, wider_forms
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Call, Library, Resource, Thread


@dataclass(slots=True)
class _Draft:
    edits: list[tuple[str, Edit]] = field(default_factory=list)
    sites: list[tuple[Reference, FunctionId]] = field(default_factory=list)
    clients: list[ClientCall] = field(default_factory=list)
    limit: Limit | None = None
    problem: tuple[Reference, str] | None = None

    def step(self, step: Step) -> None:
        self.edits.extend(step.edits)
        self.sites.extend((use.site, use.user) for use in step.uses)
        if step.limit is not None and self.limit is None:
            self.limit = step.limit


class Seeds:
    """Finds every blocking call and drafts its conversion."""

    def __init__(self, project: Project, rules: Rules) -> None:
        self.project = project
        self.rules = rules
        self.threads = Threads(project, rules)

    def all(self) -> list[Seed]:
        """Every seed of the project, in source order."""
        seeds: list[Seed] = []
        taken: set[Reference] = set()
        for group in Resources(self.project, self.rules).groups():
            seeds.extend(self._group(group))
            taken.update(group.calls)
        for edge in self.project.graph.edges:
            if edge.access in (Access.CALL, Access.CONSTRUCT) and edge.site not in taken:
                names = self.project.callee_names(edge.site)
                for name in names:
                    if is_of_others(self.project, edge.site, name):
                        continue
                    seed = self._single(edge.site, name)
                    if seed is not None:
                        seeds.append(seed)
                        taken.add(edge.site)
                        break
                else:
                    seeds.extend(self._by_a_string(edge.site) if names else ())
        seeds.extend(waiting_callbacks(self.project, self.rules))
        settled = (uncounted(self.project, seed) for seed in seeds)
        return sorted(settled, key=lambda seed: seed.unit.name)

    # -- groups ----------------------------------------------------------------------------------

    def _group(self, group: Group) -> Iterable[Seed]:
        kinds = [resource for _, resource in group.types.values() if resource.hold is not None]
        if kinds:
            yield self._guard(group, kinds[0])
            return
        threads = tuple(self.threads.of_group(group))
        draft, wider = self._translate(group), None
        plain = draft.problem is None
        if draft.problem is not None or group.bound:
            wide = [self._translate(group, form) for form in wider_forms(group)]
            made = next((each for each in wide if each.problem is None), None)
            wider = self._seed(group, made, threads) if made is not None else None
            if draft.problem is not None and wide:
                draft = wide[-1]  # only what the widest form lacks too is in the way
        if plain and (seed := self._seed(group, draft, threads)) is not None:
            yield replace(seed, bound=tuple(value.id for value in group.bound), wider=wider)
        elif wider is not None:
            yield wider
        elif draft.problem is not None:
            yield from self._refused(group, draft.problem, threads)

    def _seed(self, group: Group, draft: _Draft, threads: tuple[Seed, ...]) -> Seed | None:
        """The seed of a group that is translated; none for objects without a single blocking call."""
        first = min(group.calls, default=None)
        if first is None:
            return None
        left = {lib.name for lib, call in group.calls.values() if isinstance(call, Call)}
        return Seed(
            Unit(
                unit_name(self.project, first),
                tuple(draft.sites),
                draft.limit,
                bool(group.values) and not in_one_function(self.project, group),
            ),
            tuple(self._sites(group)),
            tuple(draft.edits),
            tuple(draft.clients),
            threads,
            types=tuple(name for name, (_, made) in group.types.items() if made.to),
            values=tuple(value.id for value in group.values),
            libraries=tuple(sorted(left)),
        )

    def _guard(self, group: Group, resource: Resource) -> Seed:
        """The seed of a lock; `planning.locks` knows whether it is wanted."""
        assert resource.hold is not None
        draft = self._translate(group) if resource.to else _Draft()
        seen = tuple(sorted({site for value in group.values for site in value.occurrences}))
        problem = (
            "" if draft.problem is None else f"{draft.problem[1]} ({self._where(draft.problem[0])})"
        )
        makers = {
            site: call
            for site, (_, call) in group.calls.items()
            if isinstance(call, Call) and call.returns
        }
        if not makers and not problem:
            problem = resource.hold.why or "nobody knows where it is made"
        guard = Guard(resource.hold, last_part(resource.name), seen, tuple(sorted(makers)), problem)
        library = group.types[resource.name][0]
        return Seed(
            Unit(unit_name(self.project, min(seen)), tuple(draft.sites), draft.limit, True),
            tuple(
                Site(site, self._function(site), library, call.name, target_name(call))
                for site, call in sorted(makers.items())
            ),
            tuple(draft.edits),
            values=tuple(value.id for value in group.values),
            bound=tuple(value.id for value in group.bound),
            guard=guard,
        )

    def _refused(
        self, group: Group, problem: tuple[Reference, str], threads: Sequence[Seed]
    ) -> Iterable[Seed]:
        note = f"{problem[1]} ({self._where(problem[0])})"
        for seed in threads:
            yield noted(seed, note)
        for site, (library, call) in sorted(group.calls.items()):
            if is_awaited(call) and not self.threads.take(site, call):
                limit = Limit("ASY915", problem[1], problem[0])
                shown = Site(site, self._function(site), library, call.name, target_name(call))
                yield Seed(Unit(unit_name(self.project, site), (), limit), (shown,))

    def _where(self, site: Reference) -> str:
        return f"{self.project.module(site).path}:{self.project.expression(site).span.line}"

    def _sites(self, group: Group) -> Iterable[Site]:
        for site, (library, call) in sorted(group.calls.items()):
            if is_awaited(call):
                to = target_name(call)
                if isinstance(call, Call) and call.client:
                    to = f"{self.rules.client(library, call.client).to}.{to}"
                yield Site(site, self._function(site), library, call.name, to)

    def _translate(self, group: Group, form: Form | None = None) -> _Draft:
        """The edits that translate a group, maybe with objects that have a wider form."""
        options = taken_options(self.project, group, form)
        if not isinstance(options, Options):
            return _Draft(problem=options)
        draft = _Draft()
        draft.edits.extend(options.edits)
        for step in group.steps:
            draft.step(step)
        for module, helper in group.helpers:
            library, name = group.helpers[(module, helper)]
            self._helper(draft, module, library, name)
        self._calls(draft, group, form, options)
        for _, (library, resource) in sorted(group.types.items() if form is None else ()):
            if resource.to and resource.hold is None and draft.problem is None:
                self._constructions(draft, group, library, resource.name)
        if draft.problem is None:
            clients = [edit for call in draft.clients for edit in self._client_names(call)]
            draft.problem = misread(self.project, (*draft.edits, *clients), draft.sites)
        return draft

    def _calls(self, draft: _Draft, group: Group, form: Form | None, options: Options) -> None:
        calls = form.calls if form is not None else group.calls
        for site, (library, call) in sorted(calls.items()):
            if isinstance(call, Thread):
                self._handed_over(draft, site)
            else:
                self._call(draft, site, library, call, group, options.given.get(site))
            if draft.problem is not None:
                break

    def _client_names(self, call: ClientCall) -> Iterable[tuple[str, Edit]]:
        client = self.rules.client(call.library, call.client)
        path = self.project.module(call.site).path
        yield path, AddImport(import_text(client.to))
        for name in client.helpers:
            for edit in helper_edits(self.rules, call.library, name):
                yield path, edit

    def _constructions(self, draft: _Draft, group: Group, library: Library, name: str) -> None:
        """Places that make an object: not where more than one event loop could come by."""
        for value in group.values:
            for site in value.occurrences:
                made = self.rules.resource(next(iter(self.project.callee_names(site)), ""))
                if made is None or made[1].name != name:
                    continue
                expression = self.project.expression(site)
                function = self.project.functions[expression.function]
                at_top = function.kind == "module" and not in_script(self.project, site)
                if at_top or expression.place is Place.CLASS_BODY:
                    reason = f"a {last_part(name)} made at import would be shared by event loops"
                    draft.problem = (site, reason)

    def _handed_over(self, draft: _Draft, site: Reference) -> None:
        made = self.threads.edits(site)
        if isinstance(made, Limit):
            draft.limit = draft.limit or made
            return
        draft.edits.extend(made)
        draft.sites.append((site, self._function(site)))

    def _call(
        self,
        draft: _Draft,
        site: Reference,
        library: Library,
        call: Call,
        group: Group,
        options: Mapping[str, str] | None,
    ) -> None:
        project = self.project
        expression = project.expression(site)
        path = project.module(site).path
        carried = carry(project, site, call, options=options)
        if carried.problem:
            draft.problem = (site, carried.problem)
            return
        if is_wrapped(project, site):
            draft.problem = (site, "the call is awaited already")
            return
        draft.problem = self._around(draft, site, call)
        if draft.problem is not None:
            return
        carried, entered = self._entered(draft, site, call, carried, group)
        draft.edits.extend((path, edit) for edit in carried.edits)
        for helper in used_helpers(self.rules, library, carried.helpers):
            self._helper(draft, site.module, library, helper)
        draft.edits.extend((path, AddImport(t)) for t in (*call.imports, *carried.imports))
        self._callee(draft, site, library, call, carried)
        if call.template != "{0}":
            span = expression.span
            draft.edits.append((path, Replace(span, call.template, (span,))))
        if call.awaited:
            context = async_context(project, site)
            if isinstance(context, Limit):
                draft.limit = draft.limit or context
                return
            draft.edits.extend(context)
            if not entered:
                draft.edits.append((path, Await(expression.span)))
            draft.sites.append((site, expression.function))

    def _around(self, draft: _Draft, site: Reference, call: Call) -> tuple[Reference, str] | None:
        """What a call needs elsewhere in the project, or why it cannot have it."""
        names = frozenset(self.project.graph.names.values()) if call.unless else ()
        if used := next((name for name in call.unless if name in names), ""):
            return site, f"it raises no {last_part(used)}"
        for argument, _ in self.project.arguments(site):
            derived = derived_edits(self.project, self.rules, argument)
            if isinstance(derived, str):
                return argument, derived
            draft.edits.extend(derived or ())
        return None

    def _entered(
        self, draft: _Draft, site: Reference, call: Call, carried: Carried, group: Group
    ) -> tuple[Carried, bool]:
        """A call whose object is entered at once; whether `async with` awaits it by itself."""
        if site in group.made:
            return replace(carried, to=group.made[site], helpers=()), True
        made = self._entered_at_once(site, call)
        if made is None:
            return carried, False
        if made.enter_made and stays_inside(self.project, group, site):
            return replace(carried, to=made.enter_made, helpers=made.made_helpers), True
        if made.enter_template == "{0}" or call.enters:
            return carried, made.enter == "async"
        span = self.project.expression(site).span
        wrapped = Replace(span, made.enter_template, (span,), around=True)
        draft.edits.append((self.project.module(site).path, wrapped))
        return (
            replace(
                carried,
                helpers=(*carried.helpers, *made.helpers),
                imports=(*carried.imports, *template_imports(made.enter_template)),
            ),
            False,
        )

    def _entered_at_once(self, site: Reference, call: Call) -> Resource | None:
        """The resource that a call makes for the with statement around it."""
        returned = returned_type(self.project, site, call)
        made = self.rules.resource(returned) if returned else None
        if made is None or not made[1].enter:
            return None
        return made[1] if self.project.expression(site).role is Role.ENTERED else None

    def _callee(
        self, draft: _Draft, site: Reference, library: Library, call: Call, carried: Carried
    ) -> None:
        project = self.project
        path = project.module(site).path
        callee = project.child(site, Role.CALLEE)
        assert callee is not None
        to = carried.to or call.to
        if call.receiver:
            self._receiver_first(draft, site, callee, to)
            return
        is_method = self.rules.resource(call.name.rpartition(".")[0]) is not None
        if not is_method and callee not in project.graph.names:
            draft.problem = (site, "the function is called through a variable")
            return
        if call.client:
            draft.clients.append(ClientCall(site, library, call.client, to, carried.options))
            return
        if not to:
            return
        span = project.expression(callee).span
        if "." in to or not is_method:
            draft.edits.append((path, Replace(span, to)))
            if "." in to:
                draft.edits.append((path, AddImport(import_text(to))))
            return
        receiver = project.child(callee, Role.RECEIVER)
        if receiver is None or not is_named(project, site, call.name):
            draft.problem = (site, "the method is called through a variable")
            return
        hole = project.expression(receiver).span
        draft.edits.append((path, Replace(span, f"{{0}}.{to}", (hole,))))

    def _receiver_first(self, draft: _Draft, site: Reference, callee: Reference, to: str) -> None:
        """``path.open("w")`` becomes ``aiofiles.open(path, "w")``."""
        project = self.project
        receiver = project.child(callee, Role.RECEIVER)
        arguments = project.arguments(site)
        unpacked = any(e.kind is Kind.STARRED or e.role is Role.UNPACKED for _, e in arguments)
        if receiver is None or unpacked:
            draft.problem = (site, "the arguments are not all known")
            return
        parts, holes = ["{0}"], [project.expression(receiver).span]
        for number, (_, argument) in enumerate(arguments, 1):
            keyword = f"{argument.detail}=" if argument.role is Role.KEYWORD else ""
            parts.append(f"{keyword}{{{number}}}")
            holes.append(argument.span)
        path = project.module(site).path
        template = f"{to}({', '.join(parts)})"
        edit = Replace(project.expression(site).span, template, tuple(holes))
        draft.edits.append((path, edit))
        if "." in to:
            draft.edits.append((path, AddImport(import_text(to))))

    def _helper(self, draft: _Draft, module: str, library: Library, name: str) -> None:
        path = self.project.graph.modules[module].path
        draft.edits.extend((path, edit) for edit in helper_edits(self.rules, library, name))

    # -- single calls ----------------------------------------------------------------------------

    def _single(self, site: Reference, name: str) -> Seed | None:
        """A blocking call without an object: a thread rule, a refusal, or a method of an unknown object."""
        thread = self.rules.thread(name)
        if thread is not None:
            return self.threads.seed(site, thread[0], thread[1].name)
        found = self.rules.call(name)
        if found is not None and found[1].awaited and found[1].waits:
            library, call = found
            made = self.rules.resource(call.name.rpartition(".")[0])
            if made is not None and made[1].fallback == "thread":
                return self.threads.seed(site, library, call.name)
            limit = Limit("ASY915", "the object comes from a place that is not translated", site)
            shown = Site(site, self._function(site), library, call.name, call.to)
            return Seed(Unit(unit_name(self.project, site), (), limit), (shown,))
        refused = self.rules.refusal(name)
        if refused is not None and refused[1].code:
            library, entry = refused
            limit = Limit(entry.code, entry.reason, site)
            shown = Site(site, self._function(site), library, entry.name, "")
            return Seed(Unit(unit_name(self.project, site), (), limit), (shown,))
        return None

    def _by_a_string(self, site: Reference) -> Iterable[Seed]:
        """A call of a library that is reached by a name in a string."""
        for found in looked_up(self.project, self.rules, site):
            if found.problem:
                shown = Site(found.site, self._function(found.site), found.library, found.name, "")
                name = unit_name(self.project, found.site)
                yield Seed(Unit(name, (), Limit("ASY919", found.problem, site)), (shown,))
            else:
                yield self.threads.seed(found.site, found.library, found.name)

    def _function(self, site: Reference) -> FunctionId:
        return self.project.expression(site).function
