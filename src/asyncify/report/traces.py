"""How an event loop gets to a blocking call: the calls from an async function down to it.

The one report of asyncify that is about code as it is, and not about what it could become: so it is told
in full, with a place for every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from asyncify.model.facts import short
from asyncify.model.plan import Finding, Hop
from asyncify.report.run import Run

_ENTRIES = 3  # async functions that are named


def way(finding: Finding) -> str:
    """The way in one line, for formats that have no more: `async handler() -> load() -> time.sleep`."""
    if not finding.trace:
        return ""
    names = [f"{short(hop.function)}()" for hop in finding.trace]
    return f"async {' -> '.join((*names, finding.trace[-1].callee))}"


def sentence(finding: Finding) -> str:
    """What a finding says in one line."""
    parts = (finding.message, way(finding), finding.reason)
    return ": ".join(part for part in parts if part)


def steps(finding: Finding) -> Iterator[tuple[Hop, str]]:
    """Every call on the way, each as a sentence."""
    last = len(finding.trace) - 1
    for number, hop in enumerate(finding.trace):
        callee = hop.callee if number == last else f"{short(hop.callee)}()"
        start = "async " if number == 0 else ""
        yield hop, f"{start}{short(hop.function)}() calls {callee}"


def render(run: Run, findings: Iterable[Finding], codes: Mapping[Finding, str]) -> str:
    """One paragraph per blocking call; `codes` are the codes as they are printed."""
    return "\n".join("".join(_paragraph(run, each, codes[each])) for each in findings)


def _paragraph(run: Run, finding: Finding, code: str) -> Iterator[str]:
    yield f"{run.path(finding.path)}:{finding.span}: {code} {finding.message}\n"
    places = [f"{run.path(hop.path)}:{hop.span}" for hop, _ in steps(finding)]
    width = max(map(len, places))
    for place, (_, text) in zip(places, steps(finding), strict=True):
        yield f"    {place.ljust(width)}  {text}\n"
    if len(finding.entries) > 1:
        named = ", ".join(f"{short(each)}()" for each in finding.entries[:_ENTRIES])
        more = len(finding.entries) - _ENTRIES
        rest = f" and {more} more" if more > 0 else ""
        yield f"    {len(finding.entries)} async functions get there: {named}{rest}\n"
    yield f"    {finding.safety.value}: {' '.join(finding.reason.split())}\n"
