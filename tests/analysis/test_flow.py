"""What values reach: one file per feature, with what a line reaches in a comment at its end.

`# m:Client.fetch` is a call of that function of the project (or the construction of its class);
`property`, `enter`, `iterate`, `operator` and `decorate` come before the function if it is reached
like that. `~` marks what is only known by name, `?` at the end an edge that may reach more. A line
without a comment reaches nothing of the project. The type checker plays no part here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from asyncify.analysis.callgraph import merge
from asyncify.analysis.index import index_module
from asyncify.analysis.resolver import Resolution
from asyncify.analysis.slots import Slots
from asyncify.model.facts import Module
from asyncify.model.graph import Access, CallGraph, Edge, Evidence

CASES = sorted((Path(__file__).parent.parent / "fixtures" / "flow").glob("*.py"))
NOTHING = Resolution((), {}, {}, {}, {}, {}, {}, {})
PLAIN = (Access.CALL, Access.CONSTRUCT)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_reaches(path: Path) -> None:
    texts = split(path.read_text(encoding="utf-8"))
    graph = merge(index(texts), NOTHING)
    found = [
        f"{name}:{number}: {', '.join(sorted(reached(graph, name, number)))}"
        for name, text in texts.items()
        for number in range(1, text.count("\n") + 1)
    ]
    expected = [
        f"{name}:{number}: {', '.join(sorted(comment(line)))}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
    ]
    assert found == expected


def test_the_order_of_modules_does_not_matter() -> None:
    texts = split((CASES[0].parent / "modules.py").read_text(encoding="utf-8"))
    there = merge(index(texts), NOTHING)
    back = merge(index(dict(reversed(texts.items()))), NOTHING)
    assert there == back


HEADERS = {
    "class A:": {"m:A.go"},
    "class A(Exception):": {"m:A.go"},
    # anything may be an instance of these
    "import typing\nclass A(typing.Protocol):": None,
    "import abc\nclass A(abc.ABC):": None,
    "class Meta(type): ...\nclass A(metaclass=Meta):": None,
    "class Proxy:\n    @property\n    def __class__(self):\n        return A\nclass A:": None,
    "class Late:\n    def __init__(self):\n        self.__class__ = A\nclass A:": None,
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.items(), ids=HEADERS)
def test_isinstance_tells_one_of_very_many_objects(header: str, expected: set[str] | None) -> None:
    others = [f"class C{number}:\n    def go(self): ...\n" for number in range(20)]
    calls = [f"look(C{number}())\n" for number in range(20)]
    text = f"""
{header}
    def go(self): ...
{"".join(others)}
def pick(x):
    if isinstance(x, A):
        return x
def look(x):
    pick(x).go()  # here
look(A())
{"".join(calls)}"""
    line = 1 + text[: text.index("# here")].count("\n")
    found = reached(merge(index({"m": text}), NOTHING), "m", line) - {"m:pick"}
    every = {f"~m:{cls}.go?" for cls in ("A", *(f"C{number}" for number in range(20)))}
    assert found == (every if expected is None else expected)


@pytest.mark.parametrize("given", ["table", "*table", "[table]"])
def test_what_many_get_is_looked_through_once(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    elements, looked = Slots.elements, []

    def counted(slots: Slots, slot: int) -> list[int]:
        looked.append(elements(slots, slot))
        return looked[-1]

    monkeypatch.setattr(Slots, "elements", counted)
    steps = []
    for size in (10, 20):
        looked.clear()
        functions = "".join(f"def f{number}(): ...\n" for number in range(size))
        table = ", ".join(f"{number}: f{number}" for number in range(size))
        calls = f"other.take({given})\n" * size
        graph = merge(
            index({"m": f"import other\n{functions}table = {{{table}}}\n{calls}"}), NOTHING
        )
        lost = [value for value in graph.values if value.lost is not None]
        first = 2 + size + 1
        lines = {graph.modules["m"].expressions[value.lost.expression].span.line for value in lost}
        assert len(lost) == size
        assert lines == {first}
        steps.append(sum(map(len, looked)))
    assert steps[1] <= 2 * steps[0] + 20


def split(text: str) -> dict[str, str]:
    """The modules of a case: `# file:` starts one, without it there is one called m."""
    parts = re.split(r"^# file: (.*)\n", text, flags=re.MULTILINE)
    if len(parts) == 1:
        return {"m": text}
    return {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): source
        for path, source in zip(parts[1::2], parts[2::2], strict=True)
    }


def index(texts: Mapping[str, str]) -> dict[str, Module]:
    packages = {name.rpartition(".")[0] for name in texts}
    return {
        name: index_module(
            text,
            name=name,
            path=name.replace(".", "/") + ("/__init__.py" if name in packages else ".py"),
            is_package=name in packages,
        )
        for name, text in texts.items()
    }


def comment(line: str) -> set[str]:
    _, _, text = line.partition("  # ")
    return {one.strip() for one in text.split(",")} if ":" in text else set()


def reached(graph: CallGraph, module: str, line: int) -> set[str]:
    return {
        text
        for edge in graph.edges
        if edge.site.module == module and graph.expression(edge.site).span.line == line
        for text in described(edge)
    }


def described(edge: Edge) -> list[str]:
    access = "" if edge.access in PLAIN else f"{edge.access} "
    return [
        f"{access}{'~' * (one.evidence is Evidence.BY_NAME)}{one.function}{'?' * edge.open}"
        for one in edge.targets
        if one.function
    ]
