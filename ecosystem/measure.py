"""Everything that a run does with one project, and the result of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ecosystem import conversion, coroutines, process, reasons, store, suite, tree, typecheck
from ecosystem.conversion import Conversion, Tool
from ecosystem.model import Problem, ProjectResult, Run, SuiteResult, from_plain
from ecosystem.projects import Project

HARNESS_ERRORS = (store.StoreError, typecheck.TypeCheckError, OSError)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line decides about a run."""

    command: tuple[str, ...]
    logs: Path
    timeout: float = 1800.0
    tests: bool = True
    typecheck: bool = True
    fresh: bool = False


def default_command() -> tuple[str, ...]:
    """asyncify as it stands in this working tree."""
    return (sys.executable, "-m", "asyncify")


def run(
    projects: Iterable[Project],
    settings: Settings,
    *,
    jobs: int,
    done: Callable[[ProjectResult, Run], None],
    earlier: Run | None = None,
) -> Run:
    """Measure all projects, ``jobs`` at a time.

    ``done`` hears of each project as it ends, together with the run as far as it is. What ``earlier``
    measured is not measured again, if it was the same asyncify that did it.
    """
    chosen = tuple(projects)
    started = Run(
        asyncify_version(settings), store.python_tag().removeprefix("py"), (), sources_digest()
    )
    results: dict[str, ProjectResult] = {}
    if earlier is not None and earlier.measured_with(started):
        results = {result.name: result for result in earlier.projects}

    def so_far() -> Run:
        ended = (results.get(project.name) for project in chosen)
        return replace(started, projects=tuple(result for result in ended if result))

    def one(project: Project) -> None:
        results[project.name] = result = measure(project, settings)
        done(result, so_far())

    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        list(pool.map(one, [project for project in chosen if project.name not in results]))
    return so_far()


def sources_digest() -> str:
    """What tells two states of asyncify, and of what measures it, apart."""
    digest = hashlib.sha256()
    for folder in (store.REPOSITORY / "src", store.REPOSITORY / "ecosystem"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".pyi", ".toml", ".txt"}:
                digest.update(f"{path.relative_to(store.REPOSITORY)}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def measure(project: Project, settings: Settings) -> ProjectResult:
    """Measure one project; what the harness cannot do becomes a problem of kind ``setup``."""
    empty = ProjectResult(project.name, project.version, project.kind)
    logs = settings.logs / project.name
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory(prefix="asyncify-ecosystem-") as scratch:
            return _measure(project, settings, Path(scratch).resolve(), logs)
    except HARNESS_ERRORS as error:
        (logs / "setup.err").write_text(str(error), encoding="utf-8")
        last = str(error).strip().splitlines() or [type(error).__name__]
        return replace(empty, problems=(Problem("setup", project.name, last[-1]),))


def _measure(project: Project, settings: Settings, work: Path, logs: Path) -> ProjectResult:
    pristine = store.unpack(project, work / "pristine")
    tested = settings.tests and project.tests is not None
    environment = store.environment(project) if tested else None
    before = baseline(project, settings, work, logs) if environment else None
    tool = Tool(settings.command, tool_environment(environment), settings.timeout)
    found = conversion.convert(project, pristine, work, tool, logs)
    fresh = _new_diagnostics(project, found, environment, logs) if settings.typecheck else ()
    suspects = _lost_coroutines(project, found, fresh)
    tests: SuiteResult | None = None
    if before is not None and environment is not None:
        unchanged = not found.changed
        after = before if unchanged else _after(project, found.converted, environment, logs)
        tests = reasons.compare(before, after, conversion.codes_by_file(found.report))
    return ProjectResult(
        name=project.name,
        version=project.version,
        kind=project.kind,
        files=len(found.files),
        lines=tree.line_count(pristine, found.files),
        changed=len(found.changed),
        unparsable=len(found.unparsable),
        async_functions=_length(found.report.get("async_functions")),
        sites=conversion.sites(found.report),
        codes=conversion.codes(found.report),
        costs=found.costs,
        problems=tuple(found.problems),
        suspects=suspects,
        new_diagnostics=dict(sorted(Counter(item.kind for item in fresh).items())),
        tests=tests,
    )


def baseline(project: Project, settings: Settings, work: Path, logs: Path) -> suite.SuiteRun:
    """The tests before; they do not depend on asyncify, so their outcomes are cached."""
    environment = store.environment(project)
    cached = (
        store.cache_directory()
        / "baselines"
        / f"{environment.name}-{_suite_key(project, environment)}.json"
    )
    if cached.is_file() and not settings.fresh and not project.local:
        return from_plain(suite.SuiteRun, json.loads(cached.read_text(encoding="utf-8")))
    top = store.unpack(project, work / "before")
    outcome = suite.run_suite(project, top, environment, logs / "tests-before")
    cached.parent.mkdir(parents=True, exist_ok=True)
    store.write_atomically(cached, json.dumps(asdict(outcome)))
    return outcome


def tool_environment(environment: Path | None) -> dict[str, str]:
    """The variables for asyncify: the project's environment is active, our sources are found."""
    env = store.environment_variables(environment)
    env["PYTHONPATH"] = str(store.REPOSITORY / "src")
    env["NO_COLOR"] = "1"
    return env


def asyncify_version(settings: Settings) -> str:
    """What ``--version`` says, or that it says nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "version"
        process.run(
            [*settings.command, "--version"],
            cwd=Path(scratch),
            env=tool_environment(None),
            timeout=60,
            stdout=output,
            stderr=Path(scratch) / "errors",
        )
        words = output.read_text(encoding="utf-8", errors="replace").split()
    return words[-1] if words else "unknown"


def _after(project: Project, top: Path, environment: Path, logs: Path) -> suite.SuiteRun:
    return suite.run_suite(project, top, environment, logs / "tests-after")


def _new_diagnostics(
    project: Project, found: Conversion, environment: Path | None, logs: Path
) -> tuple[typecheck.Diagnostic, ...]:
    if not found.changed:
        return ()
    results = [
        typecheck.check(top, project.root, found.files, environment, logs / f"types-{name}")
        for name, top in (("before", found.pristine), ("after", found.converted))
    ]
    return typecheck.new(*results)


def _lost_coroutines(
    project: Project, found: Conversion, fresh: Iterable[typecheck.Diagnostic]
) -> tuple[Problem, ...]:
    """Note what is certainly lost as problems; return what a person has to look at."""
    for item in fresh:
        if kind := item.problem:
            found.problem(kind, f"{item.path}:{item.line}", f"{item.kind}: {item.message}")
    if not found.changed:
        return ()
    before, after = (
        {name: (top / name).read_bytes() for name in found.files if (top / name).is_file()}
        for top in (found.pristine, found.converted)
    )
    suspects: list[Problem] = []
    told = {problem.place for problem in found.problems}
    for lost in coroutines.scan(before, after, project.root):
        problem = Problem("lost-coroutine", f"{lost.path}:{lost.line}", f"{lost.name}: {lost.how}")
        if problem.place in told:  # the type checker saw it too
            continue
        (found.problems if lost.certain else suspects).append(problem)
    return tuple(suspects)


def _suite_key(project: Project, environment: Path) -> str:
    here = Path(__file__).parent
    files = (here / "suite.py", here / "plugin" / "ecosystem_guard.py")
    parts = [repr(project.tests), store.stamp(environment) or ""]
    parts += (path.read_text(encoding="utf-8") for path in files)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0
