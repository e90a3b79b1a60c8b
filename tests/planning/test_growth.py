"""Twice the project takes about twice the work: lines of our own code that run are counted, not seconds.

A line that is reached again by a loop or a comprehension counts again. What compares every function,
class or expression with every other one takes four times as many.
"""

import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from asyncify.analysis.callgraph import build
from asyncify.analysis.index import index_module
from asyncify.planning.plan import make_plan
from asyncify.rules.registry import Rules

FEW = 12
MODULE = """\
import functools
import contextlib
import itertools
import subprocess
import threading
import time
import unittest
from unittest import mock

import requests

import {below}

TABLE_N = {{}}
lock_N = threading.Lock()
count_N = 0


def register_N(name):
    def inner(function):
        TABLE_N[name] = function
        return function

    return inner


def logged_N(function):
    @functools.wraps(function)
    def inner_N(*args, **kwargs):
        print(function.__name__)
        return function(*args, **kwargs)

    return inner_N


class Failure_N(Exception):
    pass


class Base_N:
    fields_N: dict = {{}}

    def __init__(self, url, **options):
        self.url_N = url
        self.session_N = requests.Session()
        self.hooks_N = [self.first_N, self.second_N]
        for name, value in options.items():
            setattr(self, name, value)

    def first_N(self, value):
        return self.request_N("GET", value)

    def second_N(self, value):
        return value

    def request_N(self, method, path, **kwargs):
        try:
            answer = self.session_N.request(method, self.url_N + path, timeout=3, **kwargs)
            answer.raise_for_status()
        except requests.HTTPError as error:
            raise Failure_N(str(error)) from error
        return answer.json()

    def pages_N(self, path):
        while path:
            page = self.request_N("GET", path)
            yield from page["items"]
            path = page.get("next")

    def __enter__(self):
        time.sleep(0.1)
        return self

    def __exit__(self, *error):
        time.sleep(0.1)

    @property
    def size_N(self):
        return len(self.request_N("GET", "size"))

    @classmethod
    def make_N(cls, url):
        time.sleep(0.1)
        return cls(url)


class Child_N(Base_N):
    def second_N(self, value):
        with lock_N:
            time.sleep(0.1)
        return super().second_N(value)

    def run_N(self):
        for hook in self.hooks_N:
            hook("a")
        name = "first_N"
        return getattr(self, name)("b")


@register_N("one")
def one_N(x):
    time.sleep(0.1)
    return x


@register_N("two")
@logged_N
def two_N(x):
    global count_N
    value = count_N
    time.sleep(0.1)
    count_N = value + 1
    return [each for each in itertools.chain(numbers_N(), numbers_N())]


def numbers_N():
    for number in range(3):
        time.sleep(0.1)
        yield number


@contextlib.contextmanager
def opened_N(name):
    with open(name) as file:
        yield file


def process_N():
    process = subprocess.Popen(["true"], stdout=subprocess.PIPE)
    for line in process.stdout:
        print(line)
    return process.wait()


def main_N(name):
    below = {below}.{function}
    client = Child_N.make_N("http://localhost")
    with client, opened_N(name) as file:
        print(file.read(), client.size_N, list(client.pages_N("a")), client.run_N())
    print(TABLE_N[name](1), map(one_N, numbers_N()), max(numbers_N(), key=str), below(name))
    worker = threading.Thread(target=two_N, args=(1,))
    worker.start()
    return process_N()


class Test_N(unittest.TestCase):
    @mock.patch("{name}.requests.Session")
    def test_N(self, session):
        assert Base_N("").first_N("a")

    def test_main_N(self):
        with mock.patch.object(Base_N, "request_N", return_value={{}}):
            assert not list(Base_N("").pages_N("a"))
"""


class Lines:
    """How many lines of the package ran, by module."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> "Lines":
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith("asyncify."):
            return None
        counts = self.counts

        def line(frame: FrameType, event: str, arg: Any) -> Any:
            counts[name] += 1
            return line

        return line


def module(number: int) -> tuple[str, str]:
    """The name and the text of one file of the project: every name in it is its own."""
    name = f"module_{number}"
    below, function = (f"module_{number - 1}", f"main_{number - 1}") if number else ("time", "time")
    text = MODULE.format(name=name, below=below, function=function)
    return name, text.replace("_N", f"_{number}")


def work(folder: Path, size: int) -> Counter[str]:
    """What is done to analyse and plan a project of so many files."""
    folder.mkdir()
    texts = dict(module(number) for number in range(size))
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    with Lines() as lines:
        modules = {
            name: index_module(text, name=name, path=f"{name}.py", is_package=False)
            for name, text in texts.items()
        }
        plan = make_plan(build(folder, modules, search_roots=[folder]), Rules.select({}))
        edits = plan.edits()
    assert len(edits) == size
    return lines.counts


def test_twice_the_project_is_twice_the_work(tmp_path: Path) -> None:
    work(tmp_path / "first", 1)  # what is done once for all projects
    few, many = work(tmp_path / "few", FEW), work(tmp_path / "many", 2 * FEW)
    grown = {name: many[name] / few[name] for name in few if many[name] > 2000}
    assert len(grown) > 20
    assert {name: ratio for name, ratio in grown.items() if ratio > 2.5} == {}
