"""Functions that consume iterables: those that take all at once, and async helpers for the lazy ones."""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Expression, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Define, Edit, Replace
from asyncify.planning.helper_texts import TEXTS
from asyncify.planning.project import Project

# builtins and methods that take all of an iterable before they return: a list in its place changes nothing
EAGER = frozenset(
    {
        "builtins.list",
        "builtins.tuple",
        "builtins.set",
        "builtins.frozenset",
        "builtins.dict",
        "builtins.sorted",
        "builtins.sum",
        "builtins.min",
        "builtins.max",
        "builtins.str.join",
        "builtins.bytes.join",
        "builtins.bytes",
        "builtins.bytearray",
        "builtins.bytearray.extend",
        "builtins.dict.fromkeys",
        "builtins.list.extend",
        "builtins.set.update",
        "builtins.dict.update",
        "array.array.extend",
        "collections.Counter",
        "collections.Counter.subtract",
        "collections.Counter.update",
        "collections.deque",
        "collections.deque.extend",
        "collections.deque.extendleft",
        "collections.OrderedDict",
        *(
            f"itertools.{name}"
            for name in ("combinations", "combinations_with_replacement", "permutations")
        ),
        *(
            f"statistics.{name}"
            for name in (
                *("fmean", "geometric_mean", "harmonic_mean", "mean", "median", "median_grouped"),
                *("median_high", "median_low", "mode", "multimode", "pstdev", "pvariance"),
                *("quantiles", "stdev", "variance"),
            )
        ),
        "math.fsum",
        "math.prod",
        "typing.MutableMapping.update",
    }
)
# bases that call no attribute of an object but its special methods
_CHOOSING = frozenset(
    {"builtins.min", "builtins.max"}
)  # of several arguments, or of the items of one
_TAKING_SEVERAL = frozenset(
    {
        *(
            f"builtins.{owner}.{name}"
            for owner in ("set", "frozenset")
            for name in (
                "union",
                "difference",
                "symmetric_difference",
            )  # intersection may stop early
        ),
        *(
            f"builtins.set.{name}"
            for name in ("update", "difference_update", "symmetric_difference_update")
        ),
        "itertools.product",
    }
)
_TAKING_SECOND = frozenset(
    {"array.array", "collections.defaultdict", "heapq.nlargest", "heapq.nsmallest"}
)
AWAITED = frozenset({"any", "all"})  # lazy ones with a value; the others give an iterable again
# lazy functions, and the names of their helpers
LAZY = {
    **{f"builtins.{name}": name for name in (*AWAITED, "enumerate", "zip")},
    **{f"itertools.{name}": name for name in ("islice", "takewhile", "dropwhile")},
    **{f"itertools.{name}": name for name in ("accumulate", "chain", "cycle", "pairwise")},
    **{f"itertools.{name}": name for name in ("batched", "compress", "groupby", "tee")},
    "itertools.zip_longest": "zip_longest",
    "itertools.chain.from_iterable": "chain_from_iterable",
    "heapq.merge": "merge",
}

# what the helpers take by these names, as what they stand for does
_KEYWORDS = {
    "accumulate": frozenset({"func", "initial"}),
    "batched": frozenset({"n"}),
    "enumerate": frozenset({"start"}),
    "groupby": frozenset({"key"}),
    "merge": frozenset({"key", "reverse"}),
    "strict_zip": frozenset({"strict"}),
    "tee": frozenset({"n"}),
    "zip_longest": frozenset({"fillvalue"}),
}
# they iterate over their first argument only
_OVER_FIRST = frozenset(
    {"accumulate", "batched", "cycle", "enumerate", "groupby", "pairwise", "tee"}
)


def helper(project: Project, module: str, name: str) -> Define | None:
    """The helper for a function; None where the module has something else of its name."""
    made = f"_{name}"
    known = project.graph.modules[module]
    if any(f.name == made and not f.is_async for f in known.functions):
        return None
    if any(e.text == made and e.role is Role.TARGET for e in known.expressions):
        return None
    return Define(made, TEXTS[name].lstrip("\n"))


def call_name(project: Project, call: Reference) -> str:
    """How a call reads to a person: the external name, or the last part of what is called."""
    names = project.callee_names(call)
    if names:
        return names[0].removeprefix("builtins.")
    callee = project.child(call, Role.CALLEE)
    named = project.expression(callee).text if callee is not None else ""
    return named or "a call"


def sole_argument(project: Project, call: Reference) -> bool:
    """Whether a call has one argument, given by position."""
    arguments = project.arguments(call)
    return len(arguments) == 1 and arguments[0][1].role is Role.ARGUMENT


def eager_argument(project: Project, reference: Reference) -> bool:
    """Whether an expression is an argument of a function that takes all of it at once."""
    expression = project.expression(reference)
    if expression.role is Role.UNPACKED:
        return True
    outer = project.parent(reference)
    if expression.role is not Role.ARGUMENT or outer is None or outer[1].kind is not Kind.CALL:
        return False
    names = project.callee_names(outer[0])
    alone = [e.role for _, e in project.arguments(outer[0])].count(Role.ARGUMENT)
    first = expression.detail == "0" and (alone == 1 or not _CHOOSING.intersection(names))
    taken = EAGER | _TAKING_SEVERAL if first else _TAKING_SEVERAL
    if expression.detail == "1" and alone == 2 and len(project.arguments(outer[0])) == 2:
        taken = taken | _TAKING_SECOND
    return bool(names) and all(name in taken for name in names)


def renamed(project: Project, site: Reference, name: str, module: str) -> Iterator[Edit]:
    """The edits of a place that names something of a module, and another name of it from now on."""
    span, receiver = project.expression(site).span, project.child(site, Role.RECEIVER)
    if receiver is not None:
        yield Replace(span, f"{{0}}.{name}", (project.expression(receiver).span,))
    else:
        yield Replace(span, name)
        yield AddImport(f"from {module} import {name}")


def compared_with_none(project: Project, site: Reference) -> bool:
    """Whether an expression is only compared with None."""
    outer = project.parent(site)
    if outer is None or project.expression(site).role is not Role.COMPARED:
        return False
    return all(r == site or e.text == "None" for r, e in project.children(outer[0]))


def is_listed(expression: Expression) -> bool:
    """Whether all of an iterable goes where it stands, ``*items``; in ``{**more}`` that is no more than a mapping."""
    return expression.role is Role.UNPACKED and expression.detail != "**"


def helper_name(project: Project, call: Reference, name: str) -> str:
    """The helper that takes the place of a lazy function in a call."""
    strict = any((e.detail, e.text) == ("strict", "True") for _, e in project.arguments(call))
    return "strict_zip" if strict and LAZY[name] == "zip" else LAZY[name]


def is_helped(project: Project, site: Reference, call: Reference, name: str) -> bool:
    """Whether the helper takes the arguments of a call as they are."""
    callee = project.child(call, Role.CALLEE)
    if callee is None or project.expression(callee).kind not in (Kind.NAME, Kind.ATTRIBUTE):
        return False
    if project.expression(site).role is not Role.ARGUMENT:
        return False
    if name in _OVER_FIRST and project.expression(site).detail != "0":
        return False
    return not has_others(project, call, name) and (
        name not in AWAITED or sole_argument(project, call)
    )


def has_others(project: Project, call: Reference, name: str) -> bool:
    """Whether a call gives keywords that the helper does not take."""
    given = {e.detail for _, e in project.arguments(call) if e.role is Role.KEYWORD}
    return not given <= _KEYWORDS.get(name, frozenset())
