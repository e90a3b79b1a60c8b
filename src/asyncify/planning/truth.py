"""Objects of a library that are asked for their truth value, and reads of them that are written in another way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asyncify.model.facts import FlowKind, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Replace
from asyncify.planning.project import Project
from asyncify.planning.steps import Step
from asyncify.rules.spec import Use

Gives = Callable[[Sequence[str]], bool]  # whether functions give such an object, by their names


def decides(project: Project, site: Reference) -> bool | None:
    """Whether only the truth value of an object matters here; False if its value may matter too."""
    expression = project.expression(site)
    value_too = expression.role is Role.TESTED
    while expression.role is Role.BRANCH:
        outer = project.parent(site)
        if outer is None or outer[1].text not in ("and", "or"):
            break
        last = max(int(e.detail) for _, e in project.children(outer[0]))
        value_too = value_too or int(expression.detail) < last
        site, expression = outer
    if expression.role is Role.TESTED:
        return True
    return False if value_too else None


def truth(
    project: Project, site: Reference, test: Use, tested: bool, gives: Gives
) -> Step | tuple[Reference, str]:
    """What becomes of an object that is asked for its truth value, or why nothing can.

    Where there may be None in its place, the new text asks for that too.
    """
    expression, kind = project.expression(site), test.type.rpartition(".")[2]
    if expression.kind is Kind.CHOICE and expression.text in ("and", "or"):
        return Step()  # its operands are looked at one by one
    if not tested:
        return site, f"a {kind} decides what `and` gives"
    template, opposite = test.template, test.opposite
    if not _is_one(project, site, gives, set()):
        if expression.kind not in (Kind.NAME, Kind.ATTRIBUTE):
            return site, f"it may be a {kind} or None"
        template, opposite = f"{{0}} is not None and {template}", f"{{0}} is None or {opposite}"
    return Step(((project.module(site).path, read(project, site, site, template, opposite)),))


def read(
    project: Project, site: Reference, access: Reference, template: str, opposite: str
) -> Replace:
    """The edit for a read of an object, or for the `not` around it."""
    hole = project.expression(site).span
    expression = project.expression(access)
    outer = project.parent(access)
    if opposite and expression.role is Role.TESTED and outer is not None:
        if outer[1].text == "UnaryOp":  # `not`, for only that one tests
            return Replace(outer[1].span, opposite, (hole,))
    return Replace(expression.span, template, (hole,), around=site == access)


def _is_one(project: Project, site: Reference, gives: Gives, seen: set[Reference]) -> bool:
    """Whether an expression is an object for sure: a call gives it, or a local variable that calls fill."""
    expression, module = project.expression(site), project.module(site)
    if expression.kind is Kind.CALL:
        return gives(project.callee_names(site))
    owner = project.functions.get(expression.variable[0] if expression.variable else "")
    if site in seen or expression.kind is not Kind.NAME or owner is None:
        return site in seen
    if owner.kind == "module" or expression.text in [p.name for p in owner.parameters]:
        return False
    targets = [e for e in module.expressions if e.variable == expression.variable]
    seen.update(Reference(site.module, e.id) for e in targets)
    for target in (e for e in targets if e.role is Role.TARGET):
        origins = project.origins(Reference(site.module, target.id))
        kept = [o for kind, o in origins if kind in (FlowKind.VALUE, FlowKind.ENTER)]
        if not kept or len(kept) < len(origins):
            return False
        if not all(_is_one(project, origin, gives, seen) for origin in kept):
            return False
    return True
