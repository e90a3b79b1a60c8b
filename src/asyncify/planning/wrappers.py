"""Decorators that wrap: those whose wrapper becomes async for a part of what they decorate get an async twin.

``@logged`` calls what it decorates, and decorates slow functions and ``__len__`` alike. The slow ones become
async and go over to ``@logged_async``; the others keep ``@logged``. Where all become async, so does the wrapper.
The same holds for a context manager that is entered around each call of what it decorates, ``@timed("load")``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace

from asyncify.model.facts import Function, FunctionId, Kind, Role, short
from asyncify.model.graph import Reference, Wrapper
from asyncify.model.plan import AddImport, Await, Edit, MakeAsync, MakeTwin, Replace
from asyncify.planning.colour import Colouring, Limit, Use
from asyncify.planning.consumers import need_async
from asyncify.planning.interceptors import is_patched
from asyncify.planning.project import Project
from asyncify.planning.steps import Step
from asyncify.planning.twins import PASSABLE, Twin, is_taken, twin_name

Twins = dict[FunctionId, list[Use]]


def wrapper_steps(project: Project, function: Function) -> Iterator[Step]:
    """What becomes async with a wrapper that waits by itself: everything that it wraps."""
    wrapper = project.graph.wrappers.get(function.id)
    for decorated, place in wrapper.decorated if wrapper is not None else ():
        yield Step(uses=(Use(decorated, function.id, place),))


def surrounding(project: Project, function: FunctionId) -> list[FunctionId]:
    """The context managers that are entered around each call of a function."""
    return [one.function for one in project.wrappers_of(function) if one.is_manager]


def made_by(project: Project, decorator: FunctionId) -> Wrapper | None:
    """The wrapper that a decorator makes."""
    return project.memory("wrappers by decorator", _by_decorator).get(decorator)


def wrappers_among(project: Project, functions: Iterable[FunctionId]) -> list[Wrapper]:
    """The wrappers among some functions, and those around them."""
    found: dict[FunctionId, Wrapper] = {}
    for function in functions:
        own = project.graph.wrappers.get(function)
        for wrapper in (own, *project.wrappers_of(function)):
            if wrapper is not None:
                found[wrapper.function] = wrapper
    return [found[each] for each in sorted(found)]


def wrapped(project: Project, function: FunctionId) -> list[FunctionId]:
    """What a function wraps."""
    wrapper = project.graph.wrappers.get(function)
    return [decorated for decorated, _ in wrapper.decorated] if wrapper is not None else []


def _by_decorator(project: Project) -> dict[FunctionId, Wrapper]:
    return {wrapper.decorator: wrapper for wrapper in project.graph.wrappers.values()}


def decorator_twin(project: Project, decorator: Function) -> Twin | None:
    """The twin of a decorator, and the places that go over to it; None if it cannot have one."""
    wrapper = made_by(project, decorator.id)
    name = twin_name(decorator.name)
    if wrapper is None or is_taken(project, decorator, name) or is_patched(project, decorator):
        return None
    if decorator.module in project.graph.stubs:
        return None  # the stub would say of the decorator what is true of its twin
    own = project.functions[wrapper.function]
    path = project.path(own.id)
    edits: list[tuple[str, Edit]] = [
        (path, MakeTwin(decorator.header, name, is_async=False)),
        (path, MakeAsync(own.header, "def")),
    ]
    for call in wrapper.calls:
        step = need_async(project, call, own.id, [Await(project.expression(call).span)])
        if step.limit is not None or step.gives:
            return None
        edits.extend(step.edits)
    for place in wrapper.again:
        named = _named(project, decorator, place, name)
        if named is None:
            return None
        edits.extend((path, edit) for edit in named)
    steps = _decorating(project, decorator, wrapper, name)
    return Twin(tuple(edits), tuple(steps)) if steps is not None else None


def surrounding_twin(project: Project, manager: Function, twin: Twin) -> Twin | None:
    """The twin of a function that makes managers, with the places that decorate; None if one cannot go over."""
    wrapper = project.graph.wrappers[manager.id]
    steps = _decorating(project, manager, wrapper, twin_name(manager.name))
    return replace(twin, steps=(*twin.steps, *steps)) if steps is not None else None


def _decorating(
    project: Project, decorator: Function, wrapper: Wrapper, name: str
) -> list[Step] | None:
    """The places where a decorator stands, each as it is to use the twin; None if one cannot."""
    steps = []
    for decorated, place in wrapper.decorated:
        named = _named(project, decorator, place, name)
        if named is None:
            return None
        used = tuple((project.module(place).path, edit) for edit in named)
        steps.append(Step(used, (Use(decorated, decorator.id, place),)))
    return steps


def _named(project: Project, decorator: Function, place: Reference, name: str) -> list[Edit] | None:
    """The edits after which a decorator is the twin."""
    if project.expression(place).kind is Kind.CALL:
        callee = project.child(place, Role.CALLEE)
        assert callee is not None
        place = callee
    module = project.module(place)
    written = project.expression(place)
    if module.name == decorator.module:
        return [Replace(written.span, name)] if written.kind is Kind.NAME else None
    bound = {one.name for one in module.imports}.union(*(f.names for f in module.functions))
    if name in bound or not (_is_early(project, place) or _is_global(project, place)):
        return None  # an import at the top may be one too early
    edits: list[Edit] = [Replace(written.span, name)]
    return [*edits, AddImport(f"from {decorator.module} import {name}")]


def _is_early(project: Project, place: Reference) -> bool:
    """Whether an expression is evaluated as soon as its module is imported."""
    return project.functions[project.expression(place).function].kind == "module"


def _is_global(project: Project, place: Reference) -> bool:
    """Whether an expression is a name of its module."""
    variable = project.expression(place).variable
    return variable is not None and variable[0] == f"{place.module}:"


class Wrappers:
    """The part of a colouring that is about wrappers.

    A wrapper has two reasons to become async. If it waits by itself, so does all that it wraps. If what it
    wraps became async, it has to await that: this is a node of its own, the *form*, that colours nobody
    where the decorator can have a twin.
    """

    def __init__(
        self,
        project: Project,
        made: Mapping[FunctionId, Twin],
        limits: Mapping[FunctionId, Limit],
        programs: Set[FunctionId],
    ) -> None:
        self.project = project
        self.made = made  # the twins of decorators
        self.limits = limits
        self.programs = programs  # functions that stay as they are, and run an event loop
        self.entering: dict[FunctionId, list[Use]] = {}  # by context manager that decorates

    def uses(self, uses: list[Use]) -> list[Use]:
        """What uses a function, where its wrappers only await it."""
        calls = self.project.wrapper_calls
        return [replace(use, user=_form(use.user)) if use.site in calls else use for use in uses]

    def add(
        self, seen: set[FunctionId], users: dict[FunctionId, list[Use]]
    ) -> dict[FunctionId, Limit]:
        """Adds the forms of the wrappers; their limits."""
        limits = {}
        for wrapper in wrappers_among(self.project, seen):
            form, split = _form(wrapper.function), wrapper.decorator in self.made
            around = _around(wrapper)
            going = self._surrounded(wrapper, users) if wrapper.is_manager else around
            users[form] = [] if split else going
            limit = self.limits.get(wrapper.function)
            for other, place in wrapper.handed[:1]:
                message = f"it wraps {short(other)}() as well, which is not awaited"
                limits[wrapper.function] = Limit("ASY906", message, place)
                if not split:
                    limits[form] = limits[wrapper.function]
            if limit is not None and not (split and (wrapper.is_manager or limit.code == "ASY970")):
                limits[form] = limit
            program = next((use for use in around if use.user in self.programs), None)
            if program is not None:
                message = f"it wraps {short(program.user)}(), which nobody awaits"
                kept = wrapper.function if split else form
                limits[kept] = limits[wrapper.function] = Limit("ASY909", message, program.site)
        return limits

    def _surrounded(self, wrapper: Wrapper, users: dict[FunctionId, list[Use]]) -> list[Use]:
        """Who goes with a context manager: who enters it, and what it is entered around."""
        form, around = _form(wrapper.function), _around(wrapper)
        for use in around:
            users.setdefault(use.user, []).append(Use(form, use.user, use.site))
        self.entering[wrapper.function] = list(users.get(wrapper.function, ()))
        return [*around, *self.entering[wrapper.function]]

    def twins(
        self, blocked: Set[FunctionId], own: Twins, limits: Mapping[FunctionId, Limit]
    ) -> Twins:
        """Who can have a twin: those that have one of their own, or through a wrapper."""
        twins = dict(own)
        for wrapper in wrappers_among(self.project, blocked & self.project.functions.keys()):
            split, limit = wrapper.decorator in self.made, self.limits.get(wrapper.function)
            if wrapper.is_manager:
                pass  # it has its own, if it can have one
            elif split and (limit is None or limit.code in PASSABLE):
                around = _around(wrapper)
                twins[wrapper.function] = [u for u in around if u.user not in self.programs]
            if not split or _form(wrapper.function) in limits:
                for decorated, _ in wrapper.decorated:
                    twins.pop(decorated, None)
        return twins

    def settled(self, colouring: Colouring) -> Colouring:
        """The colouring without forms: each is a wrapper that becomes async, or the twin of a decorator."""
        causes, twins, copied = dict(colouring.causes), dict(colouring.twins), set()
        for wrapper in wrappers_among(self.project, {*causes, *twins}):
            waits = causes.pop(_form(wrapper.function), None)
            inner = twins.pop(wrapper.function, None)
            if wrapper.function in causes:
                continue
            decorated = [function for function, _ in wrapper.decorated]
            beside = next((twins[f] for f in decorated if f in twins), None)
            cause = waits or inner or beside
            if cause is None:
                continue
            whole = all(f in causes and f not in self.programs for f in decorated)
            whole &= all(use.user in causes for use in self.entering.get(wrapper.function, ()))
            if whole and not wrapper.handed and wrapper.function not in self.limits:
                causes[wrapper.function] = cause
            else:
                twins[wrapper.decorator] = cause
                copied |= set() if wrapper.is_manager else {wrapper.function}
        return replace(colouring, causes=causes, twins=twins, copied=frozenset(copied))


def _around(wrapper: Wrapper) -> list[Use]:
    """Who uses a wrapper: what it wraps."""
    return [Use(f, wrapper.function, place) for f, place in wrapper.decorated]


def _form(wrapper: FunctionId) -> FunctionId:
    return f"{wrapper}<form>"
