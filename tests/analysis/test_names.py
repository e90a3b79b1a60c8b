"""What names denote: imports, re-exports, shadowing, builtins."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from asyncify.analysis.index import index_module
from asyncify.analysis.names import Names
from asyncify.model.facts import Kind, Module

# The name (or chain of attributes) of the last statement of `main`, and what it denotes.
CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "import": ({"main": "import time\ntime.sleep"}, ["external time.sleep"]),
    "import as": ({"main": "import time as t\nt.sleep"}, ["external time.sleep"]),
    "from import": ({"main": "from time import sleep\nsleep"}, ["external time.sleep"]),
    "from import as": ({"main": "from time import sleep as s\ns"}, ["external time.sleep"]),
    "submodule": (
        {"main": "import urllib.request\nurllib.request.urlopen"},
        ["external urllib.request.urlopen"],
    ),
    "submodule as": (
        {"main": "import urllib.request as r\nr.urlopen"},
        ["external urllib.request.urlopen"],
    ),
    "builtin": ({"main": "open"}, ["external builtins.open"]),
    "own builtin": ({"main": "def open(): ...\nopen"}, ["function main:open"]),
    "own builtin in a function": (
        {"main": "def f(open):\n    open"},
        ["variable main:f open"],
    ),
    "shadowed by a parameter": (
        {"main": "import time\ndef f(time):\n    time.sleep"},
        [],
    ),
    "shadowed by an assignment": (
        {"main": "import time\ndef f():\n    time = 1\n    time"},
        ["variable main:f time"],
    ),
    "not shadowed by a class": (
        {"main": "import time\nclass C:\n    time = 1\n    def f(self):\n        time.sleep"},
        ["external time.sleep"],
    ),
    "import in a function": (
        {"main": "def f():\n    from time import sleep\n    sleep"},
        ["external time.sleep"],
    ),
    "import of another function": (
        {"main": "def f():\n    from time import sleep\ndef g():\n    sleep"},
        ["variable main: sleep"],
    ),
    "global import": (
        {"main": "def f():\n    global json\n    import json\ndef g():\n    json.loads"},
        ["external json.loads"],
    ),
    "two candidates": (
        {
            "main": "try:\n    import ujson as json\nexcept ImportError:\n    import json\njson.loads"
        },
        ["external ujson.loads", "external json.loads"],
    ),
    "an import or None": (
        {"main": "try:\n    import ujson\nexcept ImportError:\n    ujson = None\nujson.loads"},
        ["external ujson.loads"],
    ),
    "function": ({"main": "def f(): ...\nf"}, ["function main:f"]),
    "two functions": (
        {"main": "if x:\n    def f(): ...\nelse:\n    def f(): ...\nf"},
        ["function main:f", "function main:f~2"],
    ),
    "class": ({"main": "class C: ...\nC"}, ["class main:C"]),
    "variable": ({"main": "x = 1\nx"}, ["variable main: x"]),
    "project function": (
        {"a": "def f(): ...", "main": "import a\na.f"},
        ["function a:f"],
    ),
    "project module": ({"a.b": "", "main": "from a import b\nb"}, ["module a.b"]),
    "project package": ({"a.b": "", "main": "import a.b\na"}, ["module a"]),
    "re-export": (
        {"a": "from .b import f as g", "a.b": "def f(): ...", "main": "from a import g as h\nh"},
        ["function a.b:f"],
    ),
    "re-export of a module": (
        {"a": "from . import b", "a.b": "def f(): ...", "main": "import a\na.b.f"},
        ["function a.b:f"],
    ),
    "re-export of an external": (
        {"a": "import requests\nfetch = 1", "main": "from a import requests\nrequests.get"},
        ["external requests.get"],
    ),
    "function with the name of its module": (
        {"a": "from .get import get", "a.get": "def get(): ...", "main": "import a\na.get"},
        ["function a.get:get"],
    ),
    "star import": (
        {"a": "def f(): ...\ndef _g(): ...", "main": "from a import *\nf"},
        ["function a:f"],
    ),
    "star import without private names": (
        {"a": "def f(): ...\ndef _g(): ...", "main": "from a import *\n_g"},
        ["variable main: _g"],
    ),
    "star import with __all__": (
        {"a": "__all__ = ['_g']\ndef f(): ...\ndef _g(): ...", "main": "from a import *\n_g"},
        ["function a:_g"],
    ),
    "star import of a star import": (
        {"a": "from .b import *", "a.b": "def f(): ...", "main": "from a import *\nf"},
        ["function a.b:f"],
    ),
    "star import of a builtin's name": (
        {"a": "def open(): ...", "main": "from a import *\nopen"},
        ["function a:open"],
    ),
    "star import from outside": (
        {"main": "from tkinter import *\nTk"},
        ["external tkinter.Tk"],
    ),
    "star import from outside leaves builtins": (
        {"main": "from tkinter import *\nopen"},
        ["external builtins.open"],
    ),
    "the project's own module comes first": (
        {"json": "def loads(): ...", "main": "import json\njson.loads"},
        ["function json:loads"],
    ),
    "a name that the module does not have": (
        {"a": "", "main": "import a\na.missing"},
        ["external a.missing"],
    ),
    "a variable of another module": (
        {"a": "session = None", "main": "from a import session\nsession"},
        ["variable a: session"],
    ),
    "imports in a circle": (
        {"a": "from b import x", "b": "from a import x", "main": "from a import x\nx"},
        ["external b.x"],
    ),
    "a circle of star imports": (
        {"a": "from b import *", "b": "from a import *\ndef f(): ...", "main": "import a\na.f"},
        ["function b:f"],
    ),
}


@pytest.mark.parametrize(("texts", "expected"), CASES.values(), ids=CASES)
def test_denotes(texts: dict[str, str], expected: list[str]) -> None:
    modules = index(texts)
    main = modules["main"]
    last = next(
        item
        for item in reversed(main.expressions)
        if item.parent == -1 and item.kind in (Kind.NAME, Kind.ATTRIBUTE)
    )
    found = Names(modules).expression(main, last)
    assert [" ".join(filter(None, one)) for one in found] == expected


def index(texts: Mapping[str, str]) -> dict[str, Module]:
    packages = {name.rpartition(".")[0] for name in texts}
    return {
        name: index_module(text, name=name, path=f"{name}.py", is_package=name in packages)
        for name, text in texts.items()
    }
