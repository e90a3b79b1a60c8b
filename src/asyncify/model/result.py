"""The outcome for one file, and for a run."""

from __future__ import annotations

from dataclasses import dataclass

from asyncify.model.plan import FileError, Finding


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file before and after. Texts are bytes: encoding, BOM and line ends are part of the promise."""

    path: str
    before: bytes
    after: bytes
    findings: tuple[Finding, ...] = ()
    error: FileError | None = None

    @property
    def changed(self) -> bool:
        """Whether the file gets a new text."""
        return self.before != self.after
