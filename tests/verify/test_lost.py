"""The gate: planning is broken on purpose, and the new text must not get past `lost_coroutines`.

Every mutant is the same program, planned with one edge or one override family forgotten. All mutants
are analysed in one run of the checker, each as a module of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from asyncify.analysis.callgraph import build
from asyncify.analysis.index import index_module
from asyncify.model.facts import Module
from asyncify.model.graph import Access, CallGraph, SourceKind
from asyncify.planning.plan import make_plan
from asyncify.rewrite.module import rewrite_module
from asyncify.rules.registry import Rules
from asyncify.verify.kept import misused
from asyncify.verify.loops import nested_loops
from asyncify.verify.lost import Lost, lost_coroutines

PROGRAM = """\
import time
from contextlib import contextmanager


def leaf(x):
    time.sleep(0)
    return x


def twice(x):
    return leaf(x) + leaf(x)


def recursive(n):
    return leaf(0) if n == 0 else recursive(n - 1)


class Base:
    def fetch(self, x):
        return leaf(x)

    def run(self, x):
        return self.fetch(x)

    @classmethod
    def make(cls):
        leaf(1)
        return cls()

    @staticmethod
    def plain(x):
        return leaf(x)


class Child(Base):
    def fetch(self, x):
        return super().fetch(x) + 1


class Made:
    def __init__(self, x):
        self.x = leaf(x)


class Derived(Made):
    def __init__(self, x):
        super().__init__(x)

    @classmethod
    def make(cls, x):
        return cls(x)


def made(cls, x):
    return cls(x).x


def stream(n):
    for i in range(n):
        yield leaf(i)


@contextmanager
def managed(x):
    yield leaf(x)


def nested(x):
    def inner(y):
        return leaf(y)

    return inner(x)


def table(name, x):
    functions = {"a": leaf, "b": twice}
    return functions[name](x)


def main():
    child = Child.make()
    print(child.run(1), Base.plain(2), Base().fetch(3), twice(4), recursive(2))
    for item in stream(3):
        print(item)
    print([leaf(i) for i in range(2)], sum(leaf(i) for i in (1, 2)))
    with managed(5) as value:
        print(value)
    print(nested(6), table("a", 7), leaf(8) if leaf(0) else leaf(9))
    assert leaf(1), leaf("no")
    print(Made(1).x, Derived(2).x, Derived.make(3).x, made(Made, 4), made(Derived, 5))
    print(f"{leaf(10)}")


if __name__ == "__main__":
    main()
"""


KEPT = """\
import time
from contextlib import ExitStack, contextmanager, nullcontext


@contextmanager
def managed(x):
    time.sleep(0)
    yield x


def stream(n):
    for i in range(n):
        time.sleep(0)
        yield i


class Box:
    def __init__(self, items):
        self.items = items
        self.manager = managed(3)

    @property
    def numbers(self):
        yield from stream(2)

    def show(self):
        for item in self.items:
            print(item)
        with self.manager as value:
            print(value)


def leaf(x):
    time.sleep(0)
    return x


def each(n):
    return (leaf(x) for x in range(n))


def shown(lazy):
    for item in lazy:
        print(item)


def chosen(flag):
    return managed(1) if flag else nullcontext(2)


def entered(manager):
    with manager as value:
        return value


def main():
    with chosen(True) as value:
        print(value, entered(managed(4)))
    with ExitStack() as stack:
        print(stack.enter_context(managed(5)))
    by_hand = managed(6)
    by_hand.__enter__()
    by_hand.__exit__(None, None, None)
    Box(stream(3)).show()
    kept = stream(4)
    print(next(kept), list(kept), [n for n in Box(stream(1)).numbers])
    first, second = stream(2)
    print(first, second, *stream(1), sum(stream(3)), 1 in stream(2))
    lazy = each(4)
    print(next(lazy), 1 in lazy, list(lazy))
    shown(each(2))
    shown(leaf(x) for x in (1, 2))


if __name__ == "__main__":
    main()
"""

UNKNOWN = """\
import time


class Client:
    def pull(self, x):
        time.sleep(0)
        return x


class Other:
    def pull(self, x):
        time.sleep(0)
        return x


def replaced(box, function):
    box.pull = function
    return box.pull(1)


def main():
    print(Client().pull(2), Other().pull(3))


if __name__ == "__main__":
    main()
"""


def graph_of(root: Path, texts: dict[str, str]) -> CallGraph:
    modules: dict[str, Module] = {}
    for name, text in texts.items():
        (root / f"{name}.py").write_text(text)
        modules[name] = index_module(text, name=name, path=f"{name}.py", is_package=False)
    return build(root, modules, search_roots=[root])


def converted(graph: CallGraph, text: str = PROGRAM) -> str:
    edits = make_plan(graph, Rules.select({})).edits()
    return rewrite_module(text.encode(), edits["m.py"], path="m.py").decode()


def mutants(graph: CallGraph) -> Iterator[tuple[str, CallGraph]]:
    """The graph with one call of a function of the project forgotten, or with one family torn apart."""
    for number, edge in enumerate(graph.edges):
        reached = [t.function for t in edge.targets if t.function is not None]
        if edge.access not in (Access.CALL, Access.CONSTRUCT) or not reached:
            continue
        place = graph.expression(edge.site).span
        rest = (*graph.edges[:number], *graph.edges[number + 1 :])
        yield f"line {place.line}: {reached[0]}", replace(graph, edges=rest)
    for family in graph.families:
        rest = tuple(other for other in graph.families if other != family)
        base = min(family)
        edges = tuple(
            replace(e, targets=tuple(t for t in e.targets if t.function != base))
            for e in graph.edges
        )
        yield f"family of {base}", replace(graph, families=rest, edges=edges)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Lost]]:
    """What the gate finds in every mutant, and in the program as it should be (under "")."""
    graph = graph_of(tmp_path_factory.mktemp("before"), {"m": PROGRAM})
    texts = {"": converted(graph)}
    for label, mutant in mutants(graph):
        text = converted(mutant)
        if "leaf_async" not in text:  # a twin: whoever was forgotten goes on with the old form
            texts[label] = text
    names = {label: f"m{number}" for number, label in enumerate(texts)}
    after = graph_of(
        tmp_path_factory.mktemp("after"), {names[label]: text for label, text in texts.items()}
    )
    became = {identifier for identifier, function in after.functions.items() if function.is_async}
    by_path: dict[str, list[Lost]] = {}
    for lost in (*lost_coroutines(after, became), *misused(after, became)):
        by_path.setdefault(lost.path, []).append(lost)
    changed = {label for label, text in texts.items() if label == "" or text != texts[""]}
    return {label: by_path.get(f"{names[label]}.py", []) for label in changed}


def test_the_program_passes(found: dict[str, list[Lost]]) -> None:
    assert found[""] == []


def test_no_mutant_passes(found: dict[str, list[Lost]]) -> None:
    passed = sorted(label for label, lost in found.items() if label and not lost)
    assert passed == []


def test_there_are_enough_mutants(found: dict[str, list[Lost]]) -> None:
    assert len(found) > 20


def forgetful(graph: CallGraph) -> Iterator[tuple[str, CallGraph]]:
    """The graph with one place forgotten that sees a generator or a manager of the project."""
    for value in graph.values:
        kinds = {source.kind for source in value.sources}
        if kinds.isdisjoint({SourceKind.GENERATOR, SourceKind.EXPRESSION}):
            continue
        for number, place in enumerate(value.occurrences):
            places = (*value.occurrences[:number], *value.occurrences[number + 1 :])
            arrivals = (*value.arrivals[:number], *value.arrivals[number + 1 :])
            less = replace(value, occurrences=places, arrivals=arrivals)
            rest = tuple(less if other is value else other for other in graph.values)
            span = graph.expression(place).span
            yield f"{span.line}:{span.column}", replace(graph, values=rest)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Lost]]:
    """What the gate finds where planning forgot a place that sees a generator or a manager."""
    graph = graph_of(tmp_path_factory.mktemp("before"), {"m": KEPT})
    texts = {"": converted(graph, KEPT)}
    for label, mutant in forgetful(graph):
        text = converted(mutant, KEPT)
        if text == texts[""]:
            continue
        same = text.count("async def") == texts[""].count("async def")
        if same and not re.search(r"def \w+_async\(", text):  # else it is held, or gets a twin
            texts[label] = text
    names = {label: f"m{number}" for number, label in enumerate(texts)}
    after = graph_of(
        tmp_path_factory.mktemp("after"), {names[k]: text for k, text in texts.items()}
    )
    became = {identifier for identifier, function in after.functions.items() if function.is_async}
    found: dict[str, list[Lost]] = {label: [] for label in texts}
    labels = {f"{name}.py": label for label, name in names.items()}
    for lost in (*lost_coroutines(after, became), *misused(after, became)):
        found[labels[lost.path]].append(lost)
    return found


def test_what_is_kept_passes(kept: dict[str, list[Lost]]) -> None:
    assert kept[""] == []


def test_no_forgotten_place_passes(kept: dict[str, list[Lost]]) -> None:
    assert sorted(label for label, lost in kept.items() if label and not lost) == []
    assert len(kept) > 12


def test_a_call_of_a_name_that_became_async_is_seen(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    graph = graph_of(tmp_path / "before", {"m": UNKNOWN})
    by_name = [edge for edge in graph.edges if edge.open and len(edge.targets) == 2]
    assert [graph.expression(edge.site).span.line for edge in by_name] == [18]
    assert "async def pull(" not in converted(graph, UNKNOWN)
    forgetful = replace(graph, edges=tuple(e for e in graph.edges if e not in by_name))
    after = graph_of(tmp_path / "after", {"m": converted(forgetful, UNKNOWN)})
    became = {identifier for identifier, function in after.functions.items() if function.is_async}
    lost = lost_coroutines(after, became)
    assert {(one.span.line, one.function) for one in lost} == {
        (18, "m:Client.pull"),
        (18, "m:Other.pull"),
    }


WRAPPED = """\
import time


def logged(function):
    def inner(*args):
        print(function.__name__)
        return function(*args)

    return inner


class Page:
    @logged
    def load(self):
        time.sleep(0)
        return 1

    @logged
    def part(self):
        time.sleep(0)
        return 2

    @logged
    def size(self):
        return 2

    def __len__(self):
        return self.size()


def use():
    page = Page()
    return page.load() + page.part() + len(page)
"""


def unwrapped(graph: CallGraph) -> Iterator[CallGraph]:
    """The graph with one function forgotten that a wrapper wraps, or with its call of what it wraps."""
    for function, wrapper in graph.wrappers.items():
        for one in wrapper.decorated:
            rest = tuple(each for each in wrapper.decorated if each != one)
            less = replace(wrapper, decorated=rest)
            yield replace(graph, wrappers={**graph.wrappers, function: less})
        silent = replace(wrapper, calls=())
        yield replace(graph, wrappers={**graph.wrappers, function: silent})


def test_wrappers_that_are_forgotten_do_not_pass(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir(), after.mkdir()
    graph = graph_of(before, {"m": WRAPPED})
    texts = [converted(each, WRAPPED) for each in (graph, *unwrapped(graph))]
    assert "@logged_async\n    async def load" in texts[0]
    made = graph_of(after, {f"m{number}": text for number, text in enumerate(texts)})
    became = {identifier for identifier, function in made.functions.items() if function.is_async}
    lost = {each.path for each in lost_coroutines(made, became)}
    wrong = {f"m{n}.py" for n, text in enumerate(texts) if text not in (texts[0], WRAPPED)}
    assert len(wrong) > 1
    assert lost == wrong


STACKED = """\
import contextlib
import time


def main():
    with contextlib.ExitStack() as stack:

        @stack.callback
        def done():
            time.sleep(0)

        @stack.push
        def handled(*error):
            time.sleep(0)


if __name__ == "__main__":
    main()
"""


def test_what_an_exit_stack_does_not_await_is_seen(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    text = converted(graph_of(tmp_path / "before", {"m": STACKED}), STACKED)
    mutants = {
        "m": text,
        "m0": text.replace("push_async_callback", "callback"),
        "m1": text.replace("push_async_exit", "push"),
    }
    after = graph_of(tmp_path / "after", mutants)
    became = {identifier for identifier, function in after.functions.items() if function.is_async}
    assert [lost.path for lost in lost_coroutines(after, became)] == ["m0.py", "m1.py"]


MIXED = """\
import time


def slow(value):
    time.sleep(0)


def main():
    for function in (slow, print):
        function(1)


if __name__ == "__main__":
    main()
"""


def test_what_is_not_asked_whether_it_can_be_awaited_is_seen(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    text = converted(graph_of(tmp_path / "before", {"m": MIXED}), MIXED)
    mutants = {
        "m": text,
        "m0": text.replace("await _awaited(function(1))", "_awaited(function(1))"),
        "m1": text.replace("await _awaited(function(1))", "await _awaited(function)(1)"),
        "m2": text.replace("await value if inspect.isawaitable(value) else value", "value"),
        "m3": text.replace("if inspect.isawaitable(value)", "if isinstance(value, str)"),
    }
    assert len(set(mutants.values())) == len(mutants)
    after = graph_of(tmp_path / "after", mutants)
    became = {identifier for identifier, function in after.functions.items() if function.is_async}
    lost = {each.path for each in lost_coroutines(after, became)}
    assert lost == {"m0.py", "m1.py", "m2.py", "m3.py"}


def test_a_twin_that_is_looked_for_in_the_wrong_module_is_seen(tmp_path: Path) -> None:
    caller = "import facade\nimport core\n\n\nasync def main():\n    await {}.send_async()\n"
    texts = {
        "core": "def send():\n    pass\n\n\nasync def send_async():\n    pass\n",
        "facade": "from core import send\n",
        "right": caller.format("core"),
        "wrong": caller.format("facade"),
    }
    graph = graph_of(tmp_path, texts)
    became = {identifier for identifier, function in graph.functions.items() if function.is_async}
    lost = lost_coroutines(graph, became)
    assert [(one.path, one.message) for one in lost] == [("wrong.py", "facade has no send_async")]


PROGRAMS = """\
import time


def load():
    time.sleep(0)


def start():
    load()


def restart():
    start()


if __name__ == "__main__":
    restart()
"""


def test_a_second_loop_is_seen(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    text = converted(graph_of(tmp_path / "before", {"m": PROGRAMS}), PROGRAMS)
    bridged = text.replace("async def start", "def start").replace(
        "    await load()", "    asyncio.run(load())"
    )
    mutants = {
        "right": text,
        "inside": text.replace("    await load()", "    asyncio.run(load())"),
        "behind": bridged.replace("await start()", "start()"),
        "asked": bridged.replace("await start()", "start()").replace(
            "    asyncio.run(load())", "    asyncio.get_running_loop()\n    asyncio.run(load())"
        ),
    }
    assert len(set(mutants.values())) == len(mutants)
    after = graph_of(tmp_path / "after", mutants)
    became = {identifier for identifier, function in after.functions.items() if function.is_async}
    found = {(lost.path, lost.function) for lost in nested_loops(after, became)}
    assert found == {("inside.py", "inside:start"), ("behind.py", "behind:restart")}
