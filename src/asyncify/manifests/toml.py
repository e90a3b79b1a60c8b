"""The lists of requirements in a pyproject.toml: PEP 621, dependency groups, poetry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from asyncify.manifests.sections import MAIN, Section, canonical, name_of, newline_of, role_of

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"[ \t]*((?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*'))*)[ \t]*=[ \t]*")  # fmt: skip
_HEADER = re.compile(r"[ \t]*\[{1,2}([^\]\n]+)\]{1,2}[^\n]*\n?")
_STRING = re.compile(
    "|".join((r'"""(?:[^\\]|\\.)*?"""', r"'''.*?'''", r'"(?:[^"\\\n]|\\.)*"', r"'[^'\n]*'")),
    re.DOTALL,
)
_SCALAR = re.compile(r"[^\s,\]}#]+(?: [^\s,\]}#]+)?")


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a key and its value stand; of an array, also where its elements are."""

    key: str
    line: int  # where the line of the key starts
    start: int
    end: int
    elements: tuple[tuple[int, int], ...] = ()


def sections(text: str) -> list[Section]:
    """The lists of requirements in a text; none if it cannot be read."""
    try:
        tomllib.loads(text)
        tables = _tables(text)
    except (ValueError, IndexError):
        return []
    return list(_sections(text, tables))


def _sections(text: str, tables: Mapping[str, list[_Value]]) -> Iterator[Section]:
    for table, values in tables.items():
        if table == "project":
            yield from (
                Array(text, "project.dependencies", MAIN, value)
                for value in values
                if value.key == "dependencies"
            )
        elif table in ("project.optional-dependencies", "dependency-groups"):
            for value in values:
                yield Array(text, f"{table}.{value.key}", role_of(value.key), value)
        elif table == "tool.poetry.dependencies":
            yield Table(text, table, MAIN, tuple(values))
        elif found := re.fullmatch(
            r"tool\.poetry\.(?:group\.([\w-]+)\.dependencies|(dev)-dependencies)", table
        ):
            yield Table(text, table, role_of(found[1] or found[2]), tuple(values))


@dataclass(frozen=True, slots=True)
class Array:
    """``dependencies = ["requests>=2"]``."""

    text: str
    label: str
    role: str
    value: _Value

    @property
    def names(self) -> tuple[str, ...]:
        """See `Section`."""
        return tuple(name_of(self.text[start + 1 : end - 1]) for start, end in self.value.elements)

    def replaced(self, index: int, requirement: str) -> str:
        """See `Section`."""
        start, end = self.value.elements[index]
        quote = self.text[start]
        return f"{self.text[:start]}{quote}{requirement}{quote}{self.text[end:]}"

    def removed(self, index: int) -> str:
        """See `Section`."""
        text, elements = self.text, self.value.elements
        start, end = elements[index]
        line = text.rfind("\n", 0, start) + 1
        after = re.compile(r"[ \t]*,?[ \t]*(?:#[^\n]*)?\r?\n").match(text, end)
        if not text[line:start].strip() and after:
            return text[:line] + text[after.end() :]
        if index + 1 < len(elements):
            return text[:start] + text[elements[index + 1][0] :]
        if index:
            return text[: elements[index - 1][1]] + text[end:]
        comma = re.compile(r"[ \t]*,").match(text, end)
        return text[:start] + text[comma.end() if comma else end :]

    def appended(self, requirement: str) -> str:
        """See `Section`."""
        text, value = self.text, self.value
        if not value.elements:
            return f'{text[: value.start + 1]}"{requirement}"{text[value.start + 1 :]}'
        start, end = value.elements[-1]
        new = f"{text[start]}{requirement}{text[start]}"
        line = text.rfind("\n", 0, start) + 1
        comma = re.compile(r"[ \t]*,").match(text, end)
        if text[line:start].strip() or "\n" not in text[end : value.end]:
            return f"{text[:end]}, {new}{text[end:]}"
        rest = comma.end() if comma else end
        stop = text.index("\n", rest) + 1
        indent = text[line:start]
        return f"{text[:end]},{text[rest:stop]}{indent}{new},{newline_of(text)}{text[stop:]}"


@dataclass(frozen=True, slots=True)
class Table:
    """``requests = "^2.31"`` in a table of poetry."""

    text: str
    label: str
    role: str
    values: tuple[_Value, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """See `Section`."""
        return tuple(canonical(value.key) for value in self.values)

    def replaced(self, index: int, requirement: str) -> str:
        """See `Section`."""
        value = self.values[index]
        return self.text[: value.line] + _entry(requirement) + self.text[value.end :]

    def removed(self, index: int) -> str:
        """See `Section`."""
        value = self.values[index]
        return self.text[: value.line] + self.text[_next_line(self.text, value.end) :]

    def appended(self, requirement: str) -> str:
        """See `Section`."""
        if not self.values:
            raise ValueError("nobody knows where the table ends")
        stop = _next_line(self.text, self.values[-1].end)
        newline = newline_of(self.text)
        before = self.text[:stop] if self.text[:stop].endswith("\n") else self.text + newline
        return before + _entry(requirement) + newline + self.text[stop:]


def _entry(requirement: str) -> str:
    name = re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0]
    return f'{name} = "{requirement[len(name) :] or "*"}"'


def _next_line(text: str, position: int) -> int:
    found = text.find("\n", position)
    return len(text) if found < 0 else found + 1


# -- reading -------------------------------------------------------------------------------------


def _tables(text: str) -> dict[str, list[_Value]]:
    """Every table with its own keys, by its dotted name."""
    tables: dict[str, list[_Value]] = {"": []}
    table, position = "", 0
    while (position := _skip(text, position)) < len(text):
        line = text.rfind("\n", 0, position) + 1
        header = _HEADER.match(text, line)
        if text[position] == "[" and header:
            table = ".".join(part.strip().strip("\"'") for part in header[1].split("."))
            tables.setdefault(table, [])
            position = header.end()
            continue
        key = _KEY.match(text, line)
        if key is None:
            raise ValueError(f"no key at {line}")
        value = _read(text, key[1].strip("\"'"), line, key.end())
        tables[table].append(value)
        position = value.end
    return tables


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _read(text: str, key: str, line: int, start: int) -> _Value:
    if text[start] not in "[{":
        return _Value(key, line, start, _end(text, start))
    elements = []
    closing = "]" if text[start] == "[" else "}"
    position = _skip(text, start + 1)
    while text[position] != closing:
        if closing == "}" and (name := _KEY.match(text, position)):
            position = name.end()
        stop = _read(text, "", line, position).end
        if text[position] in "\"'" and closing == "]":
            elements.append((position, stop))
        position = _skip(text, stop)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return _Value(key, line, start, position + 1, tuple(elements))


def _end(text: str, start: int) -> int:
    found = (_STRING if text[start] in "\"'" else _SCALAR).match(text, start)
    if found is None:
        raise ValueError(f"no value at {start}")
    return found.end()
