"""Markers: one line ``# asyncify: TODO[CODE] reason`` above every statement with a call that stays blocking.

They are kept true: a second run changes nothing, another reason changes the line, and a marker whose
reason is gone goes too. Nothing is marked in a function that has an async twin, nor in the twin: what
stays there is not left over, it is what the other one is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set

from asyncify.model.facts import Directive, Function, Module, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import Delete, Edit, Insert, Remark, Replace
from asyncify.model.span import Span
from asyncify.planning.decided import Decided
from asyncify.planning.twins import twin_name

# what somebody asked for is no work that is left
ASKED_FOR = frozenset({"ASY905", "ASY916", "ASY929"})
_PLACE = re.compile(r" ?\((?:[^()\s]+:|line )\d+\)")  # it moves with every line that is added


def marker_edits(
    decided: Decided, codes: Set[str], others: Iterable[tuple[str, Edit]]
) -> Iterator[tuple[str, list[Edit]]]:
    """The edits of each file that write, change and remove markers.

    Args:
        decided: what is held, and why.
        codes: the codes that are wanted.
        others: all other edits; what they throw away is not marked.
    """
    gone: dict[str, list[Span]] = {}
    for path, edit in others:
        if isinstance(edit, Delete | Replace):
            gone.setdefault(path, []).append(edit.span)
    project = decided.project
    wanted: dict[str, dict[int, tuple[Statement, dict[str, str]]]] = {}
    tops: dict[str, list[int]] = {}
    for site, code, reason in _held(decided, codes):
        module = project.module(site)
        spot = _spot(module, project.statement(site))
        if any(span.contains(spot.span) for span in gone.get(module.path, ())):
            continue
        if module.name not in tops:
            tops[module.name] = _tops(module)
        line = tops[module.name][spot.id]
        marks = wanted.setdefault(module.name, {}).setdefault(line, (spot, {}))[1]
        marks.setdefault(code, reason)
    for name, module in sorted(project.graph.modules.items()):
        known = [each for each in module.directives if each.kind == "TODO" and each.text]
        spots = wanted.get(name, {})
        if known or spots:
            texts = {line: (spot, _text(marks)) for line, (spot, marks) in spots.items()}
            edits = list(_edits(module, texts, known))
            if edits:
                yield module.path, edits


def _held(decided: Decided, codes: Set[str]) -> Iterator[tuple[Reference, str, str]]:
    """Every blocking call that is left, with its code and reason."""
    project, held = decided.project, decided.colouring.held
    for seed in decided.seeds:
        limit = held.get(seed.unit.name)
        if limit is None or limit.code in ASKED_FOR or limit.code not in codes:
            continue
        for site in sorted(seed.sites, key=lambda site: site.reference):
            if decided.reach is not None and site.function not in decided.reach:
                continue
            if not _has_twin(decided, project.functions.get(site.function)):
                yield site.reference, limit.code, limit.message


def _has_twin(decided: Decided, function: Function | None) -> bool:
    """Whether a function, or one around it, has or gets a twin, or is one."""
    project = decided.project
    while function is not None:
        if function.id in decided.colouring.twins:
            return True
        beside = {
            other.name
            for other in project.graph.modules[function.module].functions
            if other.owner == function.owner and other.parent == function.parent
        }
        if twin_name(function.name) in beside:
            return True
        if function.is_async and function.name in map(twin_name, beside):
            return True
        function = project.functions.get(function.parent)
    return False


def _text(marks: dict[str, str]) -> str:
    reasons = "; ".join(dict.fromkeys(_PLACE.sub("", reason) for reason in marks.values()))
    text = f"# asyncify: TODO[{', '.join(marks)}] {' '.join(reasons.split())}"
    return text.encode("ascii", "backslashreplace").decode()


def _spot(module: Module, statement: Statement) -> Statement:
    """The statement above which a line of its own can stand: the first one of its line, and no `elif`."""
    while True:
        around = module.statements[statement.parent] if statement.parent >= 0 else None
        before = [
            other
            for other in module.statements
            if (other.parent, other.block) == (statement.parent, statement.block)
            and other.span < statement.span
            and other.span.end_line == statement.span.line
        ]
        if before:
            statement = before[-1]
        elif around is not None and _leans(module, statement, around):
            statement = around
        else:
            return statement


def _leans(module: Module, statement: Statement, around: Statement) -> bool:
    """Whether a statement is part of the one around it, or stands on a line with its header."""
    if statement.kind in ("ExceptHandler", "match_case"):
        return True
    if statement.span.line == around.span.line:
        return True
    if statement.block not in ("orelse", "finalbody"):
        return False
    if (statement.kind, around.kind) == (
        "If",
        "If",
    ) and statement.span.column == around.span.column:
        return True  # elif
    columns = [other.span.column for other in module.statements if other.parent == around.id]
    return statement.span.column != columns[0]  # behind `else:`, on its line


def _tops(module: Module) -> list[int]:
    """The first line of every statement: that of its decorators where it has some."""
    lines = [statement.span.line for statement in module.statements]
    for expression in module.expressions:
        if expression.statement >= 0:
            lines[expression.statement] = min(lines[expression.statement], expression.span.line)
    return lines


def _edits(
    module: Module, wanted: dict[int, tuple[Statement, str]], known: list[Directive]
) -> Iterator[Edit]:
    """A marker belongs to the statement that comes next, if that begins below it."""
    tops = sorted(set(_tops(module))) if known else []
    there: set[int] = set()
    for each in known:
        top = next((line for line in tops if line > each.line), 0)
        spot, text = wanted.get(top, (None, ""))
        if spot is None or top in there or spot.span.column != each.column:
            text = ""
        else:
            there.add(top)
        if text != each.text:
            yield Remark(each.line, text)
    for top, (spot, text) in sorted(wanted.items()):
        if top not in there:
            yield Insert(spot.span, "before", text)
