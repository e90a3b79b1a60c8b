"""What is said of functions of libraries that are handed over: those that nobody sees called, and no others."""

import pytest

from asyncify.api import convert_source

SILENT = {
    "what it gives": "def f(run, url):\n    return run(requests.get(url))\n",
    "what it gives, in a variable": "def f(run, url):\n    one = requests.get(url)\n    raise ValueError(one)\n",
    "a thread": "def f(pool: ThreadPoolExecutor, url):\n    return pool.submit(requests.get, url)\n",
    "a thread of its own": "def f(url):\n    Thread(target=requests.get, args=(url,)).start()\n",
    "what only closes": "def f():\n    session = requests.Session()\n    atexit.register(session.close)\n",
    "a patch": "def f():\n    with mock.patch.object(time, 'sleep', wraps=time.sleep):\n        pass\n",
    "an assertion": "class T(TestCase):\n    def f(self, one):\n        self.assertIs(one, requests.get)\n",
    "a parameter": "def f(run):\n    return g(time.sleep)\n\n\ndef g(one):\n    return one\n",
}
TOLD = {
    "somebody": ("def f(run, url):\n    return run(requests.get, url)\n", "run"),
    "somebody without a name": (
        "def f(made, url):\n    return made()(requests.get, url)\n",
        "a call",
    ),
    "by a variable": ("def f(run):\n    one = time.sleep\n    run(one)\n", "run"),
    "a method": ("def f(run, url):\n    run(requests.Session().get, url)\n", "run"),
    "bound to arguments": ("def f(run, url):\n    run(partial(requests.get, url))\n", "run"),
}
IMPORTS = """\
import atexit, requests, time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Thread
from unittest import TestCase, mock


"""


def told(text: str) -> list[str]:
    findings = convert_source(IMPORTS + text).findings
    return [each.reason for each in findings if each.code == "ASY907"]


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_nothing_is_said(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(("text", "who"), TOLD.values(), ids=TOLD)
def test_who_gets_it_is_said(text: str, who: str) -> None:
    (reason,) = told(text)
    assert reason.startswith(f"it is handed to {who}(), which may call it")
