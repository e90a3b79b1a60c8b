"""Turns decisions into edits, and the edits into chains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asyncify.model.facts import FunctionId, Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import Arguments, Await, Chain, Edit, MakeAsync, Replace
from asyncify.planning import testing
from asyncify.planning.annotations import annotation_edits
from asyncify.planning.chains import Chains, Owner
from asyncify.planning.clients import client_edits
from asyncify.planning.decided import Decided
from asyncify.planning.doubled import double_edits
from asyncify.planning.exceptions import handler_edits, raised_by_hand
from asyncify.planning.frameworks import completed_calls
from asyncify.planning.imports import unused_imports
from asyncify.planning.mixing import evaluated
from asyncify.planning.mocks import mock_edits
from asyncify.planning.moved import moved_names
from asyncify.planning.programs import program_edits
from asyncify.planning.style import style_edits


class Assembly:
    """Collects every edit of a plan."""

    def __init__(self, decided: Decided) -> None:
        self.decided = decided
        self.project, self.rules = decided.project, decided.rules
        self.sites, self.applied = decided.sites, decided.applied
        self.colouring = decided.colouring

    def chains(self) -> tuple[list[Chain], dict[FunctionId, int]]:
        chains = Chains()
        functions = sorted(self.colouring.causes)
        for function in functions:
            conversion = self.decided.conversions[function]
            chains.join((function, *(use.user for use in conversion.uses)))
            chains.join(sorted(self.project.family(function)))
            chains.add(function, conversion.edits)
            for step in conversion.steps:
                chains.add(function, step.edits)
        self._add_programs(chains, functions)
        for function in sorted(self.colouring.twins):
            self._add_twin(chains, function)
        handlers = list(self._handlers())
        # what tests answer, and what is caught, changes for all calls of a library or for none
        tied = {library for library, _, _ in handlers} | self.decided.interceptions.keys()
        for seed in self.applied:
            libraries = tuple(("library", name) for name in seed.libraries if name in tied)
            users = tuple(function for _, function in seed.unit.sites)
            chains.join((seed.unit.name, *users, *libraries))
            chains.add(seed.unit.name, seed.edits)
        calls = [call for seed in self.applied for call in seed.clients]
        for function, path, edit in client_edits(self.project, self.rules, calls):
            chains.add(function, [(path, edit)])
        for function, path, edit in testing.case_edits(self.project, functions):
            chains.add(function, [(path, edit)])
        self._add_tests(chains)
        for library, path, edit in handlers:
            chains.add(("library", library), [(path, edit)])
        self._add_annotations(chains)
        for path, edit in unused_imports(self.project, chains.edits):
            owners = chains.owners(path)
            chains.join(owners)
            chains.add(owners[0], [(path, edit)])
        return chains.build((*functions, *self.colouring.twins))

    def _add_tests(self, chains: Chains) -> None:
        """What replaces converted code in tests follows it."""
        for function, path, edit in style_edits(
            self.project, sorted(self.colouring.causes), self.decided.style
        ):
            chains.add(function, [(path, edit)])
        for path, edit in (*self._mocks(), *self._completed_calls()):
            owners = chains.owners(path)
            chains.join(owners)
            chains.add(owners[0] if owners else path, [(path, edit)])
        for name, found in self.decided.interceptions.items():
            chains.add(("library", name), found.edits)

    def _add_annotations(self, chains: Chains) -> None:
        """What describes converted code stays true."""
        translated, coloured = self._translated(), self._coloured()
        made = self._expressions(chains)
        for owners, path, edits in annotation_edits(
            self.project, self.rules, translated, coloured, made, self.colouring.twins
        ):
            chains.join(owners)
            chains.add(owners[0], [(path, edit) for edit in edits])

    def _expressions(self, chains: Chains) -> dict[Reference, Owner]:
        """The generator expressions that are kept and become async, each with the owner of an edit that does it."""
        found: dict[Reference, Owner] = {}
        replaced = {(p, e.span): chains.owner(p, e) for p, e in chains.edits if type(e) is Replace}
        for value in self.project.graph.values:
            for source in value.sources:
                if source.kind is not SourceKind.EXPRESSION or source.site is None:
                    continue
                path = self.project.module(source.site).path
                whole = self.project.expression(source.site)
                if whole.kind is Kind.CALL:
                    callee = self.project.child(source.site, Role.CALLEE)
                    spans = [whole.span, self.project.expression(callee).span] if callee else []
                    owners = [replaced[path, span] for span in spans if (path, span) in replaced]
                    found.update((source.site, owner) for owner in owners[:1])
                    continue
                for _, expression in evaluated(self.project, source.site):
                    for edit in (Await(expression.span), MakeAsync(expression.span, "clause")):
                        owner = chains.owner(path, edit)
                        if owner is not None:
                            found[source.site] = owner
        return found

    def _add_programs(self, chains: Chains, functions: Sequence[FunctionId]) -> None:
        """Bridges at module level: all calls of one program share its event loop."""
        programs: dict[str, dict[Reference, FunctionId]] = {}
        moved: set[Reference] = set()
        for function in functions:
            conversion = self.decided.conversions[function]
            moved.update(conversion.moved)
            for site in conversion.starting:
                programs.setdefault(site.module, {})[site] = function
        for sites in programs.values():
            chains.join(sites.values())
            owner = next(iter(sites.values()))
            chains.add(owner, program_edits(self.project, list(sites), moved & sites.keys()))

    def _add_twin(self, chains: Chains, function: FunctionId) -> None:
        """The twin, and the places in async functions and in other twins that use it."""
        twin = self.decided.conversions[function].twin
        assert twin is not None
        chains.join(sorted(self.project.line(function)))
        chains.add(function, twin.edits)
        for step in twin.steps:
            users = [use.user for use in step.uses]
            if users and self.colouring.awaiting.issuperset(users):
                chains.join((function, *users))
                chains.add(function, step.edits)

    def _mocks(self) -> Iterable[tuple[str, Edit]]:
        """What patches of moved and of async functions need."""
        coroutines = {
            function
            for function in self.colouring.causes
            if not self.project.functions[function].is_generator
            and not self.decided.conversions[function].starts_loop
        }
        moved = moved_names(self.applied, self.sites)
        yield from mock_edits(self.project, moved, coroutines)
        yield from double_edits(self.project, coroutines)

    def _completed_calls(self) -> Iterable[tuple[str, Edit]]:
        """What calls in tests need as soon as an event loop runs around them."""
        for call, _, argument in completed_calls(self.project, self.colouring.causes):
            edit = Arguments(self.project.expression(call).span, last=(argument,))
            yield self.project.module(call).path, edit

    def _coloured(self) -> frozenset[FunctionId]:
        """The functions that become async; not those that run a loop of their own."""
        causes, conversions = self.colouring.causes, self.decided.conversions
        return frozenset(f for f in causes if not conversions[f].starts_loop)

    def _translated(self) -> frozenset[int]:
        return frozenset(value for seed in self.applied for value in seed.values)

    def _handlers(self) -> list[tuple[str, str, Edit]]:
        by_name = {library.name: library for library in self.rules.libraries}
        left = {name: by_name[name] for seed in self.applied for name in seed.libraries}
        sites: dict[str, set[Reference]] = {}
        total: dict[str, set[Reference]] = {}
        for site in self.sites:
            total.setdefault(site.library.name, set()).add(site.reference)
        for seed in self.applied:
            for name in seed.libraries:
                sites.setdefault(name, set()).update(s.reference for s in seed.sites)
        made = {r for found in self.decided.interceptions.values() for r in found.exceptions}
        by_hand = raised_by_hand(self.project, self.rules, made)
        stays = frozenset(
            name for name in left if name in by_hand or total.get(name, set()) - sites[name]
        )
        raising = {name: self._raising(name) for name in left}
        frozen = {name: frozenset(found) for name, found in sites.items()}
        return handler_edits(self.project, self.rules, left, stays, raising, frozen)

    def _raising(self, library: str) -> frozenset[FunctionId]:
        """The functions through which a call of a library may raise."""
        reached = {
            function
            for seed in self.applied
            if library in seed.libraries
            for _, function in seed.unit.sites
        }
        todo = list(reached)
        while todo:
            for use in self.decided.conversions[todo.pop()].uses:
                if use.user not in reached and use.user in self.colouring.causes:
                    reached.add(use.user)
                    todo.append(use.user)
        return frozenset(reached)
