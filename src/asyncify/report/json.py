"""One JSON object per run. `schema` is its version; within a version keys are only added."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Iterator

from asyncify import codes
from asyncify.model.plan import Finding, Hop, Safety
from asyncify.model.result import FileResult
from asyncify.model.span import Span
from asyncify.report.run import Run
from asyncify.report.text import ordered

SCHEMA = 1


def render(run: Run, *, version: str, exit_code: int) -> str:
    """The whole run; ASCII only, so that no console can spoil it."""
    content = {
        "schema": SCHEMA,
        "version": version,
        "exit_code": exit_code,
        "summary": {
            "files": run.checked,
            "changed": len(run.changed),
            "failed": len({error.path for error in run.errors}),
            **{safety.value: run.count(safety) for safety in Safety},
        },
        "findings": list(_findings(run)),
        "errors": [
            {
                "path": run.path(error.path),
                "line": error.line,
                "column": error.column,
                "message": error.message,
            }
            for error in run.errors
        ],
        "files": [_file(run, result) for result in run.changed],
        "async_functions": list(run.async_functions),
        "dependencies": list(run.dependencies),
        "removable": list(run.removable),
    }
    return json.dumps(content, indent=1) + "\n"


def fingerprints(run: Run) -> Iterator[tuple[Finding, str]]:
    """Every finding with a name that survives changes elsewhere in the file: no line numbers in it."""
    seen: Counter[str] = Counter()
    for finding in ordered(run):
        path = run.path(finding.path)
        key = "\0".join((finding.code, path, finding.function or "", finding.message))
        seen[key] += 1
        yield finding, hashlib.sha256(f"{key}\0{seen[key]}".encode(errors="replace")).hexdigest()[
            :16
        ]


def _findings(run: Run) -> Iterator[dict[str, object]]:
    for finding, fingerprint in fingerprints(run):
        code = codes.find(finding.code)
        yield {
            "code": finding.code,
            "name": finding.name,
            "path": run.path(finding.path),
            "span": _span(finding.span),
            "safety": finding.safety.value,
            "message": finding.message,
            "reason": finding.reason,
            "function": finding.function,
            "because": finding.because,
            "chain": finding.chain,
            "trace": [_hop(run, hop) for hop in finding.trace],
            "entries": list(finding.entries),
            "library": finding.library,
            "url": code.url if code else None,
            "fingerprint": fingerprint,
        }


def _hop(run: Run, hop: Hop) -> dict[str, object]:
    return {
        "function": hop.function,
        "path": run.path(hop.path),
        "span": _span(hop.span),
        "callee": hop.callee,
    }


def _span(span: Span) -> list[int]:
    return [span.line, span.column + 1, span.end_line, span.end_column + 1]


def _file(run: Run, result: FileResult) -> dict[str, object]:
    created = result.path in run.created
    return {"path": run.path(result.path), "created": created, "edits": list(text_edits(result))}


def text_edits(result: FileResult) -> Iterator[dict[str, object]]:
    """What an editor has to replace: whole lines, from the last to the first.

    Lines end at LF, and the end of a span is exclusive, so that a span of no lines inserts.
    """
    old, new = (_lines(each) for each in (result.before, result.after))
    matcher = difflib.SequenceMatcher(None, old, new)
    for tag, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        if tag != "equal":
            span = [*_position(old, start), *_position(old, end)]
            yield {"span": span, "text": "".join(new[new_start:new_end])}


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", errors="replace").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _position(lines: list[str], index: int) -> tuple[int, int]:
    """The start of a line; the very end if there are no more and the last one has no line end."""
    if index == len(lines) and lines and not lines[-1].endswith("\n"):
        return index, len(lines[-1]) + 1
    return index + 1, 1
