"""From the call graph to the Plan: what to do, why, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from asyncify.model.facts import FunctionId, short
from asyncify.model.graph import CallGraph, Reference
from asyncify.model.plan import Chain, Plan
from asyncify.model.span import Span
from asyncify.planning.assembly import Assembly
from asyncify.planning.clients import without_conflicts
from asyncify.planning.colour import Colouring, Limit, Together, Unit, Use, colour
from asyncify.planning.comments import kept_sites, without_kept
from asyncify.planning.decided import Decided
from asyncify.planning.doubles import joined_families
from asyncify.planning.drafts import Interception
from asyncify.planning.findings import Findings
from asyncify.planning.functions import Boundaries, Conversion, convert
from asyncify.planning.hazards import Told, hazards
from asyncify.planning.hooks import in_test_file
from asyncify.planning.interception import interception
from asyncify.planning.interceptors import interceptor
from asyncify.planning.lifetimes import outlived
from asyncify.planning.locks import Coloured, Locks
from asyncify.planning.markers import marker_edits
from asyncify.planning.moved import is_replaced, unmoved
from asyncify.planning.nested_loops import nested_loops
from asyncify.planning.pools import left_in_pool
from asyncify.planning.programs import lines_of_programs, taken_along, used_in_programs
from asyncify.planning.project import Programs, Project
from asyncify.planning.public import is_public
from asyncify.planning.reach import reach
from asyncify.planning.seeds import Seeds
from asyncify.planning.style import style_of
from asyncify.planning.surroundings import dependencies, test_configuration
from asyncify.planning.twins import inside
from asyncify.planning.units import Seed, Site, noted
from asyncify.planning.wrappers import Wrappers, surrounding, wrapped, wrappers_among
from asyncify.rules.registry import Rules, load_frameworks


@dataclass(frozen=True, slots=True)
class Options:
    """What planning has to know beside the code.

    Args:
        boundaries: what stays sync.
        texts: files that configure pytest, by path relative to the root.
        declined: unit names that a person, or a failed verification, turned down.
        marked: the codes of which a marker is left in the code; None for no markers.
        left: the libraries that the configuration leaves alone: their calls go on to block.
    """

    boundaries: Boundaries = field(default_factory=Boundaries)
    texts: Mapping[str, str] = field(default_factory=dict)
    declined: frozenset[str] = frozenset()
    marked: frozenset[str] | None = None
    left: Rules = field(default_factory=lambda: Rules(()))


def make_plan(graph: CallGraph, rules: Rules, options: Options | None = None) -> Plan:
    """Plans the whole project."""
    options = options or Options()
    wraps = options.boundaries.wrap_scripts
    project = Project(graph, load_frameworks(), wraps, rules.waiting, rules.data)
    joined = joined_families(project)
    if joined:  # what stands for a class in tests changes colour as if it were derived from it
        graph = replace(graph, families=(*graph.families, *joined))
        project = Project(graph, project.frameworks, wraps, rules.waiting, rules.data)
    return _Planner(project, rules, options).plan()


class _Planner:
    def __init__(self, project: Project, rules: Rules, options: Options) -> None:
        self.project = project
        self.rules = rules
        self.style = style_of(project, options.texts, options.boundaries.tests)
        boundaries = replace(options.boundaries, tests=self.style.value)
        self.options = replace(options, boundaries=boundaries)
        self.conversions: dict[FunctionId, Conversion] = {}
        self.sites: list[Site] = []
        self.kept: tuple[Site, ...] = ()  # by a comment, or by the configuration
        self.locked: dict[FunctionId, Limit] = {}
        self.stay: dict[FunctionId, Limit] = {}  # what only a colouring shows; a twin may serve
        self.interceptions: dict[str, Interception] = {}  # by library, where its tests follow
        self.notes: dict[str, str] = {}  # by library, what keeps it
        self.unmoved: dict[str, str] = {}  # by function of a library, what keeps its name
        self.told: list[Programs] = []  # what was said of programs since it was true

    def plan(self) -> Plan:
        every = Seeds(self.project, self.rules).all()
        self.locks = Locks(self.project, self.rules, self._declined(every))
        plain = self._in_scope(seed for seed in every if seed.guard is None)
        found = [self._with_patches(seed) for seed in without_kept(self.project, plain)]
        left = Seeds(self.project, self.options.left).all() if self.options.left.libraries else []
        blocks = (site for each in left if each.guard is None for site in each.sites)
        self.kept = (*kept_sites(self.project, plain), *blocks)
        self.sites = [site for seed in found for site in seed.sites]
        self._intercept(found)
        decided = self._followed(found)
        while (moved := taken_along(decided, found)) != found:
            found = moved
            decided = self._followed(found)
        chains, chain_of = Assembly(decided).chains()
        findings = Findings(decided, chain_of, list(self._hazards(decided)))
        if self.options.marked is not None:
            others = [item for chain in chains for item in chain.edits]
            marked = marker_edits(decided, self.options.marked, others)
            first = 1 + max((chain.id for chain in chains), default=-1)
            for number, (path, edits) in enumerate(marked, first):
                chains.append(Chain(number, (), tuple((path, edit) for edit in edits)))
        return Plan(
            tuple(chains),
            tuple(findings.all()),
            findings.reasons(),
            dependencies(decided),
            test_configuration(decided, self.options.texts),
        )

    def _followed(self, found: list[Seed]) -> Decided:
        """Decides until tests follow everything that they replace."""
        while True:
            decided = self._decide(found)
            lost = self._unserved(decided)
            kept = unmoved(self.project, decided.applied, decided.sites)
            for name, reason in lost.items():
                del self.interceptions[name]
                self.notes[name] += f"; {reason}"
            self.unmoved.update(kept)
            if not lost and not kept:
                return decided

    def _decide(self, found: list[Seed]) -> Decided:
        seeds = self._declined(without_conflicts(self.project, self._intercepted(found)))
        seeds, colouring = self._with_locks(seeds)
        locks = [site for seed in seeds if seed.guard is not None for site in seed.sites]
        return Decided(
            self.project,
            self.rules,
            [*self.sites, *locks],
            seeds,
            colouring,
            self.conversions,
            self.interceptions,
            reach(self.project) if self.options.boundaries.async_only else None,
            self.style,
        )

    def _hazards(self, decided: Decided) -> Iterator[Told]:
        coloured = Coloured(decided.seeds, decided.colouring, self.conversions)
        awaits: dict[FunctionId, list[Reference]] = {}
        for site, function in sorted(coloured.awaits()):  # of several the first is told
            awaits.setdefault(function, []).append(site)
        return hazards(decided, awaits, self.locks.stretches())

    def _with_locks(self, seeds: list[Seed]) -> tuple[list[Seed], Colouring]:
        """Colours, translates the locks that an await would be under, and holds who awaits under others."""
        self.locked = {}
        while True:
            active: dict[str, Seed] = {}
            while True:
                settled, colouring = self._settled([*seeds, *active.values()])
                coloured = Coloured(settled, colouring, self.conversions)
                wanted = self.locks.wanted(coloured)
                new = {
                    name: seed
                    for name, (seed, _) in wanted.items()
                    if name not in active and seed.guard is not None and not seed.guard.problem
                }
                if not new:
                    break
                active.update(new)
            known = len(self.locked)
            for seed, across in wanted.values():
                problem = self.locks.problem(seed, coloured)
                if problem is not None:
                    self.locked.update(self.locks.limits(seed, across, problem))
            if len(self.locked) == known:
                return settled, colouring

    def _settled(self, seeds: list[Seed]) -> tuple[list[Seed], Colouring]:
        """Colours until everything that is converted is converted faithfully."""
        colouring = self._colour(seeds)
        # objects whose faithful form is held may still go, call by call, to worker threads
        while stopped := self._stopped(seeds, colouring):
            seeds = self._in_scope(
                small for seed in seeds for small in self._instead(seed, stopped)
            )
            colouring = self._colour(seeds)
        return seeds, colouring

    # -- seeds -----------------------------------------------------------------------------------

    def _in_scope(self, seeds: Iterable[Seed]) -> list[Seed]:
        """What the run is about: everything, or what blocks an event loop that runs already."""
        if not self.options.boundaries.async_only:
            return list(seeds)
        reached = reach(self.project)
        return [seed for seed in seeds if any(site.function in reached for site in seed.sites)]

    def _intercept(self, seeds: list[Seed]) -> None:
        """Finds the libraries that tests replace, and how those tests could follow."""
        for library in self.rules.libraries:
            if any(library.name in seed.libraries and not seed.moves for seed in seeds):
                note = interceptor(self.project, library)
                if note is None:
                    continue
                found = interception(self.project, self.rules, library, seeds)
                self.notes[library.name] = note
                if found.problem:
                    if found.problem not in note:
                        self.notes[library.name] += f"; {found.problem}"
                else:
                    self.interceptions[library.name] = found

    def _unserved(self, decided: Decided) -> dict[str, str]:
        """Libraries whose tests follow, although some of the calls that they answer do not leave."""
        lost: dict[str, str] = {}
        left = {
            (name, site.reference)
            for seed in decided.applied
            for name in seed.libraries
            for site in seed.sites
        }
        coloured = decided.colouring.causes
        for name, found in self.interceptions.items():
            for site in self.sites:
                if site.library.name != name:
                    continue
                stays = (name, site.reference) not in left or site.function not in coloured
                if stays:
                    lost[name] = f"{short(site.function)}() keeps the library"
            idle = sorted(test for test in found.tests if test not in coloured)
            if idle:
                lost[name] = f"{short(idle[0])}() reaches no converted call"
        return lost

    def _with_patches(self, seed: Seed) -> Seed:
        """What tests replace is converted everywhere or not at all: a patch reaches one name only."""
        patched = any(is_replaced(self.project, name) for name, _ in seed.moves)
        return replace(seed, unit=replace(seed.unit, shared=True)) if patched else seed

    def _intercepted(self, seeds: list[Seed]) -> list[Seed]:
        """A library that tests replace stays, and its calls go to threads: the tests keep their meaning.

        A function that only moves is no such case, if `planning.moved` can move what patches it.
        """
        notes = {n: note for n, note in self.notes.items() if n not in self.interceptions}
        result: list[Seed] = []
        for seed in seeds:
            if seed.moves:
                note = next((self.unmoved[n] for n, _ in seed.moves if n in self.unmoved), None)
            else:
                note = next((notes[n] for n in seed.libraries if notes.get(n)), None)
            if note is None:
                result.append(seed)
            elif seed.fallback:
                result.extend(noted(small, note) for small in seed.fallback)
            else:
                limit = Limit("ASY918", f"a test replaces it: {note}")
                result.append(replace(seed, unit=Unit(seed.unit.name, (), limit)))
        return result

    def _declined(self, seeds: list[Seed]) -> list[Seed]:
        limit = Limit("ASY980", "the new text failed verification")
        declined = self.options.declined
        return [
            (
                Seed(Unit(seed.unit.name, (), limit), seed.sites)
                if seed.unit.name in declined
                else seed
            )
            for seed in seeds
        ]

    def _stopped(self, seeds: Sequence[Seed], colouring: Colouring) -> dict[str, Limit]:
        """Units about objects that cannot be applied as they are, with the reason.

        They are held, or they would change a function that also stays as it is, beside its twin.
        """
        found = {
            seed.unit.name: colouring.held[seed.unit.name]
            for seed in seeds
            if seed.unit.name in colouring.held and seed.fallback
        }
        twins: dict[str, list[Span]] = {}
        for name in colouring.twins:
            span = self.project.functions[name].span
            twins.setdefault(self.project.path(name), []).append(span)
        for seed in seeds:
            if seed.unit.shared and seed.unit.name not in colouring.held:
                for path, edit in seed.edits:
                    if inside(twins.get(path, ()), edit):
                        reason = "synchronous code uses the same objects"
                        found[seed.unit.name] = Limit("ASY915", reason)
        single = self.options.boundaries.entry_points
        for seed in seeds:
            kept = outlived(self.project, seed, colouring, self.conversions, single)
            if kept is not None:
                path, line = self.project.module(kept).path, self.project.expression(kept).span.line
                reason = f"{path}:{line} keeps it, and more than one event loop could use it"
                found.setdefault(seed.unit.name, Limit("ASY923", reason, kept))
        return found

    @staticmethod
    def _instead(seed: Seed, stopped: Mapping[str, Limit]) -> tuple[Seed, ...]:
        """What takes the place of a seed that cannot be applied as it is."""
        limit = stopped.get(seed.unit.name)
        if limit is None:
            return (seed,)
        if seed.wider is not None and limit.code == "ASY923":
            return (seed.wider,)
        if seed.fallback:
            return tuple(noted(each, limit.message) for each in seed.fallback)
        return (replace(seed, unit=replace(seed.unit, limit=limit)),)

    # -- colour ----------------------------------------------------------------------------------

    def _conversion(self, function: FunctionId) -> Conversion:
        if function not in self.conversions:
            self.conversions[function] = convert(self.project, function, self.options.boundaries)
        return self.conversions[function]

    def _starts_loop(self, function: FunctionId) -> bool:
        return self._conversion(function).starts_loop

    def _colour(self, seeds: Sequence[Seed]) -> Colouring:
        users: dict[FunctionId, list[Use]] = {}
        limits = dict(self.stay)  # a twin may still ask for them
        todo = sorted({f for seed in seeds for _, f in seed.unit.sites})
        seen: set[FunctionId] = set()
        families: set[frozenset[FunctionId]] = set()  # one may have thousands of members
        while todo:
            function = todo.pop()
            if function in seen:
                continue
            seen.add(function)
            family = self.project.family(function)
            if family not in families:
                families.add(family)
                todo.extend(family - seen)
            conversion = self._conversion(function)
            stays = self.locked.get(function) or self.stay.get(function)
            if conversion.starts_loop and stays is None:
                continue
            if limit := stays or conversion.limit:
                limits[function] = limit
            users[function] = conversion.uses
            todo.extend(use.user for use in conversion.uses)
            todo.extend(wrapped(self.project, function))
            todo.extend(surrounding(self.project, function))
        made = {
            wrapper.decorator: twin
            for wrapper in wrappers_among(self.project, seen)
            if (twin := self._conversion(wrapper.decorator).twin) is not None
        }
        programs = {f for f in seen if self._starts_loop(f)}
        wrappers = Wrappers(self.project, made, limits, programs)
        users = {function: wrappers.uses(uses) for function, uses in users.items()}
        limits = {**limits, **wrappers.add(seen, users)}
        units = [seed.unit for seed in seeds]
        tests = {f for f in seen if in_test_file(self.project.path(f))}
        asked = set()
        if not self.options.boundaries.public:
            asked = {f for f in seen if is_public(self.project, self.project.functions[f])}
        alone = {f for f in programs if all(map(self._starts_loop, self.project.family(f)))}
        together = Together(self.project.family_of, self.project.line_of, alone)

        def twins(blocked: Set[FunctionId]) -> dict[FunctionId, list[Use]]:
            return wrappers.twins(blocked, self._twins(blocked & seen), limits)

        colouring = colour(units, users, together, limits, twins, tests, asked)
        return self._without_nested_loops(seeds, wrappers.settled(colouring))

    def _twins(self, functions: Set[FunctionId]) -> dict[FunctionId, list[Use]]:
        """Those among some functions that can have a twin, as all of their line can; who could use it."""
        return {
            function: [use for step in twin.steps for use in step.uses]
            for function in functions
            if (twin := self._conversion(function).twin) is not None
            and all(
                self._conversion(m).twin is not None and m not in self.locked
                for m in self.project.line(function)
            )
        }

    def _told_more(self, starting: Mapping[Reference, FunctionId], moved: Set[Reference]) -> bool:
        """Tells the project which programs there are, if it did not know: what twins serve depends on it."""
        found = lines_of_programs(self.project, starting, moved)
        known = self.project.programs
        if found != known and found in self.told:
            found = {}  # it depends on itself
        if found == known:
            self.told.clear()
            return False
        self.told.append(found)
        self.project = self.project.told(programs=found)
        changed = known.items() ^ found.items()
        for function in used_in_programs(self.project, {module for module, _ in changed}):
            self.conversions.pop(function, None)
        return True

    def _without_nested_loops(self, seeds: Sequence[Seed], colouring: Colouring) -> Colouring:
        """Colours again without what a colouring shows to be unable to change as it says."""
        conversions = {function: self._conversion(function) for function in colouring.causes}
        starting = {site: f for f, each in conversions.items() for site in each.starting}
        moved = {site for each in conversions.values() for site in each.moved}
        if self._told_more(starting, moved):
            return self._colour(seeds)
        nested = nested_loops(self.project, conversions)
        stay = left_in_pool(self.project, seeds, self.kept, colouring, self.stay) | nested.stay
        if stay.keys() <= self.stay.keys():
            return colouring
        self.stay.update(stay)
        if nested.tests:
            self.project = self.project.told(starting=nested.tests)
            for function in list(self.conversions):
                if not nested.tests.isdisjoint(self.project.direct_users(function)):
                    del self.conversions[function]
        return self._colour(seeds)
