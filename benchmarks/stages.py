"""Where ``asyncify --check`` spends its time and memory: stage by stage, of Django or of any project.

CPU time is that of this process; the type checker's, which runs as one of its own, is told apart. Every
stage runs once, so that the figures of a busy machine are rough: compare them with those of ``ast.parse``
of the same files, in the first line. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from check_django import django, parse

from asyncify.api import plan
from asyncify.api.stages import Stages

STAGES = ("parse", "index", "resolve", "decide", "rewrite", "check")


class Clock:
    """The CPU time of every stage, and how much memory the process had at most when it ended."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.memory: dict[str, float] = {}

    def timed(self, name: str, stage: Callable[..., Any]) -> Callable[..., Any]:
        """A stage that is counted."""

        def run(*arguments: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return stage(*arguments, **options)
            finally:
                self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - start
                self.memory[name] = megabytes(resource.RUSAGE_SELF)

        return run


def megabytes(who: int) -> float:
    """The peak memory of this process, or of the largest of its children."""
    return resource.getrusage(who).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Run the stages and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, nargs="?", help="a project; Django by default")
    source = (parser.parse_args().source or django()).resolve()
    clock = Clock()
    files = [path.read_bytes() for path in sorted(source.rglob("*.py"))]
    clock.timed("ast.parse", parse)(files)
    base = clock.spent["ast.parse"]
    plain = Stages()
    stages = Stages(**{name: clock.timed(name, getattr(plain, name)) for name in STAGES})
    clock.timed("all", plan)(source, proof=False, jobs=0, stages=stages)
    checker = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock.spent["type checker"] = checker.ru_utime + checker.ru_stime
    clock.memory["type checker"] = megabytes(resource.RUSAGE_CHILDREN)
    print(f"{len(files)} files           CPU s  x ast.parse  peak MB")
    for name, seconds in clock.spent.items():
        print(f"{name:16}{seconds:10.2f}{seconds / base:13.1f}{clock.memory[name]:9.0f}")


if __name__ == "__main__":
    main()
