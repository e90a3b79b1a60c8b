"""The answer to "why does this become async?" and to "why does it not?"."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from asyncify.model.plan import Finding, Plan


def explain(
    plan: Plan, findings: Sequence[Finding], async_functions: Sequence[str], qualname: str
) -> str:
    """The chain from a function down to the blocking call, or what holds it.

    Raises:
        KeyError: there is nothing to say about a function of this name; its argument is a message.
    """
    told = {finding.function for finding in findings if finding.function}
    known = sorted({*plan.reasons, *told})
    function = next((each for each in known if qualname in (each, each.replace(":", "."))), None)
    if function is None:
        near = difflib.get_close_matches(qualname.replace(".", ":"), known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"nothing makes {qualname!r} async{hint}")
    if function in plan.reasons and plan.reasons[function].twin:
        return "\n".join([f"{function} gets an async twin", *_steps(plan, function)]) + "\n"
    if function in async_functions:
        return "\n".join([f"{function} becomes async", *_steps(plan, function)]) + "\n"
    held = [_held(finding) for finding in findings if finding.function == function]
    return "\n".join([f"{function} stays as it is", *held, *_steps(plan, function)]) + "\n"


def _steps(plan: Plan, function: str) -> list[str]:
    steps: list[str] = []
    seen = set()
    current = function
    while current in plan.reasons and current not in seen:
        seen.add(current)
        reason = plan.reasons[current]
        end = "" if reason.callee in plan.reasons else ", which blocks"
        steps.append(f"  {reason.path}:{reason.span} calls {reason.callee}{end}")
        current = reason.callee
    return steps


def _held(finding: Finding) -> str:
    reason = f": {finding.reason}" if finding.reason else ""
    return f"  {finding.path}:{finding.span} {finding.code} {finding.message}{reason}"
