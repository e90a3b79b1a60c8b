"""`frontier = "twin"` and `"mark"` are executed: what was there prints the same, and so do the twins."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Literal, TypeGuard

import pytest

from asyncify.api import convert_source, plan
from asyncify.config import Config

LIBRARY = b"""\
import json
import time


def fetch(url):
    time.sleep(0.001)
    return _parse(url)


def fetch_all(urls):
    return [fetch(url) for url in urls]


def _parse(url):
    time.sleep(0.001)
    return url.upper()


def nested(n):
    def one():
        time.sleep(0.001)
        return n

    def several():
        for _ in range(2):
            yield one()

    return list(several()), sum(map(lambda k: one() + k, [1, 2]))


def store(path, value):
    with open(path, "w") as file:
        json.dump(value, file)
    with open(path) as file:
        return json.load(file)


class Client:
    def __init__(self, url, *, size=1):
        self.token = fetch(url)
        self.size = size

    def items(self):
        time.sleep(0.001)
        return [self.token] * self.size

    @property
    def first(self):
        return self.items()[0]

    @classmethod
    def make(cls, url):
        return cls(url, size=2)

    @staticmethod
    def parse(url):
        return _parse(url)


class Slow(Client):
    def items(self):
        time.sleep(0.001)
        return ["slow", *super().items()]
"""
PRINTED = """\
print({0}fetch{1}("a"), {0}fetch_all{1}(["a", "b"]), {0}nested{1}(3))
print({0}store{1}("value.json", [1, "x"]), {0}Client.parse{1}("p"))
client = {0}Slow.make{1}("u")
print(client.token, client.size, {0}client.items{1}(), {2})
print(({0}Client{3}("k", size=3)).token)
"""
SYNC = PRINTED.format("", "", "client.first", "")
ASYNC = PRINTED.format("await ", "_async", "await client.first_async()", ".create_async")


def test_functions_and_their_twins_do_the_same(tmp_path: Path) -> None:
    result = convert_source(LIBRARY, filename="library.py", config=Config(frontier="twin"))
    assert [finding.reason for finding in result.findings if finding.code.startswith("ASY9")] == []
    before, after = run(tmp_path / "before", LIBRARY, SYNC), run(tmp_path / "s", result.after, SYNC)
    body = "".join(f"    {line}\n" for line in ASYNC.splitlines())
    program = f"import asyncio\n\nasync def main():\n{body}\nasyncio.run(main())\n"
    twins = run(tmp_path / "async", result.after, program)
    assert before.count("\n") == 4
    assert after == before
    assert twins == before


def test_the_interface_stays() -> None:
    result = convert_source(LIBRARY, filename="library.py", config=Config(frontier="twin"))
    kept = {ast.unparse(node) for node in definitions(LIBRARY)}
    assert kept - {ast.unparse(node) for node in definitions(result.after)} == set()
    again = convert_source(result.after, filename="library.py", config=Config(frontier="twin"))
    assert again.after.decode() == result.after.decode()


EXPORTING = {
    "pkg/__init__.py": b"from pkg.loops import handed_on\nfrom pkg.words import *\n",
    "pkg/loops.py": (
        b"import time\n\n__all__ = ['listed', '_listed_too']\n\n\n"
        b"def listed():\n    time.sleep(0)\n    return inner()\n\n\n"
        b"def _listed_too():\n    time.sleep(0)\n\n\n"
        b"def handed_on():\n    time.sleep(0)\n\n\n"
        b"def inner():\n    time.sleep(0)\n    return 1\n\n\n"
        b"def unused():\n    time.sleep(0)\n\n\n"
        b"class Inner:\n    def method(self):\n        time.sleep(0)\n"
    ),
    "pkg/words.py": (
        b"import time\n\n__all__ = ['starred']\n\n\ndef starred():\n    time.sleep(0)\n"
    ),
}


@pytest.mark.parametrize("frontier", ["auto", "hold"])
def test_all_says_what_is_public(tmp_path: Path, frontier: Literal["auto", "hold"]) -> None:
    for path, text in EXPORTING.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(text)
    settings = Config(public_api="keep", frontier=frontier)
    found = plan(tmp_path, config=settings)
    after = b"".join(each.after for each in found.results)
    names = {node.name: type(node) for node in ast.walk(ast.parse(after)) if is_function(node)}
    public = ["listed", "_listed_too", "handed_on", "starred", "method"]
    assert [names[name] for name in public] == [ast.FunctionDef] * 5
    twins = {f"{name}_async" for name in public}
    assert twins & names.keys() == (twins if frontier == "auto" else set())
    kept = {each.function for each in found.findings if each.code == "ASY970"}
    inner = {"pkg.loops:inner"}
    held = {"pkg.loops:listed", "pkg.loops:_listed_too", "pkg.loops:handed_on"}
    held |= {"pkg.loops:Inner.method", "pkg.words:starred"}
    assert kept == (set() if frontier == "auto" else held | inner)
    assert names["unused"] is ast.AsyncFunctionDef


def is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


MARKED = b"""\
import time


class Row:
    def __len__(self):
        if True:
            time.sleep(0.001)
        return 3


def main():
    time.sleep(0.001)
    print(len(Row()), ROW)


ROW = len(Row())
if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("indent", "newline"), [(b"    ", b"\n"), (b"\t", b"\r\n"), (b"  ", b"\r\n")]
)
def test_markers_are_comments_and_nothing_else(
    tmp_path: Path, indent: bytes, newline: bytes
) -> None:
    text = MARKED.replace(b"    ", indent).replace(b"\n", newline)
    plain = convert_source(text, filename="program.py")
    marked = convert_source(text, filename="program.py", config=Config(frontier="mark"))
    line = indent * 3 + b"# asyncify: TODO[ASY902] __len__ cannot be async" + newline
    assert marked.after.replace(line, b"") == plain.after
    assert marked.after.count(line + indent * 3 + b"time.sleep(0.001)" + newline) == 1
    again = convert_source(marked.after, filename="program.py", config=Config(frontier="mark"))
    assert again.after == marked.after
    assert run(tmp_path / "after", b"", marked.after.decode()) == "3 3\n"
    free = marked.after.replace(b"__len__", b"size").replace(b"len(Row())", b"Row().size()")
    done = convert_source(free, filename="program.py", config=Config(frontier="mark"))
    assert b"TODO" not in done.after
    assert run(tmp_path / "free", b"", done.after.decode()) == "3 3\n"


def definitions(text: bytes) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]


def run(directory: Path, library: bytes, program: str) -> str:
    directory.mkdir()
    (directory / "library.py").write_bytes(library)
    (directory / "program.py").write_text("from library import *\n" + program)
    line = [sys.executable, "-W", "error", "program.py"]
    ran = subprocess.run(line, cwd=directory, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "never awaited" not in ran.stderr
    return ran.stdout
