"""The configuration: `[tool.asyncify]` of the closest pyproject.toml as one frozen value.

A key that does not exist, a value of the wrong type and a value that nobody knows are errors that
name the file, the key and the closest thing that does exist: a setting that is silently ignored is
worse than none.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Self

from asyncify import codes
from asyncify.errors import ConfigError

DEFAULT_EXCLUDES = (
    ".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pants.d",
    ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode",
    "__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules",
    "site-packages", "venv",
)  # fmt: skip


HttpClient = Literal["auto", "httpx", "httpx2"]


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting, with its default. Keys of the file have dashes where these names have underscores.

    `file` is where it was read from, and None for the defaults.
    """

    source: tuple[str, ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDES
    extend_exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    unsafe: bool = False
    keep_sync: tuple[str, ...] = ()
    public_api: Literal["convert", "keep"] = "convert"
    blocking: tuple[str, ...] = ()
    respect_gitignore: bool = True
    frontier: Literal["auto", "hold", "twin", "mark"] = "auto"
    scope: Literal["project", "async-only"] = "project"
    wrap_scripts: bool = False
    http_client: HttpClient = "auto"
    http_sessions: Literal["threads", "native"] = "threads"
    tests: Literal["auto", "marker", "anyio"] = "auto"
    libraries: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None

    @classmethod
    def load(cls, start: Path) -> Self:
        """Read the closest pyproject.toml at or above `start`; the defaults if it says nothing.

        Raises:
            ConfigError: the file cannot be read, or says something that asyncify does not know.
        """
        start = start.absolute()
        for directory in (start, *start.parents):
            file = directory / "pyproject.toml"
            if file.is_file():
                return cls.read(file)
        return cls()

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read one file: its table `tool.asyncify`, or the whole file if it is no pyproject.toml.

        Raises:
            ConfigError: the file cannot be read, or says something that asyncify does not know.
        """
        content = _toml(file)
        tool = content.get("tool", {})
        table = tool.get("asyncify") if isinstance(tool, dict) else None
        if table is None:
            table = {} if file.name == "pyproject.toml" else content
        if not isinstance(table, dict):
            raise ConfigError(f"{file}: [tool.asyncify] is not a table")
        return cls(**_values(table, file), file=file)  # type: ignore[arg-type]

    def with_flags(self, **changes: object) -> Self:
        """The same with what the command line says; None means that a flag was not given.

        Raises:
            ConfigError: a flag has a value that asyncify does not know.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        for name in ("select", "ignore"):
            value = given.get(name)
            if isinstance(value, tuple):
                _check_selectors(value, f"--{name}")
        return replace(self, **given)  # type: ignore[arg-type]

    def selects(self, code: str) -> bool:
        """Whether findings of this code are wanted: the longer of two matching selectors wins."""
        return _longest(self.select, code) > _longest(self.ignore, code)

    def ignores(self, code: str) -> bool:
        """Whether this code is ruled out by name; what is only not selected is not ignored."""
        return _longest(self.ignore, code) >= max(0, _longest(self.select, code))

    def keeps(self, qualname: str) -> bool:
        """Whether `keep-sync` names this function (`pkg.mod:Class.method`, or dotted; `*` matches anything)."""
        names = (qualname, qualname.replace(":", "."))
        return any(fnmatchcase(name, pattern) for pattern in self.keep_sync for name in names)

    def items(self) -> Iterable[tuple[str, object]]:
        """Every key as it is written in a file, with its value."""
        return (
            (_key(each.name), getattr(self, each.name))
            for each in fields(self)
            if each.name != "file"
        )


def _key(name: str) -> str:
    return name.replace("_", "-")


_CHOICES = {
    "public-api": ("convert", "keep"),
    "frontier": ("auto", "hold", "twin", "mark"),
    "scope": ("project", "async-only"),
    "http-client": ("auto", "httpx", "httpx2"),
    "http-sessions": ("threads", "native"),
    "tests": ("auto", "marker", "anyio"),
}
_FLAGS = ("unsafe", "respect-gitignore", "wrap-scripts")
_KEYS = tuple(_key(each.name) for each in fields(Config) if each.name != "file")


def _toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8: byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not TOML: {error}") from error


def _values(table: Mapping[str, object], file: Path) -> dict[str, object]:
    values = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigError(f"{file}: unknown key {key!r} in [tool.asyncify]{_hint(key, _KEYS)}")
        values[key.replace("-", "_")] = _value(key, value, f"{file}: {key!r}")
    return values


def _value(key: str, value: object, where: str) -> object:
    if key in _FLAGS:
        if not isinstance(value, bool):
            raise ConfigError(f"{where} must be true or false, not {value!r}")
        return value
    if key in _CHOICES:
        choices = _CHOICES[key]
        if value not in choices:
            expected = " or ".join(f'"{choice}"' for choice in choices)
            raise ConfigError(f"{where} must be {expected}, not {value!r}{_hint(value, choices)}")
        return value
    if key == "libraries":
        return _libraries(value, where)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigError(f"{where} must be a list of strings, not {value!r}")
    if key in ("select", "ignore"):
        _check_selectors(value, where)
    return tuple(value)


def _libraries(value: object, where: str) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table, not {value!r}")
    for library, target in value.items():
        if not isinstance(target, str) or not target:
            raise ConfigError(
                f'{where}: {library!r} must be "keep" or the name of a library, not {target!r}'
            )
    return value


def _check_selectors(selectors: Iterable[str], where: str) -> None:
    for selector in selectors:
        if not codes.is_selector(selector):
            near = codes.closest(selector)
            hint = f"; did you mean {near!r}?" if near else "; --list-rules prints all codes"
            raise ConfigError(f"{where}: unknown code {selector!r}{hint}")


def _hint(value: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(value).replace("_", "-"), known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _longest(selectors: Iterable[str], code: str) -> int:
    name = known.name if (known := codes.find(code)) else ""
    return max((_weight(each, code, name) for each in selectors), default=-1)


def _weight(selector: str, code: str, name: str) -> int:
    if selector == "ALL":
        return 0
    if selector == name:
        return len(code)
    return len(selector) if code.startswith(selector) else -1
