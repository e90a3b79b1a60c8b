"""What comes in between: Ctrl-C, signal handlers that raise, and processes that fork.

`asyncio.run` cancels its task on Ctrl-C, so that a coroutine sees `CancelledError` where a function saw
`KeyboardInterrupt`; a second Ctrl-C it does not see at all. What a signal handler raises comes out of the loop,
past every coroutine. The child of a fork has no running loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from asyncify.model.facts import (
    LOOPS,
    Expression,
    Function,
    FunctionId,
    Kind,
    Place,
    Role,
    Statement,
    short,
)
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.modules import imported_names
from asyncify.model.plan import AddImport, Edit, Replace
from asyncify.planning.colour import Limit
from asyncify.planning.project import Project
from asyncify.planning.stops import bodies, raised

_CTRL_C = "KeyboardInterrupt"
_CANCELLED = "asyncio.CancelledError"
_LEAVES = frozenset({"Return", "Raise", "Break"})
_EXITS = frozenset({"sys.exit", "os._exit", "builtins.exit", "builtins.quit"})
_FORKS = ("os.fork", "os.forkpty", "pty.fork", "posix.fork", "posix.forkpty")
_SIGNALS = ("signal.signal",)


def interruption(project: Project, site: Reference) -> Limit | tuple[tuple[str, Edit], ...]:
    """What the handlers of Ctrl-C around an await need, to be reached as before."""
    path = project.module(site).path
    edits: list[tuple[str, Edit]] = []
    for place in project.memory(_CTRL_C, _handlers).get(site.module, ()):
        handler = project.statement(place)
        inside = handler.parent if handler.kind == "ExceptHandler" else handler.id
        if all(statement.id != inside for statement in bodies(project, site)):
            continue
        if (reason := _unfaithful(project, place, handler)) is not None:
            return Limit("ASY971", reason, place)
        edits.append((path, _with_cancellation(project, place)))
        edits.append((path, AddImport("import asyncio")))
    return tuple(edits)


def _with_cancellation(project: Project, place: Reference) -> Edit:
    """The edit after which a handler, or `suppress`, also takes the cancellation."""
    expression, outer = project.expression(place), project.parent(place)
    if expression.role is Role.CAUGHT or outer is None:
        return Replace(expression.span, f"({{0}}, {_CANCELLED})", (expression.span,))
    parts = [e.span for _, e in project.children(outer[0])]
    holes = [f"{{{number}}}" for number in range(len(parts))]
    if outer[1].kind is Kind.CALL:
        text = f"{holes[0]}({', '.join(holes[1:])}, {_CANCELLED})"
    else:
        text = f"({', '.join(holes)}, {_CANCELLED})"
    return Replace(outer[1].span, text, tuple(parts))


def _handlers(project: Project) -> dict[str, list[Reference]]:
    """Every place that catches KeyboardInterrupt, or suppresses it, by module."""
    found: dict[str, list[Reference]] = {}
    for name, module in project.graph.modules.items():
        for expression in module.expressions:
            if expression.text == _CTRL_C and expression.place is not Place.ANNOTATION:
                place = Reference(name, expression.id)
                if _catches(project, place):
                    found.setdefault(name, []).append(place)
    return found


def _catches(project: Project, place: Reference) -> bool:
    role, outer = project.expression(place).role, project.parent(place)
    if project.statement(place).kind == "ExceptHandler":
        return role in (Role.CAUGHT, Role.ELEMENT)
    if role is not Role.ARGUMENT or outer is None or outer[1].role is not Role.ENTERED:
        return False
    return project.callee_names(outer[0]) == ("contextlib.suppress",)


def _unfaithful(project: Project, place: Reference, handler: Statement) -> str | None:
    """Why a handler of Ctrl-C would do something else than before."""
    module = project.module(place)
    if handler.kind != "ExceptHandler":
        return None
    if module.statements[handler.parent].kind == "TryStar":
        return "a cancellation does not come in a group"
    inside = [e for e in module.expressions if e.statement == handler.id]
    if any(e.role is Role.TARGET for e in inside):
        return "Ctrl-C comes as a CancelledError, and its handler looks at the exception"
    around = [s for s in project.ancestry(module, handler) if s.function == handler.function]
    if any(s.kind in LOOPS for s in around) and not _leaves(project, place.module, handler):
        return "only the first Ctrl-C comes to a coroutine, and its handler goes on"
    return None


def _leaves(project: Project, name: str, handler: Statement) -> bool:
    module = project.graph.modules[name]
    body = [s for s in module.statements if s.parent == handler.id]
    if not body or body[-1].kind in _LEAVES:
        return bool(body)
    calls = (e for e in module.expressions if e.statement == body[-1].id and e.kind is Kind.CALL)
    return any(_EXITS & {*project.callee_names(Reference(name, call.id))} for call in calls)


# -- limits --------------------------------------------------------------------------------------


def interrupt_limit(project: Project, function: Function) -> Limit | None:
    """Why a function stays outside of an event loop: what a signal raises comes to it, or it forks."""
    site = project.memory("forks", _forking).get(function.id)
    if site is not None:
        return Limit("ASY971", "the child of a fork has no running event loop", site)
    site = project.memory("waits for a signal", _waiting).get(function.id)
    if site is not None:
        return Limit("ASY971", "what a signal handler raises would not come out here", site)
    return None


def _forking(project: Project) -> dict[FunctionId, Reference]:
    """The functions that fork, or call one that does, with the place of the fork."""
    found: dict[FunctionId, Reference] = {}
    for site in project.calls_to(*_FORKS):
        todo = [project.expression(site).function]
        while todo:
            function = todo.pop()
            if function not in found:
                found[function] = site
                todo.extend(project.users([function]))
    return found


def _waiting(project: Project) -> dict[FunctionId, Reference]:
    """The functions that name a class which a signal handler raises: they catch it, or test that it comes.

    Everything is an `Exception`: only who may run in one program with such a handler waits for it.
    """
    setters: dict[str, set[str]] = {}
    for text, setter in _raised_by_handlers(project):
        setters.setdefault(text, set()).add(setter)
    beside = {text: _in_one_program(project, modules) for text, modules in setters.items()}
    found: dict[FunctionId, Reference] = {}
    for name, module in project.graph.modules.items() if setters else ():
        for expression in module.expressions:
            if name not in beside.get(expression.text, ()) or expression.role is Role.ANNOTATION:
                continue
            place = Reference(name, expression.id)
            if expression.kind in (Kind.NAME, Kind.ATTRIBUTE) and not raised(project, place):
                found.setdefault(expression.function, place)
    return found


def _in_one_program(project: Project, modules: set[str]) -> set[str]:
    """The modules that may be loaded beside one of these: what imports it, and all that those import."""
    imports = project.memory("imports", _imports)
    importers: dict[str, set[str]] = {}
    for name, imported in imports.items():
        for other in imported:
            importers.setdefault(other, set()).add(name)
    programs = _closure(modules, importers)
    if any(project.graph.modules[name].path.endswith("conftest.py") for name in programs):
        return set(imports)  # tests get it without an import
    return _closure(programs, imports)


def _closure(start: Iterable[str], further: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = [*start]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(further.get(name, ()))
    return found


def _imports(project: Project) -> dict[str, set[str]]:
    """By module, the modules that it imports, with the packages around them."""
    found: dict[str, set[str]] = {}
    for name, module in project.graph.modules.items():
        parts = (dotted.split(".") for dotted in {*imported_names(module), name})
        around = {".".join(each[:count]) for each in parts for count in range(1, len(each) + 1)}
        found[name] = around & project.graph.modules.keys()
    return found


def _raised_by_handlers(project: Project) -> Iterator[tuple[str, str]]:
    """The names of the classes that functions raise which `signal.signal` gets, with the modules that call it."""
    for site in project.calls_to(*_SIGNALS):
        handlers = {
            source.name
            for argument, _ in project.arguments(site)
            for source in project.sources(argument)
            if source.kind is SourceKind.FUNCTION
        }
        for identifier in handlers & project.functions.keys():
            module = project.graph.modules[project.functions[identifier].module]
            for expression in module.expressions:
                place = Reference(module.name, expression.id)
                if expression.function == identifier and raised(project, place):
                    yield _class_of(project, expression), site.module


def _class_of(project: Project, made: Expression) -> str:
    """The name of a class that is raised; ``cls`` of a class method is that of its class."""
    scope = project.functions.get((made.variable or ("",))[0])
    if scope is None or scope.owner is None or not scope.parameters:
        return made.text
    return short(scope.owner) if scope.parameters[0].name == made.text else made.text
