"""What takes all of an iterable, and does something with each item before it asks for the next one.

A list in the place of an async iterable would move that behind the last item, so it has to be something
that nobody sees, or the same is written as a loop.
"""

from __future__ import annotations

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import Await, Edit, Replace
from asyncify.planning.applied import is_name
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


def one_by_one(
    project: Project, site: Reference, items: Items, call: Reference
) -> Limit | list[Edit] | None:
    """What a call needs that gets an iterable which becomes async, and uses its items as they come.

    Returns:
        The edits, or why there are none; None if it is another call, or nobody sees in which order.
    """
    names = set(project.callee_names(call))
    if names and names <= _REDUCERS:
        return _reducing(project, site, items, call)
    if names and names <= _RANKING:
        return _ranking(project, site, items, call)
    receiver = _doer(project, call)
    if receiver is not None:
        return _doing(project, site, items, call, receiver)
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
    own = any(source.kind is SourceKind.FUNCTION for source in project.sources(function))
    if define is None or own or items.cleanup:
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
    key = project.child(call, Role.KEYWORD, "key")
    if key is None or project.expression(site).detail != "1" or len(project.arguments(call)) != 3:
        return None
    if is_quiet(project, key):
        return as_list(project, site, items)
    return Limit("ASY912", "its key is called as the items come", site)


def _doer(project: Project, call: Reference) -> Reference | None:
    """The object whose method does something with each item."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    if callee is None or receiver is None or project.expression(callee).text not in _EACH:
        return None
    return receiver if project.graph.types.get(receiver) in _DOERS else None


def _doing(
    project: Project, site: Reference, items: Items, call: Reference, receiver: Reference
) -> Limit | list[Edit]:
    """`writer.writerows(items)` as a loop."""
    callee = project.child(call, Role.CALLEE)
    assert callee is not None
    alone = project.expression(call).role is Role.DISCARDED and len(project.arguments(call)) == 1
    if not alone or items.cleanup or not is_name(project, receiver):
        return Limit("ASY912", "it does something with each item as it comes", site)
    item = "item"
    while any(e.kind is Kind.NAME and e.text == item for e in project.module(site).expressions):
        item += "_"
    text = f"async for {item} in {{1}}:\n    {{0}}.{_EACH[project.expression(callee).text]}({item})"
    holes = (project.expression(receiver).span, project.expression(site).span)
    return [*remade(site, items, project), Replace(project.statement(call).span, text, holes)]
