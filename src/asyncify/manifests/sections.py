"""A list of requirements in a file, whatever its format."""

from __future__ import annotations

import re
from typing import Protocol

MAIN, TEST, OTHER = "main", "test", "other"
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?![A-Za-z0-9._-]*\s*=\s*[^=])")
# the best home of a test tool comes first
TEST_NAMES = ("test", "tests", "testing", "dev", "develop", "development")


class Section(Protocol):
    """One list of requirements: what is in it, and texts of the file with another one."""

    @property
    def label(self) -> str:
        """How a person calls it; unique in its file."""

    @property
    def role(self) -> str:
        """What it is for: main, test or other."""

    @property
    def names(self) -> tuple[str, ...]:
        """The distributions in it, in order."""

    def replaced(self, index: int, requirement: str) -> str:
        """The text of the file with another requirement in place of one."""

    def removed(self, index: int) -> str:
        """The text of the file without one requirement."""

    def appended(self, requirement: str) -> str:
        """The text of the file with one requirement more."""


def canonical(name: str) -> str:
    """A name of a distribution as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    """The distribution that a requirement names; "" for what names none."""
    found = _NAME.match(requirement)
    return canonical(found[1]) if found else ""


def role_of(name: str) -> str:
    """What a group with this name is for."""
    return TEST if name.lower() in TEST_NAMES else OTHER


def newline_of(text: str) -> str:
    """How the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"
