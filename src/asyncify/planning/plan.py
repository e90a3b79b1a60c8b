"""From the call graph to the Plan: what to do, why, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from asyncify.codes import find
from asyncify.model.facts import FunctionId
from asyncify.model.graph import CallGraph, Reference
from asyncify.model.plan import Chain, Edit, Finding, Plan, Reason, Safety
from asyncify.planning import testing
from asyncify.planning.annotations import annotation_edits
from asyncify.planning.chains import Chains
from asyncify.planning.clients import client_edits, resettable
from asyncify.planning.colour import Colouring, Limit, Unit, Use, colour
from asyncify.planning.exceptions import handler_edits, raised_by_hand
from asyncify.planning.frontier import may_run_in_loop, program_edits
from asyncify.planning.functions import Boundaries, Conversion, convert
from asyncify.planning.imports import unused_imports
from asyncify.planning.interceptors import interceptor
from asyncify.planning.mocks import mock_edits
from asyncify.planning.project import Project
from asyncify.planning.twins import inside
from asyncify.planning.seeds import ClientCall, Seed, Seeds, Site
from asyncify.rules.registry import Rules


@dataclass(frozen=True, slots=True)
class Options:
    """What planning has to know beside the code.

    Args:
        boundaries: what stays sync.
        texts: files that configure pytest, by path relative to the root.
        declined: unit names that a person, or a failed verification, turned down.
    """

    boundaries: Boundaries = field(default_factory=Boundaries)
    texts: Mapping[str, str] = field(default_factory=dict)
    declined: frozenset[str] = frozenset()


def make_plan(graph: CallGraph, rules: Rules, options: Options | None = None) -> Plan:
    """Plans the whole project."""
    return _Planner(Project(graph), rules, options or Options()).plan()


class _Planner:
    def __init__(self, project: Project, rules: Rules, options: Options) -> None:
        self.project = project
        self.rules = rules
        self.options = options
        self.conversions: dict[FunctionId, Conversion] = {}
        self.sites: list[Site] = []
        self.in_loop: dict[FunctionId, Limit] = {}
        self.chain_of: dict[FunctionId, int] = {}

    def plan(self) -> Plan:
        found = Seeds(self.project, self.rules).all()
        self.sites = [site for seed in found for site in seed.sites]
        seeds = self._declined(self._client_conflicts(self._intercepted(found)))
        colouring = self._colour(seeds)
        # objects whose faithful form is held may still go, call by call, to worker threads
        while stopped := self._stopped(seeds, colouring):
            seeds = [
                small
                for seed in seeds
                for small in (
                    tuple(_noted(each, stopped[seed.unit.name]) for each in seed.fallback)
                    if seed.unit.name in stopped and seed.fallback
                    else (self._given_up(seed, stopped),)
                )
            ]
            colouring = self._colour(seeds)
        applied = [seed for seed in seeds if seed.unit.name not in colouring.held]
        chains, self.chain_of = self._chains(applied, colouring)
        findings = [
            *self._applied_findings(applied),
            *self._function_findings(colouring),
            *self._held_findings(seeds, colouring),
        ]
        return Plan(
            tuple(chains),
            tuple(sorted(findings, key=lambda f: (f.path, f.span, f.code))),
            self._reasons(colouring),
            self._dependencies(applied, colouring),
            self._test_configuration(colouring),
        )

    # -- seeds -----------------------------------------------------------------------------------

    def _intercepted(self, seeds: list[Seed]) -> list[Seed]:
        """A library that tests replace stays, and its calls go to threads: the tests keep their meaning.

        A function that only moves is no such case: `planning.mocks` moves what patches it.
        """
        notes: dict[str, str | None] = {}
        for library in self.rules.libraries:
            if any(library.name in seed.libraries and not seed.moves for seed in seeds):
                notes[library.name] = interceptor(self.project, library)
        result: list[Seed] = []
        for seed in seeds:
            note = next((notes[n] for n in seed.libraries if notes.get(n) and not seed.moves), None)
            if note is None:
                result.append(seed)
            elif seed.fallback:
                result.extend(_noted(small, note) for small in seed.fallback)
            else:
                limit = Limit("ASY918", f"a test replaces it: {note}")
                result.append(replace(seed, unit=Unit(seed.unit.name, (), limit)))
        return result

    def _client_conflicts(self, seeds: list[Seed]) -> list[Seed]:
        """Calls that share a client in a way in which no state can be reset between them go to threads."""
        calls: dict[FunctionId, list[tuple[int, ClientCall]]] = {}
        for index, seed in enumerate(seeds):
            for call in seed.clients:
                function = self.project.expression(call.site).function
                calls.setdefault(function, []).append((index, call))
        bad: set[int] = set()
        for found in calls.values():
            if not resettable(self.project, [call for _, call in found]):
                bad.update(index for index, _ in found)
        result: list[Seed] = []
        for index, seed in enumerate(seeds):
            if index in bad and seed.fallback:
                note = "one client cannot serve these calls without sharing cookies"
                result.extend(_noted(small, note) for small in seed.fallback)
            else:
                result.append(seed)
        return result

    def _declined(self, seeds: list[Seed]) -> list[Seed]:
        limit = Limit("ASY980", "the new text failed verification")
        declined = self.options.declined
        return [
            Seed(Unit(seed.unit.name, (), limit), seed.sites) if seed.unit.name in declined else seed
            for seed in seeds
        ]

    def _stopped(self, seeds: Sequence[Seed], colouring: Colouring) -> dict[str, str]:
        """Units about objects that cannot be applied as they are, with the reason.

        They are held, or they would change a function that also stays as it is, beside its twin.
        """
        found = {
            seed.unit.name: colouring.held[seed.unit.name].message
            for seed in seeds
            if seed.unit.name in colouring.held and seed.fallback
        }
        twins = [(self.project.path(f), self.project.functions[f].span) for f in colouring.twins]
        for seed in seeds:
            if seed.unit.shared and seed.unit.name not in colouring.held:
                for path, edit in seed.edits:
                    span = getattr(edit, "span", None)
                    if span is not None and inside(twins, path, span):
                        found[seed.unit.name] = "synchronous code uses the same objects"
        return found

    @staticmethod
    def _given_up(seed: Seed, stopped: Mapping[str, str]) -> Seed:
        if seed.unit.name not in stopped:
            return seed
        limit = Limit("ASY915", stopped[seed.unit.name])
        return replace(seed, unit=replace(seed.unit, limit=limit))

    # -- colour ----------------------------------------------------------------------------------

    def _conversion(self, function: FunctionId) -> Conversion:
        if function not in self.conversions:
            self.conversions[function] = convert(self.project, function, self.options.boundaries)
        return self.conversions[function]

    def _colour(self, seeds: Sequence[Seed]) -> Colouring:
        users: dict[FunctionId, list[Use]] = {}
        limits: dict[FunctionId, Limit] = {}
        todo = sorted({f for seed in seeds for _, f in seed.unit.sites})
        seen: set[FunctionId] = set()
        while todo:
            function = todo.pop()
            if function in seen:
                continue
            seen.add(function)
            todo.extend(self.project.family(function) - seen)
            conversion = self._conversion(function)
            if conversion.starts_loop and function not in self.in_loop:
                continue
            if conversion.limit is not None:
                limits[function] = self.in_loop.get(function, conversion.limit)
            users[function] = conversion.uses
            todo.extend(use.user for use in conversion.uses)
        twinnable = {
            function
            for function in seen
            if all(self._conversion(m).twin is not None for m in self.project.family(function))
        }
        units = [seed.unit for seed in seeds]
        tests = {f for f in seen if testing.in_test_file(self.project.path(f))}
        colouring = colour(units, users, self.project.family_of, limits, twinnable, tests)
        return self._without_nested_loops(seeds, colouring)

    def _without_nested_loops(self, seeds: Sequence[Seed], colouring: Colouring) -> Colouring:
        """Holds the entry points that cannot start a loop, because one may already run where they are called."""
        starting = [f for f in colouring.causes if self._conversion(f).starts_loop]
        coloured = frozenset(colouring.causes) - frozenset(starting)
        found = False
        for function in starting:
            caller = may_run_in_loop(self.project, function, coloured)
            if caller is not None:
                message = f"{_short(caller)}() is async and calls it, so it cannot start a loop"
                self.in_loop[function] = Limit("ASY920", message)
                found = True
        return self._colour(seeds) if found else colouring

    # -- edits -----------------------------------------------------------------------------------

    def _chains(
        self, applied: Sequence[Seed], colouring: Colouring
    ) -> tuple[list[Chain], dict[FunctionId, int]]:
        chains = Chains()
        functions = sorted(colouring.causes)
        for function in functions:
            conversion = self._conversion(function)
            chains.join((function, *(use.user for use in conversion.uses)))
            chains.join(sorted(self.project.family(function)))
            chains.add(function, conversion.edits)
            for step in conversion.steps:
                chains.add(function, step.edits)
            chains.add(function, program_edits(self.project, conversion.bridges))
        for function in sorted(colouring.twins):
            self._add_twin(chains, function, colouring)
        for seed in applied:
            libraries = tuple(("library", name) for name in seed.libraries)
            users = tuple(function for _, function in seed.unit.sites)
            chains.join((seed.unit.name, *users, *libraries))
            chains.add(seed.unit.name, seed.edits)
        calls = [call for seed in applied for call in seed.clients]
        for function, path, edit in client_edits(self.project, self.rules, calls):
            chains.add(function, [(path, edit)])
        for function, path, edit in testing.case_edits(self.project, functions):
            chains.add(function, [(path, edit)])
        for path, edit in self._mocks(applied, colouring):
            owners = chains.owners(path)
            chains.join(owners)
            chains.add(owners[0] if owners else path, [(path, edit)])
        for library, path, edit in self._handlers(applied, colouring):
            chains.add(("library", library), [(path, edit)])
        for library, path, edit in annotation_edits(
            self.project, self.rules, self._translated(applied)
        ):
            chains.add(("library", library), [(path, edit)])
        for path, edit in unused_imports(self.project, chains.edits):
            owners = chains.owners(path)
            chains.join(owners)
            chains.add(owners[0], [(path, edit)])
        return chains.build((*functions, *colouring.twins))

    def _add_twin(self, chains: Chains, function: FunctionId, colouring: Colouring) -> None:
        """The twin, and the places in async functions and in other twins that use it."""
        twin = self._conversion(function).twin
        assert twin is not None
        chains.join(sorted(self.project.family(function)))
        chains.add(function, twin.edits)
        for step in twin.steps:
            user = step.use.user if step.use is not None else ""
            if user in colouring.causes or user in colouring.twins:
                chains.join((function, user))
                chains.add(function, step.edits)

    def _mocks(
        self, applied: Sequence[Seed], colouring: Colouring
    ) -> Iterable[tuple[str, Edit]]:
        """What patches of moved and of async functions need."""
        moved = dict(move for seed in applied for move in seed.moves)
        gone = {site.reference for seed in applied if seed.moves for site in seed.sites}
        for site in self.sites:  # a function that is still called somewhere has not moved
            if site.reference not in gone:
                moved.pop(site.name, None)
        coroutines = {
            function
            for function in colouring.causes
            if not self.project.functions[function].is_generator
            and not self._conversion(function).starts_loop
        }
        return mock_edits(self.project, moved, coroutines)

    def _translated(self, applied: Sequence[Seed]) -> frozenset[int]:
        return frozenset(value for seed in applied for value in seed.values)

    def _handlers(
        self, applied: Sequence[Seed], colouring: Colouring
    ) -> list[tuple[str, str, Edit]]:
        by_name = {library.name: library for library in self.rules.libraries}
        left = {name: by_name[name] for seed in applied for name in seed.libraries}
        sites: dict[str, set[Reference]] = {}
        total: dict[str, set[Reference]] = {}
        for site in self.sites:
            total.setdefault(site.library.name, set()).add(site.reference)
        for seed in applied:
            for name in seed.libraries:
                sites.setdefault(name, set()).update(s.reference for s in seed.sites)
        by_hand = raised_by_hand(self.project, self.rules)
        stays = frozenset(
            name for name in left if name in by_hand or total.get(name, set()) - sites[name]
        )
        raising = {name: self._raising(name, applied, colouring) for name in left}
        frozen = {name: frozenset(found) for name, found in sites.items()}
        return handler_edits(self.project, self.rules, left, stays, raising, frozen)

    def _raising(
        self, library: str, applied: Sequence[Seed], colouring: Colouring
    ) -> frozenset[FunctionId]:
        """The functions through which a call of a library may raise."""
        reached = {
            function for seed in applied if library in seed.libraries for _, function in seed.unit.sites
        }
        todo = list(reached)
        while todo:
            for use in self._conversion(todo.pop()).uses:
                if use.user not in reached and use.user in colouring.causes:
                    reached.add(use.user)
                    todo.append(use.user)
        return frozenset(reached)

    # -- report ----------------------------------------------------------------------------------

    def _applied_findings(self, applied: Sequence[Seed]) -> Iterable[Finding]:
        for seed in applied:
            for site in seed.sites:
                reason = f"{_short(site.function)}() becomes async"
                if seed.note:
                    reason += f"; kept in a thread: {seed.note}"
                yield self._finding(
                    site.library.code,
                    site.reference,
                    Safety.SAFE,
                    f"{_shown(site.name)} -> {site.to}",
                    reason,
                    site.function,
                )

    def _function_findings(self, colouring: Colouring) -> Iterable[Finding]:
        for function, cause in sorted(colouring.causes.items()):
            if self._conversion(function).starts_loop:
                message = f"{_short(function)}() runs its body with asyncio.run"
                yield self._finding("ASY130", cause.site, Safety.SAFE, message, "entry point", function)
                continue
            if cause.callee is None or self.project.functions[function].is_async:
                continue
            yield self._finding(
                "ASY101",
                cause.site,
                Safety.SAFE,
                f"await {_short(cause.callee)}(...)",
                f"{_short(function)}() becomes async (uses {cause.callee})",
                function,
                because=cause.callee,
            )
        for function, cause in sorted(colouring.twins.items()):
            message = f"{_short(function)} gets an async twin"
            reason = f"it stays for callers that cannot await: {self._why_sync(function)}"
            yield self._finding("ASY150", cause.site, Safety.SAFE, message, reason, function)
        for function in sorted(colouring.causes):
            for site in self._conversion(function).bridges:
                message = f"asyncio.run({_short(function)}(...))"
                reason = "entry point of the program"
                yield self._finding("ASY130", site, Safety.SAFE, message, reason, function)

    def _why_sync(self, function: FunctionId) -> str:
        limit = self._conversion(function).limit
        return limit.message if limit is not None else "one of them must stay sync"

    def _held_findings(self, seeds: Sequence[Seed], colouring: Colouring) -> Iterable[Finding]:
        for seed in seeds:
            limit = colouring.held.get(seed.unit.name)
            if limit is None:
                continue
            way = colouring.ways.get(seed.unit.name, ())
            reason = limit.message
            if way:
                chain = " <- ".join(_short(function) for function in way)
                reason = f"{chain}: {limit.message}"
            if limit.site is not None:
                where = self.project.expression(limit.site)
                reason += f" ({self.project.module(limit.site).path}:{where.span.line})"
            safety = Safety.UNSAFE if limit.code == "ASY914" else Safety.MANUAL
            for site in seed.sites:
                message = f"{_shown(site.name)} stays"
                yield self._finding(limit.code, site.reference, safety, message, reason, site.function)

    def _finding(
        self,
        code: str,
        site: Reference,
        safety: Safety,
        message: str,
        reason: str,
        function: FunctionId,
        because: FunctionId | None = None,
    ) -> Finding:
        known = find(code)
        return Finding(
            code,
            known.name if known is not None else code.lower(),
            self.project.module(site).path,
            self.project.expression(site).span,
            safety,
            message,
            reason,
            function,
            because,
            None if safety is not Safety.SAFE else self.chain_of.get(function),
        )

    def _reasons(self, colouring: Colouring) -> dict[FunctionId, Reason]:
        reasons = {}
        for function, cause in sorted(colouring.causes.items()):
            if self.project.functions[function].is_async or self._conversion(function).starts_loop:
                continue
            callee = cause.callee or ", ".join(self.project.callee_names(cause.site)) or "a blocking call"
            module = self.project.module(cause.site)
            span = self.project.expression(cause.site).span
            reasons[function] = Reason(module.path, span, callee)
        return reasons

    def _dependencies(self, applied: Sequence[Seed], colouring: Colouring) -> tuple[str, ...]:
        needed = {
            requirement
            for seed in applied
            if not any(site.to == "asyncio.to_thread" for site in seed.sites)
            for site in seed.sites
            for requirement in site.library.requires
        }
        if self._async_tests(colouring):
            needed.add(testing.PLUGIN)
        return tuple(sorted(needed))

    def _async_tests(self, colouring: Colouring) -> list[FunctionId]:
        return [
            f for f in colouring.causes if testing.is_pytest(self.project, self.project.functions[f])
        ]

    def _test_configuration(self, colouring: Colouring) -> dict[str, str]:
        tests = self._async_tests(colouring)
        if not tests:
            return {}
        wide = any(testing.wide_fixture(self.project, self.project.functions[f]) for f in tests)
        return testing.configuration(self.options.texts, wide=wide)


def _noted(seed: Seed, note: str) -> Seed:
    return Seed(seed.unit, seed.sites, seed.edits, note=note)


def _short(function: FunctionId) -> str:
    return function.partition(":")[2] or function


def _shown(name: str) -> str:
    return name.removeprefix("builtins.")
