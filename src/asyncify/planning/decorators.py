"""Decorators of the project, and caches: a decorated function takes its wrapper along."""

from __future__ import annotations

from collections.abc import Iterable

from asyncify.model.attributes import DISPATCHERS
from asyncify.model.facts import Function, Kind, Role
from asyncify.model.graph import Access, Reference, SourceKind
from asyncify.model.plan import AddImport, Define, Edit, Replace
from asyncify.planning.accessors import CACHED_PROPERTY
from asyncify.planning.colour import Limit
from asyncify.planning.helpers import helper
from asyncify.planning.project import Project

CACHES = {"functools.lru_cache": "alru_cache", "functools.cache": "alru_cache(maxsize=None)"}
# what may stand beside a cache; a decorator of the project calls what it gets like anybody else
_BESIDE_A_CACHE = frozenset({"builtins.staticmethod", "builtins.classmethod", "builtins.property"})
_OF_A_CACHE = frozenset(
    {"cache_clear", "cache_info", "__name__", "__qualname__", "__doc__", "__module__"}
)
# `async_lru` stores results and no coroutines; like `functools`, it forgets exceptions
CACHE_REQUIREMENT = "async-lru"


def project_decorator_limit(
    project: Project, function: Function, decorator: Reference
) -> Limit | None:
    """Why a function cannot take a decorator of the project along.

    Its wrapper calls it like anybody else, and becomes async by that; and whoever calls the decorated
    function calls the wrapper. So all that matters is whether analysis sees through the decorator.
    """
    text = project.expression(decorator).text or "a decorator"
    wraps = decorator in wrapping(project, function)
    edge = project.edge_at(decorator, Access.DECORATE)
    entered = edge is None and wraps  # a context manager is entered around it
    if not entered and (
        edge is None or edge.open or any(target.function is None for target in edge.targets)
    ):
        return Limit("ASY906", f"decorator {text!r} may call it without await", decorator)
    names = [name for _, name in project.decorators(function)]
    handed = wraps and function.is_generator
    manager = "contextlib.contextmanager" in names and not handed
    if manager or ("builtins.property" in names and not wraps):
        return Limit(
            "ASY906", f"decorator {text!r} stands beside {names[0] or names[-1]}", decorator
        )
    seen = project.reaching(function.id) or project.values_of(function.id, SourceKind.FUNCTION)
    if not seen and not entered:
        return Limit("ASY906", f"decorator {text!r} may call it without await", decorator)
    return None


def wrapping(project: Project, function: Function) -> frozenset[Reference]:
    """The decorators of a function that only wrap it."""
    found = project.wrappers_of(function.id)
    decorated = (each for one in found for each in (*one.decorated, *one.handed))
    return frozenset(place for identifier, place in decorated if identifier == function.id)


def dispatch_limit(project: Project, function: Function, decorator: Reference) -> Limit | None:
    """Why a generic function cannot await what is registered for it."""
    if function.is_generator:
        return Limit("ASY906", "a generator is registered for it, or is its default", decorator)
    for value in project.values_of(function.id, SourceKind.FUNCTION):
        for occurrence in value.occurrences:
            outer = project.parent(occurrence)
            if project.expression(occurrence).role is not Role.RECEIVER or outer is None:
                continue
            if outer[1].text != "register" or not _is_registration(project, function, outer[0]):
                return Limit("ASY907", f"its .{outer[1].text} is used", occurrence)
    return None


def _is_registration(project: Project, generic: Function, register: Reference) -> bool:
    """Whether `register` gets functions of the project, which change colour with the generic one."""
    role, outer = project.expression(register).role, project.parent(register)
    if role is Role.DECORATOR:
        return True
    if role is not Role.CALLEE or outer is None:
        return False
    arguments = project.arguments(outer[0])
    if outer[1].role is Role.DECORATOR or len(arguments) != 2:
        return outer[1].role is Role.DECORATOR
    family = project.family(generic.id)
    names = {source.name for source in project.sources(arguments[1][0])}
    if arguments[1][1].kind is Kind.LAMBDA:
        names = {arguments[1][1].text}
    return bool(names) and names <= family


def registers(project: Project, function: Function, site: Reference) -> bool:
    """Whether an expression is the `register` of a generic function that changes colour with this one."""
    expression = project.expression(site)
    named = project.child(site, Role.CALLEE) if expression.kind is Kind.CALL else site
    if named is None or project.expression(named).text != "register" or function.is_generator:
        return False
    family = (project.functions[member] for member in project.family(function.id))
    names = {name for member in family for _, name in project.decorators(member)}
    return not DISPATCHERS.isdisjoint(names)


def cache_limit(project: Project, function: Function, decorator: Reference) -> Limit | None:
    """Why a cached function cannot get an async cache."""
    message = "the cache would store a coroutine that can be awaited once"
    written = _name(project, decorator)
    names = [name for _, name in project.decorators(function)]
    beside = sum(name in CACHES for name in names) == 1 and all(
        name is None or name in CACHES or name in _BESIDE_A_CACHE for name in names
    )
    if function.is_generator or written is None or not beside:
        return Limit("ASY910", message, decorator)
    for value in project.values_of(function.id, SourceKind.FUNCTION):
        for occurrence in value.occurrences:
            outer = project.parent(occurrence)
            if project.expression(occurrence).role is Role.RECEIVER and outer is not None:
                if outer[1].text not in _OF_A_CACHE:
                    return Limit("ASY910", f"its .{outer[1].text} is used", occurrence)
    return None


def _name(project: Project, decorator: Reference) -> Reference | None:
    """The name of a cache in its decorator, called or not."""
    expression = project.expression(decorator)
    named = project.child(decorator, Role.CALLEE) if expression.kind is Kind.CALL else decorator
    if named is None or project.graph.names.get(named) not in CACHES:
        return None
    if expression.kind is Kind.CALL and project.graph.names[named] == "functools.cache":
        return None
    return named


def is_cached(project: Project, function: Function) -> bool:
    """Whether a function has a cache."""
    return any(name in CACHES for _, name in project.decorators(function))


def cached_property_helper(project: Project, module: str) -> Define | None:
    """The cached property of an async function; None where the module has something else of its name."""
    made = helper(project, module, "cached_property")
    known = project.graph.modules[module]
    taken = any(cls.name == "_cached_property" for cls in known.classes)
    return None if taken else made


def cache_edits(project: Project, function: Function) -> Iterable[Edit]:
    """The async cache in the place of the other one."""
    for decorator, name in project.decorators(function):
        if name in CACHED_PROPERTY:
            define = cached_property_helper(project, function.module)
            assert define is not None
            yield Replace(project.expression(decorator).span, define.name)
            yield define
        if name in CACHES:
            named = _name(project, decorator)
            assert named is not None
            yield Replace(project.expression(named).span, CACHES[name])
            yield AddImport("from async_lru import alru_cache")
