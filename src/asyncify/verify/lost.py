"""Promise 2, proved on the new text: no call of a function that became async is left un-awaited.

This looks at a fresh call graph of the rewritten project and knows nothing of the plan: what planning
forgot, it finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from asyncify.model.attributes import (
    BUILTIN_ATTRIBUTES,
    CONSTRUCTORS,
    FACTORY,
    TWIN,
    lacks,
)
from asyncify.model.facts import ClassId, Expression, Function, FunctionId, Kind, Role
from asyncify.model.graph import Access, CallGraph, Edge, Evidence, Reference, SourceKind
from asyncify.model.modules import bound_names, has_name, named_module
from asyncify.model.span import Span

# functions that take a coroutine and see to it that it runs
RUNNERS = frozenset(
    {
        "asyncio.run",
        "asyncio.gather",
        "asyncio.create_task",
        "asyncio.ensure_future",
        "asyncio.wait_for",
        "asyncio.shield",
        "asyncio.run_coroutine_threadsafe",
        "asyncio.runners.run",
        "asyncio.tasks.gather",
        "asyncio.tasks.create_task",
        "asyncio.tasks.ensure_future",
        "asyncio.tasks.wait_for",
        "asyncio.tasks.shield",
        "asyncio.tasks.run_coroutine_threadsafe",
        "anyio.run",
    }
)
_ASKING = "inspect.isawaitable"
_STACKS = frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"})
_MANAGERS = ("asynccontextmanager", "contextlib.asynccontextmanager")


@dataclass(frozen=True, slots=True)
class Lost:
    """A place that drops a coroutine, or iterates an async generator synchronously."""

    path: str
    span: Span
    function: FunctionId
    message: str


def lost_coroutines(graph: CallGraph, became_async: Set[FunctionId]) -> list[Lost]:
    """Every place in the new text that loses a coroutine of one of these functions."""
    asked = frozenset(_asked(graph))
    found = [
        *_unmade(graph, became_async),
        *_on_strangers(graph, became_async, asked),
        *_stacked(graph, became_async),
        *_in_no_module(graph, became_async),
    ]
    lambdas = _coroutine_lambdas(graph, became_async)
    for edge in graph.edges:
        if edge.access is not Access.CALL or edge.site in lambdas.values():
            continue
        for target in edge.targets:
            known = target.function in became_async or target.function in lambdas
            by_name = edge.open and target.evidence is Evidence.BY_NAME
            if not known or (by_name and not _only_async(graph, edge)):
                continue
            assert target.function is not None
            function = graph.functions[target.function]
            message = _complaint(graph, edge, function, asked)
            if message:
                expression = graph.expression(edge.site)
                path = graph.modules[edge.site.module].path
                found.append(Lost(path, expression.span, function.id, message))
    return found


def _moved_constructors(
    graph: CallGraph, became_async: Set[FunctionId]
) -> dict[ClassId, FunctionId]:
    """The classes that have no constructor any more, with the async method that does its work."""
    found = {}
    for cls, bases in graph.bases.items():
        own = [graph.classes[each] for each in (cls, *bases) if each in graph.classes]
        methods = {name: method for each in reversed(own) for name, method in each.methods}
        for initial, moved in CONSTRUCTORS.items():
            if initial not in methods and methods.get(moved) in became_async:
                found[cls] = methods[moved]
    return found


def _unmade(graph: CallGraph, became_async: Set[FunctionId]) -> Iterator[Lost]:
    """Places that make an object without its factory, or ask a base for a constructor that it lost."""
    moved = _moved_constructors(graph, became_async)
    if not moved:
        return
    places = [
        (edge.site, target.receiver)
        for edge in graph.edges
        for target in edge.targets
        if edge.access is Access.CONSTRUCT and target.receiver is not None
    ]
    reached = {edge.site for edge in graph.edges for target in edge.targets if target.function}
    for module in graph.modules.values():
        for expression in module.expressions:
            call = Reference(module.name, expression.parent)
            named = expression.text in CONSTRUCTORS and expression.role is Role.CALLEE
            if named and call not in reached:
                owner = graph.functions[expression.function].owner or ""
                places += [(call, base) for base in graph.bases.get(owner, ())]
    for site, cls in places:
        own = graph.functions[graph.expression(site).function]
        if cls in moved and own.name != FACTORY:
            path, span = graph.modules[site.module].path, graph.expression(site).span
            message = f"{graph.classes[cls].name} has no constructor any more: use {FACTORY}()"
            yield Lost(path, span, moved[cls], message)


def _in_no_module(graph: CallGraph, became_async: Set[FunctionId]) -> Iterator[Lost]:
    """Twins that are looked for in a module which has no function of the name."""
    wanted = {
        graph.functions[each].name: each
        for each in became_async & graph.functions.keys()
        if each.endswith(TWIN) and each.removesuffix(TWIN) in graph.functions
    }
    for module in graph.modules.values():
        for item in module.expressions:
            if item.text not in wanted or item.kind is not Kind.ATTRIBUTE:
                continue
            receiver = Reference(module.name, module.children[item.id][0])
            named = named_module(graph.modules, receiver)
            if named is None or item.role is Role.TARGET:
                continue
            known = graph.modules[named]
            others = "__getattr__" in bound_names(known) or any(
                i.name == "*" for i in known.imports
            )
            if not others and not has_name(graph.modules, named, item.text):
                message = f"{named} has no {item.text}"
                yield Lost(module.path, item.span, wanted[item.text], message)


def _on_strangers(
    graph: CallGraph, became_async: Set[FunctionId], asked: Set[Reference]
) -> Iterator[Lost]:
    """Calls of methods that the type of their object does not have, where all that have the name are async."""
    methods: dict[str, list[Function]] = {}
    for function in graph.functions.values():
        if function.owner is not None:
            methods.setdefault(function.name, []).append(function)
    for edge in graph.edges:
        names = [target.external for target in edge.targets if edge.access is Access.CALL]
        callee = _callee(graph, edge.site) if names and None not in names else None
        own = methods.get(callee.text, ()) if callee is not None else ()
        if not own or not all(lacks(*_split(name)) for name in names):
            continue
        if all(f.is_async for f in own) and any(f.id in became_async for f in own):
            message = _complaint(graph, edge, own[0], asked)
            if message:
                path, span = graph.modules[edge.site.module].path, graph.expression(edge.site).span
                yield Lost(path, span, own[0].id, message)


def _split(name: str | None) -> tuple[str, str]:
    owner, _, attribute = (name or "").rpartition(".")
    return owner, attribute


def _stacked(graph: CallGraph, became_async: Set[FunctionId]) -> Iterator[Lost]:
    """Async functions under `@stack.callback` or `@stack.push`: an exit stack calls these without await."""
    for identifier in sorted(became_async):
        function = graph.functions[identifier]
        for number in function.decorators:
            module = graph.modules[function.module]
            decorator = module.expressions[number]
            if decorator.text not in ("callback", "push") or not module.children[number]:
                continue
            receiver = Reference(module.name, module.children[number][0])
            if graph.types.get(receiver) in _STACKS:
                message = f"{function.name}() is async, and an exit stack calls it without await"
                yield Lost(module.path, decorator.span, identifier, message)


def _callee(graph: CallGraph, site: Reference) -> Expression | None:
    module = graph.modules[site.module]
    children = (module.expressions[number] for number in module.children[site.expression])
    return next((child for child in children if child.role is Role.CALLEE), None)


def _only_async(graph: CallGraph, edge: Edge) -> bool:
    """Whether a call on an unknown object has a name of this project, and everything of that name is async."""
    callee = _callee(graph, edge.site)
    if callee is None or callee.text in BUILTIN_ATTRIBUTES:
        return False
    reached = [graph.functions[t.function] for t in edge.targets if t.function is not None]
    return all(function.is_async for function in reached)


def _coroutine_lambdas(
    graph: CallGraph, became_async: Set[FunctionId]
) -> dict[FunctionId, Reference]:
    """Lambdas that return the coroutine of a call, with that call: who calls them has to await."""
    found = {}
    for edge in graph.edges:
        expression = graph.expression(edge.site)
        around = graph.functions[expression.function]
        if around.kind == "lambda" and expression.role is Role.RETURNED:
            reached = [graph.functions[t.function] for t in edge.targets if t.function is not None]
            if any(f.id in became_async and f.is_async and not f.is_generator for f in reached):
                found[around.id] = edge.site
    return found


def _complaint(graph: CallGraph, edge: Edge, function: Function, asked: Set[Reference]) -> str:
    expression = graph.expression(edge.site)
    if not function.is_async and function.kind != "lambda":
        return ""
    if is_manager(graph, function):
        return _manager_complaint(graph, edge.site, function)
    if function.is_generator:
        if expression.role is Role.ITERATED and parent_of(graph, edge.site) is None:
            if statement_of(graph, edge.site) != "AsyncFor":
                return f"{function.name}() is an async generator and is iterated by a plain `for`"
        if expression.role is Role.AWAITED:
            return f"{function.name}() is an async generator and is awaited"
        return ""
    if expression.role is Role.AWAITED or _handed_to_runner(graph, edge.site):
        return ""
    if _is_delegated(graph, edge.site) or edge.site in asked:
        return ""
    return f"{function.name}() is a coroutine function and its call is not awaited"


def _manager_complaint(graph: CallGraph, site: Reference, function: Function) -> str:
    if graph.expression(site).role is Role.ENTERED:
        if statement_of(graph, site) == "AsyncWith":
            return ""
    elif _is_kept(graph, site, function) or any(site in w.calls for w in graph.wrappers.values()):
        return ""  # `verify.kept` looks at everybody who sees it
    return f"{function.name}() is an async context manager and is not entered by `async with`"


def _is_kept(graph: CallGraph, site: Reference, function: Function) -> bool:
    """Whether analysis follows what a call makes."""
    made = (SourceKind.GENERATOR, function.id)
    return any(
        site in value.occurrences and value.lost is None
        for value in graph.values
        if made in [(source.kind, source.name) for source in value.sources]
    )


def _is_delegated(graph: CallGraph, site: Reference) -> bool:
    """Whether a call stands in ``yield from call.__await__()``, which is how `await` is written by hand."""
    attribute = parent_of(graph, site)
    if attribute is None or attribute[1].text != "__await__":
        return False
    call = parent_of(graph, attribute[0])
    return call is not None and call[1].role is Role.DELEGATED


def _asked(graph: CallGraph) -> Iterator[Reference]:
    """The calls that are handed to an awaited function of the project that awaits them, if they can be awaited."""
    naming = [site for site, name in graph.names.items() if name == _ASKING]
    functions = dict.fromkeys(graph.expression(site).function for site in naming)
    asking = {each for each in functions if _awaits_what_it_gets(graph, graph.functions[each])}
    targets: dict[Reference, list[FunctionId | None]] = {}
    for edge in graph.edges if asking else ():
        if graph.expression(edge.site).role is Role.AWAITED:
            targets.setdefault(edge.site, []).extend(target.function for target in edge.targets)
    for site, reached in targets.items():
        if len(reached) == 1 and reached[0] in asking:
            module = graph.modules[site.module]
            for number in module.children[site.expression]:
                if module.expressions[number].role is Role.ARGUMENT:
                    yield Reference(site.module, number)


def _awaits_what_it_gets(graph: CallGraph, function: Function) -> bool:
    """Whether all that a function does is `return await value if inspect.isawaitable(value) else value`."""
    if not function.is_async or len(function.parameters) != 1:
        return False
    module, variable = graph.modules[function.module], (function.id, function.parameters[0].name)
    own = [e for e in module.expressions if e.function == function.id]
    choices = [e for e in own if e.kind is Kind.CHOICE and e.role is Role.RETURNED]
    asking = [e.id for e in own if graph.names.get(Reference(module.name, e.id)) == _ASKING]
    tests = {module.expressions[number].parent for number in asking}
    uses = [e for e in own if e.variable == variable]
    awaited = [e for e in uses if e.role is Role.AWAITED]
    return (
        len(choices) == len(awaited) == 1
        and len(uses) == 3
        and any(e.parent in tests for e in uses)
    )


def parent_of(graph: CallGraph, site: Reference) -> tuple[Reference, Expression] | None:
    """The expression around an expression."""
    number = graph.expression(site).parent
    if number < 0:
        return None
    outer = Reference(site.module, number)
    return outer, graph.expression(outer)


def statement_of(graph: CallGraph, site: Reference) -> str:
    """The kind of the statement that holds an expression."""
    module = graph.modules[site.module]
    return module.statements[module.expressions[site.expression].statement].kind


def _handed_to_runner(graph: CallGraph, site: Reference) -> bool:
    outer = parent_of(graph, site)
    if outer is None or outer[1].kind is not Kind.CALL:
        return False
    names: Iterable[str | None] = (
        graph.names.get(Reference(site.module, child.id))
        for child in graph.modules[site.module].expressions
        if child.parent == outer[0].expression and child.role is Role.CALLEE
    )
    return any(name in RUNNERS for name in names)


def is_manager(graph: CallGraph, function: Function) -> bool:
    """Whether calling a function gives an async context manager."""
    return any(
        graph.names.get(Reference(function.module, number)) in _MANAGERS
        for number in function.decorators
    )
