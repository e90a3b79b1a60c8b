"""Functions that frameworks call: what the rules say about them, applied to a project.

A hook that awaits is no limit. One that starts keeps the function sync and lets it run its body in an event
loop of its own. Everything else is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from asyncify.model.facts import Expression, Function, FunctionId, Kind, Role
from asyncify.model.graph import Reference, Source, SourceKind, Value
from asyncify.model.modules import is_within
from asyncify.planning.colour import Limit
from asyncify.planning.fixtures import fixture_name, fixtures_named, fixtures_of, marks
from asyncify.planning.hooks import in_test_file
from asyncify.rules.hooks import Hook

if TYPE_CHECKING:
    from asyncify.planning.project import Project

AWAITS, STARTS = "awaits", "starts"
_RUNNING = frozenset({Role.CALLEE, Role.ARGUMENT, Role.KEYWORD, Role.RECEIVER})
_ADDS = "add_"  # `add_command`, `add_typer`: with what it belongs to, it is run
_MARK = "pytest.mark."


def decorator_hook(project: Project, name: str) -> Hook | None:
    """The hook that a decorator of this name is."""

    def find(project: Project) -> Hook | None:
        hooks = (h for h in _hooks(project) if not _is_about_names(h))
        return next((hook for hook in hooks if _matches(hook, name)), None)

    return project.memory(("decorator hook", name), find)


def _is_about_names(hook: Hook) -> bool:
    """Whether the names of a hook are not those of a decorator."""
    return bool(hook.arguments or hook.methods or hook.parameters or hook.fixtures)


def argument_hook(project: Project, site: Reference) -> Hook | None:
    """The hook that gets the function at this place as an argument."""
    expression = project.expression(site)
    outer = project.parent(site)
    if expression.role not in (Role.ARGUMENT, Role.KEYWORD) or outer is None:
        return None
    names = project.callee_names(outer[0]) if outer[1].kind is Kind.CALL else ()
    names = names or _declared(project, outer[0])
    for hook in _hooks(project) if names else ():
        if any(fnmatchcase(expression.detail, each) for each in hook.arguments):
            if all(_matches(hook, name) for name in names):
                return hook
    return None


def is_hook(project: Project, name: str) -> bool:
    """Whether a rule says what a function outside the project does with what it gets."""
    return any(hook.arguments and _matches(hook, name) for hook in _hooks(project))


def _declared(project: Project, call: Reference) -> tuple[str, ...]:
    """What a call of a method reaches by the annotation of a parameter: frameworks need not be installed."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    if callee is None or receiver is None:
        return ()
    named = project.expression(receiver)
    for parameter in project.functions[named.function].parameters:
        annotation = Reference(call.module, parameter.annotation)
        known = project.graph.names.get(annotation) if parameter.annotation >= 0 else None
        if known is not None and (named.function, parameter.name) == named.variable:
            return (f"{known}.{project.expression(callee).text}",)
    return ()


def method_hook(project: Project, function: Function) -> Hook | None:
    """The hook that a method implements, by the bases of its class."""
    if function.owner is None:
        return None
    bases = project.graph.bases.get(function.owner, ())
    for hook in _hooks(project):
        if any(fnmatchcase(function.name, pattern) for pattern in hook.methods):
            if any(_matches(hook, base) for base in bases):
                return hook
    return None


def hooks_of(project: Project, function: Function) -> Iterator[tuple[Reference | None, Hook]]:
    """Every hook that a function is, with the place that says so."""
    for reference, name in project.decorators(function):
        hook = decorator_hook(project, name) if name is not None else None
        if hook is not None:
            yield reference, hook
    for value in project.values_of(function.id, SourceKind.FUNCTION):
        yield from _handed_on(project, value)
    found = method_hook(project, function)
    if found is not None:
        yield None, found
    if function.owner is None and function.parameters and function.parent == f"{function.module}:":
        names = tuple(parameter.name for parameter in function.parameters)
        for hook in _hooks(project):
            if hook.parameters == names and _matches(hook, function.name):
                yield None, hook


def _handed_on(project: Project, value: Value) -> list[tuple[Reference, Hook]]:
    """The places where a value is the argument of a hook: looked up once for all functions in it."""

    def find(project: Project) -> list[tuple[Reference, Hook]]:
        found = ((place, argument_hook(project, place)) for place in value.occurrences)
        return [(place, hook) for place, hook in found if hook is not None]

    return project.memory(("handed on", value.id), find)


def framework_limit(project: Project, function: Function) -> Limit | None:
    """Why a function that a framework calls cannot be async; decorators that start are in `limits`."""
    if function.kind != "def" or function.is_async:
        return None
    stopped = project.memory("stopped", _stopped).get(function.id)
    if stopped is not None:
        return stopped
    client = client_users(project).get(function.id)
    if client is not None:
        return Limit("ASY920", "the client of the framework starts an event loop", client)
    for site, hook in hooks_of(project, function):
        refused = refuses_loop(project, hook)
        if refused:
            return Limit("ASY907", f"{refused} refuses to work inside an event loop", site)
        if hook.runs == AWAITS:
            reason = _not_awaited(project, function, hook)
            if reason:
                return Limit("ASY907", reason, site)
        elif hook.runs != STARTS:
            return Limit("ASY907", hook.why, site)
        elif not _is_decorator(project, site):
            return Limit("ASY909", hook.why, site)
    return None


def _not_awaited(project: Project, function: Function, hook: Hook) -> str:
    """Why a hook that awaits functions does not await this one."""
    if not set(hook.outside).isdisjoint(project.graph.bases.get(function.owner or "", ())):
        return hook.why
    collected = function.name.startswith("test") and function.parent == f"{function.module}:"
    if hook.collected and (not collected or project.reaching(function.id)):
        return hook.why
    if function.is_generator and not hook.generators:
        return "the framework iterates it synchronously"
    return ""


def _stopped(project: Project) -> dict[FunctionId, Limit]:
    """Tests that get what their event loop cannot live with, and the fixtures that are set up for them."""
    found: dict[FunctionId, Limit] = {}
    for function in project.functions.values():
        if function.kind == "def" and in_test_file(project.path(function.id)):
            limit = _stopping(project, function)
            if limit is not None:
                found[function.id] = limit
                for name in fixtures_of(project, function):
                    for fixture in fixtures_named(project, name):
                        found.setdefault(fixture.id, limit)
    return found


def _stopping(project: Project, function: Function) -> Limit | None:
    """Why nothing around a test may wait in an event loop."""
    names = fixtures_of(project, function)
    for hook in _hooks(project):
        if not names.isdisjoint(hook.fixtures) and _matches(hook, function.name):
            return Limit("ASY907", hook.why)
    for site, hook, functions in project.memory("unlike", lambda p: tuple(_unlike(p))):
        for other in functions:
            if other.id == function.id or fixture_name(project, other) in names:
                return Limit("ASY907", hook.why, site)
    return None


def _unlike(project: Project) -> Iterator[tuple[Reference, Hook, tuple[Function, ...]]]:
    """The marks and calls in tests with which no event loop can run, and the functions that they are for."""
    for hook in _hooks(project):
        for name in hook.names if hook.runs == "never" else ():
            if name.startswith(_MARK):
                for site, functions in marks(project, name.removeprefix(_MARK)):
                    yield site, hook, functions
        for argument in hook.last:
            for call in project.calls_to(*hook.names):
                given = _given(project, call, argument)
                if given and project.expression(given).text != argument.partition("=")[2]:
                    yield call, hook, _around(project, call)


def _around(project: Project, call: Reference) -> tuple[Function, ...]:
    """The functions that a call is for: what it decorates, the test or fixture around it, or all of the tests."""
    functions = project.module(call).functions
    decorated = tuple(f for f in functions if call.expression in f.decorators)
    around = project.functions[project.expression(call).function]
    if around.name.startswith("test") or fixture_name(project, around):
        return (around,)
    everywhere = project.functions.values() if around.kind == "def" else functions
    return decorated or tuple(everywhere)


def refuses_loop(project: Project, hook: Hook) -> str:
    """A module of the project's framework that must not be used where an event loop runs, if it is used."""
    if hook.runs == "never":
        return ""
    return project.memory("refuses loops", _refused)


def _refused(project: Project) -> str:
    frameworks = [one for one in project.frameworks if one.refuses_loop]
    modules = project.graph.modules.values()
    imported = {one.dotted or one.module for module in modules for one in module.imports}
    for framework in frameworks:
        named = imported
        if any(is_within(name, framework.name) for name in imported):
            texts = (e.string for m in modules for e in m.expressions if e.kind is Kind.CONSTANT)
            named = imported.union(texts)  # settings name modules in strings
        for prefix in framework.refuses_loop:
            if any(is_within(name, prefix) for name in named):
                return prefix
    return ""


def callers(project: Project, function: FunctionId) -> Iterator[FunctionId]:
    """Functions of the project that call a function, or run what a framework keeps of it."""
    yield from project.direct_users(function)
    yield from _stored_callers(project, project.functions[function])


def _stored_callers(project: Project, function: Function) -> Iterator[FunctionId]:
    """Functions of the project that run what a framework keeps: ``args.func(args)``, ``ctx.invoke(command)``."""
    programs: set[Source] = set()
    for site, hook in hooks_of(project, function):
        if hook.stored and site is not None:
            for place in project.attributes(project.expression(site).detail):
                if project.expression(place).role is Role.CALLEE:
                    yield project.expression(place).function
        if hook.program and site is not None and _says(project, hook.eager):
            programs.add(Source(SourceKind.FUNCTION, function.id))
            programs.update(_group(project, site))
        elif hook.at_once:
            yield from _callers_of_methods(project, function, hook.at_once)
        for call in project.calls_to(*hook.runners):
            if _may_run(project, call, function):
                yield project.expression(call).function
    yield from _runners(project, programs)


def _may_run(project: Project, call: Reference, function: Function) -> bool:
    """Whether a call that runs something by the name of its module, if that is written down, may run a function."""
    arguments = project.arguments(call)
    named = arguments[0][1].string if arguments else ""
    return not named or named == function.module.rpartition(".")[2]


def client_users(project: Project) -> Mapping[FunctionId, Reference]:
    """Who makes or uses a client that runs what it calls in a loop of its own, and all who call that."""

    def find(project: Project) -> dict[FunctionId, Reference]:
        found: dict[FunctionId, Reference] = {}
        for name in sorted({name for hook in _hooks(project) for name in hook.clients}):
            for place in project.attributes(name):
                call = project.parent(place)
                made = set(project.sources(call[0])) if call is not None else set()
                todo = [project.expression(place).function, *_runners(project, made)]
                for user in todo:
                    if user not in found:
                        found[user] = place
                        todo.extend(callers(project, user))
        return found

    return project.memory("client users", find)


def _says(project: Project, names: tuple[str, ...]) -> bool:
    """Whether a project says one of these names anywhere; without names it need not."""

    def find(project: Project) -> bool:
        modules = project.graph.modules.values()
        said = (e for m in modules for e in m.expressions)
        return any(e.text in names or e.detail in names or e.string in names for e in said)

    return not names or project.memory(("says", names), find)


def _callers_of_methods(
    project: Project, function: Function, names: tuple[str, ...]
) -> Iterator[FunctionId]:
    """Functions that call one of these methods of what a decorator makes of a function."""
    for value in project.values_of(function.id, SourceKind.FUNCTION):
        for call, expression in _running(project, value):
            callee = project.child(call, Role.CALLEE)
            if callee is not None and project.expression(callee).text in names:
                yield expression.function


def _group(project: Project, call: Reference) -> Iterator[Source]:
    """What may be the group, or the application, that a call of one of its methods registers with."""
    called = project.child(call, Role.CALLEE) or call
    receiver = project.child(called, Role.RECEIVER)
    for source in project.sources(receiver) if receiver is not None else ():
        if source.kind in (SourceKind.FUNCTION, SourceKind.CALL):
            yield source


def _runners(project: Project, programs: Set[Source]) -> Iterator[FunctionId]:
    """Functions that call or hand on one of these programs, or a group that one is added to."""
    todo = list(programs)
    seen = set(programs)
    while todo:
        functions, groups = _runs(project, todo.pop())
        yield from functions
        todo.extend(groups - seen)
        seen |= groups


def _runs(project: Project, program: Source) -> tuple[Set[FunctionId], Set[Source]]:
    """The functions that call or hand on a program, and the groups that it is added to."""

    def find(project: Project) -> tuple[Set[FunctionId], Set[Source]]:
        functions: dict[FunctionId, None] = {}
        groups: set[Source] = set()
        for value in project.memory("values by source", _by_source).get(program, ()):
            for call, expression in _running(project, value):
                functions[expression.function] = None
                callee = project.child(call, Role.CALLEE)
                if callee is not None and project.expression(callee).text.startswith(_ADDS):
                    groups.update(_group(project, call))
        return functions.keys(), groups

    return project.memory(("runs", program), find)


def _by_source(project: Project) -> dict[Source, list[Value]]:
    found: dict[Source, list[Value]] = {}
    for value in project.graph.values:
        for source in value.sources:
            found.setdefault(source, []).append(value)
    return found


def _running(project: Project, value: Value) -> Iterator[tuple[Reference, Expression]]:
    """The calls, other than decorators, that get a value or are those of one of its methods."""
    for place in value.occurrences:
        outer = project.parent(place)
        if outer is not None and project.expression(place).role in _RUNNING:
            call = project.parent(outer[0]) if outer[1].kind is Kind.ATTRIBUTE else outer
            if call is not None and call[1].kind is Kind.CALL:
                if call[1].role is not Role.DECORATOR:
                    yield call


def framework_groups(project: Project) -> Iterator[list[FunctionId]]:
    """Methods of one class that change colour together, those that it inherits included."""
    classes = project.graph.classes
    hooks = [hook for hook in _hooks(project) if hook.together]
    for cls in classes.values() if hooks else ():
        bases = project.graph.bases.get(cls.id, ())
        line = [classes[each] for each in (cls.id, *bases) if each in classes]
        for hook in hooks:
            if any(_matches(hook, base) for base in bases):
                yield [
                    method
                    for each in line
                    for name, method in each.methods
                    if any(fnmatchcase(name, pattern) for pattern in hook.methods)
                ]


def completed_calls(
    project: Project, coloured: Iterable[FunctionId]
) -> Iterator[tuple[Reference, Hook, str]]:
    """The calls in tests that need one more argument, if a function of the tests becomes async."""
    if not any(in_test_file(project.path(function)) for function in coloured):
        return
    for hook in _hooks(project):
        for argument in hook.last:
            for call in project.calls_to(*hook.names):
                given = _given(project, call, argument)
                if given is None and in_test_file(project.module(call).path):
                    yield call, hook, argument


def _given(project: Project, call: Reference, argument: str) -> Reference | None:
    """What a call gives for ``name=value`` already, or the mapping that may give it."""
    named = project.child(call, Role.KEYWORD, argument.partition("=")[0])
    return named or project.child(call, Role.KEYWORD, "")


def is_pooled(project: Project, function: Function) -> bool:
    """Whether a framework runs a function in a thread, as long as it is not async."""
    return any(hook.pooled for _, hook in hooks_of(project, function))


def _is_decorator(project: Project, site: Reference | None) -> bool:
    return site is not None and project.expression(site).role is Role.DECORATOR


def _hooks(project: Project) -> tuple[Hook, ...]:
    return project.memory(
        "hooks", lambda found: tuple(hook for one in found.frameworks for hook in one.hooks)
    )


def _matches(hook: Hook, name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in hook.names)
