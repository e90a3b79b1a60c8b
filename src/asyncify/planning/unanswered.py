"""Tests that want what a request raises which nobody answers: not every interceptor raises the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from asyncify.model.facts import FunctionId, Role
from asyncify.model.graph import Reference
from asyncify.planning.exceptions import caught
from asyncify.planning.hooks import in_test_file
from asyncify.planning.project import Project
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Answer, Interceptor


def unanswered(
    project: Project,
    rules: Rules,
    interceptor: Interceptor,
    answers: Mapping[FunctionId, Sequence[Answer]],
) -> Reference | None:
    """The place at which a test wants the exception of a request that nobody answers, if there is one.

    That is the exception itself, a base of it, or one that code raises in its place: as far as no answer that
    the test gives may raise it. Code that catches it and goes on is such a place for a test that gives none.
    """
    handled = [
        (whole, {rules.canonical(project.graph.names.get(name, "")) for name in names})
        for whole, names in caught(project)
    ]
    wanted = set(interceptor.unanswered)
    instead: dict[str, bool] = {}  # what is raised in its place: whether in that of others as well
    for whole, names in handled:
        if names & wanted:
            wide = names != {*interceptor.unanswered[:1]}
            instead.update(
                (text, instead.get(text, False) or wide) for text in _raised(project, whole)
            )
    for whole, names in handled:
        function = project.expression(whole).function
        text = project.expression(whole).text
        if not in_test_file(project.path(function)):
            if names & wanted and _goes_on(project, whole):
                tests = _tests_of(project, function) - answers.keys()
                if any(_uses(project, interceptor, test) for test in tests):
                    return whole
        elif (names & wanted or text in instead) and _uses(project, interceptor, function):
            wide = instead.get(text, not names & {*interceptor.unanswered[:1]})
            if not any(_may_raise(answer, wide) for answer in answers.get(function, ())):
                return whole
    return None


def _may_raise(answer: Answer, wide: bool) -> bool:
    """Whether an answer raises; in a wide sense, one with a status may lead to an error too."""
    return bool(answer.raises) or (wide and any(name == "status_code" for name, _ in answer.parts))


def _goes_on(project: Project, whole: Reference) -> bool:
    """Whether code that catches an exception does not raise one in its place."""
    handler, module = project.statement(whole), project.module(whole)
    return handler.kind != "ExceptHandler" or not any(
        each.kind == "Raise" and handler in project.ancestry(module, each)
        for each in module.statements
    )


def _tests_of(project: Project, function: FunctionId) -> set[FunctionId]:
    """The tests that call a function, by whatever way."""
    return {
        each
        for each in project.users([function])
        if project.functions[each].name.startswith("test") and in_test_file(project.path(each))
    }


def _raised(project: Project, whole: Reference) -> Iterator[str]:
    """The names of what a handler raises."""
    handler = project.statement(whole)
    module = project.module(whole)
    for expression in module.expressions:
        if handler.kind != "ExceptHandler" or expression.role is not Role.RAISED:
            continue
        raised = Reference(whole.module, expression.id)
        if handler in project.ancestry(module, project.statement(raised)):
            callee = project.child(raised, Role.CALLEE)
            yield project.expression(callee or raised).text


def _uses(project: Project, interceptor: Interceptor, identifier: FunctionId) -> bool:
    """Whether the requests of a function are answered: by its decorator, its fixture, or what it makes."""
    function = project.functions[identifier]
    names = {name for _, name in project.decorators(function)}
    if names & interceptor.names.keys():
        return True
    if interceptor.fixture in {parameter.name for parameter in function.parameters}:
        return True
    made = project.calls_to(*interceptor.routers)
    return any(project.expression(call).function == identifier for call in made)
