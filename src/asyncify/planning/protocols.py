"""Methods that others call on whatever object they get: `print(file=log)` calls `log.write`.

These protocols go by the names of methods, so no class of others need be a base. Who is outside the project
awaits none of them. A library that is not known may call any method; those that the project calls itself are
taken to be none of its business.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterable
from functools import partial
from importlib.abc import MetaPathFinder, ResourceLoader, SourceLoader

from asyncify.model.facts import Function, Kind, Place, Role
from asyncify.model.graph import Reference, SourceKind, Value
from asyncify.planning.class_attributes import is_in_line
from asyncify.planning.colour import Limit
from asyncify.planning.companions import INLINE
from asyncify.planning.frameworks import is_hook
from asyncify.planning.keeping import LOOKERS
from asyncify.planning.limits import is_special
from asyncify.planning.project import UNSEEN, Project

_RECORDS = "_typeshed."  # where type checkers keep what `NamedTuple` and `TypedDict` inherit
_PLAIN_BASES = frozenset(
    {"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "enum.Enum", "?"}
)
# who calls a method of this name
_CALLERS_OF = {
    "keys": {"builtins.dict", "builtins.dict.update", "typing.MutableMapping.update"},
}


def _names(*classes: type) -> frozenset[str]:
    return frozenset(name for cls in classes for name in dir(cls) if not name.startswith("_"))


# methods that go by their names, with who calls them; "" is everybody outside but the holders
_PROTOCOLS: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (_names(io.TextIOWrapper, io.BufferedRandom), ("",)),
    (frozenset({"keys", "items", "values"}), ("",)),
    (_names(logging.Handler, logging.Filter, logging.Formatter), ("logging.",)),
    (frozenset({"step", "finalize", "inverse", "value"}), ("sqlite3.",)),
    (
        _names(MetaPathFinder, SourceLoader, ResourceLoader)
        | {"find_spec", "find_module", "exec_module", "create_module"},
        ("sys.meta_path", "sys.path_hooks", "importlib.", "pkgutil.", "_frozen_importlib"),
    ),
)
_STREAM = _PROTOCOLS[0][0]
# what nobody does with an object that can neither be read nor written
_BESIDE = frozenset({"detach", "peek", "readinto", "reconfigure", "truncate"})
_MAIN = frozenset({"read", "readline", "write", "__iter__", "__getattr__"})
_LOGGING = tuple(
    f"logging.{owner}{name}"
    for owner in ("", "Logger.", "LoggerAdapter.")
    for name in ("debug", "info", "warning", "error", "critical", "exception", "log")
)
# whose functions keep objects, compare them or hand them on, and call none of these methods
_HOLDERS = (
    *(
        "builtins.",
        "typing.",
        _RECORDS,
        "copy.",
        "weakref.",
        "collections.",
        "itertools.",
        "functools.",
    ),
    *("contextlib.", "dataclasses.", "inspect.", "operator.", "asyncio.", "threading."),
    *("concurrent.", "queue.", "unittest.", "pytest.", "_pytest."),
    *("re.", "os.", "posixpath.", "math.", "hashlib.", "struct.", "urllib.parse.", "datetime."),
    *_LOGGING,
)
# whose functions call nothing that they get
_SILENT = (
    *(*_LOGGING, "argparse.ArgumentParser.parse_", "copy.", "datetime.", "hashlib.", "math."),
    *("posixpath.", "re.", "struct."),
)
# but one of their arguments
_REPLACING = frozenset(
    {
        *((f"re.{name}", given) for name in ("sub", "subn") for given in ("1", "repl")),
        *((f"re.Pattern.{name}", given) for name in ("sub", "subn") for given in ("0", "repl")),
    }
)
# functions of the standard library that call any method
_SERVERS = ("xmlrpc.", "socketserver.", "wsgiref.")
_CONTAINERS = ("builtins.list.", "builtins.set.", "builtins.dict.")
_CALLERS = frozenset(
    {
        ("builtins.print", "file"),
        *((f"contextlib.redirect_{name}", "0") for name in ("stdout", "stderr")),
    }
)


Given = tuple[str, str, Reference]  # who gets it, as which argument, and where


def protocol_limits(project: Project, function: Function) -> Iterable[Limit]:
    """The places where somebody outside the project gets an object, and may call this method of it."""
    name = function.name
    named = name == "__call__" or name in _CALLERS_OF or any(name in each for each, _ in _PROTOCOLS)
    uncalled = not is_special(name) and not project.reaching(function.id)
    if named and name in _BESIDE:
        named = _is_stream(project, function)
    if not named and not uncalled:
        return
    for value in project.instances_of(function.owner):
        if value.lost is not None and named and name in _STREAM:
            yield Limit("ASY907", UNSEEN, value.lost)
        for who, argument, place in given_away(project, value):
            told = named and _calls(who, argument, name)
            if told or (uncalled and _is_unknown(project, who)):
                message = f"an instance is handed to {who.removeprefix('builtins.')}"
                yield Limit("ASY907", f"{message}, which may call it without await", place)
    for who, place in _classes_given(project, function.owner):
        if _in_protocol(who, name) or (uncalled and _is_unknown(project, who)):
            message = f"its class is handed to {who}, which may call it without await"
            yield Limit("ASY907", message, place)


def _is_stream(project: Project, function: Function) -> bool:
    """Whether others may read or write an object that has this method, as far as anybody knows."""
    above = project.graph.bases.get(function.owner or "", ())
    plain = _PLAIN_BASES - {"?"}
    known = all(base in project.graph.classes or base in plain for base in above)
    return not known or any(is_in_line(project, function, each) for each in _MAIN)


def _calls(who: str, argument: str, method: str) -> bool:
    """Whether a function may call a method of its argument."""
    if method == "__call__" and who not in LOOKERS:
        called = INLINE.get(who) == argument or (who, argument) in _REPLACING
        return called or not who.startswith(("builtins.", "typing.", _RECORDS, *_SILENT))
    if who in _CALLERS_OF.get(method, ()) or (who, argument) in _CALLERS:
        return True
    return _in_protocol(who, method)


def _in_protocol(who: str, method: str) -> bool:
    if who.startswith(_HOLDERS):
        return False
    return any(method in names and who.startswith(callers) for names, callers in _PROTOCOLS)


def _is_unknown(project: Project, who: str) -> bool:
    """Whether a function belongs to a library of which nobody says what it calls."""
    if who.startswith(_SERVERS):
        return True
    if is_hook(project, who) or who in project.waiting:
        return False  # what waits for something takes data, and whoever is called by a known name
    known = project.memory("known packages", _known_packages)
    return not who.startswith(_HOLDERS) and who.partition(".")[0] not in known


def _known_packages(project: Project) -> frozenset[str]:
    return sys.stdlib_module_names | {name.partition(".")[0] for name in project.graph.modules}


def given_away(project: Project, value: Value) -> list[Given]:
    """Who outside the project gets an object: looked up once for all methods of all classes in a value."""
    return project.memory(("given away", value.id), partial(_given, value=value))


def _given(project: Project, value: Value) -> list[Given]:
    found: list[Given] = []
    for place in value.occurrences:
        expression, outer = project.expression(place), project.parent(place)
        if expression.role is Role.TARGET:
            found += [(name, "", place) for name in _replaced(project, place)]
        elif expression.role in (Role.ARGUMENT, Role.KEYWORD) and outer is not None:
            for name in project.callee_names(outer[0]):
                who = _holder(project, outer[0]) if name.startswith(_CONTAINERS) else None
                found.append((who or name, expression.detail, place))
    return found


def _holder(project: Project, call: Reference) -> str | None:
    """The object of others that a method of it gets the argument for, as in `sys.meta_path.append(finder)`."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    return _others(project, receiver) if receiver is not None else None


def _others(project: Project, place: Reference) -> str | None:
    """What a place names that is not the project's."""
    name = project.denoted(place)
    return name if name is not None and ":" not in name else None


def _replaced(project: Project, target: Reference) -> Iterable[str]:
    """What of others an object becomes that is assigned here: `sys.stdout = log`, an attribute of their base."""
    expression = project.expression(target)
    if expression.kind is Kind.ATTRIBUTE:
        name = _others(project, target)
        if name is not None:
            yield name
    elif expression.place is Place.CLASS_BODY and expression.variable is not None:
        cls = expression.variable[0]
        for base in project.graph.bases.get(cls, ()):
            if base not in project.graph.classes and base not in _PLAIN_BASES:
                yield base


def _classes_given(project: Project, owner: str | None) -> Iterable[tuple[str, Reference]]:
    """Who outside the project gets a class, by itself or in a container that is written there."""
    classes = project.memory("classes given away", _every_class_given)
    return classes.get(owner or "", ())


def _every_class_given(project: Project) -> dict[str, list[tuple[str, Reference]]]:
    found: dict[str, list[tuple[str, Reference]]] = {}
    for value in project.graph.values:
        names = [s.name for s in value.sources if s.kind is SourceKind.CLASS]
        given: list[tuple[str, Reference]] = []
        for place in value.occurrences if names else ():
            holder = place
            while (outer := project.parent(holder)) and outer[1].kind is Kind.CONTAINER:
                holder = outer[0]
            if project.expression(holder).role in (Role.ARGUMENT, Role.KEYWORD) and outer:
                given += [(name, place) for name in project.callee_names(outer[0])]
            elif project.expression(place).role is Role.TARGET:
                given += [(name, place) for name in _replaced(project, place)]
        for name in names if given else ():
            for cls in (name, *project.graph.bases.get(name, ())):
                found.setdefault(cls, []).extend(given)
    return found
