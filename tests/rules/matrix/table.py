"""The support matrix of `requests` as data: one row per argument, attribute, use and exception.

A row of a text file is a head (``== what it is | outcome``) and a program: one expression, the body of
``main(u)``, or a module with its own ``main``. The outcome is ``httpx`` (everything moves), ``thread``
(requests stays, in worker threads) or the code of the refusal. Rows of arguments.txt stand for two
programs: a function of the module, and a method of a session.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_ONE_CALL = """\
import requests


def main(u):
    response = {call}
    print(response.status_code, response.reason, response.url, response.text)
"""
_ONE_METHOD = """\
import requests


def main(u):
    with requests.Session() as session:
        response = {call}
        print(response.status_code, response.reason, response.url, response.text)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One program, and what should become of it."""

    name: str
    outcome: str
    program: str

    @property
    def key(self) -> str:
        """The name as a part of a path."""
        return re.sub(r"\W+", "_", self.name).strip("_").lower()


def rows() -> list[Row]:
    """Every row of every table."""
    found = list(_rows())
    assert len({row.key for row in found}) == len(found), "two rows have one name"
    return found


def _rows() -> Iterator[Row]:
    for file in sorted(HERE.glob("*.txt")):
        for part in re.split(r"^== ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            head, _, text = part.partition("\n")
            name, _, outcomes = head.partition(" | ")
            function, *method = outcomes.split()
            text = text.strip()
            if method:
                yield Row(f"{name} (function)", function, _ONE_CALL.format(call=text))
                text = re.sub(r"^requests\.", "session.", text)
                yield Row(f"{name} (session)", method[0], _ONE_METHOD.format(call=text))
            else:
                yield Row(f"{file.stem}: {name}", function, _module(text))


def _module(text: str) -> str:
    if "def main(" in text:
        return text + "\n"
    return f"import requests\n\n\ndef main(u):\n{textwrap.indent(text, '    ')}\n"
