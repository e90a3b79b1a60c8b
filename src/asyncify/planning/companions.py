"""Functions that change colour together although no single call reaches them both.

A lambda that only calls a function hands its coroutine on. Whoever takes one of several functions as
a callback awaits whichever it gets. `__iter__` and `__next__` are one protocol. And a function that
runs an event loop must become async before anybody above it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asyncify.model.facts import Class, Function, FunctionId, Kind, Role
from asyncify.model.graph import Access, Reference, SourceKind
from asyncify.planning.frameworks import callers
from asyncify.planning.hooks import hooks_together, in_case
from asyncify.planning.iterators import given_together
from asyncify.planning.keeping import BINDERS, LOOKERS, is_kept
from asyncify.planning.lambdas import LambdaForm, body, can_be_named, lambda_site, only_calls

if TYPE_CHECKING:
    from asyncify.planning.project import Project

# callbacks that are called by what takes their place: builtin -> the argument (position or keyword)
INLINE = {
    "builtins.map": "0",
    "builtins.filter": "0",
    "itertools.filterfalse": "0",
    "itertools.starmap": "0",
    "builtins.sorted": "key",
    "builtins.min": "key",
    "heapq.nlargest": "key",
    "heapq.nsmallest": "key",
    "builtins.max": "key",
    "builtins.list.sort": "key",
}
# test helpers that call a function, and the position of that: those are context managers as well
EXPECTATIONS = {
    **{
        f"unittest{case}.TestCase.{name}": position
        for case in ("", ".case")
        for name, position in (
            ("assertRaises", 1),
            ("assertRaisesRegex", 2),
            ("assertWarns", 1),
            ("assertWarnsRegex", 2),
        )
    },
    "pytest.raises": 1,
    "_pytest.raises.raises": 1,
    "_pytest.python_api.raises": 1,
    "pytest.warns": 1,
    "_pytest.recwarn.warns": 1,
    "pytest.deprecated_call": 0,
    "_pytest.recwarn.deprecated_call": 0,
}
RUNNERS = frozenset({"asyncio.run", "asyncio.runners.run"})


def companions(project: Project) -> Iterator[list[FunctionId]]:
    """Groups of functions that change colour together."""
    for function in project.functions.values():
        if function.kind == "lambda" and lambda_form(project, function) is LambdaForm.TAIL:
            yield [function.id, *_called(project, body(project, function))]
    yield from _callbacks(project)
    for cls in project.graph.classes.values():
        methods = dict(cls.methods)
        if "__iter__" in methods and "__next__" in methods:
            yield [methods["__iter__"], methods["__next__"]]
        if "__enter__" in methods or "__exit__" in methods:
            yield [*_nearest(project, cls, "__enter__"), *_nearest(project, cls, "__exit__")]
    yield from _loops(project)
    yield from hooks_together(project)
    yield from given_together(project)


def _nearest(project: Project, cls: Class, name: str) -> list[FunctionId]:
    """The method that objects of a class have under a name, if the project defines it."""
    line = (cls.id, *project.graph.bases.get(cls.id, ()))
    classes = project.graph.classes
    found = [dict(classes[one].methods).get(name) for one in line if one in classes]
    return [method for method in found if method is not None][:1]


# -- lambdas -------------------------------------------------------------------------------------


def lambda_form(project: Project, function: Function) -> LambdaForm:
    """What can become of a lambda."""
    site = lambda_site(project, function.id)
    if site is None:
        return LambdaForm.FIXED
    if _goes_inline(project, function, site):
        return LambdaForm.INLINE
    inside = body(project, function)
    hands_on = project.expression(inside).kind is Kind.CALL and bool(_called(project, inside))
    if hands_on and only_calls(project, inside):
        return LambdaForm.TAIL
    if can_be_named(project, function, site):
        return LambdaForm.NAMED
    return LambdaForm.TAIL if hands_on else LambdaForm.FIXED


def _goes_inline(project: Project, function: Function, site: Reference) -> bool:
    expression = project.expression(site)
    outer = project.parent(site)
    if outer is None or expression.role not in (Role.ARGUMENT, Role.KEYWORD):
        return False
    names = project.callee_names(outer[0])
    inlined = bool(names) and all(INLINE.get(name) == expression.detail for name in names)
    if not inlined and expression.detail != str(expectation(project, outer[0])):
        return False
    if any(
        p.kind not in ("positional", "positional-only") or p.default >= 0
        for p in function.parameters
    ):
        return False
    module = project.module(site)
    own = [e for e in module.expressions if e.function == function.id]
    if any(e.kind in (Kind.WALRUS, Kind.YIELD, Kind.YIELD_FROM) for e in own):
        return False
    value = project.value(site)
    return value is None or value.occurrences == (site,)


def expecting(project: Project) -> Iterator[Reference]:
    """Every call of a test helper that calls a function, or stands around what it expects to fail."""
    yield from (call for call in project.calls_to(*EXPECTATIONS) if _expects(project, call))
    for name in {name.rpartition(".")[2] for name in EXPECTATIONS}:
        for method in project.attributes(name):
            outer = project.parent(method)
            if outer is not None and outer[1].kind is Kind.CALL and _expects(project, outer[0]):
                yield outer[0]


def _expects(project: Project, call: Reference) -> bool:
    return expectation(project, call) is not None


def expectation(project: Project, call: Reference) -> int | None:
    """The position of the function that a test helper calls; None for any other call."""
    names = project.callee_names(call)
    if not names:
        own = in_case(project, call)
        names = () if own is None else (f"unittest.TestCase.{own}",)
    found = {EXPECTATIONS.get(name) for name in names}
    return found.pop() if len(found) == 1 else None


def _called(project: Project, site: Reference) -> list[FunctionId]:
    """The functions that a call reaches, if those are all and their calls can be awaited."""
    edge = project.call_edge(site)
    if edge is None or edge.open or edge.access is not Access.CALL:
        return []
    found = [target.function for target in edge.targets if target.function is not None]
    if len(found) != len(edge.targets):
        return []
    functions = [project.functions[one] for one in found]
    return [] if any(f.is_generator or f.is_async for f in functions) else found


# -- callbacks -----------------------------------------------------------------------------------


def _callbacks(project: Project) -> Iterator[list[FunctionId]]:
    """Functions of which one or another is handed to a function outside the project."""
    for value in project.graph.values:
        functions = [s.name for s in value.sources if s.kind is SourceKind.FUNCTION]
        if len(functions) > 1:
            for occurrence in value.occurrences:
                expression = project.expression(occurrence)
                outer = project.parent(occurrence)
                if expression.role in (Role.ARGUMENT, Role.KEYWORD) and outer is not None:
                    if not _is_left_alone(project, occurrence, outer[0]):
                        yield functions
                        break


def _is_left_alone(project: Project, site: Reference, call: Reference) -> bool:
    """Whether a call only looks at a function that it gets, or keeps it; calls of the project are edges."""
    names = project.callee_names(call)
    looked = LOOKERS - BINDERS
    return all(name in looked or is_kept(project, site, name) for name in names)


# -- event loops ---------------------------------------------------------------------------------


def loop_calls(project: Project, function: FunctionId) -> list[Reference]:
    """The calls of `asyncio.run` that a function makes."""
    return project.memory("loops", _running).get(function, [])


def _running(project: Project) -> dict[FunctionId, list[Reference]]:
    found: dict[FunctionId, list[Reference]] = {}
    for edge in project.graph.edges:
        names = project.callee_names(edge.site)
        if any(name in RUNNERS or name.endswith(".run_until_complete") for name in names):
            function = project.functions[project.expression(edge.site).function]
            if function.kind == "def" and not function.is_async:
                found.setdefault(function.id, []).append(edge.site)
    return found


def _loops(project: Project) -> Iterator[list[FunctionId]]:
    """A function that runs a loop, and everybody who calls it, directly or not."""
    for function in sorted(project.memory("loops", _running)):
        group = {function: None}
        todo = [function]
        for member in todo:
            for caller in map(project.functions.__getitem__, callers(project, member)):
                if caller.kind == "def" and not caller.is_async and caller.id not in group:
                    group[caller.id] = None
                    todo.append(caller.id)
        yield list(group)
