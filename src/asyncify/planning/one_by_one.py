"""What takes all of an iterable, and does something with each item before it asks for the next one.

A list in the place of an async iterable would move that behind the last item, so it has to be something
that nobody sees, or the same is written as a loop.
"""

from __future__ import annotations

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Await, Edit, Replace
from asyncify.planning.applied import applied, is_name
from asyncify.planning.assigned import targets
from asyncify.planning.chosen import is_quiet, weighing
from asyncify.planning.colour import Limit
from asyncify.planning.helpers import helper
from asyncify.planning.items import as_list, remade
from asyncify.planning.project import Project
from asyncify.planning.steps import Items

_REDUCERS = frozenset({"functools.reduce", "_functools.reduce"})
_RANKING = frozenset({"heapq.nlargest", "heapq.nsmallest"})
# methods that do to each item what another one does to one, and the classes that have them
_EACH = {"writerows": "writerow", "writelines": "write"}
_DOERS = frozenset(
    {
        *("_csv.Writer", "_csv._writer", "csv.writer", "csv.DictWriter"),
        *(f"{module}.{name}" for module in ("io", "_io") for name in ("StringIO", "BytesIO")),
    }
)
# methods that fill what they belong to as the items come, and those that put one into it
_FILLING = {
    **{f"{owner}.extend": "append({item})" for owner in ("builtins.list", "collections.deque")},
    "array.array.extend": "append({item})",
    "builtins.dict.update": "update([{item}])",
    "builtins.set.difference_update": "discard({item})",
    "builtins.set.update": "add({item})",
    "collections.Counter.subtract": "subtract([{item}])",
    "collections.Counter.update": "update([{item}])",
    "collections.deque.extendleft": "appendleft({item})",
    "typing.MutableMapping.update": "update([{item}])",
}
_CATCHING = frozenset({"Try", "TryStar", "With", "AsyncWith"})


def one_by_one(
    project: Project, site: Reference, items: Items, call: Reference
) -> Limit | list[Edit] | None:
    """What a call needs that gets an iterable which becomes async, and uses its items as they come.

    Returns:
        The edits, or why there are none; None if it is another call, or nobody sees in which order.
    """
    names, callee = set(project.callee_names(call)), project.child(call, Role.CALLEE)
    if names and names <= _REDUCERS:
        return _reducing(project, site, items, call)
    if names and names <= _RANKING:
        return _ranking(project, site, items, call)
    receiver = _doer(project, call)
    if receiver is not None:
        method = _EACH[project.expression(callee).text] if callee is not None else ""
        return _doing(project, site, items, call, receiver, f"{method}({{item}})")
    if len(names) == 1 and names <= _FILLING.keys() and callee is not None:
        receiver = project.child(callee, Role.RECEIVER)
        if receiver is not None and _is_seen(project, receiver, site):
            (name,) = names
            return _doing(project, site, items, call, receiver, _FILLING[name])
    return weighing(project, site, items, call)


def _reducing(
    project: Project, site: Reference, items: Items, call: Reference
) -> Limit | list[Edit] | None:
    """`reduce(function, items)`."""
    arguments, callee = project.arguments(call), project.child(call, Role.CALLEE)
    simple = all(e.role is Role.ARGUMENT for _, e in arguments) and len(arguments) in (2, 3)
    if not simple or callee is None or project.expression(site).detail != "1":
        return None
    function = arguments[0][0]
    if is_quiet(project, function):
        return as_list(project, site, items)
    define = helper(project, site.module, "reduce_items")
    if define is None or items.cleanup:
        return Limit("ASY912", "reduce() calls its function as the items come", site)
    return [
        *remade(site, items, project),
        define,
        Replace(project.expression(callee).span, define.name),
        Await(project.expression(call).span),
    ]


def _ranking(
    project: Project, site: Reference, items: Items, call: Reference
) -> Limit | list[Edit] | None:
    """`nsmallest(count, items, key=function)`."""
    arguments = project.arguments(call)
    if project.expression(site).detail != "1" or len(arguments) != 3:
        return None
    key, last = arguments[2]
    if last.role is Role.UNPACKED or last.detail not in ("2", "key"):
        return None
    if is_quiet(project, key):
        return as_list(project, site, items)
    callee, made = project.child(call, Role.CALLEE), applied(project, key, 1, 1, awaited=False)
    if made is None or callee is None or items.cleanup:
        return Limit("ASY912", "its key is called as the items come", site)
    count = 1 + len(made.holes)
    pairs = f"[({made.text}, {made.item}) async for {made.item} in {{{count + 1}}}]"
    text = f"[item for _, item in {{0}}({{{count}}}, {pairs}, key=lambda pair: pair[0])]"
    spans = [e.span for _, e in arguments[:2]]
    holes = (project.expression(callee).span, *made.holes, *spans)
    return [*remade(site, items, project), Replace(project.expression(call).span, text, holes)]


def _doer(project: Project, call: Reference) -> Reference | None:
    """The object whose method does something with each item."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    if callee is None or receiver is None or project.expression(callee).text not in _EACH:
        return None
    return receiver if project.graph.types.get(receiver) in _DOERS else None


def _doing(
    project: Project, site: Reference, items: Items, call: Reference, receiver: Reference, text: str
) -> Limit | list[Edit]:
    """`writer.writerows(items)` as a loop."""
    alone = project.expression(call).role is Role.DISCARDED and len(project.arguments(call)) == 1
    if not alone or items.cleanup or not is_name(project, receiver):
        return Limit("ASY912", "it does something with each item as it comes", site)
    return _loop(project, site, items, receiver, f"{{{{0}}}}.{text}")


def _loop(
    project: Project, site: Reference, items: Items, receiver: Reference, text: str
) -> list[Edit]:
    """A loop in the place of a statement, that does something with every item."""
    item = "item"
    while any(e.kind is Kind.NAME and e.text == item for e in project.module(site).expressions):
        item += "_"
    loop = f"async for {item} in {{1}}:\n    {text.format(item=item)}"
    holes = (project.expression(receiver).span, project.expression(site).span)
    return [*remade(site, items, project), Replace(project.statement(site).span, loop, holes)]


def added(project: Project, site: Reference, items: Items) -> Limit | list[Edit] | None:
    """`kept += items`, which adds the items as they come; None if nobody sees in which order."""
    into = targets(project, site)
    if project.expression(site).detail != "augmented" or not _is_seen(project, into[0], site):
        return None
    if items.cleanup or not is_name(project, into[0]):
        return Limit("ASY912", "`+=` adds the items as they come", site)
    return _loop(project, site, items, into[0], "{{0}} += [{item}]")


def _is_seen(project: Project, container: Reference, items: Reference) -> bool:
    """Whether somebody may see a container while it is filled, or half of it after an exception."""
    expression, module = project.expression(container), project.module(container)
    if expression.kind is not Kind.NAME or expression.variable is None:
        return True
    function = project.functions.get(expression.variable[0])
    if function is None or function.kind == "module" or function.id != expression.function:
        return True
    if any(parameter.name == expression.text for parameter in function.parameters):
        return True
    if any(
        one.variable == expression.variable and one.function != function.id
        for one in module.expressions
    ):
        return True
    if any(
        project.expression(one).variable == expression.variable for one in project.inside(items)
    ):
        return True
    around = project.ancestry(module, project.statement(container))
    return any(one.kind in _CATCHING for one in around if one.function == function.id)
