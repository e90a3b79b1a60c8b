"""The errors that asyncify raises. Each message is one line that says what, where and what to do."""

from __future__ import annotations


class AsyncifyError(Exception):
    """Base of every error that a caller may want to catch."""


class ConfigError(AsyncifyError):
    """The configuration has an unknown key, a wrong type or a value that does not exist."""


class DiscoveryError(AsyncifyError):
    """A path that was asked for does not exist or cannot be read."""


class ParseError(AsyncifyError):
    """A file is not valid Python of this version."""

    def __init__(self, path: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{path}:{line}:{column}: cannot parse: {message}")
        self.path, self.line, self.column, self.message = path, line, column, message


class CheckerError(AsyncifyError):
    """The type checker could not be run, or speaks a report format that was not tested."""


class WriteError(AsyncifyError):
    """Files cannot be written: uncommitted changes, or the file system says no."""


class SuiteError(AsyncifyError):
    """The tests that should prove a conversion cannot be run, or prove nothing."""


class VerifyError(AsyncifyError):
    """A new text broke a promise; nothing was written."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message
