"""Whose name is it? One case per rule of Python."""

import sys
from textwrap import dedent

import pytest

from asyncify.analysis.index import index_module

# Every name `x` of the source, in order, with the scope that owns it.
CASES = {
    "module": ("x = 1\ndef f(): x", ["", ""]),
    "unknown": ("x", [""]),
    "local after use": ("def f():\n x\n x = 1", ["f", "f"]),
    "parameter": ("def f(x): x", ["f"]),
    "closure": ("def f(x):\n def g(): x", ["f"]),
    "default": ("def f(x=x): pass", [""]),
    "lambda": ("lambda x: x", ["<lambda>"]),
    "lambda default": ("def f(x): lambda x=x: x", ["f", "f.<lambda>"]),
    "global": ("def f():\n global x\n x = 1\ndef g(x): x", ["", "g"]),
    "global below a local": ("def f(x):\n def g():\n  global x\n  x = 1\n  def h(): x", ["", ""]),
    "nonlocal": ("def f():\n x = 1\n def g():\n  nonlocal x\n  x = 2", ["f", "f"]),
    "class body": ("class C:\n x = 1\n x", ["C", "C"]),
    "class body is skipped": ("class C:\n x = 1\n def m(self): x", ["C", ""]),
    "nested class": ("class C:\n x = 1\n class D:\n  x", ["C", ""]),
    "class in function": ("def f(x):\n class C:\n  x\n  def m(self): x", ["f", "f"]),
    "comprehension": ("[x for x in y]\nx", ["<comprehension>", "<comprehension>", ""]),
    "comprehension in function": ("def f(x): [x for y in x]", ["f", "f"]),
    "two comprehensions": (
        "{x for x in y}; (x for x in y)",
        ["<comprehension>", "<comprehension>", "<comprehension>~2", "<comprehension>~2"],
    ),
    "first iterable": ("[y for x in x]", ["<comprehension>", ""]),
    "second iterable": ("[y for z in w for x in x]", ["<comprehension>", "<comprehension>"]),
    "comprehension in class": ("class C:\n x = 1\n [x for y in x]", ["C", "", "C"]),
    "lambda in comprehension": ("[lambda: x for x in y]", ["<comprehension>", "<comprehension>"]),
    "walrus": ("def f(): (x := 1)", ["f"]),
    "walrus in comprehension": ("def f():\n [x := y for y in z]\n x", ["f", "f"]),
    "walrus in nested comprehension": ("[[x := y for y in z] for z in w]", [""]),
    "walrus and global": ("def f():\n global x\n [x := y for y in z]", [""]),
    "walrus in lambda": ("lambda: [x := y for y in z]", ["<lambda>"]),
    "except": ("def f():\n try: pass\n except E as x: x", ["f", "f"]),
    "import": ("def f():\n import x.y\n x", ["f"]),
    "import from": ("def f():\n from y import z as x\n x", ["f"]),
    "star import": ("from y import *\nx", [""]),
    "del": ("def f():\n del x", ["f"]),
    "for": ("def f():\n for x in y: pass", ["f"]),
    "with": ("def f():\n with y as (x, z): x", ["f", "f"]),
    "annotation only": ("def f():\n x: int\n def g(): x", ["f", "f"]),
    "capture": ("def f():\n match y:\n  case [1, *x]: x", ["f", "f"]),
    "mapping rest": ("def f():\n match y:\n  case {**x}: x", ["f", "f"]),
    "definition": ("def f():\n def x(): pass\n x", ["f"]),
    "class": ("def f():\n class x: pass\n x", ["f"]),
}


def owners(source: str, name: str = "x") -> list[str]:
    module = index_module(source, name="m", path="m.py", is_package=False)
    variables = [item.variable for item in module.expressions if item.text == name]
    return [owner.removeprefix("m:") for owner, _ in filter(None, variables)]


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES)
def test_owner(source: str, expected: list[str]) -> None:
    assert owners(source) == expected


def test_builtins() -> None:
    assert owners("print; open", "open") == ["builtins"]
    assert owners("from y import *\nopen", "open") == ["builtins"]
    assert owners("def f():\n global open\n open = 1\nopen", "open") == ["", ""]
    assert owners("__name__; exit", "__name__") == [""]
    assert owners("class C:\n def open(self): open", "open") == ["builtins"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695")
def test_type_parameters() -> None:
    source = """
        class C[x]:
            y: x
            def m[z](self, a: z) -> x: x
        def f[x](a: x = x) -> x: x
        type T[x] = list[x]
        """
    classes = ["C.<type parameters>"] * 3
    functions = ["", "f.<type parameters>", "f.<type parameters>", "f.<type parameters>"]
    found = owners(dedent(source))
    assert found[:3] == classes
    assert sorted(found[3:7]) == functions
    assert found[7:] == ["T.<type parameters>"]
    assert owners(dedent(source), "z") == ["C.m.<type parameters>"]
