"""Locks that the configuration keeps are still no place for an await."""

import pytest

from asyncify.api import convert_source
from asyncify.config import Config

SOURCE = """\
import threading
import time


class Store:
    def __init__(self):
        self._lock = threading.Lock()

    def save(self):
        with self._lock:
            time.sleep(0.1)

    def wait(self):
        time.sleep(0.1)
"""


@pytest.mark.parametrize(
    "config", [Config(ignore=("ASY251",)), Config(libraries={"threading": "keep"})]
)
def test_kept_locks_hold_who_would_await_under_them(config: Config) -> None:
    result = convert_source(SOURCE, config=config)
    assert result.after.decode() == SOURCE.replace(
        "    def wait(self):\n        time.sleep",
        "    async def wait(self):\n        await asyncio.sleep",
    ).replace("import threading", "import asyncio\nimport threading")
    (held,) = [finding for finding in result.findings if finding.code == "ASY924"]
    assert held.reason == (
        "Store.save: a Lock would be held across an await: the configuration keeps threading"
        " (module.py:10)"
    )


def test_other_codes_are_not_touched() -> None:
    result = convert_source(SOURCE)
    assert {finding.code for finding in result.findings} == {"ASY201", "ASY251"}
    assert b"self._lock = asyncio.Lock()" in result.after
