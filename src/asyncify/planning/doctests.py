"""Doctests call the code from plain synchronous examples: what they call cannot become async."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from asyncify.model.facts import Expression, Function, Kind, Module, Role
from asyncify.model.graph import Reference
from asyncify.planning.colour import Limit
from asyncify.planning.project import Project

PROMPT = ">>> "
_RUNNERS = frozenset({"doctest.testmod", "doctest.testfile", "doctest.DocTestSuite"})


def doctest_limit(project: Project, function: Function, run: bool) -> Limit | None:
    """The limit of a function that an example of its module calls; `run` says that all examples are run."""
    if function.kind != "def" or function.is_async:
        return None
    if not run and function.module not in project.memory("doctests run", _running):
        return None
    site = project.memory("doctests", _called).get(function.module, {}).get(function.name)
    if site is None:
        return None
    return Limit("ASY928", f"a doctest calls {function.name}() without await", site)


def _running(project: Project) -> frozenset[str]:
    """The modules that run their own examples."""
    return frozenset(
        reference.module for reference, name in project.graph.names.items() if name in _RUNNERS
    )


def docstrings(module: Module) -> Iterator[tuple[int, str]]:
    """Every docstring of a module: its expression, and its text."""
    for expression in module.expressions:
        if is_string(expression):
            text = ast.literal_eval(expression.text)
            if isinstance(text, str):
                yield expression.id, text


def is_string(expression: Expression) -> bool:
    """Whether an expression is a string (or bytes) that is a statement of its own."""
    return (
        expression.kind is Kind.CONSTANT
        and expression.role is Role.DISCARDED
        and expression.text[:1] in "'\""
    )


def _called(project: Project) -> dict[str, dict[str, Reference]]:
    """By module, the names that its examples use, with the docstring."""
    found: dict[str, dict[str, Reference]] = {}
    for module in project.graph.modules.values():
        for number, text in docstrings(module):
            if PROMPT in text:
                for name in _names(text):
                    used = found.setdefault(module.name, {})
                    used.setdefault(name, Reference(module.name, number))
    return found


def _names(text: str) -> Iterator[str]:
    """The functions, methods and attributes that the examples of a docstring use and do not await."""
    import doctest  # slow to import, and rarely needed

    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return
    for example in examples:
        if example.options.get(doctest.SKIP):
            continue
        try:
            tree = ast.parse(example.source)
        except (SyntaxError, ValueError):
            continue
        awaited = {
            id(inside)
            for node in ast.walk(tree)
            if isinstance(node, ast.Await) or (isinstance(node, ast.Call) and _runs(node))
            for inside in ast.walk(node)
        }
        for node in ast.walk(tree):
            if id(node) in awaited or not isinstance(node, ast.Name | ast.Attribute):
                continue
            if isinstance(node.ctx, ast.Load):
                yield node.id if isinstance(node, ast.Name) else node.attr


def _runs(call: ast.Call) -> bool:
    return ast.unparse(call.func) in ("asyncio.run", "anyio.run", "trio.run")
