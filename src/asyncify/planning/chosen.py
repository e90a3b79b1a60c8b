"""`min` and `max` with a key over an async iterable: each item is weighed before the next one is fetched."""

from __future__ import annotations

from asyncify.model.facts import FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Edit, Replace
from asyncify.planning.applied import applied
from asyncify.planning.class_attributes import methods_named
from asyncify.planning.colour import Limit
from asyncify.planning.items import remade
from asyncify.planning.project import Project
from asyncify.planning.steps import Items

_CHOOSING = ("builtins.min", "builtins.max")
_KEY = "key"
# what does no more than to compute, unless a class of the project has a method for it
_QUIET = frozenset(
    f"builtins.{name}" for name in ("abs", "float", "int", "len", "ord", "str", "type")
)
_GETTERS = frozenset(
    f"{module}.{name}"
    for module in ("operator", "_operator")
    for name in ("attrgetter", "itemgetter")
)
_HIDDEN = (
    "__getattr__",
    "__getattribute__",
    "__getitem__",
)  # what runs where an item is looked into
_SEEN_KINDS = frozenset({Kind.AWAIT, Kind.YIELD, Kind.YIELD_FROM, Kind.WALRUS})


def weighing(
    project: Project, site: Reference, items: Items, call: Reference
) -> Limit | list[Edit] | None:
    """What a call of `min` or `max` needs whose key is called between the items.

    Args:
        site: its only positional argument.
        items: what that becomes.

    Returns:
        The edits, or why there are none; None if nobody sees when a key is called, or there is none.
    """
    key = project.child(call, Role.KEYWORD, _KEY)
    names, callee = project.callee_names(call), project.child(call, Role.CALLEE)
    if not names or not set(names) <= set(_CHOOSING) or key is None or callee is None:
        return None
    if is_quiet(project, key):
        return None
    name = names[0].removeprefix("builtins.")
    made = applied(project, key, 1, 1, awaited=False)
    default = project.child(call, Role.KEYWORD, "default")
    known = 2 + (default is not None) == len(project.arguments(call))
    simple = default is None or project.expression(default).kind in (Kind.CONSTANT, Kind.NAME)
    if made is None or not known or not simple or items.cleanup:
        return Limit("ASY912", f"{name}() calls its key as the items come", site)
    number = 1 + len(made.holes)
    rest = f", default=(None, {{{number + 1}}})" if default is not None else ""
    pairs = f"[({made.text}, {made.item}) async for {made.item} in {{{number}}}]"
    text = f"{{0}}({pairs}, key=lambda pair: pair[0]{rest})[1]"
    spans = [project.expression(one).span for one in (callee, site, default) if one is not None]
    holes = (spans[0], *made.holes, *spans[1:])
    return [*remade(site, items, project), Replace(project.expression(call).span, text, holes)]


def is_quiet(project: Project, callback: Reference) -> bool:
    """Whether nobody sees when a callback is called: it calls nothing but what does no more than to compute."""
    expression = project.expression(callback)
    if expression.kind is Kind.LAMBDA:
        return _does_nothing_else(project, expression.text)
    if expression.kind is Kind.CONSTANT:
        return True
    called = project.denoted(callback)
    if called is not None:
        return _is_quiet_name(project, called) or _is_quiet_getter(project, callback, called)
    owns = [source.name for source in project.sources(callback)]
    return bool(owns) and all(
        one in project.functions and _does_nothing_else(project, one) for one in owns
    )


def _does_nothing_else(project: Project, function: FunctionId) -> bool:
    """Whether a function changes nothing but its own variables, and calls no other that might."""
    known = project.functions[function]
    if known.decorators or known.is_generator or known.is_async:
        return False
    module = project.graph.modules[known.module]
    return all(
        _is_quiet_part(project, Reference(module.name, one.id))
        for one in module.expressions
        if one.function == function
    )


def _is_quiet_part(project: Project, place: Reference) -> bool:
    """Whether an expression, without those in it, is nothing that somebody sees."""
    expression = project.expression(place)
    if expression.kind in _SEEN_KINDS:
        return False
    if expression.role in (Role.TARGET, Role.DELETED):
        return expression.variable is not None and expression.variable[0] == expression.function
    if any(t.function is not None for edge in project.edges_at(place) for t in edge.targets):
        return False
    if expression.kind is Kind.CALL:
        names = project.callee_names(place)
        return bool(names) and all(_is_quiet_name(project, name) for name in names)
    if expression.kind is Kind.ATTRIBUTE:
        return _is_plain_attribute(project, expression.text)
    return expression.kind is not Kind.SUBSCRIPT or not methods_named(project, *_HIDDEN)


def _is_quiet_name(project: Project, name: str) -> bool:
    own = f"__{name.removeprefix('builtins.')}__"
    return name.startswith("builtins.str.") or (name in _QUIET and not methods_named(project, own))


def _is_quiet_getter(project: Project, call: Reference, name: str) -> bool:
    """Whether a key is `attrgetter("name")` or `itemgetter(0)`, and these run nothing of the project."""
    texts = [expression.string for _, expression in project.arguments(call)]
    if name not in _GETTERS or methods_named(project, *_HIDDEN):
        return False
    if name.endswith("itemgetter"):
        return True
    parts = (part for text in texts for part in text.split("."))
    return all(part and _is_plain_attribute(project, part) for part in parts)


def _is_plain_attribute(project: Project, name: str) -> bool:
    """Whether no property of the project has a name, and nothing else runs where an attribute is read."""
    decorated = any(one.decorators for one in methods_named(project, name))
    return not decorated and not methods_named(project, *_HIDDEN)
