"""Twins: a function that must stay sync gets an async one beside it, for the callers that can await.

One property, one `__init__` or one call that nobody can await at the top of a class does not hold back
everything below it. The twin of ``fetch`` is ``fetch_async``; the twin of a property is a method; the twin
of `__init__` comes with a factory, ``await Class.create_async(...)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from asyncify.model.attributes import INITIAL, TWIN
from asyncify.model.facts import Function, FunctionId, Kind, Role
from asyncify.model.graph import Access, Edge, Reference, SourceKind
from asyncify.model.modules import named_module, reached_from
from asyncify.model.plan import AddImport, Await, Edit, MakeTwin, Replace
from asyncify.model.span import Span
from asyncify.planning.accessors import PROPERTY
from asyncify.planning.appliers import called_here
from asyncify.planning.by_hand import CLOSING
from asyncify.planning.callables import is_mixed
from asyncify.planning.class_attributes import (
    is_akin,
    is_in_line,
    may_give,
    overriding_attributes,
)
from asyncify.planning.cleanup import cleans_up
from asyncify.planning.colour import Limit
from asyncify.planning.consumers import consume, need_async
from asyncify.planning.declarations import beside_generators
from asyncify.planning.decorators import wrapping
from asyncify.planning.delegation import delegation_edits
from asyncify.planning.doubles import doubles_of
from asyncify.planning.factories import (
    construction,
    factory_edits,
    handed_classes,
    making_problem,
    unclear,
)
from asyncify.planning.found_by_name import composed, walked_over
from asyncify.planning.interceptors import is_patched
from asyncify.planning.items import existing, unknown
from asyncify.planning.limits import (
    MANAGER,
    RENAMED,
    TRANSPARENT,
    TRANSPARENT_PREFIXES,
    is_special,
)
from asyncify.planning.managers import enter_object, enter_step, is_manager, manager_edits
from asyncify.planning.mocks import others_reached
from asyncify.planning.project import Project
from asyncify.planning.returned import exchanges
from asyncify.planning.scripts import program, script_body
from asyncify.planning.steps import Step, joined

# limits that are about somebody who calls the function without await: a twin leaves them what they have
PASSABLE = frozenset(
    {
        "ASY901",
        "ASY902",
        "ASY903",
        "ASY904",
        "ASY907",
        "ASY908",
        "ASY913",
        "ASY914",
        "ASY919",
        "ASY920",
        "ASY928",
        "ASY970",
    }
)
# the same, of what a function makes: who iterates over a generator, or enters a manager, without await
PASSABLE_OF_MAKERS = PASSABLE | {"ASY906", "ASY912"}


_OBJECTS = (SourceKind.INSTANCE, SourceKind.CLASS)
_ASKING = (Access.CALL, Access.PROPERTY)
_ENTERS = frozenset({"__enter__", "__exit__"})
_RENAMED = _ENTERS | {INITIAL}


@dataclass(frozen=True, slots=True)
class Twin:
    """The edits that make the twin, and what each place needs that uses it."""

    edits: tuple[tuple[str, Edit], ...]
    steps: tuple[Step, ...]


def twin_name(name: str) -> str:
    """The name of the twin of a function."""
    return RENAMED[name] if name in _RENAMED else name + TWIN


def twin_of(project: Project, function: Function, limit: Limit | None) -> Twin | None:
    """The twin of a function; None where it cannot have one."""
    if not _may_have_one(project, function, limit):
        return None
    initial = function.name == INITIAL
    name = twin_name(function.name)
    if is_taken(project, function, name) or (initial and making_problem(project, function)):
        return None
    path, dropped = project.path(function.id), _dropped(project, function)
    edits: list[tuple[str, Edit]] = [
        (path, MakeTwin(function.header, name, dropped, calls=_callable(project, function)))
    ]
    if initial:
        edits.extend((path, edit) for edit in factory_edits(project, function))
    edits.extend((path, edit) for edit in manager_edits(project, function))
    edits.extend((path, edit) for edit in delegation_edits(project, function.id))
    steps = []
    for edge in project.reaching(function.id):
        step = _step(project, function, edge, name)
        if step is not None:
            steps.append(step)
    steps.extend(_handed(project, function, name))
    return Twin(tuple(edits), tuple(_with_program(project, step) for step in steps))


def copied(
    project: Project, function: Function, edits: Iterable[tuple[str, Edit]], steps: Iterable[Step]
) -> Twin | None:
    """What makes a nested function async in the twin of the function around it; None where others use it."""
    outer = project.functions.get(function.parent)
    while outer is not None and outer.parent != f"{function.module}:":
        outer = project.functions.get(outer.parent)
    if outer is None or len(project.family(function.id)) > 1:
        return None
    path = project.path(function.id)
    needed = [step for step in steps if step.uses or step.edits]
    users = [project.functions[use.user] for step in needed for use in step.uses]
    if not all(step.uses and not step.gives for step in needed):
        return None
    if not all(not u.is_async and outer.span.contains(u.span) for u in users):
        return None
    every = [*edits, *(item for step in needed for item in step.edits)]
    moving = [(own, edit) for own, edit in every if getattr(edit, "span", None) is not None]
    if not all(own == path and inside([outer.span], edit) for own, edit in moving):
        return None
    return Twin(tuple(edits), tuple(needed))


def _may_have_one(project: Project, function: Function, limit: Limit | None) -> bool:
    if function.kind != "def" or function.is_async or exchanges(project, function):
        return False
    makes = function.is_generator or function.name in _ENTERS
    if limit is not None and limit.code not in (PASSABLE_OF_MAKERS if makes else PASSABLE):
        return False
    if is_special(function.name) and function.name not in _RENAMED:
        return False
    if function.name.startswith("test") or function.parent != f"{function.module}:":
        return False
    if _is_one_of_its_kind(project, function):
        return False
    known = TRANSPARENT | PROPERTY | MANAGER
    wraps = wrapping(project, function)
    return all(
        place in wraps if name is None else name in known or name.startswith(TRANSPARENT_PREFIXES)
        for place, name in project.decorators(function)
    )


def _is_one_of_its_kind(project: Project, function: Function) -> bool:
    """Whether somebody would see that there are two, or would find the wrong one."""
    if any(_keeps(project, function, parameter.default) for parameter in function.parameters):
        return True  # what one puts into a default, the other does not see
    line = project.line(function.id)
    if function.id in project.memory("renamed", _renamed):
        return True  # the twins of its line would have other names
    if not project.graph.replaced.keys().isdisjoint(line):
        return True  # what is in its place has no twin
    if beside_generators(project, function.id):
        return True  # who calls its twin would have to ask what that gives
    if not project.memory("composed", composed).isdisjoint(line):
        return True  # who composes its name may mean the twin
    if walked_over(project, function):
        return True  # who goes through all names would find the twin as well
    if any(True for _ in overriding_attributes(project, function)):
        return True  # the twin would go past another attribute in its place
    # past what a test puts in its place
    return is_patched(project, function) or bool(doubles_of(project, function.owner))


def _keeps(project: Project, function: Function, default: int) -> bool:
    """Whether a default is an object that calls of the function share."""
    if default < 0:
        return False
    value = project.expression(Reference(function.module, default))
    return value.kind in (Kind.CALL, Kind.COMPREHENSION) or (
        value.kind is Kind.CONTAINER and value.text != "tuple"
    )


def _renamed(project: Project) -> frozenset[FunctionId]:
    """The methods that are overridden by functions of another name."""
    return frozenset(
        member
        for family in project.graph.families
        if len({project.functions[one].name for one in family}) > 1
        for member in family
    )


def is_taken(project: Project, function: Function, name: str) -> bool:
    """Whether there is something of this name beside a function already."""
    if function.owner is not None:
        return is_in_line(project, function, name)
    scope = project.functions.get(function.parent)
    if scope is not None and name in scope.names:
        return True
    functions = project.graph.modules[function.module].functions
    return any(other.name == name and other.owner is None for other in functions)


def _callable(project: Project, function: Function) -> str:
    """What calls a method from its twin, whatever overrides it; "" where that is not as good."""
    module = project.graph.modules[function.module]
    same = [f for f in module.functions if (f.owner, f.name) == (function.owner, function.name)]
    if function.decorators or function.is_generator or is_special(function.name) or same[1:]:
        return ""
    if function.owner is None:
        return ""  # it has a twin for its own sake
    taken = [parameter.name for parameter in function.parameters]
    cls = project.graph.classes[function.owner].name
    alone = [one.name for one in module.classes].count(cls) == 1 and cls not in taken
    plain = function.owner == f"{module.name}:{cls}" and taken
    return f"{cls}.{function.name}" if alone and plain else ""


def _dropped(project: Project, function: Function) -> tuple[int, ...]:
    """Decorators that the twin goes without: it is no property, but a method."""
    decorators = project.decorators(function)
    return tuple(number for number, (_, name) in enumerate(decorators) if name in PROPERTY)


def _step(project: Project, function: Function, edge: Edge, name: str) -> Step | None:
    """What a place needs to use the twin; None where it has to stay with the function."""
    if edge.access is Access.ENTER and function.name in _ENTERS:
        return _entered(project, function, edge)
    if edge.open or not _in_line(project, function, edge):
        return None
    expression = project.expression(edge.site)
    outer = project.parent(edge.site)
    if outer is not None and outer[1].kind is Kind.AWAIT:
        return None
    if not _may_wait(project, edge.site):
        return None
    edits = _named(project, function, edge, name)
    if edits is None:
        return None
    if function.is_generator:
        return _consumed(project, function, edge.site, edits)
    step = need_async(project, edge.site, function.id, [*edits, Await(expression.span)])
    return step if step.limit is None and not step.gives else None


def _may_wait(project: Project, site: Reference) -> bool:
    """Whether a place may be in an async function; elsewhere at module level the function is at hand."""
    if project.functions[project.expression(site).function].kind != "module":
        return True
    return bool(script_body(project, project.module(site))) or program(project, site) is not None


def _with_program(project: Project, step: Step) -> Step:
    """A step of which the places in programs wait together with what these are for."""
    uses = (replace(use, user=program(project, use.site) or use.user) for use in step.uses)
    return replace(step, uses=tuple(dict.fromkeys(uses)))


def _handed(project: Project, function: Function, name: str) -> Iterator[Step]:
    """The places that hand the function to what calls it, and can hand over the twin: `sorted(rows, key=fetch)`."""
    if function.name == INITIAL:
        made = handed_classes(project, function)
        yield from (
            s for s in made if s.uses and not s.gives and _may_wait(project, s.uses[0].site)
        )
    if is_special(function.name):
        return
    line = project.line(function.id)
    for value in project.values_of(function.id, SourceKind.FUNCTION):
        for site in value.places_of(SourceKind.FUNCTION, function.id):
            outer = project.parent(site)
            if outer is None or outer[1].kind is not Kind.CALL or not _may_wait(project, site):
                continue
            if any(s.name not in line for s in project.sources(site)) or is_mixed(project, site):
                continue
            named = _written(project, function, site, name)
            names = project.callee_names(outer[0])
            step = called_here(project, site, function.id, outer[0], names) if named else None
            if step is not None and step.limit is None and step.uses and not step.gives:
                path = project.module(site).path
                yield step.with_edits((path, edit) for edit in named or ())


def _named(project: Project, function: Function, edge: Edge, name: str) -> list[Edit] | None:
    """The edits after which a place names the twin; None where it cannot."""
    expression = project.expression(edge.site)
    if edge.access is Access.PROPERTY:
        if expression.role in (Role.TARGET, Role.DELETED):
            return None
        return _method(project, edge.site, f"{name}()")
    if edge.access is Access.CONSTRUCT and function.name == INITIAL:
        return _made(project, function, edge)
    if edge.access is Access.CALL and expression.kind is Kind.CALL:
        return _call(project, function, edge.site, name)
    return None


def _entered(project: Project, function: Function, edge: Edge) -> Step | None:
    """A `with` statement that enters an object, whose class can be entered in both ways."""
    if edge.open or not _in_line(project, function, edge):
        return None
    step = enter_object(project, edge.site, function.id)
    return step if step.limit is None and not step.gives else None


def _consumed(
    project: Project, function: Function, site: Reference, edits: list[Edit]
) -> Step | None:
    """A place that makes a generator, or a context manager, and uses it up."""
    if is_manager(project, function):
        step = enter_step(project, site, function.id)
    else:
        cleanup = cleans_up(project, function.id)
        items = existing(project, site, closable=True, cleanup=cleanup)
        step = consume(project, site, replace(items, tracked=False), function.id)
        step = joined(step, _closed(project, site, function.id))
    if step.limit is not None or step.gives or not step.uses:
        return None
    path = project.module(site).path
    return replace(step, edits=(*step.edits, *((path, edit) for edit in edits)))


def _in_line(project: Project, function: Function, edge: Edge) -> bool:
    """Whether a place reaches nothing that has no twin of this name."""
    made, others = others_reached(project, edge, function.name)
    if (others and edge.access in _ASKING) or (made and edge.access is Access.PROPERTY):
        return False
    return {target.function for target in edge.targets} <= project.line(function.id)


def _made(project: Project, function: Function, edge: Edge) -> list[Edit] | None:
    clear = not unclear(project, function.id, edge)
    return construction(project, edge.site) if clear else None


def _method(project: Project, access: Reference, name: str) -> list[Edit] | None:
    receiver = project.child(access, Role.RECEIVER)
    if receiver is None:
        return None
    hole = project.expression(receiver).span
    return [Replace(project.expression(access).span, f"{{0}}.{name}", (hole,))]


def _attribute(
    project: Project, function: Function, callee: Reference, name: str
) -> list[Edit] | None:
    """A method, or a function of a module: one that hands it on has no twin to hand on."""
    receiver = project.child(callee, Role.RECEIVER)
    if receiver is None:
        return None
    if function.owner is not None:
        return _method(project, callee, name) if _has_it(project, receiver, function) else None
    modules = project.graph.modules
    module = named_module(modules, receiver)
    way = reached_from(modules, module, function.module) if module is not None else None
    return _method(project, callee, f"{way}.{name}" if way else name) if way is not None else None


def _has_it(project: Project, receiver: Reference, function: Function) -> bool:
    """Whether an object has a method by its class: not one that it asks another object for, or keeps."""
    found = {source.name for source in project.sources(receiver) if source.kind in _OBJECTS}
    known = project.graph.types.get(receiver)
    classes = (found or {known or ""}) & project.graph.classes.keys()
    others = {each for each in classes if not is_akin(project, (each,), function)}
    return not any(may_give(project, each, function.name) for each in others)


def _closed(project: Project, site: Reference, used: FunctionId) -> Step:
    """What the places need that see a generator which `contextlib.closing` gets where it is made."""
    outer, value = project.parent(site), project.value(site)
    if outer is None or project.callee_names(outer[0]) != (CLOSING,) or value is None:
        return Step()
    if value.lost is not None or any(source.site != site for source in value.sources):
        return unknown(site, "the iterator is mixed with others")
    step = Step()
    for place in value.occurrences:
        if place != site:
            items = existing(project, place, closable=False)
            step = joined(step, consume(project, place, items, used))
    return step


def _call(project: Project, function: Function, site: Reference, name: str) -> list[Edit] | None:
    callee = project.child(site, Role.CALLEE)
    return _written(project, function, callee, name) if callee is not None else None


def _written(
    project: Project, function: Function, place: Reference, name: str
) -> list[Edit] | None:
    """The edits after which an expression that is the function is the twin."""
    written = project.expression(place)
    if written.kind is Kind.ATTRIBUTE and written.text == function.name:
        return _attribute(project, function, place, name)
    if written.kind is not Kind.NAME or written.variable is None:
        return None
    owner = written.variable[0]
    if owner != f"{place.module}:":
        return None
    if function.module == place.module and written.text == function.name:
        return [Replace(written.span, name)]
    imported = [one for one in project.module(place).imports if one.name == written.text]
    if len(imported) != 1 or imported[0].scope != owner or function.owner is not None:
        return None
    return [Replace(written.span, name), AddImport(f"from {function.module} import {name}")]


def inside(functions: Iterable[Span], edit: Edit) -> bool:
    """Whether an edit lies in one of these functions of its file."""
    span = getattr(edit, "span", None)
    return span is not None and any(outer.contains(span) for outer in functions)
