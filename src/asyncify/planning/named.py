"""Functions and classes that a string names with their module: a setting of a framework, a logging handler.

Who reads the string loads what it names and calls it, or the methods of its objects; nobody of them awaits.
"""

from __future__ import annotations

import re

from asyncify.model.facts import Function
from asyncify.model.graph import Reference, SourceKind
from asyncify.planning.colour import Limit
from asyncify.planning.interceptors import patches
from asyncify.planning.project import Project

_NAME = re.compile(r"[^\W\d]\w*")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")


# who runs code that is in a string
_RUNNERS = (
    *("builtins.exec", "builtins.eval", "builtins.compile", "cProfile.run", "cProfile.runctx"),
    *("profile.run", "profile.runctx", "timeit.timeit", "timeit.repeat", "timeit.Timer"),
)


def named_limit(project: Project, function: Function) -> Limit | None:
    """Why a function stays sync that a string names, or the class of a method that nobody here calls."""
    if function.kind != "def":
        return None
    code = project.memory("named in code", _in_code).get(function.name)
    if code is not None:
        return Limit("ASY907", "code in a string names it, which may call it without await", code)
    name = function.id if function.owner is None else function.owner
    if project.values_of(function.id, SourceKind.FUNCTION) and function.parent in project.functions:
        outer = project.functions[function.parent]
        name = name if outer.kind == "module" else outer.id  # who calls that may get this one
    whole = _with_its_module(project, function) if function.owner is not None else None
    reached = function.owner is not None and function.name != "__call__"
    if whole is None and reached and project.reaching(function.id):
        return None
    site = whole or named_in_string(project, name)
    if site is None:
        return None
    return Limit("ASY907", "a string names it, and who finds it by that may not await it", site)


def _with_its_module(project: Project, function: Function) -> Reference | None:
    """A string that names a method with its class and module: `"shop.views:Page.show"`."""
    dotted = function.id.replace(":", ".")
    for written, site in project.memory("named in strings", _paths).get(_ending(dotted), ()):
        if dotted == written or (written.count(".") > 1 and dotted.endswith(f".{written}")):
            return site
    return None


def _in_code(project: Project) -> dict[str, Reference]:
    """The names in strings that are run as code, with the calls that run them."""
    return {
        name: site
        for site in project.calls_to(*_RUNNERS)
        for _, argument in project.arguments(site)
        for name in _NAME.findall(argument.string)
    }


def named_in_string(project: Project, name: str) -> Reference | None:
    """A string that names a function or a class of the project with its module: `"shop.middleware.Timing"`."""
    dotted = name.replace(":", ".")
    for written, site in project.memory("named in strings", _paths).get(_ending(dotted), ()):
        if dotted == written or dotted.endswith(f".{written}") or written.endswith(f".{dotted}"):
            return site
    return None


def _paths(project: Project) -> dict[str, list[tuple[str, Reference]]]:
    """The dotted names in strings, by their last two parts; planning.interceptors knows those that are patched."""
    patched = {patch.target for patch in patches(project)}
    found: dict[str, list[tuple[str, Reference]]] = {}
    for name, module in project.graph.modules.items():
        for expression in module.expressions:
            if not expression.string:
                continue
            written, site = expression.string.replace(":", "."), Reference(name, expression.id)
            if _DOTTED.fullmatch(written) and site not in patched:
                found.setdefault(_ending(written), []).append((written, site))
    return found


def _ending(dotted: str) -> str:
    return ".".join(dotted.split(".")[-2:])
