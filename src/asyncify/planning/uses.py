"""Places that use a function: what each needs once the function is async, or why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from asyncify.model.facts import Expression, Function, Kind, Role
from asyncify.model.graph import Access, Edge, Evidence, Reference, SourceKind, Value
from asyncify.model.plan import Await, Edit, MakeAsync, MakeList, Replace
from asyncify.planning.colour import Limit, Use
from asyncify.planning.frontier import starts_program
from asyncify.planning.limits import MANAGER, RENAMED, decorated_by
from asyncify.planning.project import PASSING_ROLES, Project

# builtins and methods that take all of an iterable before they return: a list in its place changes nothing
EAGER = frozenset(
    {
        "builtins.list",
        "builtins.tuple",
        "builtins.set",
        "builtins.frozenset",
        "builtins.dict",
        "builtins.sorted",
        "builtins.sum",
        "builtins.min",
        "builtins.max",
        "builtins.str.join",
        "builtins.bytes.join",
        "builtins.list.extend",
        "builtins.set.update",
        "builtins.dict.update",
        "collections.Counter",
        "collections.deque",
        "collections.OrderedDict",
        "statistics.mean",
        "math.fsum",
    }
)

# functions that only look at a function they are given, or hand it on
LOOKERS = frozenset(
    {
        "builtins.callable",
        "builtins.repr",
        "builtins.str",
        "builtins.id",
        "builtins.hash",
        "builtins.isinstance",
        "builtins.print",
        "builtins.getattr",
        "builtins.hasattr",
        "functools.partial",
        "functools.wraps",
        "functools.update_wrapper",
        "inspect.signature",
        "inspect.getdoc",
        "inspect.getsource",
        "typing.cast",
    }
)
_GENERATOR_TYPES = frozenset({"typing.Generator", "typing.Iterator", "typing.Iterable"})
THREADS = frozenset({"threading.Thread", "threading.Timer", "multiprocessing.Process"})


@dataclass(frozen=True, slots=True)
class Step:
    """What one place needs: its edits, and the function that has to be async for them (None: nobody)."""

    edits: tuple[tuple[str, Edit], ...] = ()
    use: Use | None = None
    limit: Limit | None = None
    bridge: Reference | None = None  # a call in a main guard, to be run by asyncio.run


def call_name(project: Project, call: Reference) -> str:
    """How a call reads to a person: the external name, or the last part of what is called."""
    names = project.callee_names(call)
    if names:
        return names[0].removeprefix("builtins.")
    callee = project.child(call, Role.CALLEE)
    return project.expression(callee).text if callee is not None else "a call"


def async_context(project: Project, site: Reference) -> Limit | tuple[tuple[str, Edit], ...]:
    """Whether `await` may stand at a place inside its function; generator expressions become lists where they may."""
    path = project.module(site).path
    edits: list[tuple[str, Edit]] = []
    for child, parent in project.enclosing(site):
        first_iterable = child.role is Role.ITERATED and child.detail == "0"
        if child.role is Role.FORMATTED and child.detail == "=":
            return Limit("ASY901", "`{...=}` in an f-string would print the await", site)
        if parent.kind is Kind.GENERATOR and not first_iterable:
            outer = Reference(site.module, parent.id)
            if not eager_argument(project, outer):
                return Limit("ASY901", "await in a generator expression that is consumed lazily", outer)
            edits.append((path, MakeList(parent.span)))
    if project.expression(site).place.value == "class body":
        return Limit("ASY901", "a class body cannot await", site)
    return tuple(edits)


def eager_argument(project: Project, reference: Reference) -> bool:
    """Whether an expression is an argument of a function that takes all of it at once."""
    expression = project.expression(reference)
    if expression.role is Role.UNPACKED:
        return True
    if expression.role not in (Role.ARGUMENT, Role.KEYWORD):
        return False
    outer = project.parent(reference)
    if outer is None or outer[1].kind is not Kind.CALL:
        return False
    names = project.callee_names(outer[0])
    return bool(names) and all(name in EAGER for name in names)


def need_async(project: Project, site: Reference, used: str, edits: Iterable[Edit]) -> Step:
    """The step for edits that are only legal in an async function."""
    context = async_context(project, site)
    if isinstance(context, Limit):
        return Step(limit=context)
    path = project.module(site).path
    function = project.expression(site).function
    made = (*context, *((path, edit) for edit in edits))
    return Step(made, Use(function, used, site))


def await_step(project: Project, site: Reference, used: str) -> Step:
    """A call whose result is to be awaited."""
    expression = project.expression(site)
    outer = project.parent(site)
    if outer is not None and outer[1].kind is Kind.AWAIT:
        return Step(limit=Limit("ASY919", "the call is awaited already", site))
    if project.functions[expression.function].kind == "module":
        if starts_program(project, site):
            return Step(bridge=site)
    return need_async(project, site, used, [Await(expression.span)])


def enter_step(project: Project, site: Reference, used: str) -> Step:
    """An object that is entered by `async with` from now on."""
    expression = project.expression(site)
    if expression.role is not Role.ENTERED:
        return Step(limit=Limit("ASY912", "the context manager is not entered where it is made", site))
    return need_async(project, site, used, [MakeAsync(expression.span, "item")])


def iterate_step(project: Project, site: Reference, used: str) -> Step:
    """One occurrence of an iterator that becomes an async iterator."""
    expression = project.expression(site)
    outer = project.parent(site)
    if expression.role in PASSING_ROLES:
        return Step()
    if expression.role is Role.ITERATED:
        if outer is None:
            return need_async(project, site, used, [MakeAsync(project.statement(site).span, "for")])
        step = need_async(project, site, used, [MakeAsync(expression.span, "clause")])
        around, parent = outer
        if step.limit is None and parent.kind is Kind.GENERATOR:
            if not eager_argument(project, around):
                return Step(limit=Limit("ASY912", "a lazy generator expression runs over it", site))
            return Step((*step.edits, (project.module(site).path, MakeList(parent.span))), step.use)
        return step
    if outer is None:
        return Step(limit=Limit("ASY912", f"the iterator is used as {expression.role}", site))
    around, parent = outer
    if expression.role is Role.DELEGATED:
        if parent.role is not Role.DISCARDED:
            return Step(limit=Limit("ASY911", "the value of `yield from` is used", site))
        return need_async(project, site, used, [MakeAsync(parent.span, "delegation")])
    if expression.role in (Role.ARGUMENT, Role.KEYWORD, Role.UNPACKED):
        return consumer_step(project, site, used, around)
    return Step(limit=Limit("ASY912", f"the iterator is used as {expression.role}", site))


def consumer_step(project: Project, site: Reference, used: str, call: Reference) -> Step:
    """An async iterator handed to a function."""
    expression = project.expression(site)
    edge = project.call_edge(call)
    if edge is not None and edge.targets and all(t.function is not None for t in edge.targets):
        return Step()  # the parameter is an occurrence itself
    names = project.callee_names(call)
    arguments = project.arguments(call)
    if names == ("builtins.list",) and len(arguments) == 1:
        template = Replace(project.expression(call).span, "[item async for item in {0}]", (expression.span,))
        return need_async(project, site, used, [template])
    callee = project.child(call, Role.CALLEE)
    if names == ("builtins.iter",) and callee is not None and len(arguments) == 1:
        edit = Replace(project.expression(callee).span, "aiter")
        return Step(((project.module(site).path, edit),))
    if names == ("builtins.next",) and callee is not None:
        if len(arguments) == 1 and _catches_stop(project, call):
            return Step(limit=Limit("ASY912", "the end of the iterator is caught as StopIteration", call))
        edits = [Replace(project.expression(callee).span, "anext"), Await(project.expression(call).span)]
        return need_async(project, site, used, edits)
    if eager_argument(project, site):
        return need_async(
            project,
            site,
            used,
            [Replace(expression.span, "[item async for item in {0}]", (expression.span,), around=True)],
        )
    return Step(limit=Limit("ASY912", f"the iterator is handed to {call_name(project, call)}()", site))


def _catches_stop(project: Project, call: Reference) -> bool:
    """Whether a handler for StopIteration stands in the function of a call."""
    function = project.expression(call).function
    return any(
        expression.text == "StopIteration" and expression.function == function
        for expression in project.module(call).expressions
    )


def callback_limit(project: Project, site: Reference) -> Limit | None:
    """Why a function that is used as a value here cannot be async."""
    expression = project.expression(site)
    outer = project.parent(site)
    if expression.role in PASSING_ROLES or expression.role in (
        Role.CALLEE,
        Role.ELEMENT,
        Role.TESTED,
        Role.COMPARED,
        Role.RECEIVER,
        Role.FORMATTED,
        Role.DECORATOR,
        Role.YIELDED,
    ):
        return None
    if outer is not None and expression.role in (Role.ARGUMENT, Role.KEYWORD):
        around, parent = outer
        if parent.kind is not Kind.CALL:
            return None
        edge = project.call_edge(around)
        if edge is not None and edge.targets and not edge.open:
            if all(target.function is not None for target in edge.targets):
                return None
        names = project.callee_names(around)
        if names and all(name in LOOKERS for name in names):
            return None
        name = call_name(project, around)
        if any(n in THREADS for n in names) or name in ("Thread", "Timer"):
            return Limit("ASY908", f"it is the target of {name}, which does not await", site)
        return Limit("ASY907", f"it is handed to {name}(), which may call it without await", site)
    return Limit("ASY907", f"it is used as a value ({expression.role})", site)


def edge_steps(project: Project, function: Function, edge: Edge, unsafe: bool) -> Step:
    """One place that reaches a function which becomes async."""
    expression = project.expression(edge.site)
    reached = [target for target in edge.targets if target.function is not None]
    if len(reached) != len(edge.targets):
        others = ", ".join(t.external for t in edge.targets if t.external is not None)
        return Step(limit=Limit("ASY919", f"the call may also reach {others}", edge.site))
    by_name = any(t.evidence is Evidence.BY_NAME for t in reached)
    if edge.open and by_name and not unsafe:
        message = f"a call of .{function.name}() on an object of unknown type may reach it"
        return Step(limit=Limit("ASY914", message, edge.site))
    if edge.access is Access.CALL:
        if decorated_by(project, function, MANAGER) is not None:
            return enter_step(project, edge.site, function.id)
        if function.is_generator:
            return Step()  # what becomes of the generator is followed as a value
        return await_step(project, edge.site, function.id)
    if edge.access is Access.ITERATE and function.is_generator:
        return Step()
    if edge.access is Access.ENTER and function.name in RENAMED:
        return enter_step(project, edge.site, function.id)
    if edge.access is Access.PROPERTY:
        if expression.role in (Role.TARGET, Role.DELETED):
            return Step(limit=Limit("ASY903", "the property is set or deleted", edge.site))
        return await_step(project, edge.site, function.id)
    if edge.access is Access.DECORATE:
        return Step(limit=Limit("ASY906", "it is used as a decorator", edge.site))
    return Step(limit=Limit("ASY902", f"{function.name} is used implicitly", edge.site))


def value_steps(project: Project, function: Function) -> Iterable[Step]:
    """What the places need that hold the function, or the generator it returns, as a value."""
    for value in project.values_of(function.id, SourceKind.FUNCTION):
        for occurrence in value.occurrences:
            limit = callback_limit(project, occurrence)
            if limit is not None:
                yield Step(limit=limit)
    if function.is_generator and decorated_by(project, function, MANAGER) is None:
        for value in project.values_of(function.id, SourceKind.GENERATOR):
            stranger = mixed_source(project, value)
            if stranger is not None:
                yield Step(limit=Limit("ASY912", f"its iterator is mixed with {stranger}", value.occurrences[0]))
            for occurrence in value.occurrences:
                yield iterate_step(project, occurrence, function.id)


def mixed_source(project: Project, value: Value) -> str | None:
    """What else than generators of the project a value may be."""
    for source in value.sources:
        if source.kind is SourceKind.GENERATOR or source.name in _GENERATOR_TYPES:
            continue
        if source.kind is SourceKind.CONSTANT and source.name == "None":
            continue
        return source.name or str(source.kind)
    return None


def statement_text(expression: Expression) -> str:
    """A short text for messages."""
    return expression.text or str(expression.kind)
