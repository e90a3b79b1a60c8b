"""Planning 10,000 functions in 1,000 files, against what the type checker needs for them.

Every function calls two of the file before, so that one blocking call at the bottom colours a tenth of
the project, and 100 of them colour it all. CPU time, user and system; nothing is asserted.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import pyperf

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "src"))

from asyncify.analysis.collector import no_collection  # noqa: E402
from asyncify.api import stages  # noqa: E402
from asyncify.config import Config  # noqa: E402
from asyncify.model.graph import CallGraph  # noqa: E402
from asyncify.model.source import Source  # noqa: E402

FILES = 1000
FUNCTIONS = 10  # in each
HEIGHT = 20  # files in a tower; the towers know nothing of each other


def main() -> None:
    """Measure, and let the first process print the ratio."""
    runner = pyperf.Runner(values=1, warmups=0, processes=1, loops=1)
    checked = runner.bench_time_func("the type checker", check)
    planned = runner.bench_time_func("make_plan", plan)
    if runner.args.worker or not (checked and planned):
        return
    base, ours = checked.mean(), planned.mean()
    print(f"\n{FILES * FUNCTIONS:,} functions in {FILES:,} files; CPU seconds")
    print(f"the type checker  {base:6.2f}")
    print(f"make_plan         {ours:6.2f}  {ours / base:5.2f} times the type checker")


def project() -> dict[str, str]:
    """The files by path."""
    return {f"module_{number:04}.py": _module(number) for number in range(FILES)}


def _module(number: int) -> str:
    if number % HEIGHT == 0:
        lines = ["import time", ""]
        bodies = ["    time.sleep(count)\n    return count"] * FUNCTIONS
    else:
        below = f"module_{number - 1:04}"
        lines = [f"import {below}", ""]
        bodies = [
            f"    one = {below}.function_{index}(count)\n"
            f"    other = {below}.function_{(index + 1) % FUNCTIONS}(one)\n"
            "    return one + other"
            for index in range(FUNCTIONS)
        ]
    for index, body in enumerate(bodies):
        lines.append(f"def function_{index}(count: int) -> int:\n{body}\n\n")
    return "\n".join(lines)


def check(loops: int) -> float:
    """The CPU time of the checker, a process of its own."""
    spent = 0.0
    for _ in range(loops):
        with tempfile.TemporaryDirectory() as folder:
            before = _children()
            _graph(Path(folder))
            spent += _children() - before
    return spent


def plan(loops: int) -> float:
    """The CPU time of planning alone, without the collector, as in every run."""
    with tempfile.TemporaryDirectory() as folder:
        graph = _graph(Path(folder))
        job = stages.Job(Path(folder), Config())
        with no_collection():
            start = time.process_time()
            for _ in range(loops):
                stages.decide(job, graph)
            return time.process_time() - start


def _graph(root: Path) -> CallGraph:
    texts = project()
    for path, text in texts.items():
        (root / path).write_text(text, "utf-8")
    job = stages.Job(root, Config())
    facts = stages.index(job, {path: Source(text, "utf-8") for path, text in texts.items()})
    return stages.resolve(job, facts)


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
