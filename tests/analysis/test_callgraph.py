"""The merged call graph: the type checker's edges, and what values, names and classes add to them."""

from __future__ import annotations

import textwrap
import weakref
from pathlib import Path

import pytest

from asyncify.analysis.callgraph import build, merge
from asyncify.analysis.collector import no_collection
from asyncify.analysis.flow import Flow
from asyncify.analysis.index import index_module
from asyncify.analysis.resolver import Resolution
from asyncify.model.facts import Module
from asyncify.model.graph import Access, CallGraph, Edge, Evidence, Reference, SourceKind, Value

NOTHING = Resolution((), {}, {}, {}, {}, {}, {}, {})

TEXTS = {
    "base": """
        import threading
        import unknown_library
        from typing import Protocol

        class Fetches(Protocol):
            def fetch(self, url): ...

        class Base:
            def run(self):
                return self.step()

            def step(self): ...

        class Mixin:
            def step(self): ...

        class Both(Base, Mixin): ...

        class Sub(Base):
            def step(self): ...

        class Worker(threading.Thread):
            def run(self): ...

            def work(self): ...

        class Box:
            def __len__(self): ...

            def __format__(self, spec): ...

        def measure(box: Box):
            return len(box), format(box), "{}".format(box)

        class Strange(unknown_library.Thing):
            def handle(self): ...

            def __init__(self): ...
    """,
    "app": """
        import time
        import requests
        from base import Fetches, Base, Worker

        class Client:
            def __init__(self, session):
                self.session = session

            def fetch(self, url):
                return self.session.get(url)

        class Service:
            def __init__(self, client):
                self.client = client

            def load(self, url):
                return self.client.fetch(url)

        def use(source: Fetches):
            return source.fetch("")

        def main():
            service = Service(Client(requests.Session()))
            service.load("")
            use(Client(None))
            requests.get("")
            time.sleep(1)
            Worker().start()
            pause = time.sleep
            pause(1)

        def step(base: Base):
            base.run()
    """,
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> CallGraph:
    root = tmp_path_factory.mktemp("project")
    modules = {}
    for name, text in TEXTS.items():
        (root / f"{name}.py").write_text(dedent(text), encoding="utf-8")
        modules[name] = index(name, text)
    return build(root, modules, search_roots=[root], python_version="3.12")


def index(name: str, text: str) -> Module:
    return index_module(dedent(text), name=name, path=f"{name}.py", is_package=False)


def dedent(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def source(graph: CallGraph, reference: Reference) -> str:
    item = graph.expression(reference)
    lines = dedent(TEXTS[reference.module]).split("\n")
    assert item.span.line == item.span.end_line
    return lines[item.span.line - 1][item.span.column : item.span.end_column]


def edge(graph: CallGraph, text: str, access: Access = Access.CALL) -> Edge:
    (found,) = [
        one for one in graph.edges if one.access is access and source(graph, one.site) == text
    ]
    return found


def reached(found: Edge) -> list[tuple[str | None, Evidence]]:
    return [(one.function or one.external, one.evidence) for one in found.targets]


def value(graph: CallGraph, name: str) -> Value:
    (found,) = [one for one in graph.values if any(source.name == name for source in one.sources)]
    return found


def test_the_checker_resolves_what_it_can(graph: CallGraph) -> None:
    assert reached(edge(graph, 'service.load("")')) == [("app:Service.load", Evidence.TYPED)]


@pytest.mark.parametrize(
    ("call", "method"),
    {"len(box)": "__len__", "format(box)": "__format__", '"{}".format(box)': "__format__"}.items(),
)
def test_functions_that_call_a_special_method(graph: CallGraph, call: str, method: str) -> None:
    found = edge(graph, call, Access.OPERATOR)
    assert reached(found) == [(f"base:Box.{method}", Evidence.INFERRED)]
    assert not found.open


def test_values_resolve_the_rest(graph: CallGraph) -> None:
    found = edge(graph, "self.client.fetch(url)")
    assert reached(found) == [("app:Client.fetch", Evidence.INFERRED)]
    assert found.targets[0].receiver == "app:Client"
    assert not found.open


def test_external_names_are_canonical(graph: CallGraph) -> None:
    assert reached(edge(graph, 'requests.get("")')) == [("requests.api.get", Evidence.TYPED)]
    assert reached(edge(graph, "time.sleep(1)")) == [("time.sleep", Evidence.TYPED)]


def test_a_method_of_an_inferred_object_has_its_canonical_name_too(graph: CallGraph) -> None:
    found = edge(graph, "self.session.get(url)")
    assert reached(found) == [("requests.sessions.Session.get", Evidence.INFERRED)]
    assert found.targets[0].receiver == "requests.sessions.Session"


def test_an_external_function_as_a_value_is_called(graph: CallGraph) -> None:
    assert [one.external for one in edge(graph, "pause(1)").targets] == ["time.sleep"]


def test_the_construction_of_an_external_class_is_named_by_it(graph: CallGraph) -> None:
    found = edge(graph, "requests.Session()", Access.CONSTRUCT)
    assert [one.external for one in found.targets] == ["requests.sessions.Session"]


def test_the_construction_of_an_own_class_reaches_its_init(graph: CallGraph) -> None:
    found = edge(graph, "Client(None)", Access.CONSTRUCT)
    assert reached(found) == [("app:Client.__init__", Evidence.TYPED)]


def test_an_inherited_external_method_has_the_class_as_receiver(graph: CallGraph) -> None:
    (target,) = edge(graph, "Worker().start()").targets
    assert (target.external, target.receiver) == ("threading.Thread.start", "base:Worker")


def test_a_call_that_an_override_may_get(graph: CallGraph) -> None:
    (target,) = edge(graph, "self.step()").targets
    assert (target.function, target.overrides) == ("base:Base.step", True)


def test_families(graph: CallGraph) -> None:
    assert frozenset({"base:Base.step", "base:Mixin.step", "base:Sub.step"}) in graph.families


def test_a_class_used_as_a_protocol_joins_its_family(graph: CallGraph) -> None:
    assert frozenset({"base:Fetches.fetch", "app:Client.fetch"}) in graph.families


def test_outside(graph: CallGraph) -> None:
    assert graph.outside == {"base:Worker.run": "threading.Thread.run", "base:Strange.handle": "?"}


def test_bases(graph: CallGraph) -> None:
    assert graph.bases["base:Sub"][0] == "base:Base"
    assert graph.bases["base:Worker"][0] == "threading.Thread"
    assert graph.bases["base:Strange"][-1] == "?"


def test_names(graph: CallGraph) -> None:
    found = {source(graph, reference): name for reference, name in graph.names.items()}
    assert found["requests.get"] == "requests.get"
    assert found["time.sleep"] == "time.sleep"


def test_the_session_is_one_value_everywhere(graph: CallGraph) -> None:
    found = value(graph, "requests.sessions.Session")
    assert [source(graph, one) for one in found.occurrences] == [
        "self.session",
        "session",
        "self.session",
        "requests.Session()",
    ]
    assert {one.kind for one in found.sources} == {SourceKind.CALL}


def test_inferred_types(graph: CallGraph) -> None:
    found = {
        source(graph, reference): name
        for reference, name in graph.types.items()
        if reference.module == "app"
    }
    assert found["self.client"] == "app:Client"
    assert found["self.session"] == "requests.sessions.Session"


VALUES = {
    "a call": (
        "import lib\nx = lib.make()\ny = x",
        ["call lib.make"],
        ["x", "lib.make()", "y", "x"],
    ),
    "a call or None": (
        "import lib\nx = None\nx = lib.make()",
        ["call lib.make", "constant None"],
        ["x", "x", "lib.make()"],
    ),
    "a generator": (
        "def g():\n    yield 1\nx = g()",
        ["generator m:g"],
        ["x", "g()"],
    ),
    "a function": (
        "def f(): ...\ntable = [f]",
        ["function m:f"],
        ["f"],
    ),
    "a lambda": ("x = lambda: 1", ["function m:<lambda>"], ["x", "lambda: 1"]),
    "a class": ("class C: ...\nx = C", ["class m:C"], ["x", "C"]),
    "an instance": ("class C: ...\nx = C()", ["instance m:C"], ["x", "C()"]),
    "an external object": ("import lib\nx = lib.thing", ["external lib.thing"], ["x", "lib.thing"]),
    "through await, choice and walrus": (
        "import lib\nasync def f(c):\n    x = (y := await lib.make()) if c else None",
        ["call lib.make", "constant None"],
        [
            "x",
            "(y := await lib.make()) if c else None",
            "y := await lib.make()",
            "y",
            "await lib.make()",
            "lib.make()",
        ],
    ),
    "with": (
        "import lib\nwith lib.make() as x:\n    x.use",
        ["call lib.make"],
        ["lib.make()", "x", "x"],
    ),
    "a parameter that anybody may give": (
        "import lib\ndef f(x=lib.make()):\n    x",
        ["call lib.make", "parameter m:f(x)"],
        ["lib.make()", "x"],
    ),
    "a literal": ("x = 1", [], []),
    "a function that is only called": ("def f(): ...\nf()", [], []),
    "a class that is only a base": ("class C: ...\nclass D(C): ...", [], []),
}


@pytest.mark.parametrize(("text", "sources", "places"), VALUES.values(), ids=VALUES)
def test_values(text: str, sources: list[str], places: list[str]) -> None:
    module = index_module(text, name="m", path="m.py", is_package=False)
    graph = merge({"m": module}, NOTHING)
    lines = text.split("\n")

    def at(reference: Reference) -> str:
        span = module.expressions[reference.expression].span
        return lines[span.line - 1][span.column : span.end_column]

    found = [
        ([f"{one.kind} {one.name}" for one in item.sources], [*map(at, item.occurrences)])
        for item in graph.values
    ]
    assert found == ([(sources, places)] if sources else [])


def test_a_crowded_slot_learns_nothing() -> None:
    """Where everything meets, all that is known is the name."""
    classes = "".join(f"class C{n}:\n    def go(self): ...\n" for n in range(30))
    calls = "".join(f"use(C{n}())\n" for n in range(30))
    text = f"{classes}def use(x):\n    x.go()\n{calls}"
    graph = merge({"m": index_module(text, name="m", path="m.py", is_package=False)}, NOTHING)
    (edge,) = [one for one in graph.edges if one.targets[0].function == "m:C0.go"]
    assert edge.open
    assert {one.evidence for one in edge.targets} == {Evidence.BY_NAME}


def test_nothing() -> None:
    assert merge({}, NOTHING) == CallGraph({}, {}, {})


def test_deep_expressions(tmp_path: Path) -> None:
    text = "import lib\nx = lib" + ".a()" * 500 + "\ny = " + "[" * 90 + "x" + "]" * 90 + "\n"
    module = index_module(text, name="m", path="m.py", is_package=False)
    assert merge({"m": module}, NOTHING).edges


def test_nothing_but_the_graph_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector is off during the work: a circle would last until the end of the run."""
    kept: list[weakref.ref[object]] = []

    class Watched(Flow):
        def run(self) -> None:
            super().run()
            kept.extend(map(weakref.ref, (self, self.motion, self.library, self.heap, self.slots)))

    monkeypatch.setattr("asyncify.analysis.callgraph.Flow", Watched)
    text = "def f(x):\n    if isinstance(x, int):\n        getattr(x, y)()\n    return x.z\nf(f)\n"
    module = index_module(text, name="m", path="m.py", is_package=False)
    with no_collection():
        graph = merge({"m": module}, NOTHING)
        assert graph.edges
        assert kept
        assert not any(each() for each in kept)
