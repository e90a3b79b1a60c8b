"""A text that compiled before compiles after."""

from __future__ import annotations

import warnings

from asyncify.errors import VerifyError


def check_compiles(path: str, before: bytes, after: bytes) -> None:
    """Raise `VerifyError` when `after` does not compile although `before` did."""
    problem = _problem(path, after)
    if problem and not _problem(path, before):
        raise VerifyError(path, f"the new text does not compile: {problem}")


def _problem(path: str, source: bytes) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            return f"line {error.lineno or 0}: {error.msg}"
        except (ValueError, RecursionError, MemoryError) as error:  # NUL bytes, too deep
            return str(error) or type(error).__name__
    return ""
