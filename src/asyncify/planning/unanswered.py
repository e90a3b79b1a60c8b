"""Tests that want what a request raises which nobody answers: not every interceptor raises the same."""

from __future__ import annotations

from collections.abc import Iterator, Set

from asyncify.model.facts import FunctionId, Role
from asyncify.model.graph import Reference
from asyncify.planning.exceptions import caught
from asyncify.planning.hooks import in_test_file
from asyncify.planning.project import Project
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Interceptor


def unanswered(
    project: Project, rules: Rules, interceptor: Interceptor, raising: Set[FunctionId]
) -> Reference | None:
    """The place at which a test wants the exception of a request that nobody answers, if there is one.

    That is the exception itself, or one that code raises in its place.

    Args:
        raising: the functions that let an answer raise.
    """
    wanted = interceptor.unanswered
    handled = [
        (whole, [project.graph.names.get(name, "") for name in names])
        for whole, names in caught(project)
    ]
    own = {
        text
        for whole, names in handled
        if [rules.canonical(name) for name in names] == [wanted]
        for text in _raised(project, whole)
    }
    for whole, names in handled:
        function = project.functions[project.expression(whole).function]
        if function.id in raising or not in_test_file(project.path(function.id)):
            continue
        if not _uses(project, interceptor, function.id):
            continue
        if wanted in map(rules.canonical, names) or project.expression(whole).text in own:
            return whole
    return None


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
    return any(
        project.expression(edge.site).function == identifier
        and set(project.callee_names(edge.site)) & interceptor.routers.keys()
        for edge in project.graph.edges
    )
