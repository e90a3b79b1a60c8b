"""Classes with `__iter__` and `__next__`: their instances become async iterables, with everybody who iterates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.model.facts import Expression, Function, Kind, Role
from asyncify.model.graph import Access, Edge, Reference, SourceKind, Value
from asyncify.model.plan import Edit, Replace
from asyncify.planning.cleanup import cleans_up
from asyncify.planning.colour import Limit
from asyncify.planning.consumers import consume
from asyncify.planning.helpers import compared_with_none
from asyncify.planning.items import existing
from asyncify.planning.iterators import called_in_place, given, gives_ours, waits_elsewhere
from asyncify.planning.keeping import LOOKERS
from asyncify.planning.project import PASSING_ROLES, Project
from asyncify.planning.purity import other_way_text
from asyncify.planning.steps import Step
from asyncify.planning.stops import raised
from asyncify.planning.waiting_iterators import starts_at_once, yielding_edits, yields_later

PROTOCOL = frozenset({"__iter__", "__next__"})
# external parts of the same iteration: what a generator or an annotated iterator does
_ITERATOR_METHODS = ("typing.Generator.", "typing.Iterator.", "typing.Iterable.")
_PLAIN_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
# these become `AsyncIterator` and `AsyncIterable`
_ITERATOR_BASES = frozenset(
    f"{module}.{name}"
    for module in ("typing", "collections.abc")
    for name in ("Iterator", "Iterable", "Generator")
)
# what `__aiter__` may call beside constructors: nothing that it asks can become async
_AT_ONCE = frozenset({f"builtins.{name}" for name in ("isinstance", "issubclass", "len", "type")})
_CONSUMING = frozenset(
    {Role.ITERATED, Role.DELEGATED, Role.UNPACKED, Role.ARGUMENT, Role.KEYWORD, Role.ASSIGNED}
)


def iteration_limit(project: Project, function: Function) -> Limit | None:
    """Why a method of the iterator protocol cannot become one of the async protocol."""
    assert function.owner is not None
    for base in project.graph.bases.get(function.owner, ()):
        if base not in project.graph.classes and base not in _PLAIN_BASES | _ITERATOR_BASES:
            return Limit(
                "ASY904", f"its class derives from {base}, which is iterated without await"
            )
    if stays_plain(project, function):
        return _plain_limit(project, function)
    if function.name == "__next__":
        return _stop_limit(project, function)
    return None


def _own(project: Project, function: Function) -> Iterator[tuple[Reference, Expression]]:
    module = project.graph.modules[function.module]
    for expression in module.expressions:
        if expression.function == function.id:
            yield Reference(module.name, expression.id), expression


def _plain_limit(project: Project, function: Function) -> Limit | None:
    """`__aiter__` is no coroutine: it returns `self`, or a new iterator of the project, and calls what cannot wait."""
    first = function.parameters[0].name if function.parameters else ""
    for reference, expression in _own(project, function):
        if _does_more(project, reference, expression):
            return Limit("ASY902", "__iter__ does more than to return an iterator", reference)
        if expression.role is Role.RETURNED and not (
            expression.text == first
            or _constructs(project, reference)
            or gives_ours(project, reference)
        ):
            return Limit("ASY902", "__iter__ returns an iterator that is not async", reference)
    return None


def _does_more(project: Project, site: Reference, expression: Expression) -> bool:
    """Whether something in `__iter__` could wait, which is no coroutine."""
    if waits_elsewhere(project, site):
        return True
    if expression.kind is not Kind.CALL or _constructs(project, site) or _raises(project, site):
        return False
    names = project.callee_names(site)
    if names and all(name in _AT_ONCE for name in names):
        return False
    return not called_in_place(project, site)


def _constructs(project: Project, site: Reference) -> bool:
    """Whether a call makes an object of the project."""
    made = project.call_edge(site)
    if made is None or made.access is not Access.CONSTRUCT:
        return False
    return all(target.function for target in made.targets)


def _raises(project: Project, site: Reference) -> bool:
    """Whether a call makes the exception that is raised there."""
    edge = project.call_edge(site)
    known = edge is not None and all(target.external for target in edge.targets)
    return known and project.expression(site).role is Role.RAISED


def _stop_limit(project: Project, function: Function) -> Limit | None:
    """StopIteration must be raised by name: what another iterator raises would not end the loop."""
    for reference, expression in _own(project, function):
        if expression.kind is Kind.CALL and "builtins.next" in project.callee_names(reference):
            if len(project.arguments(reference)) == 1:
                return Limit("ASY902", "__next__ ends where another iterator ends", reference)
        if expression.text == "StopIteration" and not raised(project, reference):
            return Limit("ASY902", "__next__ catches StopIteration", reference)
    return None


def protocol_edits(project: Project, function: Function) -> Iterable[Edit]:
    """The end of an async iterator has an exception of its own; what waits before it gives one goes through its items."""
    if function.name == "__iter__" and yields_later(project, function):
        yield from yielding_edits(project, function)
    if function.name == "__next__":
        for reference, expression in _own(project, function):
            if expression.text == "StopIteration" and raised(project, reference):
                yield Replace(expression.span, "StopAsyncIteration")


def stays_plain(project: Project, function: Function) -> bool:
    """Whether a method gets another name, but no `async`."""
    own = function.owner is not None and function.name == "__iter__" and not function.is_generator
    return own and not yields_later(project, function)


# -- who iterates --------------------------------------------------------------------------------


def protocol_edge_step(project: Project, function: Function, edge: Edge) -> Step:
    """One place that iterates over an instance."""
    strangers = [
        target.external
        for target in edge.targets
        if target.external is not None and not target.external.startswith(_ITERATOR_METHODS)
    ]
    if strangers or edge.open:
        others = ", ".join(strangers) or "something unknown"
        return Step(limit=Limit("ASY912", f"the loop may also run over {others}", edge.site))
    return _consumed(project, edge.site, function)


def instance_steps(project: Project, function: Function) -> Iterable[Step]:
    """The places that see an instance of the class."""
    classes = _classes(project, function)
    if function.name == "__next__" and _has_method(project, function.owner, "__iter__"):
        return  # the other method looks after them
    seen: set[Reference] = set()
    for value in project.instances_of(function.owner):
        seen.update(value.occurrences)
        stranger = _stranger(project, value, function)
        for occurrence in value.occurrences:
            yield _occurrence(project, occurrence, function, stranger)
    for reference, name in project.graph.types.items():
        if name in classes and reference not in seen:
            yield _occurrence(project, reference, function, None)


def _classes(project: Project, function: Function) -> frozenset[str]:
    owner = function.owner or ""
    return frozenset(
        cls
        for cls in project.graph.classes
        if cls == owner or owner in project.graph.bases.get(cls, ())
    )


def _has_method(project: Project, owner: str | None, name: str) -> bool:
    known = project.graph.classes.get(owner or "")
    return known is not None and name in dict(known.methods)


def _finds(project: Project, cls: str) -> bool:
    """Whether a class says itself what `in` finds."""
    owners = (cls, *project.graph.bases.get(cls, ()))
    return any(_has_method(project, owner, "__contains__") for owner in owners)


def _stranger(project: Project, value: Value, function: Function) -> str | None:
    """What else a value may be that is iterated in another way."""
    family = project.family(function.id)
    for source in value.sources:
        if source.name in _ITERATOR_BASES or source.name == "None":
            continue  # an annotation, or nothing at all
        if source.kind is not SourceKind.INSTANCE:
            return source.name or str(source.kind)
        owners = (source.name, *project.graph.bases.get(source.name, ()))
        known = (project.graph.classes[o] for o in owners if o in project.graph.classes)
        method = next(
            (
                dict(c.methods)[function.name]
                for c in known
                if _has_method(project, c.id, function.name)
            ),
            None,
        )
        if method not in family:
            return source.name
    return other_way_text(project, value)


def _occurrence(
    project: Project, site: Reference, function: Function, stranger: str | None
) -> Step:
    expression = project.expression(site)
    if expression.role is Role.COMPARED and expression.detail != "0":
        if compared_with_none(project, site):
            return Step()
        asked = {_finds(project, cls) for cls in _classes(project, function)}
        if len(asked) > 1:
            return Step(limit=Limit("ASY912", "`in` would iterate over some of them", site))
        if asked == {True}:
            return Step()
    elif expression.role not in _CONSUMING:
        return Step()
    step = _consumed(project, site, function)
    if stranger is not None and (step.limit is not None or step.edits):
        return Step(limit=Limit("ASY912", f"it may be {stranger} as well", site))
    return step


def _consumed(project: Project, site: Reference, function: Function) -> Step:
    expression = project.expression(site)
    outer = project.parent(site)
    if expression.role in (Role.ARGUMENT, Role.KEYWORD) and outer is not None:
        names = project.callee_names(outer[0])
        if names and all(name in LOOKERS or name == "builtins.len" for name in names):
            return Step()
    if expression.role in PASSING_ROLES and expression.role is not Role.ASSIGNED:
        return Step()
    if function.name == "__iter__" and yields_later(project, function):
        if not starts_at_once(project, site) and project.expression(site).role is not Role.ASSIGNED:
            message = "what __iter__ does before it gives an iterator would happen later"
            return Step(limit=Limit("ASY912", message, site))
    made = [function.id] if function.is_generator else given(project, function.id)
    cleanup = any(cleans_up(project, one) for one in made)
    items = existing(project, site, closable=False, cleanup=cleanup)
    return consume(project, site, items, function.id)
