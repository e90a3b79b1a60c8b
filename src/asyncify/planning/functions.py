"""What making one function async means: its limit, the edits of its definition, and what its users need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property, partial

from asyncify.model.attributes import CONSTRUCTORS
from asyncify.model.facts import Expression, Function, FunctionId, Kind, Role
from asyncify.model.graph import Access, Reference, SourceKind
from asyncify.model.plan import Edit, MakeAsync, Replace
from asyncify.model.span import Span
from asyncify.planning.callables import callback_step
from asyncify.planning.colour import Limit, Use
from asyncify.planning.companions import lambda_form, loop_calls
from asyncify.planning.declarations import mixed_limit, stands_for_generator
from asyncify.planning.decorators import cache_edits
from asyncify.planning.delegation import delegation_edits
from asyncify.planning.doctests import doctest_limit
from asyncify.planning.doubled import double_limit
from asyncify.planning.factories import construction, factory_edits
from asyncify.planning.found_by_name import found_by_name_limit
from asyncify.planning.frameworks import framework_limit
from asyncify.planning.frontier import bridge_edits
from asyncify.planning.hooks import hook_edits, hook_limit, hook_name
from asyncify.planning.interceptors import patched_names
from asyncify.planning.interrupts import interrupt_limit
from asyncify.planning.iteration import PROTOCOL, iteration_limit, protocol_edits, stays_plain
from asyncify.planning.lambdas import LambdaForm
from asyncify.planning.limits import (
    RENAMED,
    is_special,
    nature_limit,
    override_limit,
    starts_loop,
)
from asyncify.planning.loops import loop_edits, loop_limit
from asyncify.planning.managers import manager_edits, manager_limit
from asyncify.planning.named import named_limit
from asyncify.planning.named_lambdas import naming_edits
from asyncify.planning.project import UNSEEN, Project
from asyncify.planning.public import beside_limit, public_limit
from asyncify.planning.reach import reach
from asyncify.planning.returned import asking_limit, asking_steps, returning_edits
from asyncify.planning.scripts import script_edits
from asyncify.planning.stand_ins import given_limit
from asyncify.planning.steps import Step, in_program
from asyncify.planning.stops import stop_limit
from asyncify.planning.testing import test_case_limit
from asyncify.planning.twins import Twin, copied, inside, twin_of
from asyncify.planning.uses import edge_steps, value_steps
from asyncify.planning.wrappers import decorator_twin, made_by, surrounding_twin, wrapper_steps


@dataclass
class Conversion:
    """One function, as it would be when async."""

    function: Function
    limit: Limit | None = None
    edits: list[tuple[str, Edit]] = field(default_factory=list)  # of the definition
    steps: list[Step] = field(default_factory=list)  # of the places that use it
    starts_loop: bool = False  # it stays sync and runs its body in a loop of its own
    find_twin: Callable[[], Twin | None] = lambda: None

    @cached_property
    def twin(self) -> Twin | None:
        """How it can get an async function beside it; few need that."""
        return self.find_twin()

    @cached_property
    def uses(self) -> list[Use]:
        """The places that need their own function async because of this one."""
        if self.limit is not None and self.twin is None:
            return []
        return [use for step in self.steps for use in step.uses]

    @property
    def bridges(self) -> list[Reference]:
        """The calls in a program's entry that start the loop."""
        return [step.bridge for step in self.steps if step.bridge is not None]

    @property
    def moved(self) -> list[Reference]:
        """The places in a program's entry that an async function takes along."""
        return [site for step in self.steps for site in step.moved]

    @property
    def starting(self) -> list[Reference]:
        """Both of these."""
        return [*self.bridges, *self.moved]


@dataclass(frozen=True, slots=True)
class Boundaries:
    """What the user asked to keep: patterns, skipped lines, the files that may be edited."""

    keep_sync: tuple[str, ...] = ()
    editable: frozenset[str] | None = None
    entry_points: frozenset[str] = frozenset()
    plugins: frozenset[str] = frozenset()
    doctests: bool = False  # whether the examples in docstrings are run
    unsafe: bool = False
    twins: bool = True
    public: bool = True  # whether what others may call can become async, or gets a twin only
    tests: str = "auto"  # how async tests are marked (see `planning.style`)
    async_only: bool = False  # only what runs in an event loop already
    wrap_scripts: bool = False  # whether the module level of a script becomes one async function


def convert(project: Project, identifier: FunctionId, boundaries: Boundaries) -> Conversion:
    """Works out a conversion."""
    function = project.functions[identifier]
    conversion = Conversion(function)
    conversion.limit = _limit(project, function, boundaries)
    if conversion.limit is not None:
        bridge = _bridge(project, function, conversion.limit)
        if bridge is not None and loop_limit(project, function) is None:
            conversion.edits.extend((*bridge, *loop_edits(project, function)))
            conversion.starts_loop = True
            return conversion
    if function.is_async:
        return conversion  # its callers await it already
    if conversion.limit is None:
        _change_colour(project, conversion, boundaries)
    if boundaries.twins and not loop_calls(project, identifier):
        conversion.find_twin = partial(_twin, project, conversion, boundaries)
        wrapper = made_by(project, identifier)
        held = conversion.limit is not None and (wrapper is None or wrapper.is_manager)
        if held and conversion.twin is not None:
            conversion.steps.extend(conversion.twin.steps)
    return conversion


def _change_colour(project: Project, conversion: Conversion, boundaries: Boundaries) -> None:
    """The function itself becomes async, with all that uses it."""
    function = conversion.function
    steps, conversion.limit = _steps(project, function, boundaries)
    if conversion.limit is None:
        conversion.limit = _others_limit(project, steps, boundaries)
    if conversion.limit is not None:
        return
    conversion.edits.extend(_definition(project, function, boundaries.tests))
    conversion.steps.extend(map(in_program, steps))
    renamed = new_name(project, function)
    if renamed is not None:
        conversion.edits.extend(_renamed_calls(project, function, renamed))


def _twin(project: Project, conversion: Conversion, boundaries: Boundaries) -> Twin | None:
    function = conversion.function
    wrapper = made_by(project, function.id)
    if wrapper is not None and not wrapper.is_manager:
        # it stays as it is, and nobody waits for it: who can call it, or does, is no matter
        free = _limit(project, function, replace(boundaries, public=True, async_only=False)) is None
        return decorator_twin(project, function) if free else None
    twin = twin_of(project, function, conversion.limit)
    if twin is None and conversion.limit is None:
        return copied(project, function, conversion.edits, conversion.steps)
    return surrounding_twin(project, function, twin) if twin is not None and wrapper else twin


def _steps(
    project: Project, function: Function, boundaries: Boundaries
) -> tuple[list[Step], Limit | None]:
    """What every place needs that uses a function, up to the first place that has a limit."""
    steps: list[Step] = []
    for edge in project.reaching(function.id):
        steps.append(edge_steps(project, function, edge, boundaries.unsafe))
        if steps[-1].limit is not None:
            return steps, steps[-1].limit
    steps.extend(wrapper_steps(project, function))
    for step in value_steps(project, function):
        if step.limit is not None:
            return steps, step.limit
        steps.append(step)
    steps.extend(asking_steps(project, function.id))
    return steps, None


def _others_limit(project: Project, steps: Sequence[Step], boundaries: Boundaries) -> Limit | None:
    """The limit of functions that get another text, or give something else, without becoming async."""
    kept = project.memory(("kept out", boundaries), lambda one: _kept_out(one, boundaries))
    for step in steps if kept or boundaries.editable is not None else ():
        users = {project.functions[use.user].header for use in step.uses}
        paths = {
            project.path(use.user) for use in step.uses
        }  # whether these can move is asked there
        for path, edit in step.edits:
            if boundaries.editable is not None and path not in boundaries.editable | paths:
                return Limit("ASY905", f"the chain leaves the given paths ({path})")
            for limit, own, function in kept:
                if function not in users and own == path and inside([function], edit):
                    return limit
    return _giving_limit(project, steps, boundaries)


def _kept_out(project: Project, boundaries: Boundaries) -> list[tuple[Limit, str, Span]]:
    """The functions that the user keeps as they are."""
    found = []
    for function in project.functions.values():
        limit = _asked_limit(project, function, boundaries)
        if function.kind == "def" and limit is not None:
            found.append((limit, project.path(function.id), function.header))
    return found


def _giving_limit(project: Project, steps: Iterable[Step], boundaries: Boundaries) -> Limit | None:
    """The limit of a function that stays as it is, and would return an async iterator."""
    for identifier in dict.fromkeys(function for step in steps for function in step.gives):
        function = project.functions[identifier]
        if function.kind == "lambda":
            continue
        if function.is_async or identifier in project.graph.outside or is_special(function.name):
            return Limit("ASY902", f"{function.name} returns an iterator that is not async")
        if patched_names(project).get(function.name):
            return Limit("ASY918", f"a test replaces {function.name}, which returns an iterator")
        limit = _limit(project, function, boundaries)
        if limit is not None:
            return limit
        for value in project.values_of(identifier, SourceKind.FUNCTION):
            if value.lost is not None:
                return Limit("ASY907", UNSEEN, value.lost)
            for place in value.places_of(SourceKind.FUNCTION, identifier):
                step = callback_step(project, place, identifier)
                if step.limit is not None or step.edits or step.uses:
                    return step.limit or Limit("ASY907", "others may call it", place)
    return None


def _limit(project: Project, function: Function, boundaries: Boundaries) -> Limit | None:
    path = project.path(function.id)
    if boundaries.editable is not None and path not in boundaries.editable:
        return Limit("ASY905", f"the chain leaves the given paths ({path})")
    if (asked := _asked_limit(project, function, boundaries)) is not None:
        return asked
    if boundaries.async_only and function.kind != "module" and not reach(project).allows(function):
        return Limit("ASY929", "no async function calls it (scope is async-only)")
    if function.owner is not None and function.name in CONSTRUCTORS and not boundaries.twins:
        return Limit("ASY902", f"{function.name} cannot be async")
    if function.id in boundaries.entry_points:
        return Limit("ASY909", "a console script calls it without await")
    if function.id in boundaries.plugins:
        return Limit("ASY907", "an entry point hands it to other packages, which may not await it")
    if function.owner is not None and function.name in PROTOCOL and not function.is_async:
        limit = iteration_limit(project, function)
        if limit is not None:
            return limit
    return (
        framework_limit(project, function)
        or nature_limit(project, function)
        or mixed_limit(project, function)
        or doctest_limit(project, function, boundaries.doctests)
        or override_limit(project, function)
        or hook_limit(project, function, anyio=boundaries.tests == "anyio")
        or test_case_limit(project, function)
        or asking_limit(project, function.id)
        or manager_limit(project, function)
        or stop_limit(project, function)
        or interrupt_limit(project, function)
        or found_by_name_limit(project, function)
        or named_limit(project, function)
        or given_limit(project, function)
        or double_limit(project, function)
        or loop_limit(project, function)
        or beside_limit(project, function)
        or (None if boundaries.public else public_limit(project, function))
    )


def _asked_limit(project: Project, function: Function, boundaries: Boundaries) -> Limit | None:
    """The limit of a function that the user keeps as it is."""
    dotted = function.id
    if boundaries.keep_sync and any(
        fnmatchcase(dotted, p) or fnmatchcase(dotted.replace(":", "."), p)
        for p in boundaries.keep_sync
    ):
        return Limit("ASY916", "keep-sync in the configuration names it")
    if _skipped(project, function):
        return Limit("ASY916", "`# asyncify: skip` keeps it sync")
    return None


def _bridge(project: Project, function: Function, limit: Limit) -> list[tuple[str, Edit]] | None:
    """The edits that let an entry point start the loop, where its limit is only that nobody awaits it."""
    if function.kind == "module" and limit.code == "ASY913":
        return script_edits(project, project.graph.modules[function.module])
    if function.kind != "def" or function.is_async:
        return None
    if limit.code == "ASY909" or (limit.code == "ASY906" and starts_loop(project, function)):
        return bridge_edits(project, function)
    return None


def _skipped(project: Project, function: Function) -> bool:
    module = project.graph.modules[function.module]
    if not module.directives:
        return False
    lines = {d.line for d in module.directives if d.kind == "skip"}
    if any(d.kind == "skip-file" for d in module.directives):
        return True
    if function.header.line in lines:
        return True
    owner = project.graph.classes.get(function.owner or "")
    return owner is not None and owner.name_span.line in lines


def new_name(project: Project, function: Function) -> str | None:
    """The name that a function gets by becoming async, where that is another one."""
    if function.owner is not None and function.name in RENAMED:
        return RENAMED[function.name]
    return hook_name(project, function)


def _definition(project: Project, function: Function, tests: str) -> Iterable[tuple[str, Edit]]:
    path = project.path(function.id)
    if function.kind == "lambda":  # its body moves, or hands the coroutine on
        if lambda_form(project, function) is LambdaForm.NAMED:
            yield from ((path, edit) for edit in naming_edits(project, function))
        return
    if not stays_plain(project, function) and not stands_for_generator(project, function):
        yield path, MakeAsync(function.header, "def")
    yield from ((path, edit) for edit in protocol_edits(project, function))
    yield from ((path, edit) for edit in cache_edits(project, function))
    yield from loop_edits(project, function)
    renamed = new_name(project, function)
    if renamed is not None:
        yield path, Replace(function.name_span, renamed)
    if function.owner is not None and function.name in CONSTRUCTORS:
        yield from ((path, edit) for edit in factory_edits(project, function))
    yield from hook_edits(project, function, marks=tests == "marker")
    yield from ((path, edit) for edit in manager_edits(project, function))
    yield from ((path, edit) for edit in delegation_edits(project, function.id))
    yield from ((path, edit) for edit in returning_edits(project, function))


def _renamed_calls(project: Project, function: Function, name: str) -> Iterable[tuple[str, Edit]]:
    for edge in project.reaching(function.id):
        expression: Expression = project.expression(edge.site)
        if expression.kind is not Kind.CALL:
            continue
        if edge.access is Access.CONSTRUCT:
            made = construction(project, edge.site) or ()
            yield from ((project.path(expression.function), edit) for edit in made)
            continue
        callee = project.child(edge.site, Role.CALLEE)
        if callee is None or project.expression(callee).text != function.name:
            continue
        receiver = project.child(callee, Role.RECEIVER)
        path = project.module(edge.site).path
        if receiver is None:
            yield path, Replace(project.expression(callee).span, name)
        else:
            hole = project.expression(receiver).span
            yield path, Replace(project.expression(callee).span, f"{{0}}.{name}", (hole,))
