"""Hooks of test frameworks: `setUp`, `setup_method` and their like follow what they call.

`unittest` awaits `asyncSetUp` where the class has the async base. pytest awaits none of its hooks, but it
makes a fixture of each: one that awaits stands in the same place, runs at the same time and calls the hook
under another name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from asyncify.model.facts import ClassId, Function, FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Await, Edit, Insert, Replace
from asyncify.planning.colour import Limit

if TYPE_CHECKING:
    from asyncify.planning.project import Project

CASE_HOOKS = {"setUp": "asyncSetUp", "tearDown": "asyncTearDown"}
_CASE_WIDE = frozenset({"setUpClass", "tearDownClass", "setUpModule", "tearDownModule"})
_IN_CLASS, _AT_TOP = ("method", "class"), ("function", "module")
_HOOKS = {
    f"{when}_{what}": (when, what)
    for when in ("setup", "teardown")
    for what in (*_IN_CLASS, *_AT_TOP)
}
_OPTIONAL = {
    "method": "request.function",
    "function": "request.function",
    "module": "request.module",
}
FIXTURES = frozenset({"pytest.fixture", "pytest_asyncio.fixture", "_pytest.fixtures.fixture"})
_PLAIN_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})


def in_test_file(path: str) -> bool:
    """Whether a file holds tests."""
    directory, _, name = path.rpartition("/")
    parts = directory.split("/")
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in ("conftest.py", "tests.py")
        or "tests" in parts
        or "test" in parts
    )


def test_cases(project: Project) -> Mapping[ClassId, tuple[ClassId, ...]]:
    """By class, the unittest cases that it is, or that it is mixed into."""
    return project.memory("test cases", _test_cases)


def _test_cases(project: Project) -> dict[ClassId, tuple[ClassId, ...]]:
    found: dict[ClassId, list[ClassId]] = {}
    for cls in project.graph.classes:
        bases = project.graph.bases.get(cls, ())
        if any(base.startswith("unittest.") and base.endswith("TestCase") for base in bases):
            for part in (cls, *bases):
                if part in project.graph.classes:
                    found.setdefault(part, []).append(cls)
    return {part: tuple(cases) for part, cases in found.items()}


def in_case(project: Project, call: Reference) -> str | None:
    """The name of the method that a test case calls on itself, ``self.addCleanup(...)``."""
    function = project.functions[project.expression(call).function]
    if function.owner not in test_cases(project):
        return None
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    if callee is None or receiver is None:
        return None
    first = function.parameters[0].name if function.parameters else ""
    return project.expression(callee).text if project.expression(receiver).text == first else None


def pytest_hook(project: Project, function: Function) -> tuple[str, str] | None:
    """When pytest calls a function as one of its hooks, and around what: ``("setup", "method")``."""
    found = _HOOKS.get(function.name)
    if found is None or function.kind != "def" or not in_test_file(project.path(function.id)):
        return None
    if (function.owner is not None) != (found[1] in _IN_CLASS):
        return None
    if function.parent != f"{function.module}:" or function.owner in test_cases(project):
        return None
    return found


def hook_name(project: Project, function: Function) -> str | None:
    """The name of a hook that becomes async."""
    if function.name in CASE_HOOKS and function.owner in test_cases(project):
        return CASE_HOOKS[function.name]
    if pytest_hook(project, function) is not None:
        return f"async_{function.name}"
    return None


def hooks_together(project: Project) -> Iterator[list[FunctionId]]:
    """Groups of hooks that change colour together: all that one test runs, so that their order stays."""
    methods = {cls.id: dict(cls.methods) for cls in project.graph.classes.values()}
    cases = test_cases(project)
    for cls in methods:
        line = [k for k in (cls, *project.graph.bases.get(cls, ())) if k in methods]
        names: tuple[tuple[str, ...], ...] = tuple((name,) for name in CASE_HOOKS)
        if cls not in cases:
            names = tuple((f"setup_{what}", f"teardown_{what}") for what in _IN_CLASS)
        for pair in names:
            yield [methods[k][name] for k in line for name in pair if name in methods[k]]
    for module in project.graph.modules.values():
        top = {f.name: f.id for f in module.functions if f.owner is None and f.name in _HOOKS}
        for what in _AT_TOP:
            yield [top[name] for name in (f"setup_{what}", f"teardown_{what}") if name in top]


def hook_limit(project: Project, function: Function, *, anyio: bool) -> Limit | None:
    """Why a hook cannot be async: nothing that pytest awaits would do just the same."""
    if function.is_async or function.kind != "def":
        return None
    plain = Limit("ASY917", f"{function.name} is called without await")
    if function.name in _CASE_WIDE:
        return plain
    if function.name in CASE_HOOKS and function.owner in test_cases(project):
        asked = project.memory("names of hooks", _asked_for).get(function.name)
        if asked is not None:
            where = f"{project.module(asked).path}:{project.expression(asked).span.line}"
            return Limit("ASY917", f"{where} asks for {function.name} by its name", asked)
        return None
    if function.name not in _HOOKS:
        return None
    hook = pytest_hook(project, function)
    if hook is None:
        return plain
    if anyio:
        return Limit("ASY917", "anyio runs no async fixture for the synchronous tests around it")
    message = (
        _in_class_problem(project, function, hook[1])
        if function.owner is not None
        else _at_top_problem(project, function)
    )
    return Limit("ASY917", message) if message else None


def _asked_for(project: Project) -> dict[str, Reference]:
    """Where the code compares a name with that of a hook, or reads an attribute by it.

    It looks for the method, or for its stack frame, under the name that it has.
    """
    names = {f"{quote}{name}{quote}": name for name in CASE_HOOKS for quote in "'\""}
    found: dict[str, Reference] = {}
    for module in project.graph.modules.values():
        for expression in module.expressions:
            if expression.kind is not Kind.CONSTANT or expression.text not in names:
                continue
            role, detail = expression.role, expression.detail
            if role is Role.ELEMENT and expression.parent >= 0:
                role = module.expressions[expression.parent].role
            if role is Role.COMPARED or (role is Role.ARGUMENT and detail == "1"):
                found[names[expression.text]] = Reference(module.name, expression.id)
    return found


def _in_class_problem(project: Project, function: Function, what: str) -> str:
    owner = function.owner or ""
    line = (owner, *project.graph.bases.get(owner, ()))
    for base in line:
        if base not in project.graph.classes and base not in _PLAIN_BASES:
            return f"{base} may have a {function.name} too, which pytest calls without await"
    same = [
        project.functions[member]
        for member in project.family(function.id)
        if project.functions[member].name == function.name
    ]
    if len({_arguments(each) for each in same}) > 1:
        return f"the {function.name} of its bases takes other arguments"
    if what == "class" and (_arguments(function) or function.is_generator):
        return f"{function.name} is called in an unusual way"
    for other in project.functions.values():
        if other.owner in line and _comes_first(project, other):
            return f"the fixture {other.name} would run before it"
    return ""


def _at_top_problem(project: Project, function: Function) -> str:
    module = project.graph.modules[function.module]
    for other in project.graph.modules.values():
        if any(i.module == module.name and i.attribute == function.name for i in other.imports):
            return f"{other.path} imports it"
    if any(project.graph.classes[case].module == module.name for case in test_cases(project)):
        return "pytest would ask for an async fixture in a unittest.TestCase"
    for other_function in module.functions:
        if other_function.owner is None and _comes_first(project, other_function):
            return f"the fixture {other_function.name} would run before it"
    return ""


def _comes_first(project: Project, function: Function) -> bool:
    """Whether a function is an automatic fixture whose name comes before those of our fixtures."""
    if function.name >= "_async_":
        return False
    for reference, name in project.decorators(function):
        if name in FIXTURES and project.child(reference, Role.KEYWORD, "autouse") is not None:
            return True
    return False


def _arguments(function: Function) -> int:
    """How many arguments pytest hands to a hook."""
    return max(0, len(function.parameters) - (function.owner is not None))


def hook_edits(project: Project, function: Function, *, marks: bool) -> Iterator[tuple[str, Edit]]:
    """What a hook needs beside its new name: the fixture that calls it, and its bases' hooks awaited.

    With `marks` the fixture is one of pytest-asyncio, which its strict mode needs.
    """
    name = hook_name(project, function)
    if name is None:
        return
    path = project.path(function.id)
    for call, callee in _upwards(project, function):
        if not project.call_edge(call) or not _known(project, call):
            receiver = project.child(callee, Role.RECEIVER)
            assert receiver is not None
            hole = project.expression(receiver).span
            yield path, Replace(project.expression(callee).span, f"{{0}}.{name}", (hole,))
            yield path, Await(project.expression(call).span)
    hook = pytest_hook(project, function)
    if hook is not None and not _inherits(project, function):
        module = "pytest_asyncio" if marks else "pytest"
        text = _fixture(project, function, name, *hook).replace("@pytest.", f"@{module}.")
        yield path, Insert(function.header, "after", text)
        yield path, AddImport(f"import {module}")


def _upwards(project: Project, function: Function) -> Iterator[tuple[Reference, Reference]]:
    """The calls ``super().setUp()`` in a hook, each with its callee."""
    module = project.graph.modules[function.module]
    for expression in module.expressions:
        if expression.function != function.id or expression.kind is not Kind.CALL:
            continue
        call = Reference(module.name, expression.id)
        callee = project.child(call, Role.CALLEE)
        if callee is None or project.expression(callee).text != function.name:
            continue
        receiver = project.child(callee, Role.RECEIVER)
        of = project.child(receiver, Role.CALLEE) if receiver is not None else None
        if of is not None and project.expression(of).text == "super":
            yield call, callee


def _known(project: Project, call: Reference) -> bool:
    """Whether a call reaches functions of the project: then they say what it needs."""
    edge = project.call_edge(call)
    return edge is not None and any(target.function is not None for target in edge.targets)


def _inherits(project: Project, function: Function) -> bool:
    """Whether a base class in the project has the hook, and with it the fixture."""
    bases = project.graph.bases.get(function.owner or "", ())
    classes = [project.graph.classes[base] for base in bases if base in project.graph.classes]
    return any(function.name in dict(cls.methods) for cls in classes)


def _fixture(project: Project, function: Function, name: str, when: str, what: str) -> str:
    takes = _arguments(function) > 0
    given = _OPTIONAL.get(what, "") if takes else ""
    call = f"await {name}({given})"
    parameters, scope, above = "request" if takes else "", "", ""
    if what == "method":
        call = f"await self.{name}({given})"
        parameters = "self, request" if takes else "self"
    elif what == "class":
        is_method = any(n == "builtins.classmethod" for _, n in project.decorators(function))
        call = f"await cls.{name}({'' if is_method else 'cls'})"
        parameters, scope, above = "cls", ', scope="class"', "@classmethod\n"
    elif what == "module":
        scope = ', scope="module"'
    else:
        parameters = "request"
        call = f"if request.instance is None:\n        {call}"
    body = [call] if when == "setup" else ["yield", call]
    lines = "".join(f"    {line}\n" for line in body)
    gap = "\n" if function.owner is not None else "\n\n"
    return (
        f"{gap}@pytest.fixture(autouse=True{scope})\n{above}"
        f"async def _async_{function.name}({parameters}):\n{lines}"
    )
