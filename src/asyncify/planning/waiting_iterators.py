"""`__iter__` that waits, and then gives an iterator of what it has: `self.load(); return iter(self.rows)`.

`__aiter__` is no coroutine, so it becomes an async generator that goes through the same items. That runs at the
first item and not when the iterator is made, so everybody who iterates has to ask for an item at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.model.facts import Expression, Function, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Edit, Replace
from asyncify.planning.assigned import is_taken_apart
from asyncify.planning.helpers import eager_argument, is_listed
from asyncify.planning.iterators import given, is_plain, waits_elsewhere
from asyncify.planning.project import Project

_ITER = ("builtins.iter",)
_ASKING = frozenset({"builtins.all", "builtins.any", "builtins.next"})
# lazy functions that ask one of their arguments for an item before all others, and its position
_ASKING_FIRST = {
    "builtins.enumerate": "0",
    "builtins.filter": "1",
    "builtins.map": "1",
    "builtins.zip": "0",
}


def yields_later(project: Project, function: Function) -> bool:
    """Whether an `__iter__` can become an async generator: all it gives is `iter(items)`, of plain items."""
    if not is_plain(function):
        return False
    key = "yields later", function.id
    return project.memory(key, lambda one: _yields_later(one, function))


def _yields_later(project: Project, function: Function) -> bool:
    module = project.graph.modules[function.module]
    body = [s for s in module.statements if s.parent == function.statement and s.block == "body"]
    returned = list(_returned(project, function))
    if not body or body[-1].kind not in ("Return", "Raise") or not returned:
        return False
    returns = [s for s in module.statements if s.kind == "Return" and s.function == function.id]
    if len(returns) != len(returned) or given(project, function.id):
        return False
    for site, _ in returned:
        around = [*project.ancestry(module, project.statement(site))]
        inner = around[1 : next(n for n, s in enumerate(around) if s.id == function.statement)]
        if any(statement.kind != "If" for statement in inner):
            return False
        items = _items(project, site)
        if items is None or waits_elsewhere(project, items):
            return False
        if project.graph.types.get(items) in project.graph.classes:
            return False
    return True


def _returned(project: Project, function: Function) -> Iterator[tuple[Reference, Expression]]:
    for item in project.graph.modules[function.module].expressions:
        if item.function == function.id and item.role is Role.RETURNED:
            yield Reference(function.module, item.id), item


def _items(project: Project, site: Reference) -> Reference | None:
    """What an expression gives an iterator of."""
    arguments = project.arguments(site)
    if project.expression(site).kind is not Kind.CALL or project.callee_names(site) != _ITER:
        return None
    alone = len(arguments) == 1 and arguments[0][1].role is Role.ARGUMENT
    return arguments[0][0] if alone else None


def yielding_edits(project: Project, function: Function) -> Iterable[Edit]:
    """A loop over the items in the place of every `return iter(items)`."""
    module = project.graph.modules[function.module]
    taken = {e.text for e in module.expressions if e.kind is Kind.NAME}
    item = "item"
    while item in taken:
        item += "_"
    for site, _ in _returned(project, function):
        items, statement = _items(project, site), project.statement(site)
        assert items is not None  # `yields_later` asked before
        last = statement.parent == function.statement
        text = f"for {item} in {{0}}:\n    yield {item}" + ("" if last else "\nreturn")
        yield Replace(statement.span, text, (project.expression(items).span,))


def starts_at_once(project: Project, site: Reference) -> bool:
    """Whether a place that makes an iterator asks for its first item right away."""
    expression, outer = project.expression(site), project.parent(site)
    if is_listed(expression) or is_taken_apart(project, site) or eager_argument(project, site):
        return True
    if expression.role in (Role.COMPARED, Role.DELEGATED) or outer is None:
        return expression.role in (Role.COMPARED, Role.DELEGATED, Role.ITERATED)
    if expression.role is Role.ITERATED:
        lazy = outer[1].kind is Kind.GENERATOR and expression.detail.endswith("0")
        return not lazy or starts_at_once(project, outer[0])
    names = project.callee_names(outer[0])
    if expression.role is not Role.ARGUMENT or len(names) != 1:
        return False
    (name,) = names
    if name in _ASKING and expression.detail == "0":
        return True
    first = name == _ITER[0] or _ASKING_FIRST.get(name) == expression.detail
    alone = name in ("builtins.enumerate", "builtins.zip") or len(project.arguments(outer[0])) <= 2
    return first and alone and starts_at_once(project, outer[0])
