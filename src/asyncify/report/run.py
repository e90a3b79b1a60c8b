"""What there is to tell about one run, and the one place that knows exit codes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from asyncify.codes import find
from asyncify.model.plan import FileError, Finding, Safety
from asyncify.model.result import FileResult

OK, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130
UNVERIFIED = "ASY980"  # a chain whose new text broke a promise: a fault of asyncify


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. Paths are relative to `root`; `shown` says how they are printed.

    `results` are the files that the run was about and others that change with them, `created` the
    ones of them that do not exist yet; `checked` counts Python files.
    """

    root: Path
    results: tuple[FileResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    errors: tuple[FileError, ...] = ()
    async_functions: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    checked: int = 0
    created: frozenset[str] = frozenset()
    applied: frozenset[int] = frozenset()  # chains
    written: bool = False
    shown: Mapping[str, str] = field(default_factory=dict)
    removable: tuple[str, ...] = ()
    notes: tuple[str, ...] | None = None  # on dependencies; None if they are not updated

    def path(self, path: str) -> str:
        """A path as it is printed."""
        return self.shown.get(path, path)

    @property
    def changed(self) -> tuple[FileResult, ...]:
        """The files that get a new text."""
        return tuple(result for result in self.results if result.changed)

    def count(self, safety: Safety) -> int:
        """How many findings have this safety; hazards stand beside a conversion, and are none."""
        told = (finding.safety for finding in self.findings if not _is_hazard(finding))
        return Counter(told)[safety]

    @property
    def hazards(self) -> int:
        """How many findings only say what to think about."""
        return sum(_is_hazard(finding) for finding in self.findings)

    @property
    def unverified(self) -> tuple[Finding, ...]:
        """One finding for each reason why a new text was thrown away."""
        found = {each.reason: each for each in self.findings if each.code == UNVERIFIED}
        return tuple(found.values())

    def left(self) -> Run:
        """The same run with only those findings that are still to be done after writing."""
        findings = tuple(each for each in self.findings if not self._is_applied(each))
        return replace(self, findings=findings)

    def _is_applied(self, finding: Finding) -> bool:
        if finding.safety is Safety.MANUAL or _is_hazard(finding):
            return False
        known = finding.chain is None and finding.safety is Safety.SAFE
        return known or finding.chain in self.applied

    def exit_code(self, *, exit_zero: bool = False) -> int:
        """What the process says: 2 if something failed, else 1 if something is left to do, else 0."""
        if self.errors or self.unverified:
            return FAILED
        left = self.left().findings if self.written else self.findings
        todo = any(not _is_hazard(finding) for finding in left)
        return FOUND if todo and not exit_zero else OK


def _is_hazard(finding: Finding) -> bool:
    code = find(finding.code)
    return code is not None and code.hazard


def shown_paths(root: Path, paths: tuple[str, ...], cwd: Path) -> dict[str, str]:
    """The paths as seen from a directory; as seen from the root if one of them is not below it.

    One reference point for all: a patch with both `../a.py` and `b.py` cannot be applied anywhere.
    """
    try:
        seen = {path: os.path.relpath(root / path, cwd).replace(os.sep, "/") for path in paths}
    except ValueError:  # another drive
        return {}
    return {} if any(path.startswith("../") for path in seen.values()) else seen
