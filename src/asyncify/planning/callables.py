"""A function that becomes async, handed to a function that calls it: `map`, `sorted(key=)`, `reduce`, threads.

What is known to call it becomes a comprehension that awaits it, in the same order and with the same
laziness. Everything else is a limit.
"""

from __future__ import annotations

from dataclasses import replace

from asyncify.model.facts import Expression, FunctionId, Kind, Place, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.planning.accessors import opens
from asyncify.planning.appliers import called_by
from asyncify.planning.assigned import put_away, put_into
from asyncify.planning.colour import Limit, Use
from asyncify.planning.decorators import registers
from asyncify.planning.expectations import expected_step, parametrizes
from asyncify.planning.frameworks import AWAITS, argument_hook
from asyncify.planning.helpers import call_name
from asyncify.planning.interceptors import is_put_back, replaced_by
from asyncify.planning.keeping import LOOKERS
from asyncify.planning.kept_items import keeps
from asyncify.planning.limits import is_special
from asyncify.planning.project import PASSING_ROLES, Project
from asyncify.planning.side_effects import assigned_effect, handed_to_mock
from asyncify.planning.stacks import given_to_stack
from asyncify.planning.steps import Step

THREADS = frozenset({"threading.Thread", "threading.Timer", "multiprocessing.Process"})
_WRAPPERS = frozenset({"functools.partial", "functools._lru_cache_wrapper"})
# who hands what is in a container to tests, in ways that only `parametrizes` knows
_TEST_TOOLS = ("pytest.", "_pytest.")
# functions that take a coroutine as well as a future
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


def callback_step(project: Project, site: Reference, used: FunctionId) -> Step:
    """What the place needs that holds a function which becomes async.

    What is put in the place of a function becomes async only together with that.
    """
    step = _passed(project, site, used)
    replaced = [function for function in replaced_by(project, site) if function != used]
    if step.limit is not None or not replaced:
        return step
    return replace(step, uses=(*step.uses, *(Use(one, used, site) for one in replaced)))


def _passed(project: Project, site: Reference, used: FunctionId) -> Step:
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
    if names and all(name in LOOKERS or keeps(project, site, name) for name in names):
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
        or (None if is_mixed(project, site) else called_by(project, site, used, around, names))
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
    return None if is_mixed(project, site) else expected_step(project, site, used, call)


def is_mixed(project: Project, site: Reference) -> bool:
    """Whether a callback may be something else than a function of the project."""
    value = project.value(site)
    if value is None:
        return project.expression(site).kind is not Kind.LAMBDA
    return any(s.kind is not SourceKind.FUNCTION and s.name not in _WRAPPERS for s in value.sources)
