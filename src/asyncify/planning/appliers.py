"""Functions of the library that call what they get, and what takes their place: `map`, `filter`, `sorted`, `reduce`."""

from __future__ import annotations

from asyncify.model.facts import Expression, FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Await, Edit, Replace
from asyncify.model.span import Span
from asyncify.planning.applied import Applied, applied, is_name
from asyncify.planning.awaiting_texts import AWAITING
from asyncify.planning.cleanup import cleans_up
from asyncify.planning.colour import Limit
from asyncify.planning.consumers import consume, need_async, several
from asyncify.planning.helpers import call_name, helper
from asyncify.planning.items import untracked, with_edits
from asyncify.planning.parts import GROUPS
from asyncify.planning.project import Project
from asyncify.planning.steps import Items, Step
from asyncify.planning.units import IN_THREAD

_AWAITERS = frozenset(
    f"asyncio.{module}{name}"
    for module in ("", "tasks.")
    for name in ("gather", "wait_for", "shield", "create_task", "ensure_future")
)
_REDUCERS = frozenset({"functools.reduce", "_functools.reduce"})
_FILTERS = frozenset({"builtins.filter", "itertools.filterfalse"})
_RANKS = frozenset({"heapq.nlargest", "heapq.nsmallest"})
_SORTS = frozenset({"builtins.sorted", "builtins.min", "builtins.max"})
_REPEATS = "builtins.iter"  # with two arguments
# lazy functions, and where they get the one that they call
_LAZY = {
    _REPEATS: ("0",),
    "itertools.accumulate": ("1", "func"),
    "itertools.takewhile": ("0",),
    "itertools.dropwhile": ("0",),
    "itertools.groupby": ("1", "key"),
}
_EXECUTOR = "run_in_executor"


def called_by(
    project: Project, site: Reference, used: FunctionId, call: Reference, names: tuple[str, ...]
) -> Step | None:
    """The step for a function that is known to call its argument, here or in a thread; None for any other."""
    step = called_here(project, site, used, call, names)
    if step is None and _takes_it(project, used, call, names):
        return _in_thread(project, site, used, call, names[0])
    return step


def _takes_it(project: Project, used: FunctionId, call: Reference, names: tuple[str, ...]) -> bool:
    """Whether one function gets another as an argument of its own, and what that gives can be awaited."""
    if len(names) != 1 or project.functions[used].is_generator:
        return False  # what a generator function gives is awaited by nobody
    return not _has_unpacked(project, call)


def called_here(
    project: Project, site: Reference, used: FunctionId, call: Reference, names: tuple[str, ...]
) -> Step | None:
    """The step for a function that is known to call its argument where it stands; None for any other."""
    if not _takes_it(project, used, call, names):
        return None
    (name,) = names
    step = written_out(project, site, used, call, name)
    if step is not None:
        return step
    detail, count = project.expression(site).detail, len(project.arguments(call))
    if name in _REDUCERS and detail == "0" and not _keywords(project, call):
        return _reduce(project, site, used, call)
    if detail in _LAZY.get(name, ()) and (name != _REPEATS or count == 2):
        return _lazily(project, site, used, call, name)
    return None


def written_out(
    project: Project, site: Reference, used: FunctionId, call: Reference, name: str
) -> Step | None:
    """The step for a callback that is called in a comprehension in place of the call; None where there is none."""
    arguments, detail = project.arguments(call), project.expression(site).detail
    if _has_unpacked(project, call):
        return None
    positional = [r for r, e in arguments if e.role is Role.ARGUMENT]
    keywords = _keywords(project, call)
    if name == "builtins.map" and detail == "0" and not keywords:
        return _map(project, site, used, call, positional[1:])
    if name == "itertools.starmap" and detail == "0" and len(positional) == 2 and not keywords:
        return _map(project, site, used, call, positional[1:], starred=True)
    if name in _FILTERS and detail == "0" and not keywords:
        return _filter(project, site, used, call, positional[1])
    return _ordered(project, site, used, call, name)


def _has_unpacked(project: Project, call: Reference) -> bool:
    arguments = (expression for _, expression in project.arguments(call))
    return any(e.role is Role.UNPACKED or e.kind is Kind.STARRED for e in arguments)


def _keywords(project: Project, call: Reference) -> dict[str, Reference]:
    return {e.detail: r for r, e in project.arguments(call) if e.role is Role.KEYWORD}


def _ordered(
    project: Project, site: Reference, used: FunctionId, call: Reference, name: str
) -> Step | None:
    """The step for a key by which something is sorted, or chosen."""
    detail, arguments = project.expression(site).detail, project.arguments(call)
    positional = [r for r, e in arguments if e.role is Role.ARGUMENT]
    keywords = _keywords(project, call)
    if name in _SORTS and detail == "key" and positional:
        return _sorted(project, site, used, call, positional, keywords)
    if name in _RANKS and detail in ("2", "key") and len(arguments) == 3:
        return _ranked(project, site, used, call, positional[:2])
    if name == "builtins.list.sort" and detail == "key":
        return _sort(project, site, used, call, keywords)
    return None


def _in_thread(
    project: Project, site: Reference, used: FunctionId, call: Reference, name: str
) -> Step | None:
    detail, arguments = project.expression(site).detail, project.arguments(call)
    if name in IN_THREAD and detail == "0":
        return _thread(project, site, used, call, arguments[1:])
    if name.endswith(f".{_EXECUTOR}") and detail == "1" and arguments[0][1].text == "None":
        return _thread(project, site, used, call, arguments[2:])
    return None


def _zipped(
    project: Project, iterables: list[Reference], start: int
) -> tuple[str, tuple[Span, ...]]:
    spans = tuple(project.expression(one).span for one in iterables)
    holes = ", ".join(f"{{{number}}}" for number in range(start, start + len(spans)))
    return (holes if len(spans) == 1 else f"zip({holes})"), spans


def _map(
    project: Project,
    site: Reference,
    used: FunctionId,
    call: Reference,
    iterables: list[Reference],
    *,
    starred: bool = False,
) -> Step | None:
    made = applied(project, site, 0, -1 if starred else len(iterables))
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
        return Step(limit=Limit("ASY907", f"it is handed to {name}(): {step.limit.message}", site))
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


def _ranked(
    project: Project,
    site: Reference,
    used: FunctionId,
    call: Reference,
    given: list[Reference],
) -> Step | None:
    """`nlargest(n, items, key=f)` and `nsmallest`, in the same way."""
    callee = project.child(call, Role.CALLEE)
    made = applied(project, site, 1, 1)
    if made is None or callee is None or len(given) != 2:
        return None
    start = 1 + len(made.holes)
    pairs = _pairs(project, made, f"{{{start + 1}}}")
    whole = f"[item for _, item in {{0}}({{{start}}}, {pairs})]"
    spans = (project.expression(each).span for each in given)
    holes = (project.expression(callee).span, *made.holes, *spans)
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
    define = helper(project, site.module, f"{AWAITING}reduce")
    if callee is None or define is None or len(project.arguments(call)) not in (2, 3):
        return None
    expression = project.expression(call)
    edits: list[Edit] = [
        define,
        Replace(project.expression(callee).span, define.name),
        Await(expression.span),
    ]
    return need_async(project, call, used, edits)


def _lazily(
    project: Project, site: Reference, used: FunctionId, call: Reference, name: str
) -> Step | None:
    """`takewhile` and its like: an async helper takes its place, and its iterator is async."""
    callee = project.child(call, Role.CALLEE)
    define = helper(project, site.module, AWAITING + name.rpartition(".")[2])
    if callee is None or define is None:
        return None
    made = (s.name for r, _ in project.arguments(call) for s in project.sources(r))
    if any(cleans_up(project, one) for one in made):
        return None  # it would be closed later
    if name == "itertools.groupby":
        step = several(project, call, GROUPS, used)
    else:
        step = consume(project, call, untracked(project, call), used)
    if step.limit is not None:
        message = f"it is handed to {call_name(project, call)}(): {step.limit.message}"
        return Step(limit=Limit("ASY907", message, site))
    edits: list[Edit] = [Replace(project.expression(callee).span, define.name), define]
    return with_edits(project, step, call, edits)


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
