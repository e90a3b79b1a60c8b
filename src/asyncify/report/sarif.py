"""SARIF 2.1.0, for code scanning services and editors.

Without `fixes`: a conversion is right only together with the rest of its chain, and a fix in SARIF
is applied alone. `--diff` and `--write` are the fixes.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from asyncify import codes
from asyncify.model.plan import FileError, Finding, Safety
from asyncify.model.span import Span
from asyncify.report.json import fingerprints
from asyncify.report.run import Run
from asyncify.report.traces import sentence, steps

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://github.com/asyncify-refactor/asyncify"
_BASE = "SRCROOT"


def render(run: Run, *, version: str, base: Path) -> str:
    """The whole run; `base` is the directory that the printed paths are relative to."""
    used = sorted({finding.code for finding in run.findings})
    driver = {
        "name": "asyncify",
        "version": version,
        "informationUri": _HOME,
        "rules": [_rule(code) for code in used],
    }
    content = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "originalUriBaseIds": {_BASE: {"uri": base.absolute().as_uri() + "/"}},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(run)],
                "results": [_result(run, each, mark, used) for each, mark in fingerprints(run)],
            }
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def _rule(identifier: str) -> dict[str, object]:
    code = codes.find(identifier)
    if code is None:
        return {"id": identifier}
    return {
        "id": code.code,
        "name": code.name,
        "shortDescription": {"text": code.summary},
        "help": {"text": code.advice},
        "helpUri": code.url,
        "defaultConfiguration": {"level": "warning" if code.leftover else "note"},
    }


def _result(run: Run, finding: Finding, fingerprint: str, used: list[str]) -> dict[str, object]:
    region = _region(finding.span)
    text = sentence(finding)
    content: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": used.index(finding.code),
        "level": "warning" if finding.trace or finding.safety is Safety.MANUAL else "note",
        "message": {"text": text},
        "locations": [_location(run, finding.path, region)],
        "partialFingerprints": {"asyncify/v1": fingerprint},
        "properties": {"safety": finding.safety.value, "function": finding.function or ""},
    }
    if finding.trace:
        flow = [
            {"location": {**_location(run, hop.path, _region(hop.span)), "message": {"text": text}}}
            for hop, text in steps(finding)
        ]
        content["codeFlows"] = [{"threadFlows": [{"locations": flow}]}]
    return content


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column + 1,
        "endLine": span.end_line,
        "endColumn": span.end_column + 1,
    }


def _location(run: Run, path: str, region: dict[str, int]) -> dict[str, object]:
    uri = quote(run.path(path), errors="replace")
    place: dict[str, object] = {"artifactLocation": {"uri": uri, "uriBaseId": _BASE}}
    if region:
        place["region"] = region
    return {"physicalLocation": place}


def _invocation(run: Run) -> dict[str, object]:
    return {
        "executionSuccessful": not run.errors,
        "toolExecutionNotifications": [_notification(run, error) for error in run.errors],
    }


def _notification(run: Run, error: FileError) -> dict[str, object]:
    region = {"startLine": error.line} if error.line else {}
    if error.line and error.column:
        region["startColumn"] = error.column
    return {
        "level": "error",
        "message": {"text": error.message},
        "locations": [_location(run, error.path, region)],
    }
