"""Which lists of requirements change, and how: in place, and as little as possible."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from asyncify.manifests import lines, toml
from asyncify.manifests.sections import MAIN, TEST, TEST_NAMES, Section, canonical, name_of

_BY_HAND = "setup.py"


@dataclass(frozen=True, slots=True)
class Change:
    """Requirements to add, those of them that only tests need, and distributions to remove."""

    add: tuple[str, ...] = ()
    tests: frozenset[str] = frozenset()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Updated:
    """The new texts of the files that change, and what is left to a person."""

    texts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def update(files: Mapping[str, str], change: Change) -> Updated:
    """Carry out a change in the files of a project.

    A new requirement takes the place of one that goes, or stands beside it; else it goes to the main
    list of every file that has one, or to the first list for tests.

    Raises:
        ValueError: what is to be added is no requirement.
    """
    work = _Work(dict(files), {canonical(name) for name in change.remove})
    for requirement in change.add:
        work.add(requirement, test=requirement in change.tests)
    work.remove()
    texts = {path: text for path, text in work.texts.items() if text != files[path]}
    return Updated(texts, tuple(dict.fromkeys((*work.notes, *_by_hand(files, work, change)))))


@dataclass(slots=True)
class _Work:
    """The texts so far."""

    texts: dict[str, str]
    gone: set[str]
    notes: list[str] = field(default_factory=list)

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Every list of every file, as it is now."""
        for path, text in sorted(self.texts.items()):
            yield from ((path, section) for section in _sections(path, text))

    def add(self, requirement: str, *, test: bool) -> None:
        """Adds a requirement where it belongs, unless it is there already."""
        name = name_of(requirement)
        if not name:
            raise ValueError(f"{requirement!r} is no requirement")
        roles = (MAIN, TEST) if test else (MAIN,)
        known = [s for _, s in self.sections() if s.role in roles and name in s.names]
        beside = [
            (path, section.label)
            for path, section in self.sections()
            if set(section.names) & self.gone and name not in section.names
            if section.role != TEST or test
        ]
        main = [(p, s.label) for p, s in self.sections() if s.role == MAIN]
        if known and not beside:
            return
        places = self._for_tests() if test else beside or main
        for path, label in places:
            self._put(path, label, requirement)
        if not places:
            self.notes.append(f"add {requirement} to the dependencies by hand")

    def _for_tests(self) -> list[tuple[str, str]]:
        found = [(p, s.label) for p, s in self.sections() if s.role == TEST]

        def rank(place: tuple[str, str]) -> int:
            words = place[1].lower().replace("-", ".").replace("_", ".").split(".")
            return min((TEST_NAMES.index(w) for w in words if w in TEST_NAMES), default=99)

        return sorted(found, key=rank)[:1]

    def _put(self, path: str, label: str, requirement: str) -> None:
        section = _section(path, self.texts[path], label)
        index = next((i for i, name in enumerate(section.names) if name in self.gone), None)
        try:
            text = (
                section.appended(requirement)
                if index is None
                else section.replaced(index, requirement)
            )
        except ValueError:
            text = ""
        expected = Counter(section.names)
        expected[name_of(requirement)] += 1
        if index is not None:
            expected[section.names[index]] -= 1
        self._take(path, section, text, expected, f"add {requirement}")

    def remove(self) -> None:
        """Removes what is left of the distributions that go."""
        for path, label in [(p, s.label) for p, s in self.sections()]:
            for name in self.gone:
                section = _section(path, self.texts[path], label)
                while name in section.names:
                    text = section.removed(section.names.index(name))
                    expected = Counter(section.names)
                    expected[name] -= 1
                    if not self._take(path, section, text, expected, f"remove {name}"):
                        break
                    section = _section(path, text, label)

    def _take(
        self, path: str, section: Section, text: str, expected: Counter[str], what: str
    ) -> bool:
        """Takes a new text over if it says what it should, and nothing else."""
        old = self.texts[path]
        if text and _holds(path, old, text, section.label, +expected):
            self.texts[path] = text
            return True
        self.notes.append(f"{path}: {what} by hand in {section.label}")
        return False


def _sections(path: str, text: str) -> list[Section]:
    name = PurePosixPath(path).name
    if name == "pyproject.toml":
        return toml.sections(text)
    if name == "setup.cfg":
        return lines.setup_cfg(text)
    return lines.requirements(path, text) if name != _BY_HAND else []


def _section(path: str, text: str, label: str) -> Section:
    return next(section for section in _sections(path, text) if section.label == label)


def _holds(path: str, old: str, new: str, label: str, expected: Counter[str]) -> bool:
    """Whether a new text has the expected list, and the same as the old one everywhere else."""
    before = {section.label: section.names for section in _sections(path, old)}
    after = {section.label: section.names for section in _sections(path, new)}
    if Counter(after.get(label, ())) != expected:
        return False
    if any(after.get(other) != names for other, names in before.items() if other != label):
        return False
    try:
        return _rest(path, old, label) == _rest(path, new, label)
    except (ValueError, ConfigParserError):
        return False


def _rest(path: str, text: str, label: str) -> object:
    """Everything that a file says beside one of its lists, as its own reader reads it."""
    if path.endswith(".toml"):
        content = tomllib.loads(text)
        owner, *parts = content, *label.split(".")
        for part in parts[:-1]:
            owner = owner[part]
        owner[parts[-1]] = None
        return content
    if path.endswith(".cfg"):
        parser = ConfigParser(interpolation=None, strict=False)
        parser.read_string(text)
        section, _, key = label.rpartition(".")
        parser.remove_option(section, key)
        return {name: dict(parser[name]) for name in parser.sections()}
    return None


def _by_hand(files: Mapping[str, str], work: _Work, change: Change) -> Iterator[str]:
    """What asyncify does not edit."""
    for path, text in files.items():
        name = PurePosixPath(path).name
        if name == _BY_HAND and "install_requires" in text:
            gone = [each for each in change.remove if re.search(rf"\b{each}\b", text)]
            if change.add or gone:
                yield f"{path}: {_words(change.add, gone)} by hand"
        elif name.endswith(".txt") and not _sections(path, text):
            if any(canonical(gone) in canonical(text) for gone in change.remove):
                yield f"{path}: compile it again"


def _words(add: Collection[str], remove: Collection[str]) -> str:
    parts = []
    if add:
        parts.append(f"add {', '.join(add)}")
    if remove:
        parts.append(f"remove {', '.join(remove)}")
    return " and ".join(parts)
