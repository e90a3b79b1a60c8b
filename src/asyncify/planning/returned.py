"""`return value` in a generator, and `x = yield from g()` that gets it: an async generator has neither.

Who uses the value hands in a holder, in which the generator puts it. Where nobody does, the value goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.model.facts import Expression, Function, FunctionId, Kind, Role, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, AddParameter, Arguments, Delete, Edit, Insert, Replace
from asyncify.planning.assigned import targets
from asyncify.planning.cleanup import cleans_up
from asyncify.planning.colour import Limit, Use
from asyncify.planning.declarations import stands_for_generator
from asyncify.planning.delegation import delegations
from asyncify.planning.project import Project
from asyncify.planning.purity import returned_by
from asyncify.planning.steps import Step

_HOLDER = "SimpleNamespace"
_SIMPLE = frozenset({"Expr", "Assign", "AnnAssign", "AugAssign", "Return"})
_PASSING = frozenset(
    {"abc.abstractmethod", "builtins.classmethod", "builtins.staticmethod", "typing.override"}
)
_CONDITIONAL = frozenset({Kind.CHOICE, Kind.LAMBDA, Kind.COMPREHENSION, Kind.GENERATOR})


def asks(project: Project, site: Reference) -> bool:
    """Whether the value of a `yield from` is used."""
    return project.expression(site).role is not Role.DISCARDED


def asking(project: Project, function: FunctionId) -> list[Reference]:
    """Every `yield from` of a function whose value is used."""
    return [site for site in delegations(project, function) if asks(project, site)]


# -- who asks ------------------------------------------------------------------------------------


def asking_limit(project: Project, function: FunctionId) -> Limit | None:
    """Why a function cannot become an async generator: it needs the value of a `yield from`."""
    for site in asking(project, function):
        problem = _unclear(project, site) or _misplaced(project, site)
        if problem is not None:
            return Limit("ASY911", f"the value of `yield from` is used, and {problem}", site)
    return None


def asking_steps(project: Project, function: FunctionId) -> Iterator[Step]:
    """An async generator gets values of async generators only: those that give one become async with it."""
    for site in asking(project, function):
        uses = (Use(giver, function, site) for giver in _givers(project, site))
        yield Step(uses=tuple(uses))


def _givers(project: Project, site: Reference) -> list[FunctionId]:
    """The functions of which a `yield from` may get the value, if nobody else can give it."""
    call = project.child(site, Role.DELEGATED)
    edge = project.call_edge(call) if call is not None else None
    if edge is None or edge.open:
        return []
    found = [target.function for target in edge.targets if target.function is not None]
    return found if len(found) == len(edge.targets) else []


def _unclear(project: Project, site: Reference) -> str | None:
    """Why nobody knows who gives the value."""
    givers = [project.functions[giver] for giver in _givers(project, site)]
    if not givers:
        return "it may not come from a generator that is made there"
    if not all(one.is_generator or stands_for_generator(project, one) for one in givers):
        return "it may come from something else than a generator"
    if len({project.family(one.id) for one in givers}) > 1:
        return "it may come from several generators"
    return None


def _misplaced(project: Project, site: Reference) -> str | None:
    """Why a loop before its statement would not do the same."""
    statement, function = project.statement(site), project.expression(site).function
    if statement.kind not in _SIMPLE or statement.function != function:
        return "its statement is none that a loop can stand before"
    still = (_is_still(project, target, function) for target in targets(project, site)[:1])
    if statement.kind == "AugAssign" and not any(still):
        return "something else is read before it"
    inner = site
    while (outer := project.parent(inner)) is not None:
        if outer[1].kind in _CONDITIONAL or project.expression(inner).role is Role.FORMATTED:
            return "it may not be needed at all"
        for other, expression in project.children(outer[0]):
            if other == inner:
                break
            if not _is_still(project, other, function, called=expression.role is Role.CALLEE):
                return "something else comes before it in its statement"
        inner = outer[0]
    return None


def _is_still(
    project: Project, site: Reference, function: FunctionId, *, called: bool = False
) -> bool:
    """Whether an expression is the same before and after a generator runs: nothing but its function changes it."""
    expression = project.expression(site)
    if expression.kind is Kind.CONSTANT:
        return True
    receiver = project.child(site, Role.RECEIVER)
    if expression.kind is Kind.ATTRIBUTE and receiver is not None:
        return called and _is_still(project, receiver, function)
    if expression.kind is not Kind.NAME or expression.variable is None:
        return False
    owner = expression.variable[0]
    if owner != function:
        return called and owner == "builtins"
    return not any(
        other.variable == expression.variable
        and other.role in (Role.TARGET, Role.DELETED)
        and other.function != function
        for other in project.module(site).expressions
    )


def exchanges(project: Project, function: Function) -> bool:
    """Whether a generator gives a value behind its items, or gets one."""
    gives = function.is_generator and function.returns_value
    return gives or bool(asking(project, function.id)) or _is_asked(project, function.id)


# -- who gives -----------------------------------------------------------------------------------


def returning_limit(project: Project, function: Function) -> Limit | None:
    """Why a generator that returns a value cannot become async."""
    if not function.is_generator and not stands_for_generator(project, function):
        return None
    asked, gives = _is_asked(project, function.id), function.returns_value
    if gives and not asked and not project.reaching(function.id):
        return Limit("ASY911", "an async generator cannot return a value, and nobody here uses it")
    if asked and _gives(project, function.id):
        problem = _closed_signature(project, function)
        for site in returned_by(project, function.id):
            problem = problem or _taken_back(project, site)
        if problem is not None:
            return Limit("ASY911", f"an async generator cannot return a value, and {problem}")
    return None


def _is_asked(project: Project, function: FunctionId) -> bool:
    return project.family(function) in project.memory("asked for values", _asked)


def _asked(project: Project) -> frozenset[frozenset[FunctionId]]:
    """The families of generators whose value somebody uses."""
    return frozenset(
        project.family(giver)
        for function in project.functions
        for site in asking(project, function)
        for giver in _givers(project, site)
    )


def _gives(project: Project, function: FunctionId) -> bool:
    """Whether a generator, or one that may be in its place, returns a value."""
    members = (project.functions[member] for member in project.family(function))
    return any(one.is_generator and one.returns_value for one in members)


def _closed_signature(project: Project, function: Function) -> str | None:
    """Why nobody can hand in a holder."""
    if any(parameter.kind == "**" for parameter in function.parameters):
        return "it takes any keyword"
    if any(name not in _PASSING for _, name in project.decorators(function)):
        return "its decorator may not hand on where it goes"
    return "a stub declares it" if function.module in project.graph.stubs else None


def _taken_back(project: Project, site: Reference) -> str | None:
    """Why a value that is returned may not be the value of the generator in the end."""
    module, function = project.module(site), project.expression(site).function
    inner, may_raise = project.statement(site), False
    for statement in project.ancestry(module, inner):
        if statement.function != function:
            break
        if statement.kind in ("Try", "TryStar"):
            if (
                may_raise
                and inner.block == "body"
                and _has(module.statements, statement, "handlers")
            ):
                return "another one may come after it"
            if inner.block != "finalbody" and _has(module.statements, statement, "finalbody"):
                if _leaves(module.statements, statement):
                    return "a `finally` may take it back"
                may_raise = True
        may_raise = may_raise or statement.kind in ("With", "AsyncWith")
        inner = statement
    return None


def _has(statements: Iterable[Statement], outer: Statement, block: str) -> bool:
    return any(one.parent == outer.id and one.block == block for one in statements)


def _leaves(statements: tuple[Statement, ...], outer: Statement) -> bool:
    """Whether the `finally` of a statement goes elsewhere than to its end."""
    inside = {one.id for one in statements if (one.parent, one.block) == (outer.id, "finalbody")}
    for one in statements[outer.id :]:
        if one.id in inside or one.parent in inside:
            inside.add(one.id)
            if one.kind in ("Return", "Break", "Continue"):
                return True
    return False


# -- what they become ----------------------------------------------------------------------------


def returning_edits(project: Project, function: Function) -> Iterator[Edit]:
    """The edits of a generator that becomes async: those of what it returns, and of what it asks for."""
    holder = None
    if _is_asked(project, function.id) and _gives(project, function.id):
        holder = _parameter(project, function.id)
        typed = any(p.annotation >= 0 for p in function.parameters) or function.returns >= 0
        kind = f": {_HOLDER} | None" if typed else ""
        yield AddParameter(function.header, f"{holder}{kind}{' = ' if typed else '='}None")
        if function.returns_value and function.is_generator:
            text = f"{holder} = {holder} or {_HOLDER}()"
            yield Insert(function.header, "first", text)
        if typed or function.is_generator:
            yield _IMPORT
    for site in asking(project, function.id):
        yield from _asked_edits(project, site, holder)
    if function.is_generator:
        for site in returned_by(project, function.id):
            yield _left(project, site, holder)


_IMPORT = AddImport(f"from types import {_HOLDER}")


def _parameter(project: Project, function: FunctionId) -> str:
    """The name of the parameter for the holder: one that nobody in the family has."""
    modules = {project.functions[member].module for member in project.family(function)}
    return _free(project, modules, "returned")


def _free(project: Project, modules: Iterable[str], name: str) -> str:
    texts = {text for module in modules for text in _names(project, module)}
    while name in texts:
        name += "_"
    return name


def _names(project: Project, module: str) -> frozenset[str]:
    """Every name that stands in a module."""
    return project.memory(("names of", module), lambda one: _all_names(one, module))


def _all_names(project: Project, module: str) -> frozenset[str]:
    known = project.graph.modules[module]
    bound = (name for function in known.functions for name in function.names)
    return frozenset(e.text for e in known.expressions if e.kind is Kind.NAME).union(bound)


def _left(project: Project, site: Reference, holder: str | None) -> Edit:
    """What is left of a `return` with a value."""
    expression, statement = project.expression(site), project.statement(site)
    last, still = _is_last(project, site), expression.kind in (Kind.CONSTANT, Kind.NAME)
    unused = expression.text == "None" or (still and holder is None)
    if unused or _hands_on(project, site, holder):
        return Delete(statement.span, comments=True) if last else Replace(statement.span, "return")
    text = "{0}" if holder is None else f"{holder}.value = {{0}}"
    text = text if last else f"{text}\nreturn"
    return Replace(statement.span, text, (expression.span,))


def _is_last(project: Project, site: Reference) -> bool:
    """Whether a statement is the last one of its function."""
    statement = project.statement(site)
    function = project.functions[project.expression(site).function]
    return statement.parent == function.statement and not any(
        one.parent == function.statement and one.id > statement.id
        for one in project.module(site).statements
    )


def _hands_on(project: Project, site: Reference, holder: str | None) -> bool:
    """Whether a generator returns what a `yield from` gives it: the other one gets the same holder."""
    if holder is None or project.expression(site).kind is not Kind.YIELD_FROM:
        return False
    if project.expression(site).role is not Role.RETURNED or not _has_value(project, site):
        return False
    around = project.ancestry(project.module(site), project.statement(site))
    return not any(one.kind in ("Try", "TryStar", "With", "AsyncWith") for one in around)


def _has_value(project: Project, site: Reference) -> bool:
    return any(_gives(project, giver) for giver in _givers(project, site))


def _asked_edits(project: Project, site: Reference, own: str | None) -> Iterator[Edit]:
    """`x = yield from g()` as a loop, and the value that is in the holder behind it."""
    call = project.child(site, Role.DELEGATED)
    assert call is not None
    made, whole = project.expression(call), project.expression(site)
    givers = _givers(project, site)
    lines = _loop(project, site, closing=any(cleans_up(project, giver) for giver in givers))
    if not _has_value(project, site):
        yield Replace(whole.span, "None")
    elif own is not None and _hands_on(project, site, own):
        parameter = _parameter(project, givers[0])
        yield Arguments(made.span, last=(f"{parameter}={own}",))
    else:
        name = _holder_name(project, call)
        yield Arguments(made.span, last=(f"{_parameter(project, givers[0])}={name}",))
        yield Replace(whole.span, f"{name}.value")
        yield _IMPORT
        lines = f"{name} = {_HOLDER}(value=None)\n{lines}"
    if "aclosing" in lines:
        yield AddImport("from contextlib import aclosing")
    yield Insert(project.statement(site).span, "before", lines, (made.span,))


def _loop(project: Project, site: Reference, *, closing: bool) -> str:
    item, items = (_free(project, [site.module], name) for name in ("item", "items"))
    if not closing:
        return f"async for {item} in {{0}}:\n    yield {item}"
    lines = f"    async for {item} in {items}:\n        yield {item}"
    return f"async with aclosing({{0}}) as {items}:\n{lines}"


def _holder_name(project: Project, call: Reference) -> str:
    callee = project.child(call, Role.CALLEE)
    assert callee is not None
    written: Expression = project.expression(callee)
    name = written.text.strip("_") if written.kind in (Kind.NAME, Kind.ATTRIBUTE) else "generator"
    return _free(project, [call.module], f"{name}_returned")
