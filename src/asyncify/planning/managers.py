"""Context managers as values: what each place that sees one needs once `async with` enters it.

A function under `@contextmanager` gives an object that nothing but `with` (or an exit stack) can use. It may
be returned, chosen by a condition, kept in an attribute or handed on before that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from asyncify.model.facts import Expression, Function, FunctionId, Kind, Role
from asyncify.model.graph import (
    Access,
    Edge,
    Reference,
    Source,
    SourceKind,
    Value,
)
from asyncify.model.plan import Await, Edit, MakeAsync, Replace
from asyncify.planning.assigned import put_away
from asyncify.planning.class_attributes import methods_of
from asyncify.planning.colour import Limit
from asyncify.planning.consumers import need_async
from asyncify.planning.delegation import thrown_limit
from asyncify.planning.groups import STACKS
from asyncify.planning.helpers import call_name, renamed
from asyncify.planning.hooks import in_case
from asyncify.planning.kept_items import is_only_compared, kept_away
from asyncify.planning.limits import MANAGER, PUSHES, RENAMED, decorated_by
from asyncify.planning.project import PASSING_ROLES, UNSEEN, Project
from asyncify.planning.purity import other_way_text
from asyncify.planning.stacks import entering, pushing
from asyncify.planning.steps import Step

_NULL = "contextlib.nullcontext"  # `with` and `async with` enter it alike
# what annotations and the type checker call the managers of the project
_DECLARED = frozenset(
    {
        "contextlib._GeneratorContextManager",
        "contextlib.AbstractContextManager",
        "typing.ContextManager",
        "typing.AbstractContextManager",
    }
)
_ALIKE = _DECLARED | {_NULL}
_EITHER = frozenset(f"{name}.{method}" for name in _ALIKE for method in ("__enter__", "__exit__"))


def enter_object(project: Project, site: Reference, used: FunctionId) -> Step:
    """An object of a class that is entered by `async with` from now on, unless others' may be entered there as well."""
    for source in project.sources(site):
        others = source.kind in (SourceKind.CALL, SourceKind.INSTANCE)
        known = source.name in _ALIKE or source.name in project.graph.classes
        if others and not known and not source.name.startswith(("unittest.mock.", "mock.")):
            return Step(limit=Limit("ASY912", f"it may be {source.name} as well", site))
    return enter_step(project, site, used)


def enter_step(project: Project, site: Reference, used: FunctionId) -> Step:
    """An object that is entered by `async with` from now on."""
    expression = project.expression(site)
    outer = project.parent(site)
    if outer is not None and in_case(project, outer[0]) == "enterContext":
        return _enter_case_context(project, outer[0], used)
    if expression.role is not Role.ENTERED:
        return Step(
            limit=Limit("ASY912", "the context manager is not entered where it is made", site)
        )
    return need_async(project, site, used, [MakeAsync(expression.span, "item")])


def _enter_case_context(project: Project, call: Reference, used: FunctionId) -> Step:
    """`self.enterContext(manager)` of a test case."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    assert callee is not None
    assert receiver is not None
    hole = project.expression(receiver).span
    edits: list[Edit] = [
        Replace(project.expression(callee).span, "{0}.enterAsyncContext", (hole,)),
        Await(project.expression(call).span),
    ]
    return need_async(project, call, used, edits)


def is_manager(project: Project, function: Function) -> bool:
    """Whether calling a generator function gives a context manager."""
    return function.is_generator and decorated_by(project, function, MANAGER) is not None


def manager_limit(project: Project, function: Function) -> Limit | None:
    """Why a function that makes context managers cannot become async, for what it hands on to others."""
    return thrown_limit(project, function.id) if is_manager(project, function) else None


def manager_edits(project: Project, function: Function) -> Iterable[Edit]:
    """The decorator of an async context manager, in the place of that of a plain one."""
    decorator = decorated_by(project, function, MANAGER)
    if decorator is not None:
        yield from renamed(project, decorator, "asynccontextmanager", "contextlib")


def made_step(project: Project, function: Function, site: Reference) -> Step:
    """The place that makes a manager: who uses it is looked at by `manager_steps`, if anybody follows it."""
    known = any(s.name == function.id for s in project.sources(site))
    if known or site in project.wrapper_calls:  # a wrapper only hands it on
        return Step()
    return enter_step(project, site, function.id)


def manager_steps(project: Project, function: Function) -> Iterable[Step]:
    """What the places need that see a manager which a function makes."""
    for value in project.values_of(function.id, SourceKind.GENERATOR):
        if value.lost is not None:
            yield Step(limit=Limit("ASY912", UNSEEN, value.lost))
        for place in value.places_of(SourceKind.GENERATOR, function.id):
            yield _used(project, function, value, place)


def _used(project: Project, function: Function, value: Value, site: Reference) -> Step:
    expression, outer = project.expression(site), project.parent(site)
    if expression.role is Role.ASSIGNED and (escape := put_away(project, site)):
        return Step(limit=Limit("ASY912", escape, site))
    if expression.role in PASSING_ROLES or expression.role is Role.TESTED:
        return Step()
    if _surrounds(project, function, site):
        return Step()  # what it decorates becomes async with it
    if expression.role is Role.DECORATOR:
        return Step(limit=Limit("ASY906", "it is used as a decorator", site))
    if expression.role is not Role.ENTERED and outer is not None:
        return _inside(project, function, value, site, outer)
    return _unless_mixed(project, function, value, site) or enter_step(project, site, function.id)


def _surrounds(project: Project, function: Function, site: Reference) -> bool:
    """Whether a manager is made to be entered around each call of what it decorates."""
    wrapper = project.graph.wrappers.get(function.id)
    decorated = (*wrapper.decorated, *wrapper.handed) if wrapper is not None else ()
    return any(place == site for _, place in decorated)


def _inside(
    project: Project,
    function: Function,
    value: Value,
    site: Reference,
    outer: tuple[Reference, Expression],
) -> Step:
    """A manager that is part of an expression."""
    role, (around, parent) = project.expression(site).role, outer
    if is_only_compared(project, site):
        return Step()
    if (away := kept_away(project, site)) != "":
        return Step(limit=Limit("ASY912", away, site) if away else None)
    if role is Role.RECEIVER and parent.role is Role.CALLEE and parent.text in RENAMED:
        step = _by_hand(project, site, around, function.id)
    elif role in (Role.ARGUMENT, Role.KEYWORD) and parent.kind is Kind.CALL:
        if _stays_followed(project, around):
            return Step()
        if in_case(project, around) != "enterContext":
            return stacked(project, function, value, site, around)
        step = enter_step(project, site, function.id)
    else:
        return Step(limit=Limit("ASY912", f"the context manager is used as {role}", site))
    return _unless_mixed(project, function, value, site) or step


def _unless_mixed(
    project: Project, function: Function, value: Value, site: Reference
) -> Step | None:
    """The limit of a place where something else may be entered that has no async form."""
    family = project.family(function.id)
    for source in project.sources(site):
        if not _enters(project, source, family):
            other = source.name or str(source.kind)
            return Step(limit=Limit("ASY912", f"it may be {other} as well", site))
    if (way := other_way_text(project, value)) is not None:
        return Step(limit=Limit("ASY912", f"it may be {way} as well", site))
    return None


def _by_hand(project: Project, site: Reference, attribute: Reference, used: FunctionId) -> Step:
    """`manager.__enter__()` and `manager.__exit__(...)`."""
    written, call = project.expression(attribute), project.parent(attribute)
    assert call is not None
    hole = project.expression(site).span
    edits: list[Edit] = [
        Replace(written.span, f"{{0}}.{RENAMED[written.text]}", (hole,)),
        Await(call[1].span),
    ]
    return need_async(project, call[0], used, edits)


def _stays_followed(project: Project, call: Reference) -> bool:
    """Whether a call hands its arguments to functions of the project only."""
    edge = project.call_edge(call)
    return edge is not None and bool(edge.targets) and all(t.function for t in edge.targets)


def stacked(
    project: Project, function: Function, value: Value, site: Reference, call: Reference
) -> Step:
    """A manager that an exit stack, or somebody else, gets."""
    names = set(project.callee_names(call))
    if not names or not names <= STACKS | PUSHES:
        message = f"the context manager is handed to {call_name(project, call)}()"
        return Step(limit=Limit("ASY912", message, site))
    made = entering if names <= STACKS else pushing
    return _unless_mixed(project, function, value, site) or made(project, call, function.id)


def stacked_instances(project: Project, function: Function) -> Iterable[Step]:
    """What the exit stacks need that get an instance, for its `__enter__` or `__exit__`."""
    for value in project.instances_of(function.owner):
        for place in value.occurrences:
            outer = project.parent(place)
            if outer is None or project.expression(place).role is not Role.ARGUMENT:
                continue
            names = set(project.callee_names(outer[0]))
            if names and names <= STACKS | PUSHES:
                yield stacked(project, function, value, place, outer[0])


def _enters(project: Project, source: Source, family: frozenset[FunctionId]) -> bool:
    if source.kind in (SourceKind.CALL, SourceKind.INSTANCE) and source.name in _ALIKE:
        return True
    if source.kind is SourceKind.GENERATOR:
        return source.name in family
    if source.kind is SourceKind.CONSTANT:
        return source.name == "None"
    if source.kind is not SourceKind.INSTANCE:
        return False
    found = methods_of(project, source.name)
    return "__enter__" in found and {found["__enter__"], found.get("__exit__")} <= family


def entered_alike(edge: Edge) -> Edge:
    """The place that enters an object, without what `with` and `async with` enter alike."""
    if edge.access is not Access.ENTER:
        return edge
    targets = tuple(target for target in edge.targets if target.external not in _EITHER)
    return replace(edge, targets=targets)
