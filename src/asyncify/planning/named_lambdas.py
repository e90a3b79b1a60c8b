"""The `async def` that takes the place of a lambda: its text, and what it is called."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from keyword import iskeyword

from asyncify.model.facts import Function, FunctionId, Kind, Module, Role, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import Delete, Edit, Insert, Replace
from asyncify.model.span import Span
from asyncify.planning.companions import lambda_form
from asyncify.planning.lambdas import (
    LambdaForm,
    assignment,
    body,
    lambda_site,
    place_before,
)
from asyncify.planning.project import Project


def naming_edits(project: Project, function: Function, header: str = "") -> Iterator[Edit]:
    """The edits that put an `async def` in the place of a lambda, with a block (``async with ...:``) around its body."""
    site = lambda_site(project, function.id)
    assert site is not None
    statement, target = place_before(project, site), assignment(project, site)
    name = target.text if target is not None else _name(project, site)
    parameters, holes = _parameters(project, function)
    above, below = _space(project.module(site), statement)
    inner = "    return {0}\n"
    if header:
        inner = f"    {header}\n    {inner}"
    text = f"{above}async def {name}({parameters}):\n{inner}{below}"
    holes = (project.expression(body(project, function)).span, *holes)
    yield Insert(statement.span, "before", text, holes)
    if target is not None:
        yield Delete(statement.span, comments=True)
    else:
        yield Replace(project.expression(site).span, name, holes)  # they go on in the function


def _space(module: Module, statement: Statement) -> tuple[str, str]:
    """The blank lines around a function that is put before a statement."""
    blank = "\n\n" if statement.parent < 0 else "\n"
    place = statement.parent, statement.block
    first = all((s.parent, s.block) != place for s in module.statements[: statement.id])
    return ("" if first and statement.parent >= 0 else blank), blank


def _parameters(project: Project, function: Function) -> tuple[str, tuple[Span, ...]]:
    """The parameters as they are written in a `def`; their defaults are holes, from the second one on."""
    texts: list[str] = []
    holes: list[Span] = []
    kinds = [parameter.kind for parameter in function.parameters]
    for number, parameter in enumerate(function.parameters):
        if parameter.kind == "keyword" and not {"*", "keyword"} & set(kinds[:number]):
            texts.append("*")
        text = f"{parameter.kind}{parameter.name}" if "*" in parameter.kind else parameter.name
        if parameter.default >= 0:
            text += f"={{{1 + len(holes)}}}"
            default = Reference(function.module, parameter.default)
            holes.append(project.expression(default).span)
        texts.append(text)
        if parameter.kind == "positional-only" and kinds[number + 1 :][:1] != [parameter.kind]:
            texts.append("/")
    return ", ".join(texts), tuple(holes)


# -- names ---------------------------------------------------------------------------------------


def _name(project: Project, site: Reference) -> str:
    """The name of the function that takes the place of a lambda."""
    return project.memory(("names of lambdas", site.module), partial(_names, module=site.module))[
        site
    ]


def _names(project: Project, module: str) -> dict[Reference, str]:
    """A name for every lambda of a module that gets one: each of them once in its function."""
    known = project.graph.modules[module]
    taken = _taken(project, known)
    given: Counter[tuple[FunctionId, str]] = Counter()
    found = {}
    for expression in known.expressions:
        site = Reference(module, expression.id)
        if expression.kind is not Kind.LAMBDA or assignment(project, site) is not None:
            continue
        if lambda_form(project, project.functions[expression.text]) is not LambdaForm.NAMED:
            continue
        wish = _wish(project, site)
        while wish in taken[expression.function]:
            wish += "_"
        given[expression.function, wish] += 1
        count = given[expression.function, wish]
        found[site] = wish if count == 1 else f"{wish.rstrip('_')}_{count}"
    return found


def _taken(project: Project, module: Module) -> dict[FunctionId, set[str]]:
    """By function, the names that it uses, or that a function inside it does."""
    found: defaultdict[FunctionId, set[str]] = defaultdict(set)
    for expression in module.expressions:
        if expression.kind is Kind.NAME:
            found[expression.function].add(expression.text)
    for function in sorted(module.functions, key=lambda one: len(one.id), reverse=True):
        found[function.id] |= function.names
        if function.parent:
            found[function.parent] |= found[function.id]
    return found


def _wish(project: Project, site: Reference) -> str:
    """What a lambda could be called, by the place where it goes."""
    expression, outer = project.expression(site), project.parent(site)
    word = ""
    if expression.role in (Role.KEYWORD, Role.DEFAULT):
        word = expression.detail
    elif expression.role is Role.ARGUMENT and outer is not None:
        word = _parameter(project, outer[0], expression.detail)
    elif expression.role is Role.ELEMENT and outer is not None and outer[1].text == "dict":
        word = _key(project, site, outer[0])
    elif expression.role is Role.ASSIGNED:
        targets = [project.expression(target).text for _, target in project.destinations(site)]
        word = "".join(targets[:1])
    word = word.strip("_")
    fits = word.isidentifier() and not iskeyword(word)
    name = word if fits else "function"
    return name if project.functions[expression.function].kind == "def" else f"_{name}"


def _parameter(project: Project, call: Reference, position: str) -> str:
    """The parameter of a function of the project that gets an argument."""
    edge = project.call_edge(call)
    names = {target.function for target in edge.targets} if edge is not None else set()
    found = names.pop() if len(names) == 1 else None
    if found is None or not position.isdigit():
        return ""
    function = project.functions[found]
    parameters = [p.name for p in function.parameters if p.kind.startswith("positional")]
    bound = function.owner is not None and parameters[:1] in (["self"], ["cls"])
    return "".join(parameters[int(position) + bound :][:1])


def _key(project: Project, site: Reference, table: Reference) -> str:
    """The key of a value in a display of a dict, where that is a text."""
    previous = ""
    for reference, expression in project.children(table):
        if reference == site:
            return previous
        previous = expression.string if expression.detail == "key" else ""
    return ""
