"""Methods that others call on whatever object they get: `print(file=log)` calls `log.write`.

These protocols go by the names of methods, so no class of others need be a base. Who is outside the project
awaits none of them.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Mapping
from importlib.abc import MetaPathFinder, ResourceLoader, SourceLoader

from asyncify.model.facts import FlowKind, Function, Kind, Role
from asyncify.model.graph import Reference, Value
from asyncify.planning.callables import LOOKERS
from asyncify.planning.colour import Limit
from asyncify.planning.companions import INLINE
from asyncify.planning.project import Project

_MANAGER = ("contextlib.ExitStack", "contextlib._BaseExitStack")
_STACKED = tuple(f"{cls}.{name}" for cls in _MANAGER for name in ("enter_context", "push"))
# methods that functions of contextlib call
_IN_CONTEXTLIB = {"__enter__": _STACKED, "__exit__": _STACKED, "close": ("contextlib.closing",)}
# methods of streams, of handlers and filters of a log, of what imports modules, and of mappings
_PROTOCOLS = frozenset(
    name
    for cls in (
        *(io.TextIOWrapper, io.BufferedRandom, logging.Handler, logging.Filter, logging.Formatter),
        *(MetaPathFinder, SourceLoader, ResourceLoader, Mapping),
    )
    for name in dir(cls)
    if not name.startswith("_")
) - {"get"} | {"find_spec", "find_module", "exec_module", "create_module"}
# whose functions keep objects, compare them or hand them on, and call none of these methods
_HOLDERS = (
    *("builtins.", "typing.", "copy.", "weakref.", "collections.", "itertools.", "functools."),
    *("contextlib.", "dataclasses.", "inspect.", "operator.", "asyncio.", "threading."),
    *("concurrent.", "queue.", "unittest.", "pytest.", "_pytest.", "logging.Logger."),
)
_CONTAINERS = ("builtins.list.", "builtins.set.", "builtins.dict.")
_CALLERS = frozenset(
    {
        ("builtins.print", "file"),
        *((f"contextlib.redirect_{name}", "0") for name in ("stdout", "stderr")),
        *((f"logging.Logger.add{name}", "0") for name in ("Filter", "Handler")),
    }
)


def protocol_limits(project: Project, function: Function) -> Iterable[Limit]:
    """The places where somebody outside the project gets an object, and may call this method of it."""
    name = function.name
    if name != "__call__" and name not in _IN_CONTEXTLIB and name not in _PROTOCOLS:
        return
    for value in project.instances_of(function.owner):
        for who, argument, place in given_away(project, value):
            if _calls(who, argument, name):
                message = f"an instance is handed to {who.removeprefix('builtins.')}"
                yield Limit("ASY907", f"{message}, which may call it without await", place)


def _calls(who: str, argument: str, method: str) -> bool:
    """Whether a function may call a method of its argument."""
    if method == "__call__" and who not in LOOKERS:
        return INLINE.get(who) == argument or not who.startswith(("builtins.", "typing."))
    if who in _IN_CONTEXTLIB.get(method, ()) or (who, argument) in _CALLERS:
        return True
    return method in _PROTOCOLS and not who.startswith(_HOLDERS)


def given_away(project: Project, value: Value) -> list[tuple[str, str, Reference]]:
    """Who outside the project gets an object, as which argument, and where.

    It is looked up once for all methods of all classes in a value.
    """

    def find(project: Project) -> list[tuple[str, str, Reference]]:
        found = []
        for place in value.occurrences:
            expression, outer = project.expression(place), project.parent(place)
            if expression.role is Role.ASSIGNED:
                found += [(name, "", place) for name in _replaced(project, place)]
            elif expression.role in (Role.ARGUMENT, Role.KEYWORD) and outer is not None:
                for name in project.callee_names(outer[0]):
                    who = _holder(project, outer[0]) if name.startswith(_CONTAINERS) else None
                    found.append((who or name, expression.detail, place))
        return found

    return project.memory(("given away", value.id), find)


def _holder(project: Project, call: Reference) -> str | None:
    """The object of others that a method of it gets the argument for, as in `sys.meta_path.append(finder)`."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    return project.graph.names.get(receiver) if receiver is not None else None


def _replaced(project: Project, place: Reference) -> Iterable[str]:
    """The objects of others in whose place an object is put: `sys.stdout = log`."""
    module = project.module(place)
    for flow in module.flows:
        target = module.expressions[flow.target]
        if flow.source == place.expression and flow.kind is FlowKind.VALUE:
            if target.kind is Kind.ATTRIBUTE and target.role is Role.TARGET:
                receiver = project.child(Reference(place.module, target.id), Role.RECEIVER)
                name = project.graph.names.get(receiver) if receiver is not None else None
                if name is not None:
                    yield f"{name}.{target.text}"
