"""A function that becomes async, handed to a function that calls it: `map`, `sorted(key=)`, `reduce`, threads.

What is known to call it becomes a comprehension that awaits it, in the same order and with the same
laziness. Everything else is a limit.
"""

from __future__ import annotations

from asyncify.model.facts import Expression, FunctionId, Kind, Place, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import Await, Edit, Replace
from asyncify.model.span import Span
from asyncify.planning.accessors import opens
from asyncify.planning.applied import Applied, applied, is_name
from asyncify.planning.assigned import put_away, put_into
from asyncify.planning.colour import Limit
from asyncify.planning.companions import WRAPS
from asyncify.planning.consumers import consume, need_async
from asyncify.planning.decorators import registers
from asyncify.planning.expectations import expected_step, parametrizes
from asyncify.planning.frameworks import AWAITS, argument_hook
from asyncify.planning.helpers import call_name, helper
from asyncify.planning.interceptors import is_put_back
from asyncify.planning.limits import is_special
from asyncify.planning.project import PASSING_ROLES, Project
from asyncify.planning.side_effects import assigned_effect, handed_to_mock
from asyncify.planning.stacks import given_to_stack
from asyncify.planning.steps import Items, Step

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
        "builtins.list.count",
        "builtins.list.index",
        "builtins.list.remove",
        "builtins.set.discard",
        "builtins.set.remove",
        "builtins.staticmethod",
        "collections.deque.remove",
        "functools.partial",
        "functools.partialmethod",
        *WRAPS,
        "inspect.signature",
        "inspect.getdoc",
        "inspect.getsource",
        "typing.assert_type",
        "typing.cast",
        "typing.reveal_type",
    }
)
# containers that keep a function which they are given at a place, or give it back: analysis follows what is in them
_SEQUENCES = ("builtins.list", "collections.deque", "typing.MutableSequence")
_MAPPINGS = ("builtins.dict", "collections.defaultdict", "collections.OrderedDict")
KEEPERS = {
    **{f"{owner}.append": "0" for owner in _SEQUENCES},
    **{f"{owner}.insert": "1" for owner in _SEQUENCES},
    **{f"{owner}.add": "0" for owner in ("builtins.set", "typing.MutableSet")},
    "collections.deque.appendleft": "0",
    **{
        f"{owner}.{method}": "1"
        for owner in (*_MAPPINGS, "typing.Mapping", "typing.MutableMapping")
        for method in ("get", "setdefault")
    },
    **{f"{owner}.__setitem__": "1" for owner in _MAPPINGS},
}
_KEYWORD_KEEPERS = frozenset(
    {
        *_MAPPINGS[:1],
        *_MAPPINGS[2:],
        *(f"{owner}.update" for owner in (*_MAPPINGS, "typing.MutableMapping")),
    }
)
THREADS = frozenset({"threading.Thread", "threading.Timer", "multiprocessing.Process"})
_TO_THREAD = frozenset({"asyncio.to_thread", "asyncio.threads.to_thread"})
_EXECUTOR = "run_in_executor"
_WRAPPERS = frozenset({"functools.partial", "functools._lru_cache_wrapper"})
_REDUCERS = frozenset({"functools.reduce", "_functools.reduce"})
# who hands what is in a container to tests, in ways that only `parametrizes` knows
_TEST_TOOLS = ("pytest.", "_pytest.")
# functions that take a coroutine as well as a future
_AWAITERS = frozenset(
    f"asyncio.{module}{name}"
    for module in ("", "tasks.")
    for name in ("gather", "wait_for", "shield", "create_task", "ensure_future")
)
_PLAIN_ROLES = frozenset(
    {
        Role.CALLEE,
        Role.ELEMENT,
        Role.TESTED,
        Role.COMPARED,
        Role.RECEIVER,
        Role.FORMATTED,
        Role.DECORATOR,
        Role.DEFAULT,
        Role.YIELDED,
    }
)
_FILTERS = frozenset({"builtins.filter", "itertools.filterfalse"})
_SORTS = frozenset({"builtins.sorted", "builtins.min", "builtins.max"})


def callback_step(project: Project, site: Reference, used: FunctionId) -> Step:
    """What the place needs that holds a function which becomes async."""
    expression = project.expression(site)
    outer = project.parent(site)
    if expression.role is Role.ASSIGNED and (
        (step := assigned_effect(project, site, used)) is not None
    ):
        return step
    escape = _escape(project, site)
    if escape is not None:
        return _held(site, escape)
    if expression.role is Role.RECEIVER and outer is not None and opens(outer[1]):
        return _held(site, f"`{outer[1].text}` gives what is inside of it")
    if expression.role is Role.TARGET and _is_called_by_python(project, expression):
        return Step(limit=Limit("ASY902", f"{expression.text} cannot be async", site))
    if expression.role in PASSING_ROLES or expression.role in _PLAIN_ROLES:
        return Step()
    if outer is None or expression.role not in (Role.ARGUMENT, Role.KEYWORD):
        return _held(site, f"it is used as a value ({expression.role})")
    return _handed_to_call(project, site, used, *outer)


def _handed_to_call(
    project: Project, site: Reference, used: FunctionId, around: Reference, parent: Expression
) -> Step:
    """What a call needs that gets the function as an argument."""
    if parent.kind is not Kind.CALL:
        return Step()
    edge = project.call_edge(around)
    if edge is not None and edge.targets and not edge.open:
        if all(target.function is not None for target in edge.targets):
            return Step()
    if parametrizes(project, site) or registers(project, project.functions[used], around):
        return Step()
    names = project.callee_names(around)
    if names and all(
        name in LOOKERS or _is_kept(project, site, name) or _keeps(project, name) for name in names
    ):
        callee = project.child(around, Role.CALLEE)
        kept = put_into(project, callee, Role.RECEIVER) if callee is not None else None
        return _held(site, kept) if kept is not None else Step()
    hook = argument_hook(project, site)
    if hook is not None and hook.runs == AWAITS:
        return Step()
    if (step := handed_to_mock(project, site, used, around)) is not None:
        return step
    step = (
        _expected(project, site, used, around)
        or _called_by(project, site, used, around, names)
        or given_to_stack(project, around, site, used)
    )
    if step is not None:
        return step
    name = call_name(project, around)
    if any(n in THREADS for n in names) or name in ("Thread", "Timer"):
        return Step(
            limit=Limit("ASY908", f"it is the target of {name}, which does not await", site)
        )
    return _held(site, f"it is handed to {name}(), which may call it without await")


def _is_kept(project: Project, site: Reference, name: str) -> bool:
    """Whether a callee puts an argument into a container, or gives it back out of one."""
    expression = project.expression(site)
    if expression.role is Role.KEYWORD:
        return name in _KEYWORD_KEEPERS
    return KEEPERS.get(name) == expression.detail


def _keeps(project: Project, name: str) -> bool:
    """Whether a callee is a dataclass of the project: it keeps its arguments in fields, which analysis follows."""
    module, _, short = name.rpartition(".")
    known = project.graph.classes.get(f"{module}:{short}")
    if known is None or any(method in dict(known.methods) for method in ("__init__", "__new__")):
        return False
    made = [project.denoted(Reference(known.module, number)) for number in known.decorators]
    return made == ["dataclasses.dataclass"]


def _escape(project: Project, site: Reference) -> str | None:
    """How a function gets to callers that nobody sees, although it is only returned or put away."""
    expression = project.expression(site)
    if expression.role is Role.RETURNED:
        around = project.functions[expression.function]
        followed = around.name == "__call__" and bool(project.reaching(around.id))
        if followed or not is_special(around.name):
            return None
        return f"{around.name} returns it to whoever uses the object"
    if expression.role is Role.ASSIGNED:
        return None if is_put_back(project, site) else put_away(project, site)
    if expression.role is not Role.ELEMENT or parametrizes(project, site):
        return None
    holder = site
    while (outer := project.parent(holder)) is not None and outer[1].kind is Kind.CONTAINER:
        holder = outer[0]
    around = project.functions[project.expression(holder).function]
    if project.expression(holder).role is Role.RETURNED and is_special(around.name):
        return f"{around.name} returns it to whoever uses the object"
    return put_away(project, holder) or _tested(project, holder)


def _tested(project: Project, holder: Reference) -> str | None:
    """How a container gets to tests in a way that nobody follows."""
    value = project.value(holder)
    for occurrence in (holder, *(value.occurrences if value is not None else ())):
        outer = project.parent(occurrence)
        if outer is None or outer[1].kind is not Kind.CALL or outer[1].place is Place.ANNOTATION:
            continue
        if any(name.startswith(_TEST_TOOLS) for name in project.callee_names(outer[0])):
            return f"what holds it is handed to {call_name(project, outer[0])}()"
    return None


def _is_called_by_python(project: Project, target: Expression) -> bool:
    """Whether what is assigned here becomes a special method, as in `__len__ = count`."""
    owner = target.variable[0] if target.variable is not None else ""
    known = target.kind is Kind.ATTRIBUTE or owner in project.graph.classes
    return known and is_special(target.text) and target.text != "__wrapped__"


def _held(site: Reference, message: str) -> Step:
    return Step(limit=Limit("ASY907", message, site))


def _expected(project: Project, site: Reference, used: FunctionId, call: Reference) -> Step | None:
    """The step for a function that a helper of tests calls."""
    return None if _mixed(project, site) else expected_step(project, site, used, call)


def _called_by(
    project: Project, site: Reference, used: FunctionId, call: Reference, names: tuple[str, ...]
) -> Step | None:
    """The step for a function that is known to call its argument; None for any other."""
    if len(names) != 1 or _mixed(project, site):
        return None
    (name,) = names
    detail = project.expression(site).detail
    arguments = project.arguments(call)
    if any(e.role is Role.UNPACKED or e.kind is Kind.STARRED for _, e in arguments):
        return None
    positional = [r for r, e in arguments if e.role is Role.ARGUMENT]
    keywords = {e.detail: r for r, e in arguments if e.role is Role.KEYWORD}
    if name == "builtins.map" and detail == "0" and not keywords:
        return _map(project, site, used, call, positional[1:])
    if name in _FILTERS and detail == "0" and not keywords:
        return _filter(project, site, used, call, positional[1])
    if name in _SORTS and detail == "key" and positional:
        return _sorted(project, site, used, call, positional, keywords)
    if name == "builtins.list.sort" and detail == "key":
        return _sort(project, site, used, call, keywords)
    if name in _REDUCERS and detail == "0" and not keywords:
        return _reduce(project, site, used, call)
    return _in_thread(project, site, used, call, name)


def _generated(project: Project, site: Reference) -> bool:
    """Whether an expression may be a generator of the project."""
    value = project.value(site)
    return value is not None and any(s.kind is SourceKind.GENERATOR for s in value.sources)


def _in_thread(
    project: Project, site: Reference, used: FunctionId, call: Reference, name: str
) -> Step | None:
    detail, arguments = project.expression(site).detail, project.arguments(call)
    if name in _TO_THREAD and detail == "0":
        return _thread(project, site, used, call, arguments[1:])
    if name.endswith(f".{_EXECUTOR}") and detail == "1" and arguments[0][1].text == "None":
        return _thread(project, site, used, call, arguments[2:])
    return None


def _mixed(project: Project, site: Reference) -> bool:
    """Whether a callback may be something else than a function of the project."""
    value = project.value(site)
    if value is None:
        return project.expression(site).kind is not Kind.LAMBDA
    return any(s.kind is not SourceKind.FUNCTION and s.name not in _WRAPPERS for s in value.sources)


# -- comprehensions ------------------------------------------------------------------------------


def _zipped(
    project: Project, iterables: list[Reference], start: int
) -> tuple[str, tuple[Span, ...]]:
    spans = tuple(project.expression(one).span for one in iterables)
    holes = ", ".join(f"{{{number}}}" for number in range(start, start + len(spans)))
    return (holes if len(spans) == 1 else f"zip({holes})"), spans


def _map(
    project: Project, site: Reference, used: FunctionId, call: Reference, iterables: list[Reference]
) -> Step | None:
    made = applied(project, site, 0, len(iterables))
    if made is None:
        return None
    source, holes = _zipped(project, iterables, len(made.holes))
    inside = f"{made.text} for {made.item} in {source}"
    items = Items(inside, (*made.holes, *holes), remade=True, closable=True)
    return _consumed(project, site, call, items, used)


def _filter(
    project: Project, site: Reference, used: FunctionId, call: Reference, iterable: Reference
) -> Step | None:
    made = applied(project, site, 0, 1)
    if made is None:
        return None
    negation = "" if project.callee_names(call) == ("builtins.filter",) else "not "
    inside = f"{made.item} for {made.item} in {{{len(made.holes)}}} if {negation}{made.text}"
    holes = (*made.holes, project.expression(iterable).span)
    return _consumed(project, site, call, Items(inside, holes, remade=True, closable=True), used)


def _consumed(
    project: Project, site: Reference, call: Reference, items: Items, used: FunctionId
) -> Step:
    step = consume(project, call, items, used)
    if step.limit is not None:
        name = call_name(project, call)
        return _held(site, f"it is handed to {name}(): {step.limit.message}")
    return step


def _pairs(project: Project, made: Applied, iterable: str) -> str:
    """Keys and items, in order; only the keys are compared."""
    return f"[({made.text}, {made.item}) for {made.item} in {iterable}], key=lambda pair: pair[0]"


def _rest(
    project: Project, keywords: dict[str, Reference], allowed: str, start: int
) -> tuple[str, tuple[Span, ...]] | None:
    """The keyword that stays; None if there is another, or one whose value may depend on the order."""
    left = {name: site for name, site in keywords.items() if name != "key"}
    if not left:
        return "", ()
    if set(left) != {allowed}:
        return None
    site = left[allowed]
    if project.expression(site).kind not in (Kind.CONSTANT, Kind.NAME):
        return None
    value = f"{{{start}}}"
    text = f"(None, {value})" if allowed == "default" else value
    return f", {allowed}={text}", (project.expression(site).span,)


def _sorted(
    project: Project,
    site: Reference,
    used: FunctionId,
    call: Reference,
    positional: list[Reference],
    keywords: dict[str, Reference],
) -> Step | None:
    """`sorted`, `min` and `max`: decorate, sort, undecorate."""
    callee = project.child(call, Role.CALLEE)
    made = applied(project, site, 1, 1)
    if made is None or callee is None:
        return None
    written = project.expression(callee)
    start = 1 + len(made.holes)
    spans = tuple(project.expression(one).span for one in positional)
    several = ", ".join(f"{{{number}}}" for number in range(start, start + len(spans)))
    sorts = project.callee_names(call) == ("builtins.sorted",)
    if sorts and len(spans) > 1:
        return None
    iterable = several if len(spans) == 1 else f"({several})"
    rest = _rest(project, keywords, "reverse" if sorts else "default", start + len(spans))
    if rest is None:
        return None
    whole = f"{{0}}({_pairs(project, made, iterable)}{rest[0]})"
    whole = f"[item for _, item in {whole}]" if sorts else f"{whole}[1]"
    holes = (written.span, *made.holes, *spans, *rest[1])
    edit = Replace(project.expression(call).span, whole, holes)
    return need_async(project, site, used, [edit])


def _sort(
    project: Project,
    site: Reference,
    used: FunctionId,
    call: Reference,
    keywords: dict[str, Reference],
) -> Step | None:
    """`items.sort(key=f)` as a statement."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    made = applied(project, site, 1, 1)
    if made is None or receiver is None or not is_name(project, receiver):
        return None
    expression = project.expression(call)
    rest = _rest(project, keywords, "reverse", 1 + len(made.holes))
    if rest is None or expression.role is not Role.DISCARDED or expression.parent >= 0:
        return None
    text = f"{{0}}[:] = [item for _, item in sorted({_pairs(project, made, '{0}')}{rest[0]})]"
    holes = (project.expression(receiver).span, *made.holes, *rest[1])
    edit = Replace(project.statement(call).span, text, holes)
    return need_async(project, site, used, [edit])


def _reduce(project: Project, site: Reference, used: FunctionId, call: Reference) -> Step | None:
    callee = project.child(call, Role.CALLEE)
    define = helper(project, site.module, "reduce")
    if any(_generated(project, r) for r, _ in project.arguments(call)[1:2]):
        return None  # it may become async as well
    if callee is None or define is None or len(project.arguments(call)) not in (2, 3):
        return None
    expression = project.expression(call)
    edits: list[Edit] = [
        define,
        Replace(project.expression(callee).span, define.name),
        Await(expression.span),
    ]
    return need_async(project, call, used, edits)


def _thread(
    project: Project,
    site: Reference,
    used: FunctionId,
    call: Reference,
    arguments: list[tuple[Reference, Expression]],
) -> Step | None:
    """A function that async code ran in a thread: it is awaited instead."""
    expression = project.expression(call)
    outer = project.parent(call)
    if expression.role is not Role.AWAITED:
        if expression.role is not Role.ARGUMENT or outer is None:
            return None
        names = project.callee_names(outer[0])
        if not names or not all(name in _AWAITERS for name in names):
            return None
    parts = [
        f"{e.detail}={{{number}}}" if e.role is Role.KEYWORD else f"{{{number}}}"
        for number, (_, e) in enumerate(arguments, start=1)
    ]
    holes = (project.expression(site).span, *(e.span for _, e in arguments))
    edit = Replace(expression.span, f"{{0}}({', '.join(parts)})", holes)
    return need_async(project, call, used, [edit])
