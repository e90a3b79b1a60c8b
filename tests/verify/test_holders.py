"""The gate: a value of `yield from` that gets lost on the way is found by `unfilled`."""

import re
from pathlib import Path

from asyncify.analysis.callgraph import build
from asyncify.analysis.index import index_module
from asyncify.planning.plan import make_plan
from asyncify.rewrite.module import rewrite_module
from asyncify.rules.registry import Rules
from asyncify.verify.holders import unfilled
from asyncify.verify.kept import misused
from asyncify.verify.lost import lost_coroutines

PROGRAM = """\
import time


def leaf(n):
    time.sleep(0)
    yield n
    return n * 2


class Node:
    def walk(self):
        yield from leaf(0)
        return 1


class Tree(Node):
    def walk(self):
        count = yield from leaf(1)
        count += yield from super().walk()
        return count


def passed(node):
    return (yield from node.walk())


def main():
    def shown():
        print((yield from passed(Tree())))

    for item in shown():
        print(item)


if __name__ == "__main__":
    main()
"""
# one mutant for every match: what stands there instead
MUTATIONS = {
    r"[\w()]+\.walk\(returned=\w+\)": lambda found: re.sub(r"returned=\w+", "", found),
    r"\w+\(([\w()]*), returned=\w+\)": lambda found: re.sub(r", returned=\w+", "", found),
    r"returned\.value = n": lambda found: found.replace("returned.value", "value"),
}


def problems(root: Path, texts: dict[str, str]) -> dict[str, int]:
    """How much is found in every text."""
    root.mkdir()
    for name, text in texts.items():
        (root / f"{name}.py").write_text(text)
    modules = {
        name: index_module(text, name=name, path=f"{name}.py", is_package=False)
        for name, text in texts.items()
    }
    graph = build(root, modules, search_roots=[root])
    became = {identifier for identifier, function in graph.functions.items() if function.is_async}
    found = [one for proof in (lost_coroutines, misused, unfilled) for one in proof(graph, became)]
    return {name: sum(one.path == f"{name}.py" for one in found) for name in texts}


def test_no_lost_value_passes(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "m.py").write_text(PROGRAM)
    module = index_module(PROGRAM, name="m", path="m.py", is_package=False)
    graph = build(tmp_path / "before", {"m": module}, search_roots=[tmp_path / "before"])
    edits = make_plan(graph, Rules.select({})).edits()
    text = rewrite_module(PROGRAM.encode(), edits["m.py"], path="m.py").decode()
    mutants = [
        text[: match.start()] + change(match.group()) + text[match.end() :]
        for pattern, change in MUTATIONS.items()
        for match in re.finditer(pattern, text)
    ]
    found = problems(
        tmp_path / "after", {"m": text, **{f"m{n}": one for n, one in enumerate(mutants)}}
    )
    assert found.pop("m") == 0
    assert len(found) > 4
    assert [name for name, problems in found.items() if not problems] == []
