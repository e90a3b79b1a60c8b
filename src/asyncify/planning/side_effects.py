"""Functions that a mock calls in its place: ``Mock(side_effect=f)``, ``made.fetch.side_effect = f``, ``wraps``.

An `AsyncMock` awaits its effect, a plain mock gives the coroutine to whoever calls it. So a function that is
the effect of a mock becomes async only together with the function that the mock is there for.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from asyncify.model.facts import FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Define, Edit, Replace
from asyncify.planning.assigned import attributes_assigned
from asyncify.planning.colour import Limit, Use
from asyncify.planning.companions import lambda_form
from asyncify.planning.interceptors import named_function, patches
from asyncify.planning.lambdas import LambdaForm
from asyncify.planning.mock_names import KNOWN, SPECIFICATIONS
from asyncify.planning.project import Project
from asyncify.planning.stand_ins import makers
from asyncify.planning.steps import Step

EFFECT = "side_effect"
_AWAITING = '''\
def _awaiting(function):
    """The function, which gives what is awaited, as a coroutine function."""

    @functools.wraps(function)
    async def awaiting(*args, **kwargs):
        return await function(*args, **kwargs)

    return awaiting
'''
_PATCHERS = frozenset({"patch", "object", "Mock", "MagicMock", "AsyncMock", "create_autospec"})


def handed_to_mock(
    project: Project, site: Reference, used: FunctionId, call: Reference
) -> Step | None:
    """What becomes of a function that is handed to what makes a mock; None for any other call."""
    callee = project.child(call, Role.CALLEE)
    argument = project.expression(site).detail
    if callee is None or project.expression(callee).text not in _PATCHERS:
        return None
    if argument in ("spec", "autospec") or project.expression(callee).text == "AsyncMock":
        return Step()
    if argument not in (EFFECT, "wraps"):
        return None
    return _with(project, site, used, _patched(project, call))


def assigned_effect(project: Project, site: Reference, used: FunctionId) -> Step | None:
    """What becomes of a function that is assigned as the effect of a mock; None for any other place."""
    for name, mock in attributes_assigned(project, site):
        if (
            name != EFFECT
            or project.graph.types.get(mock) in project.graph.classes
            or _is_async(project, mock)
        ):
            continue
        return _with(project, site, used, _in_place_of(project, mock))
    return None


def _with(project: Project, site: Reference, used: FunctionId, functions: Set[FunctionId]) -> Step:
    """The step for the effect of a mock that is in the place of a function."""
    if len(functions) != 1 or any(project.functions[f].is_generator for f in functions):
        message = "it is the effect of a mock that does not await it"
        return Step(limit=Limit("ASY918", message, site))
    (function,) = functions
    edits: list[tuple[str, Edit]] = []
    known = project.functions[used]
    named = known.kind == "lambda" and lambda_form(project, known) is LambdaForm.NAMED
    if known.kind == "lambda" and not named:  # nothing shows that its result is awaited
        path, span = project.module(site).path, project.expression(site).span
        edits.append((path, Replace(span, "_awaiting({0})", (span,))))
        edits += [(path, Define("_awaiting", _AWAITING)), (path, AddImport("import functools"))]
    return Step(tuple(edits), (Use(function, used, site),))


def _is_async(project: Project, mock: Reference) -> bool:
    """Whether a mock is one of a coroutine function before anything is changed."""
    called = [project.child(call, Role.CALLEE) for call, _ in _made(project, mock)]
    texts = {project.expression(callee).text for callee in called if callee is not None}
    return texts == {"AsyncMock"}


def _in_place_of(project: Project, mock: Reference) -> frozenset[FunctionId]:
    """The functions of the project for which a mock may stand; none if it stands for anything else."""
    made = list(_made(project, mock))
    named = project.expression(mock).kind is Kind.NAME
    functions = [_patched(project, call) for call, direct in made if direct or named]
    if functions and all(functions) and all(direct for _, direct in made):
        return frozenset().union(*functions)
    return frozenset() if named else _method(project, mock)


def _made(project: Project, mock: Reference) -> Iterator[tuple[Reference, bool]]:
    """The calls that make a mock or what it is found in, and whether it is their result itself."""
    decorating = _decorating(project, mock)
    if decorating is not None:
        yield decorating, True
        return
    for call, direct in makers(project, mock):
        callee = project.child(call, Role.CALLEE)
        receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
        started = callee is not None and project.expression(callee).text == "start"
        if started and receiver is not None and receiver not in project.graph.names:
            if project.expression(receiver).kind is Kind.CALL:
                yield receiver, direct
            else:
                yield from ((made, direct) for made, same in makers(project, receiver) if same)
        else:
            yield call, direct


def _decorating(project: Project, mock: Reference) -> Reference | None:
    """The decorator that hands its mock to a parameter."""
    identifier, name = project.expression(mock).variable or ("", "")
    function = project.functions.get(identifier)
    if function is None or function.kind != "def":
        return None
    names = [p.name for p in function.parameters][int(function.owner is not None) :]
    known = {patch.call: patch for patch in patches(project)}
    places = (Reference(function.module, number) for number in reversed(function.decorators))
    handing = (place for place in places if place in known and known[place].replacement is None)
    return dict(zip(names, handing, strict=False)).get(name)


def _patched(project: Project, call: Reference) -> frozenset[FunctionId]:
    """The function that a patch replaces, or that a mock replaces which is made by a call."""
    found = set()
    for patch in patches(project):
        made = patch.call == call
        if patch.replacement is not None and not made:
            made = patch.replacement == call or any(
                direct and maker == call for maker, direct in makers(project, patch.replacement)
            )
        if made:
            found.add(named_function(project, patch.path))
    return frozenset(f for f in found if f is not None) if None not in found else frozenset()


def _method(project: Project, mock: Reference) -> frozenset[FunctionId]:
    """The function of a class or module that a mock of it, or what is in its place, has under this name."""
    expression, owner = project.expression(mock), project.child(mock, Role.RECEIVER)
    if expression.kind is not Kind.ATTRIBUTE or owner is None:
        return frozenset()
    name, value = expression.text, project.value(owner)
    for model in _models(project, owner):
        for each in (model, *project.graph.bases.get(model, ())):
            for function in (f"{each}.{name}", f"{each}:{name}"):
                if function in project.functions:
                    return frozenset({function})
    return frozenset(
        function.id
        for function in project.functions.values()
        if function.name == name and value is not None
        for edge in project.reaching(function.id)
        for callee in [project.child(edge.site, Role.CALLEE)]
        for receiver in [project.child(callee, Role.RECEIVER) if callee is not None else None]
        if receiver is not None and project.value(receiver) is value
    )


def _models(project: Project, owner: Reference) -> Iterator[str]:
    """The classes and modules that an object is, or that a mock takes after."""
    for source in project.sources(owner):
        if source.kind in KNOWN:
            yield source.name
    known = {patch.call: patch for patch in patches(project)}
    for call, _ in _made(project, owner):
        if call in known and set(SPECIFICATIONS) & _keywords(project, call):
            module, _, name = known[call].path.rpartition(".")
            yield f"{module}:{name}"
        for argument, e in project.arguments(call):
            if e.role is Role.ARGUMENT or e.detail in SPECIFICATIONS:
                yield from (s.name for s in project.sources(argument) if s.kind in KNOWN)


def _keywords(project: Project, call: Reference) -> set[str]:
    return {e.detail for _, e in project.arguments(call) if e.role is Role.KEYWORD}
