"""What others may call: functions that keep their form where the interface of a package must stay."""

from __future__ import annotations

from collections.abc import Iterable

from asyncify.model.facts import Function, Import, Role
from asyncify.model.graph import SourceKind, Value
from asyncify.planning.colour import Limit
from asyncify.planning.hooks import in_test_file
from asyncify.planning.limits import is_special
from asyncify.planning.project import Project
from asyncify.planning.twins import is_taken, twin_name

# what becomes of a value that nobody else gets hold of
USED_UP = frozenset(
    {
        Role.ARGUMENT,
        Role.CALLEE,
        Role.DELEGATED,
        Role.DISCARDED,
        Role.ENTERED,
        Role.ITERATED,
        Role.KEYWORD,
        Role.UNPACKED,
    }
)


def is_public(project: Project, function: Function) -> bool:
    """Whether others may call a function: no test, and not inner by its name or its module's `__all__`.

    What stands in a class or a module of an inner name is often handed out by another one, so these
    names do not count.
    """
    name = function.name
    if (
        function.kind != "def"
        or function.parent != f"{function.module}:"
        or name.startswith("test")
        or in_test_file(project.path(function.id))
    ):
        return False
    exports = project.graph.modules[function.module].exports
    if function.owner is None and exports is not None:
        return name in exports or (function.module, name) in project.memory("handed on", _handed_on)
    return is_special(name) or not name.startswith("_")


def _handed_on(project: Project) -> frozenset[tuple[str, str]]:
    """What packages import into their own namespace, for others: modules and names."""
    found = {
        (each.module, name)
        for module in project.graph.modules.values()
        if module.is_package
        for each in module.imports
        for name in _imported_names(project, each)
    }
    return frozenset(found)


def _imported_names(project: Project, each: Import) -> tuple[str, ...]:
    if each.name == "*":
        module = project.graph.modules.get(each.module)
        return module.exports or () if module is not None else ()
    return (each.attribute,) if each.attribute is not None else ()


def beside_limit(project: Project, function: Function) -> Limit | None:
    """What keeps a function sync that has an async form beside it: who can await calls that one."""
    if function.kind != "def" or function.is_async:
        return None
    name = twin_name(function.name)
    for other in project.graph.modules[function.module].functions:
        if other.name == name and other.owner == function.owner and other.is_async:
            return Limit("ASY970", f"{name}() stands beside it")
    return None


def public_limit(project: Project, function: Function) -> Limit | None:
    """What keeps a function as it is where the interface must stay (`public-api = "keep"`).

    That are public functions, and inner ones that others may get hold of.
    """
    if function.is_async or function.kind == "module":
        return None
    if not is_public(project, function):
        for value in _values(project, function):
            for site in value.occurrences:
                if project.expression(site).role not in USED_UP:
                    message = f"others may get hold of {function.name}()"
                    return Limit("ASY970", f"{message}, and the interface is kept", site)
        return None
    name = twin_name(function.name)
    if is_taken(project, function, name):
        return Limit("ASY970", f"{function.name}() is public, and {name}() stands beside it")
    return Limit("ASY970", f"{function.name}() is public, and the interface is kept")


def _values(project: Project, function: Function) -> Iterable[Value]:
    """The function, and the generators that it makes, as values."""
    yield from project.values_of(function.id, SourceKind.FUNCTION)
    yield from project.values_of(function.id, SourceKind.GENERATOR)
