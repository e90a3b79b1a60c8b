"""Hazards: what is told beside a conversion, and what is not."""

from pathlib import Path

import pytest

from asyncify.api import plan
from asyncify.model.plan import Finding, Safety

TOLD = """\
import fcntl
import threading
import time

count = 0
local = threading.local()
cache = {}


class Names(threading.local):
    pass


names = Names()


def of_the_thread():
    local.seen = 1
    time.sleep(1)
    return local.seen, names.user


def number():
    time.sleep(1)
    return 1


class Store:
    def __init__(self):
        self.total = 0
        self.token = None
        self.items = {}

    def add(self):
        self.total += number()

    def add_again(self):
        self.total = self.total + number()

    def login(self):
        if self.token is None:
            self.token = number()
        return self.token

    def login_early(self):
        if self.token:
            return self.token
        found = number()
        self.token = found
        return found

    def keep(self, key):
        if key not in self.items:
            self.items[key] = number()
        return self.items[key]

    def later(self):
        before = self.total
        time.sleep(1)
        self.total = before + 1


def increase():
    global count
    count = count + number()


def remember(key):
    if key not in cache:
        cache[key] = number()


def careless():
    try:
        time.sleep(1)
    except:
        print("goes on")


def careless_too():
    try:
        number()
    except BaseException as error:
        print(error)


def tidy():
    try:
        print("works")
    finally:
        time.sleep(1)


def locked(file):
    fcntl.flock(file, fcntl.LOCK_EX)
    time.sleep(1)
    fcntl.flock(file, fcntl.LOCK_UN)
"""

SILENT = """\
import asyncio
import fcntl
import threading
import time

count = 0
local = threading.local()


def of_the_thread():
    return local.seen


def number():
    time.sleep(1)
    return 1


class Store:
    def __init__(self):
        self._lock = threading.Lock()
        self.total = 0
        self.token = None
        self.state = "new"

    def add(self):
        self.total = number() + self.total

    def count(self):
        found = number()
        self.total += found

    def login(self):
        with self._lock:
            if self.token is None:
                self.token = number()
            return self.token

    def go(self):
        print(self.state)
        time.sleep(1)
        self.state = "done"

    def check_twice(self):
        found = None
        if self.token is None:
            found = number()
            if self.token is None:
                self.token = found
        return found

    def new(self):
        other = Store()
        other.total += number()
        return other


def careful():
    try:
        time.sleep(1)
    except Exception:
        print("goes on")


def careful_too():
    try:
        number()
    except BaseException:
        print("ends")
        raise


async def thought_of():
    try:
        time.sleep(1)
    except asyncio.CancelledError:
        print("cancelled")
    except BaseException:
        print("goes on")


def outside():
    try:
        print("works")
    except BaseException:
        print("goes on")
    finally:
        print("tidy")
    time.sleep(1)


def locked(file):
    time.sleep(1)
    fcntl.flock(file, fcntl.LOCK_EX)
    fcntl.flock(file, fcntl.LOCK_UN)


def rows():
    time.sleep(1)
    yield 1


class Rows:
    def __init__(self):
        self.kept = []

    def add(self):
        self.kept += rows()
"""


def found(source: str, root: Path) -> list[Finding]:
    (root / "module.py").write_text(source)
    return [each for each in plan(root, proof=False).findings if each.code.startswith("ASY16")]


def test_hazards_are_told_once_per_place(tmp_path: Path) -> None:
    told = found(TOLD, tmp_path)
    lines = TOLD.splitlines()
    assert [(each.code, lines[each.span.line - 1].strip()) for each in told] == [
        ("ASY160", "local.seen = 1"),
        ("ASY160", "return local.seen, names.user"),
        ("ASY161", "self.total += number()"),
        ("ASY161", "self.total = self.total + number()"),
        ("ASY161", "self.token = number()"),
        ("ASY161", "self.token = found"),
        ("ASY161", "self.items[key] = number()"),
        ("ASY161", "self.total = before + 1"),
        ("ASY161", "count = count + number()"),
        ("ASY161", "cache[key] = number()"),
        ("ASY162", "except:"),
        ("ASY162", "except BaseException as error:"),
        ("ASY163", "time.sleep(1)"),
        ("ASY164", "fcntl.flock(file, fcntl.LOCK_EX)"),
    ]
    assert {each.safety for each in told} == {Safety.SAFE}
    assert all(each.reason and each.function and each.chain is not None for each in told)


def test_what_is_right_is_not_told(tmp_path: Path) -> None:
    assert [(each.code, each.span.line) for each in found(SILENT, tmp_path)] == []


@pytest.mark.parametrize("source", [TOLD])
def test_a_second_run_tells_nothing(source: str, tmp_path: Path) -> None:
    found(source, tmp_path)
    plan(tmp_path).write(allow_dirty=True)
    assert plan(tmp_path, proof=False).findings == ()
