"""Cold ``asyncify --check`` over the sources of Django, against what merely parsing them costs.

Everything is CPU time, user and system, of all processes together: the type checker runs in threads of
its own, and a busy machine changes wall time only. The sources come from the package index, into a cache
outside of the tree, or from ``--source DIR``. Nothing is asserted: the targets are in the printed lines.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
import tarfile
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pyperf

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from ecosystem import process, store  # noqa: E402

VERSION = "5.2"
SAMPLE = 20  # LibCST reads every twentieth file
TARGETS = "(targets: below 10 times ast.parse, at most 1024 MB)"


def main() -> None:
    """Measure, and let the first process print the ratios."""
    runner = pyperf.Runner(
        values=1,
        warmups=0,
        processes=1,
        loops=1,
        add_cmdline_args=_pass_on,
        program_args=(__file__,),
    )
    runner.argparser.add_argument("--source", type=Path, help="an unpacked copy of the sources")
    runner.argparser.add_argument("--memory-file", type=Path, help=argparse.SUPPRESS)
    arguments = runner.parse_args()
    arguments.source = (arguments.source or django()).resolve()
    if not arguments.worker:
        arguments.memory_file = Path(tempfile.mkdtemp()) / "memory.json"
    files = sorted(arguments.source.rglob("*.py"))
    data = [path.read_bytes() for path in files]
    sample = data[::SAMPLE]
    parsed = runner.bench_time_func("ast.parse", timed(parse), data)
    concrete = runner.bench_time_func(
        "LibCST, qualified names, 5 % of the files", timed(name), sample
    )
    checked = runner.bench_time_func(
        "asyncify --check", check, arguments.source, arguments.memory_file
    )
    if arguments.worker or not (parsed and concrete and checked):
        return
    share = sum(map(len, data)) / sum(map(len, sample))
    memory = json.loads(arguments.memory_file.read_bytes())
    base, whole, ours = parsed.mean(), concrete.mean() * share, checked.mean()
    print(f"\n{len(files)} files, {sum(each.count(10) for each in data):,} lines; CPU seconds")
    print(f"ast.parse                {base:7.1f}")
    print(f"LibCST, qualified names  {whole:7.1f}  {whole / base:5.1f} times ast.parse, scaled")
    print(f"asyncify --check         {ours:7.1f}  {ours / base:5.1f} times ast.parse")
    print(f"                                  {ours / whole:5.2f} times LibCST")
    print(f"memory of the largest process: {memory:.0f} MB {TARGETS}")


def _pass_on(command: list[str], arguments: argparse.Namespace) -> None:
    """What pyperf's worker processes have to know."""
    command += ["--source", str(arguments.source), "--memory-file", str(arguments.memory_file)]


def django() -> Path:
    """The sources of Django: downloaded with pip and unpacked once."""
    folder = store.cache_directory() / "sdists" / f"django-{VERSION}"
    if not list(folder.glob("*.tar.gz")):
        store.download("django", VERSION, folder)
    (archive,) = folder.glob("*.tar.gz")
    unpacked = store.cache_directory() / "benchmarks" / f"django-{VERSION}"
    if not unpacked.is_dir():
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=unpacked.parent) as scratch:
            with tarfile.open(archive) as content:
                content.extractall(scratch, filter="data")
            (top,) = Path(scratch).iterdir()
            top.rename(unpacked)
    return unpacked


def timed(work: Callable[[list[bytes]], None]) -> Callable[[int, list[bytes]], float]:
    """The CPU time of this process during some work."""

    def measure(loops: int, data: list[bytes]) -> float:
        start = time.process_time()
        for _ in range(loops):
            work(data)
        return time.process_time() - start

    return measure


def parse(data: list[bytes]) -> None:
    """Parse; some of Django's own test data is no Python."""
    with warnings.catch_warnings(action="ignore"):
        for each in data:
            try:
                ast.parse(each)
            except (SyntaxError, ValueError):
                continue


def name(data: list[bytes]) -> None:
    """Parse with LibCST and find the qualified names, as a codemod does."""
    import libcst
    from libcst.metadata import MetadataWrapper, QualifiedNameProvider

    for each in data:
        try:
            module = libcst.parse_module(each)
        except libcst.ParserSyntaxError:
            continue
        MetadataWrapper(module, unsafe_skip_copy=True).resolve(QualifiedNameProvider)


def check(loops: int, source: Path, memory_file: Path) -> float:
    """The CPU time of the command and its children."""
    command = [sys.executable, "-m", "asyncify", str(source), "--check", "--exit-zero"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    spent = 0.0
    for _ in range(loops):
        with tempfile.TemporaryDirectory() as folder:
            out, errors = Path(folder) / "out", Path(folder) / "errors"
            used = process.run(
                command, cwd=REPOSITORY, env=environment, stdout=out, stderr=errors, timeout=7200
            )
            # A file that is no Python is an error of its own; the run goes on.
            if used.exit_code not in (0, 1, 2):
                raise SystemExit(errors.read_text("utf-8", "replace"))
        spent += used.cpu
        memory_file.write_text(json.dumps(used.memory), "utf-8")
    return spent


if __name__ == "__main__":
    main()
