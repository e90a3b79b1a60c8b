"""The report that people read: one line per finding, columns aligned; errors and summary apart."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from asyncify.model.plan import FileError, Finding, Safety
from asyncify.report import traces
from asyncify.report.run import Run

_WIDEST = 60
_COLOURS = {Safety.SAFE: "32", Safety.UNSAFE: "33", Safety.MANUAL: "36"}


def render(run: Run, *, colour: bool = False) -> str:
    """The findings, in the order of their places.

    Where blocking calls are told with the way to them, what follows from their conversion is left to the diff.
    """
    found = ordered(run)
    traced = [each for each in found if each.trace]
    if traced:
        told = traces.render(run, traced, {each: _code(each.code, colour) for each in traced})
        rest = [e for e in found if not (e.trace or e.code.startswith("ASY1"))]
        return told + (f"\n{_table(run, rest, colour)}" if rest else "")
    return _table(run, found, colour)


def _table(run: Run, findings: Sequence[Finding], colour: bool) -> str:
    rows = [_row(run, finding) for finding in findings]
    widths = [
        min(_WIDEST, max((len(row[column]) for row in rows), default=0)) for column in range(4)
    ]
    return "".join(_line(row, widths, colour) for row in rows)


def ordered(run: Run) -> list[Finding]:
    """The findings as every format lists them."""
    return sorted(
        run.findings, key=lambda each: (run.path(each.path), each.span, each.code, each.message)
    )


def error(run: Run, failure: FileError) -> str:
    """One file that could not be worked on, as one line."""
    place = "".join(f":{number}" for number in (failure.line, failure.column) if number)
    message = " ".join(failure.message.split())
    return f"error: {run.path(failure.path)}{place}: {message}"


def verdict(passed: int | None, broken: int, *, changed: bool) -> str:
    """What the project's tests say about a conversion.

    Args:
        passed: how many passed before, None if only the exit code is known.
        broken: how many of them do not pass after.
        changed: whether there was anything to ask them about.
    """
    if not changed:
        return "verify: nothing changes, so there is nothing to compare"
    if broken and passed is None:
        return "verify: the tests pass before and fail after; nothing was written"
    if broken:
        return f"verify: {broken} of {_count(passed or 0, 'test')} break; nothing was written"
    if passed is None:
        return "verify: the tests pass before and after"
    return f"verify: {_count(passed, 'test')} passed before, and after"


def watched(blocked: int) -> str:
    """What the tests say about the event loop, where somebody looked."""
    if not blocked:
        return "verify: nothing blocks an event loop in the tests"
    return f"verify: an event loop is blocked from {_count(blocked, 'line')} of the project"


def summary(run: Run, command: Sequence[str] = ()) -> str:
    """What came out, and what to do next."""
    lines = [
        f"{_count(run.checked, 'file')} checked: {_blocking(run)}{_counted(run)}. {_became(run)}"
    ]
    if run.written:
        lines.extend(_after_writing(run))
    elif run.changed and command:
        base = shlex.join(command)
        lines.append(f"Preview: {base} --diff   Apply: {base} --write")
    return "\n".join(lines) + "\n"


def _row(run: Run, finding: Finding) -> tuple[str, str, str, str, str]:
    place = f"{run.path(finding.path)}:{finding.span}"
    return (
        place,
        finding.code,
        finding.safety.value,
        _one_line(finding.message),
        _one_line(finding.reason),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _code(code: str, colour: bool) -> str:
    return f"\x1b[1m{code}\x1b[0m" if colour else code


def _line(row: Sequence[str], widths: Sequence[int], colour: bool) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
    place, code, safety, message = cells
    code = _code(code, colour)
    if colour:
        safety = f"\x1b[{_COLOURS[Safety(row[2])]}m{safety}\x1b[0m"
    return f"{place}  {code} {safety}  {message}  {row[4]}".rstrip() + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _counted(run: Run) -> str:
    safe = f"{_count(run.count(Safety.SAFE), 'safe conversion')}"
    if run.changed:
        safe += f" ({_count(len(run.changed), 'file')})"
    parts = [safe, f"{run.count(Safety.UNSAFE)} unsafe", f"{run.count(Safety.MANUAL)} manual"]
    if run.hazards:
        parts.append(_count(run.hazards, "hazard"))
    if run.errors:
        parts.append(f"{_count(len({each.path for each in run.errors}), 'file')} failed")
    return ", ".join(parts)


def _blocking(run: Run) -> str:
    """What an event loop runs into, where the run is about that."""
    traced = [each for each in run.findings if each.trace]
    if not traced:
        return ""
    entries = {entry for each in traced for entry in each.entries}
    calls, functions = _count(len(traced), "blocking call"), _count(len(entries), "async function")
    return f"{calls} inside the event loop, from {functions}; "


def _became(run: Run) -> str:
    number = len(run.async_functions)
    return (
        f"{number} function becomes async." if number == 1 else f"{number} functions become async."
    )


def _after_writing(run: Run) -> Iterable[str]:
    yield f"{_count(len(run.changed), 'file')} written."
    if not run.changed:
        return
    if run.notes is not None:
        yield from (f"Dependencies: {note}" for note in run.notes)
        return
    if run.dependencies:
        yield "Add to the dependencies: " + ", ".join(run.dependencies)
    if run.removable:
        yield "Remove from the dependencies: " + ", ".join(run.removable)
