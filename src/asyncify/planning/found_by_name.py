"""Functions that code finds by a name which is only known when it runs.

``getattr(self, name)()`` may call any method of the object, ``globals()[name]()`` any function of the
module, and `operator.methodcaller("work")` calls a method that nobody awaits. Names of which a part is
known (``"do_" + name``) are followed by analysis, and need no limit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from asyncify.model.attributes import CONSTRUCTORS
from asyncify.model.facts import Expression, Function, FunctionId, Kind, Module, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.modules import has_name, named_module
from asyncify.planning.colour import Limit
from asyncify.planning.fixtures import fixture_name, fixtures_named, fixtures_of
from asyncify.planning.hooks import in_test_file
from asyncify.planning.limits import FIXTURE, decorated_by
from asyncify.planning.project import Project

_GETTERS = frozenset(
    f"{module}.{name}"
    for module in ("operator", "_operator")
    for name in ("methodcaller", "attrgetter")
)
_NAMESPACES = frozenset({"builtins.globals", "builtins.locals", "builtins.vars"})
_UNKNOWN = "it may be found by a name that nobody knows here"


def found_by_name_limit(project: Project, function: Function) -> Limit | None:
    """Why a function stays sync that may be called by a name in a string."""
    found = project.memory("found by name", _found)
    if function.kind == "def" and decorated_by(project, function, FIXTURE) is not None:
        return _fixture_limit(project, function)
    if function.id in found:
        return Limit("ASY907", _UNKNOWN, found[function.id])
    if function.kind == "def" and (function.owner is None or function.name in CONSTRUCTORS):
        limit = _in_module_limit(project, function)
        if limit is not None:
            return limit
    if function.owner is None:
        return None
    site = project.memory("getters", _getters).get(function.name)
    if site is not None:
        return Limit("ASY907", f"{function.name} is called by a getter of `operator`", site)
    for owner in (function.owner, *project.graph.bases.get(function.owner, ())):
        if owner in found:
            return Limit("ASY907", _UNKNOWN, found[owner])
    return None


def _in_module_limit(project: Project, function: Function) -> Limit | None:
    """Why what a module has under a name stays sync: somebody looks it up there."""
    site = project.memory("namespaces", _namespaces).get(function.module)
    if site is not None and function.parent == f"{function.module}:":
        return Limit("ASY907", "the functions of the module are looked up by their names", site)
    name = function.name if function.owner is None else function.owner.rpartition(":")[2]
    site = project.memory("asked modules", _asked_modules).get(name)
    if site is not None:
        return Limit("ASY907", "the `__getattr__` of a module may give it", site)
    return None


def _fixture_limit(project: Project, function: Function) -> Limit | None:
    """Why a fixture stays sync: nobody can start its loop inside that of the test that asks for it."""
    shared = not project.path(function.id).rpartition("/")[2].startswith("test_")
    name = fixture_name(project, function)
    for site in project.memory("asked fixtures", _asked_fixtures).get(name, ()):
        if shared or site.module == function.module:
            return Limit("ASY917", "it is asked for by name where an event loop may run", site)
    return None


def _asked_modules(project: Project) -> dict[str, Reference]:
    """The names that a module does not have itself, for which its `__getattr__` is asked; with where."""
    modules, found = project.graph.modules, dict[str, Reference]()
    asked = {
        function.module
        for function in project.functions.values()
        if function.name == "__getattr__" and function.parent == f"{function.module}:"
    }
    wanted = {f.name for f in project.functions.values() if f.owner is None}
    wanted |= {cls.name for cls in project.graph.classes.values()}
    for module in modules.values() if asked else ():
        for one in module.imports:
            if one.module in asked and one.attribute is not None:
                place = _first(module, one.name)
                if place is not None and not has_name(modules, one.module, one.attribute):
                    found.setdefault(one.attribute, place)
        for item in module.expressions:
            if item.kind is Kind.ATTRIBUTE and item.text in wanted:
                receiver = Reference(module.name, module.children[item.id][0])
                named = named_module(modules, receiver)
                if named in asked and not has_name(modules, named, item.text):
                    found.setdefault(item.text, Reference(module.name, item.id))
    for name, site in _asked_by_name(project, asked):
        found.setdefault(name, site)
    return found


def _asked_by_name(project: Project, asked: Collection[str]) -> Iterator[tuple[str, Reference]]:
    """The names for which `getattr(module, "name")` asks one of some modules."""
    for site in project.calls_to("builtins.getattr") if asked else ():
        places = [place for place, _ in project.arguments(site)]
        if len(places) > 1 and named_module(project.graph.modules, places[0]) in asked:
            yield project.expression(places[1]).string, site


def _first(module: Module, name: str) -> Reference | None:
    """The first place that reads a name."""
    items = (e for e in module.expressions if e.kind is Kind.NAME and e.text == name)
    return next((Reference(module.name, item.id) for item in items), None)


def _lookups(project: Project) -> Iterator[Reference]:
    """The calls of `getattr` with a name that is no constant."""
    for site in project.calls_to("builtins.getattr"):
        arguments = project.arguments(site)
        alone = len(project.callee_names(site)) == 1
        if alone and len(arguments) > 1 and not arguments[1][1].string:
            yield site


def _namespaces(project: Project) -> dict[str, Reference]:
    """The modules whose functions are looked up in a mapping, by a name that is no constant."""
    found: dict[str, Reference] = {}
    for site in project.calls_to(*_NAMESPACES):
        outer = project.parent(site)
        if outer is None or project.arguments(site):
            continue
        if _looks_up(project, project.expression(site), *outer):
            found.setdefault(site.module, site)
    for site in _lookups(project):
        if site.module not in found and _own_module(project, site):
            found[site.module] = site
    return found


def _asked_fixtures(project: Project) -> dict[str, list[Reference]]:
    """The names of fixtures that a test gets by asking while it runs, with the places; no constant may be any name.

    Who calls nothing else, and is not called, stays synchronous: pytest starts the loop of the fixture for it.
    """
    calling = {
        project.expression(edge.site).function
        for edge in project.graph.edges
        if not _asks(project, edge.site)
    }
    found: dict[str, list[Reference]] = {}
    for attribute in project.attributes("getfixturevalue"):
        call = project.parent(attribute)
        asking = project.expression(attribute).function
        if call is None or not (asking in calling or project.reaching(asking)):
            continue
        names = {argument.string for _, argument in project.arguments(call[0])}
        if "" in names:
            names = project.memory("strings of tests", _strings_of_tests)
        for name in names:
            found.setdefault(name, []).append(attribute)
            for fixture in fixtures_named(project, name):
                for other in fixtures_of(project, fixture):
                    found.setdefault(other, []).append(attribute)
    return found


def _asks(project: Project, call: Reference) -> bool:
    callee = project.child(call, Role.CALLEE)
    return callee is not None and project.expression(callee).text == "getfixturevalue"


def _strings_of_tests(project: Project) -> set[str]:
    return {
        expression.string
        for module in project.graph.modules.values()
        if in_test_file(module.path)
        for expression in module.expressions
        if expression.kind is Kind.CONSTANT
    }


def _own_module(project: Project, site: Reference) -> bool:
    """Whether a module gets hold of itself: ``sys.modules[__name__]``."""
    module = project.module(site)
    return any(
        expression.role is Role.INDEX
        and expression.text == "__name__"
        and module.expressions[module.children[expression.parent][0]].text == "modules"
        for expression in module.expressions
    )


def _looks_up(
    project: Project, expression: Expression, place: Reference, around: Expression
) -> bool:
    if expression.role is Role.SUBSCRIPTED:
        index = project.child(place, Role.INDEX)
        known = index is not None and project.expression(index).kind is Kind.CONSTANT
        return around.role not in (Role.TARGET, Role.DELETED) and not known
    return expression.role is Role.RECEIVER and around.text in ("get", "values", "items")


def _getters(project: Project) -> dict[str, Reference]:
    """The names that getters of `operator` look for."""
    return {
        part: site
        for site in project.calls_to(*_GETTERS)
        for _, argument in project.arguments(site)
        for part in argument.string.split(".")
        if part
    }


def _found(project: Project) -> dict[str, Reference]:
    """What is found by a name of which nothing is known, and called: functions, and classes for their methods."""
    found: dict[str, Reference] = {}
    for site, names in project.graph.lookups.items():
        for name in names:
            lines = project.graph.bases.get(name, ()) if name in project.graph.classes else ()
            for one in (name, *(base for base in lines if base in project.graph.classes)):
                found.setdefault(one, site)
    return found


def walked_over(project: Project, function: Function) -> bool:
    """Whether somebody goes through the names of all members that there are, and calls what he finds."""
    found = project.memory("walked over", _walked_over)
    return not found.isdisjoint((function.id, function.owner))


def _walked_over(project: Project) -> frozenset[str]:
    listing = {site.module for site in project.calls_to("builtins.dir")}
    getters = set(project.calls_to("builtins.getattr"))
    sites = (s for s in project.graph.lookups if s not in getters or s.module in listing)
    walked = {name for site in sites for name in project.graph.lookups[site]}
    lines = (project.graph.bases.get(name, ()) for name in walked & project.graph.classes.keys())
    return frozenset(walked.union(*lines))


def composed(project: Project) -> frozenset[FunctionId]:
    """The functions that `getattr` finds by a name of which a part is known: a twin would be found as well."""
    found: set[FunctionId] = set()
    for site in _lookups(project):
        outer = project.parent(site)
        called = outer is not None and project.expression(site).role is Role.CALLEE
        edge = project.call_edge(outer[0]) if outer is not None and called else None
        found.update(t.function for t in (edge.targets if edge is not None else ()) if t.function)
        found.update(s.name for s in project.sources(site) if s.kind is SourceKind.FUNCTION)
    return frozenset(found)
