"""What is seen from inside of the tests: that they import the copy, and what blocks their event loops."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from asyncify.errors import SuiteError

# This is a program of its own, see there.
_PROBE = Path(__file__).with_name("probe.py")
EXTRA = "asyncify-refactor[runtime]"


@dataclass(frozen=True, slots=True)
class Blocked:
    """A line of the project from which a running event loop is blocked.

    `calls` are what blocks, `through` the module of others that the line calls for it, if any; `test` is the
    first test that got there, if it is known.
    """

    path: str
    line: int
    function: str
    calls: tuple[str, ...]
    through: str = ""
    test: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What is put into the processes of the tests.

    Args:
        place: an empty directory of its own.
        origin: the project.
        copy: where the tests run.
        blocking: look for calls that block an event loop.
    """

    place: Path
    origin: Path
    copy: Path
    blocking: bool = False

    def install(self) -> Mapping[str, str]:
        """Make what Python imports when it starts; the variables that go with it."""
        (self.place / "sitecustomize.py").write_bytes(_PROBE.read_bytes())
        found = {
            "ASYNCIFY_PROBE_COPY": str(self.copy.resolve()),
            "ASYNCIFY_PROBE_ORIGIN": str(self.origin.resolve()),
            "ASYNCIFY_PROBE_OUTPUT": str(self._output),
        }
        return {**found, "ASYNCIFY_PROBE_BLOCKING": "1"} if self.blocking else found

    @property
    def _output(self) -> Path:
        return self.place / "seen.jsonl"

    def blocked(self) -> tuple[Blocked, ...]:
        """What blocked an event loop, by place.

        Raises:
            SuiteError: nobody looked.
        """
        seen = list(_lines(self._output))
        if not any("watching" in each for each in seen):
            if seen:
                raise SuiteError(
                    "--verify-runtime: blockbuster is not installed for the Python of the tests: "
                    f'pip install "{EXTRA}"'
                )
            raise SuiteError("--verify-runtime: the command starts no Python that reads PYTHONPATH")
        found: dict[tuple[str, int], Blocked] = {}
        for each in seen:
            if "path" not in each:
                continue
            place = str(each["path"]), int(str(each["line"]))
            function, call, through, test = (
                str(each[key]) for key in ("function", "call", "through", "test")
            )
            one = found.setdefault(place, Blocked(*place, function, (), through, test))
            found[place] = replace(one, calls=tuple(sorted({*one.calls, call})))
        return tuple(found[place] for place in sorted(found))


def _lines(file: Path) -> Iterable[dict[str, object]]:
    if not file.exists():
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
