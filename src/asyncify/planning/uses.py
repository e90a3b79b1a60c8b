"""Places that use a function: what each needs once the function is async, or why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from asyncify.model.attributes import BUILTIN_ATTRIBUTES, CONSTRUCTORS
from asyncify.model.facts import Function, FunctionId, Kind, Place, Role
from asyncify.model.graph import Access, Edge, Evidence, Reference, Source, SourceKind, Value
from asyncify.model.plan import AddImport, Await, Edit, Replace
from asyncify.planning.accessors import CACHED_PROPERTY, has_accessor
from asyncify.planning.by_hand import CLOSING
from asyncify.planning.callables import callback_step
from asyncify.planning.cleanup import cleans_up
from asyncify.planning.closing import closing_steps
from asyncify.planning.colour import Limit, Use
from asyncify.planning.companions import lambda_form
from asyncify.planning.consumers import consume, consume_either, need_async
from asyncify.planning.contained import is_one_of_several
from asyncify.planning.declarations import gives_plain, stands_for_generator
from asyncify.planning.doubled import child_limit
from asyncify.planning.either import either, either_problem
from asyncify.planning.factories import handed_classes
from asyncify.planning.frontier import starts_each, starts_program, taken_limit
from asyncify.planning.groups import Group
from asyncify.planning.helpers import helper
from asyncify.planning.items import existing
from asyncify.planning.iteration import (
    PROTOCOL,
    instance_steps,
    protocol_edge_step,
    stays_plain,
)
from asyncify.planning.lambdas import LambdaForm, body
from asyncify.planning.limits import MANAGER, RENAMED, decorated_by, is_special
from asyncify.planning.managers import (
    enter_object,
    entered_alike,
    is_manager,
    made_step,
    manager_steps,
    stacked_instances,
)
from asyncify.planning.mixing import mixed_source
from asyncify.planning.mock_names import MOCKS, autospecced
from asyncify.planning.mocks import mocked_step
from asyncify.planning.plain_callees import asked_callees, asked_edits
from asyncify.planning.project import PASSING_ROLES, UNSEEN, Project
from asyncify.planning.protocols import given_away, protocol_limits
from asyncify.planning.stacks import decorating
from asyncify.planning.steps import Items, Step
from asyncify.planning.waiting_iterators import yields_later
from asyncify.rules.spec import Library, Resource

# special methods of which the result is followed to who gets it
_FOLLOWED = frozenset({"__call__", "__enter__", "__getitem__", "__iter__", "__next__"})
# methods that are reached through any object, without their names
_FOUND_IN_OBJECTS = frozenset({"__call__", "__enter__", "__exit__", "__iter__", "__next__"})


def await_step(project: Project, site: Reference, used: str) -> Step:
    """A call whose result is to be awaited."""
    expression = project.expression(site)
    outer = project.parent(site)
    if outer is not None and outer[1].kind is Kind.AWAIT:
        return Step(limit=Limit("ASY919", "the call is awaited already", site))
    around = project.functions[expression.function]
    if around.kind == "lambda" and body(project, around) == site:
        if lambda_form(project, around) is LambdaForm.TAIL:
            return Step((), (Use(around.id, used, site),))  # who calls the lambda awaits
    if starts_each(project, site):
        return Step(bridge=site)
    if expression.place is Place.BODY and starts_program(project, site):
        limit = taken_limit(project, site)
        return Step(limit=limit) if limit is not None else Step(bridge=site)
    return need_async(project, site, used, [Await(expression.span)])


def iterate_step(
    project: Project, site: Reference, used: FunctionId, *, mixed: bool = False
) -> Step:
    """One occurrence of an iterator that becomes an async iterator; if it is mixed, not every time."""
    expression = project.expression(site)
    functions = _generators(project, site) if expression.kind is Kind.CALL else []
    value = project.value(site)
    cleanup = any(cleans_up(project, function) for function in functions)
    if value is not None and not cleanup:
        cleanup = _holds_cleanup(project, value)
    items = existing(project, site, closable=bool(functions), cleanup=cleanup)
    if mixed and not functions:
        items = either(project, items, site)
    return consume_either(project, site, items, used)


def _holds_cleanup(project: Project, value: Value) -> bool:
    """Whether something happens when a generator in a value is closed before its end, and nobody sees to it."""
    if _is_closed(project, value):
        return False
    made = (s.name for s in value.sources if s.kind is SourceKind.GENERATOR)
    return project.memory(
        ("cleans up", value.id), lambda one: any(cleans_up(one, function) for function in made)
    )


def _is_closed(project: Project, value: Value) -> bool:
    """Whether a value is one generator, which `contextlib.closing` closes as soon as it is made."""
    made = [source.site for source in value.sources if source.kind is SourceKind.GENERATOR]
    closed = [place for name, _, place in given_away(project, value) if name == CLOSING]
    if len(made) != 1 or made[0] is None or len(closed) != 1 or made[0].module != closed[0].module:
        return False
    first, then = project.statement(made[0]), project.statement(closed[0])
    return made == closed or [then] == [
        other
        for other in project.module(closed[0]).statements
        if (other.parent, other.block) == (first.parent, first.block)
        and first.id < other.id <= then.id
    ]


def thread_iteration(project: Project, site: Reference, used: str) -> Step:
    """One place that iterates over something blocking: a thread fetches every item."""
    define = helper(project, site.module, "each_in_thread")
    if define is None:
        return Step(limit=Limit("ASY912", "its name has another meaning here", site))
    span, path = project.expression(site).span, project.module(site).path
    made: tuple[Edit, ...] = (define, AddImport("import asyncio"))
    if project.expression(site).role is Role.UNPACKED:
        items = Items(f"item async for item in {define.name}({{0}})", (span,))
    else:
        whole = f"{define.name}({{0}})"
        inside = f"item async for item in {whole}"
        items = Items(inside, (span,), remade=True, either=whole, closable=True, awaited=True)
    step = consume(project, site, items, used)
    return replace(step, edits=(*step.edits, *((path, edit) for edit in made)))


def iterate_object(
    project: Project, group: Group, site: Reference, library: Library, resource: Resource
) -> None:
    """Note in a group that one of its objects is iterated over."""
    if resource.always_waits:
        group.iterated[site] = (library, resource.name)
    if resource.iterate == "async":
        group.steps.append(iterate_step(project, site, ""))
    elif resource.iterate == "thread":
        group.steps.append(thread_iteration(project, site, ""))
    elif resource.iterate != "plain":
        group.problems.append((site, f"a {resource.name.rpartition('.')[2]} is iterated"))


def _generators(project: Project, site: Reference) -> list[FunctionId]:
    """The generator functions that a call calls, if it makes a new generator."""
    edge = project.call_edge(site)
    targets = edge.targets if edge is not None else ()
    found = [target.function for target in targets if target.function is not None]
    generators = [f for f in found if project.functions[f].is_generator]
    return generators if len(generators) == len(targets) else []


def edge_steps(project: Project, function: Function, edge: Edge, unsafe: bool) -> Step:
    """One place that reaches a function which becomes async."""
    if edge.access is Access.ITERATE and function.name in PROTOCOL:
        return protocol_edge_step(project, function, edge)
    if edge.access is Access.ITERATE and function.is_generator:
        return Step()  # the generator is followed as a value
    edge = entered_alike(edge)
    reached = [target for target in edge.targets if target.function is not None]
    child = child_limit(project, edge)
    asked = asked_callees(project, function, edge)
    mocked = mocked_step(project, function, edge, asked) if child is None else Step(limit=child)
    if mocked.limit is not None:
        return mocked
    by_name = any(t.evidence is Evidence.BY_NAME for t in reached)
    if edge.open and (by_name or _has_common_name(project, edge)) and not unsafe:
        message = f"a call of .{function.name}() on an object of unknown type may reach it"
        return Step(limit=Limit("ASY914", message, edge.site))
    step = _reached(project, function, edge)
    if asked:
        step = step.with_edits(asked_edits(project, edge.site))
    return step.with_edits(mocked.edits)


def _has_common_name(project: Project, edge: Edge) -> bool:
    """Whether a call goes by a name that objects of Python have as well, and only some of its objects are known."""
    callee = project.child(edge.site, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    if callee is None or receiver is None:
        return False
    inferred = all(t.evidence is Evidence.INFERRED for t in edge.targets)
    if receiver in project.graph.types and not inferred:
        return False  # the checker knows what it is
    sources = project.sources(receiver)
    mocks = autospecced(project, sources)
    if sources and all(s in mocks or s.name in MOCKS or _is_own(project, s) for s in sources):
        return False  # beside objects of the project there are mocks only, and these are seen
    expression = project.expression(callee)
    return expression.kind is Kind.ATTRIBUTE and expression.text in BUILTIN_ATTRIBUTES


def _is_own(project: Project, source: Source) -> bool:
    return source.kind is SourceKind.INSTANCE and source.name in project.graph.classes


def _reached(project: Project, function: Function, edge: Edge) -> Step:
    """A place that surely reaches the function."""
    if edge.access is Access.CALL:
        if decorated_by(project, function, MANAGER) is not None:
            return made_step(project, function, edge.site)
        if (
            function.is_generator
            or stays_plain(project, function)
            or stands_for_generator(project, function)
        ):
            return Step()  # what becomes of the generator is followed as a value
        if function.name in PROTOCOL and yields_later(project, function):
            return Step(limit=Limit("ASY902", "__iter__ is called by its name", edge.site))
        return await_step(project, edge.site, function.id)
    if edge.access is Access.CONSTRUCT and function.name in CONSTRUCTORS:
        return await_step(project, edge.site, function.id)
    if edge.access is Access.ENTER and is_manager(project, function):
        return Step()  # who enters it is followed as a value
    if edge.access is Access.ENTER and function.name in RENAMED:
        return enter_object(project, edge.site, function.id)
    if edge.access is Access.PROPERTY:
        return _property_step(project, function, edge.site)
    if edge.access is Access.DECORATE:
        return Step(limit=Limit("ASY906", "it is used as a decorator", edge.site))
    return Step(limit=Limit("ASY902", f"{function.name} is used implicitly", edge.site))


def _property_step(project: Project, function: Function, site: Reference) -> Step:
    """A place that reads, sets or deletes a property."""
    if project.expression(site).role in (Role.TARGET, Role.DELETED):
        if has_accessor(project, function):
            return Step()
        return Step(limit=Limit("ASY903", "the property is set or deleted", site))
    if function.is_generator:
        return _read_generator(project, function, site)
    step = await_step(project, site, function.id)
    if step.bridge is not None and decorated_by(project, function, CACHED_PROPERTY):
        message = "asyncio.run takes coroutines only, and a cached property gives none"
        return Step(limit=Limit("ASY913", message, site))
    return step


def _read_generator(project: Project, function: Function, site: Reference) -> Step:
    """A property that gives a generator, or a context manager: nothing is awaited to get it."""
    if any(s.kind is SourceKind.GENERATOR for s in project.sources(site)):
        return Step()  # what becomes of it is followed as a value
    return Step(limit=Limit("ASY912", "nobody sees what becomes of the property", site))


def value_steps(project: Project, function: Function) -> Iterable[Step]:
    """What the places need that hold the function, or the generator it returns, as a value."""
    if function.owner is not None:
        yield from _object_steps(project, function)
    if function.owner is not None and function.name in CONSTRUCTORS:
        yield from handed_classes(project, function)
    for value in project.values_of(function.id, SourceKind.FUNCTION):
        if value.lost is not None:
            yield Step(limit=Limit("ASY907", UNSEEN, value.lost))
        for occurrence in value.places_of(SourceKind.FUNCTION, function.id):
            yield callback_step(project, occurrence, function.id)
            yield _named_step(project, function, occurrence)
    yield from decorating(project, function)
    if stands_for_generator(project, function):
        yield from _declared_steps(project, function)
    if is_manager(project, function):
        yield from manager_steps(project, function)
    elif function.is_generator:
        yield from _generator_steps(project, function)


def _named_step(project: Project, function: Function, site: Reference) -> Step:
    """A method that is named to be handed on, and has another name once it is async: `push(guard.__exit__)`."""
    expression = project.expression(site)
    receiver = project.child(site, Role.RECEIVER)
    renamed = RENAMED.get(function.name) if function.owner is not None else None
    if renamed is None or receiver is None or expression.role in (Role.CALLEE, Role.TARGET):
        return Step()
    if expression.kind is not Kind.ATTRIBUTE or expression.text != function.name:
        return Step()
    edit = Replace(expression.span, f"{{0}}.{renamed}", (project.expression(receiver).span,))
    return Step(((project.module(site).path, edit),))


def _generator_steps(project: Project, function: Function) -> Iterable[Step]:
    """What the places need that hold a generator of the function."""
    for value in project.values_of(function.id, SourceKind.GENERATOR):
        if value.lost is not None:
            yield Step(limit=Limit("ASY912", UNSEEN, value.lost))
        other = mixed_source(project, value, function.id)
        if other is not None and (problem := _mixed_problem(project, function, value)):
            message = f"its iterator is mixed with {other}, and {problem}"
            yield Step(limit=Limit("ASY912", message, value.occurrences[0]))
        mixed = other is not None or is_one_of_several(project, value)
        own = value.places_of(SourceKind.GENERATOR, function.id)
        for occurrence in own if mixed else value.occurrences:
            yield Step(limit=_special_limit(project, occurrence))
            yield iterate_step(project, occurrence, function.id, mixed=mixed)


def _special_limit(project: Project, site: Reference) -> Limit | None:
    """Why a place cannot return a generator: nobody sees who gets it from `__reversed__` or `__add__`."""
    expression = project.expression(site)
    around = project.functions[expression.function]
    if expression.role is not Role.RETURNED or around.owner is None:
        return None
    if not is_special(around.name) or around.name in _FOLLOWED:
        return None
    return Limit("ASY912", f"nobody sees who gets what {around.name} returns", site)


def _mixed_problem(project: Project, function: Function, value: Value) -> str | None:
    """Why those who iterate over a generator, or something else, cannot ask which of both they got."""
    if project.wrappers_of(function.id):
        return "its decorator may give that"
    return either_problem(project, value)


def _object_steps(project: Project, function: Function) -> Iterable[Step]:
    """What the places need that see an instance, for a method that it is used by."""
    if function.name in PROTOCOL:
        yield from instance_steps(project, function)
    if function.name in ("__enter__", "__exit__"):
        yield from stacked_instances(project, function)
    if function.name == "close":
        yield from closing_steps(project, function)
    yield from (Step(limit=limit) for limit in protocol_limits(project, function))
    if function.name in _FOUND_IN_OBJECTS:
        for value in project.instances_of(function.owner):
            if value.lost is not None:
                yield Step(limit=Limit("ASY907", UNSEEN, value.lost))


def _declared_steps(project: Project, function: Function) -> Iterable[Step]:
    """What the places need that iterate over what a declaration of generators returns."""
    if decorated_by(project, function, MANAGER) is not None:
        return
    for edge in project.reaching(function.id):
        if edge.access is not Access.CALL:
            continue
        value = project.value(edge.site)
        if value is None and project.expression(edge.site).role in PASSING_ROLES - {Role.DISCARDED}:
            message = f"what {function.name}() returns goes where nobody follows it"
            yield Step(limit=Limit("ASY912", message, edge.site))
        mixed = gives_plain(project, function)
        for occurrence in value.occurrences if value is not None else (edge.site,):
            yield iterate_step(project, occurrence, function.id, mixed=mixed)
