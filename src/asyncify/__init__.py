"""Turn synchronous Python into async Python, chain by chain, and prove it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncify.api import ProjectPlan, Trial, WriteReport, convert_paths, convert_source, plan
    from asyncify.config import Config
    from asyncify.errors import (
        AsyncifyError,
        CheckerError,
        ConfigError,
        DiscoveryError,
        ParseError,
        SuiteError,
        VerifyError,
        WriteError,
    )
    from asyncify.model.plan import FileError, Finding, Safety
    from asyncify.model.result import FileResult
    from asyncify.model.span import Span

__version__ = "0.1.0"

__all__ = [
    "AsyncifyError",
    "CheckerError",
    "Config",
    "ConfigError",
    "DiscoveryError",
    "FileError",
    "FileResult",
    "Finding",
    "ParseError",
    "ProjectPlan",
    "Safety",
    "Span",
    "SuiteError",
    "Trial",
    "VerifyError",
    "WriteError",
    "WriteReport",
    "__version__",
    "convert_paths",
    "convert_source",
    "plan",
]

_PLACES = {
    "asyncify.api": (
        "ProjectPlan",
        "Trial",
        "WriteReport",
        "convert_paths",
        "convert_source",
        "plan",
    ),
    "asyncify.config": ("Config",),
    "asyncify.errors": tuple(
        name for name in __all__ if name.endswith("Error") and name[:4] != "File"
    ),
    "asyncify.model.plan": ("FileError", "Finding", "Safety"),
    "asyncify.model.result": ("FileResult",),
    "asyncify.model.span": ("Span",),
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import asyncify` costs nothing."""
    if name not in _PLACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_PLACE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
