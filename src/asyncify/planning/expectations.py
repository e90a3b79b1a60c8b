"""A function handed to a test helper that calls it: `assertRaises(E, f)`, `pytest.raises(E, f)`, `addCleanup(f)`.

The helpers that expect an exception or a warning are context managers as well, so the call moves into a
`with` statement. Cleanups have an async sibling on the same stack.
"""

from __future__ import annotations

from asyncify.model.facts import FunctionId, Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Replace
from asyncify.planning.applied import applied, awaited_call
from asyncify.planning.assigned import targets
from asyncify.planning.colour import Limit
from asyncify.planning.companions import expectation
from asyncify.planning.consumers import need_async
from asyncify.planning.hooks import in_case
from asyncify.planning.project import Project
from asyncify.planning.steps import Step
from asyncify.planning.testing import async_bases

_CLEANUPS = frozenset({"unittest.case.TestCase.addCleanup", "unittest.TestCase.addCleanup"})


def expected_step(
    project: Project, site: Reference, used: FunctionId, call: Reference
) -> Step | None:
    """What the helper needs that calls the function at `site`; None for any other call."""
    if _adds_cleanup(project, call) and project.expression(site).detail == "0":
        return _cleanup(project, site, call)
    position = expectation(project, call)
    if position is None or project.expression(site).detail != str(position):
        return None
    head = _head(project, call)
    if head is None:
        return Step(limit=Limit("ASY918", "what it returns is used as a value", call))
    callee = project.child(call, Role.CALLEE)
    arguments = project.arguments(call)
    assert callee is not None
    holes = [project.expression(callee).span, *(e.span for _, e in arguments)]
    texts, lead = [], ""
    for number, (place, argument) in enumerate(arguments, 1):
        value = f"{{{number}}}"
        if number > position + 1 and _calls(project, place):
            # what the argument itself raises is not expected
            value, hole = f"argument_{number - position - 1}", value
            taken = value in project.functions[argument.function].names
            if taken or argument.kind is Kind.STARRED:
                return Step(
                    limit=Limit("ASY918", "its arguments could raise what is expected", place)
                )
            lead += f"{value} = {hole}\n"
        if argument.role is Role.KEYWORD:
            texts.append(f"{argument.detail}={value}" if argument.detail else f"**{value}")
        else:
            texts.append(value)
    before, after = texts[:position], texts[position + 1 :]
    body = awaited_call(project, site, *texts[position:])
    if project.expression(site).kind is Kind.LAMBDA:
        made = applied(project, site, len(holes), 0)
        if made is None or after:
            return None
        body = made.text
        holes.extend(made.holes)
    text = f"{lead}with {{0}}({', '.join(before)}){head}:\n    {body}"
    edit = Replace(project.statement(call).span, text, tuple(holes))
    return need_async(project, call, used, [edit])


def _calls(project: Project, site: Reference) -> bool:
    """Whether an argument does something before the function is called."""
    expression = project.expression(site)
    if expression.kind is Kind.LAMBDA:
        return False
    inside = (_calls(project, inner) for inner, _ in project.children(site))
    return expression.kind is Kind.CALL or any(inside)


def _head(project: Project, call: Reference) -> str | None:
    """What the new `with` binds, where the call is a statement or all that one assigns; None elsewhere."""
    expression = project.expression(call)
    statement = project.statement(call)
    if expression.parent >= 0:
        return None
    if expression.role is Role.DISCARDED:
        return ""
    if expression.role is not Role.ASSIGNED or statement.kind != "Assign":
        return None
    found = [project.expression(target) for target in targets(project, call)]
    if len(found) != 1 or found[0].kind is not Kind.NAME:
        return None
    return f" as {found[0].text}"


def _adds_cleanup(project: Project, call: Reference) -> bool:
    names = project.callee_names(call)
    if names:
        return all(name in _CLEANUPS for name in names)
    return in_case(project, call) == "addCleanup"


def _cleanup(project: Project, site: Reference, call: Reference) -> Step | None:
    """`addCleanup` becomes `addAsyncCleanup`, in a class that has it."""
    owner = project.functions[project.expression(call).function].owner
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    if callee is None or receiver is None or project.expression(site).kind is Kind.LAMBDA:
        return None
    bases = tuple(async_bases(project, owner or ""))
    if in_case(project, call) is None or not bases:
        return Step(limit=Limit("ASY918", "it is not known which test case cleans up", call))
    hole = project.expression(receiver).span
    edit = Replace(project.expression(callee).span, "{0}.addAsyncCleanup", (hole,))
    return Step(((project.module(call).path, edit), *bases))


def parametrizes(project: Project, site: Reference) -> bool:
    """Whether pytest hands the function at a place to a parameter of a test, where analysis follows it."""
    value, call = project.value(site), project.parent(site)
    while call is not None and (
        call[1].kind is Kind.CONTAINER or "pytest.param" in project.callee_names(call[0])
    ):
        call = project.parent(call[0])
    callee = project.child(call[0], Role.CALLEE) if call is not None else None
    if value is None or call is None or call[1].role is not Role.DECORATOR or callee is None:
        return False
    if project.graph.names.get(callee) != "pytest.mark.parametrize":
        return False
    if any(e.detail in ("indirect", "2") for _, e in project.arguments(call[0])):
        return False
    module = project.module(site)
    tests = {f.id for f in module.functions if call[0].expression in f.decorators}
    return any(project.expression(each).function in tests for each in value.occurrences)
