"""Workflow commands of GitHub Actions: annotations beside the code."""

from __future__ import annotations

from asyncify.model.plan import Safety
from asyncify.report.run import Run
from asyncify.report.text import ordered
from asyncify.report.traces import sentence


def render(run: Run) -> str:
    """One command per finding and per error: conversions are notices, leftovers warnings.

    So is what blocks an event loop as the code is."""
    lines = []
    for finding in ordered(run):
        level = "warning" if finding.trace or finding.safety is Safety.MANUAL else "notice"
        text = sentence(finding)
        place = (run.path(finding.path), finding.span.line, finding.span.column + 1)
        lines.append(_command(level, place, finding.code, text))
    for error in run.errors:
        place = (run.path(error.path), error.line, error.column)
        lines.append(_command("error", place, "asyncify", error.message))
    return "".join(lines)


def _command(level: str, place: tuple[str, int, int], title: str, message: str) -> str:
    path, line, column = place
    numbers = "".join(
        f",{key}={number}" for key, number in (("line", line), ("col", column)) if number
    )
    return f"::{level} file={_property(path)}{numbers},title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
