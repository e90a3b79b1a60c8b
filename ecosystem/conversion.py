"""Steps a, b, c and e of a project: run asyncify on copies of it and hold what it promises."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ecosystem import process, tree
from ecosystem.model import Cost, Problem, Sites
from ecosystem.projects import Project
from ecosystem.store import environment_variables

MODES: Mapping[str, tuple[str, ...]] = {
    "check": ("--check", "--output-format", "json"),
    "diff": ("--diff",),
    "write": ("--write", "--allow-dirty", "--output-format", "json"),
    "second": ("--write", "--allow-dirty", "--output-format", "json"),
}
GOOD_EXIT_CODES = (0, 1)
PARSE_EXIT_CODE = 2
RAISED = re.compile(r"[\w.]*(Error|Exception|Exit|Interrupt|Warning)\b")
BLOCKING = ("ASY2", "ASY3")
HTTP = frozenset({"requests", "requests-sessions", "urllib", "urllib3", "http.client", "httpx"})


@dataclass(frozen=True, slots=True)
class Tool:
    """How asyncify is started, with which variables, and how long it may take."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    timeout: float = 1800.0


@dataclass(slots=True)
class Conversion:
    """What the steps found; filled in by :func:`convert`, read by the caller."""

    pristine: Path
    converted: Path
    files: tuple[str, ...]
    changed: tuple[str, ...] = ()
    unparsable: tuple[str, ...] = ()
    report: dict[str, object] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, kind: str, place: str, detail: str) -> None:
        """Note a broken promise."""
        self.problems.append(Problem(kind, place, detail))


def convert(project: Project, pristine: Path, work: Path, tool: Tool, logs: Path) -> Conversion:
    """Check, diff, write and write again; ``pristine`` itself is never given to asyncify."""
    converted = work / "converted" / pristine.name
    shutil.copytree(pristine, converted, symlinks=True)
    found = Conversion(pristine, converted, tree.python_files(pristine, project.paths))
    before = tree.digests(converted)
    found.unparsable = tuple(
        name
        for name in found.files
        if tree.compile_error((pristine / name).read_bytes(), name) is not None
    )
    for mode in ("check", "diff"):
        _run(found, project, tool, mode, logs)
        for name in tree.differences(before, tree.digests(converted)):
            found.problem("check-wrote", name, f"--{mode} changed it")
    _run(found, project, tool, "write", logs)
    after = tree.digests(converted)
    found.changed = tree.differences(before, after)
    found.report = _report(found, logs / "write.out") or _report(found, logs / "check.out")
    _compiles(found)
    _applies(found, work / "patched" / pristine.name, after, logs / "diff.out")
    _run(found, project, tool, "second", logs)
    for name in tree.differences(after, tree.digests(converted)):
        found.problem("unstable", name, "a second --write changed it")
    return found


def _run(found: Conversion, project: Project, tool: Tool, mode: str, logs: Path) -> None:
    command = [*tool.command, *project.paths, *MODES[mode]]
    errors = logs / f"{mode}.err"
    usage = process.run(
        command,
        cwd=found.converted,
        env=tool.env,
        timeout=tool.timeout,
        stdout=logs / f"{mode}.out",
        stderr=errors,
    )
    found.costs[mode] = Cost(usage.exit_code, usage.wall, usage.cpu, usage.memory)
    lines = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "no message"
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        raised = [line for line in lines if RAISED.match(line)]
        found.problem("crash", f"--{mode}", raised[-1] if raised else last)
    elif usage.timed_out:
        found.problem("crash", f"--{mode}", f"not done after {tool.timeout:.0f} s")
    elif usage.exit_code == PARSE_EXIT_CODE and found.unparsable:
        _only_unparsable(found, mode, logs, last)
    elif usage.exit_code not in GOOD_EXIT_CODES:
        found.problem("crash", f"--{mode}", f"exit code {usage.exit_code}: {last}")


def _only_unparsable(found: Conversion, mode: str, logs: Path, last: str) -> None:
    """Exit code 2 is right for a file that never compiled, and for nothing else."""
    if mode == "diff":
        return
    errors = (_json(logs / f"{mode}.out") or {}).get("errors")
    named = {str(item.get("path")) for item in errors} if isinstance(errors, list) else set()
    if not named or not named <= set(found.unparsable):
        found.problem("crash", f"--{mode}", f"exit code 2: {last}")


def _report(found: Conversion, path: Path) -> dict[str, object]:
    data = _json(path)
    if data is None:
        found.problem("crash", path.stem, "the JSON output cannot be read")
        return {}
    return data


def _json(path: Path) -> dict[str, object] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _compiles(found: Conversion) -> None:
    for name in found.changed:
        path = found.converted / name
        if not name.endswith(".py") or name in found.unparsable or not path.is_file():
            continue
        if error := tree.compile_error(path.read_bytes(), name):
            found.problem("not-compiling", name, error)


def _applies(found: Conversion, patched: Path, after: Mapping[str, str], diff: Path) -> None:
    """``git apply`` of the diff on a fresh copy must give the very tree that --write left."""
    shutil.copytree(found.pristine, patched, symlinks=True)
    if diff.stat().st_size:
        log = diff.with_name("apply.err")
        usage = process.run(
            ["git", "apply", "--whitespace=nowarn", str(diff.resolve())],
            cwd=patched,
            env=_git_environment(patched),
            stdout=diff.with_name("apply.out"),
            stderr=log,
        )
        if usage.exit_code:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            found.problem("diff-differs", "--diff", lines[0] if lines else "git apply failed")
            return
    for name in tree.differences(tree.digests(patched), after):
        found.problem("diff-differs", name, "--diff and --write do not agree")


def _git_environment(folder: Path) -> dict[str, str]:
    """Keep git from finding a repository above the copy: it would apply to that one's paths."""
    return environment_variables(None) | {"GIT_CEILING_DIRECTORIES": str(folder.parent.resolve())}


def findings(report: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """The findings of a report, whatever else is in it."""
    items = report.get("findings")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def codes(report: Mapping[str, object]) -> dict[str, int]:
    """How often each code appears."""
    counted: dict[str, int] = {}
    for item in findings(report):
        code = str(item.get("code"))
        counted[code] = counted.get(code, 0) + 1
    return dict(sorted(counted.items()))


def codes_by_file(report: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """The codes of every file, those that a person has to look at first."""
    grouped: dict[str, dict[str, bool]] = {}
    for item in findings(report):
        held = item.get("safety") != "safe"
        codes_here = grouped.setdefault(str(item.get("path")), {})
        code = str(item.get("code"))
        codes_here[code] = codes_here.get(code, False) or held
    return {
        path: tuple(sorted(found, key=lambda code: (not found[code], code)))
        for path, found in grouped.items()
    }


def sites(report: Mapping[str, object]) -> Sites:
    """Step e. A place counts once; it is converted when its finding is safe, else left."""
    converted: set[tuple[str, str]] = set()
    left: dict[tuple[str, str], str] = {}
    http: set[tuple[str, str]] = set()
    for item in findings(report):
        place = (str(item.get("path")), str(item.get("span")))
        code = str(item.get("code"))
        if item.get("library") in HTTP:
            http.add(place)
        if item.get("safety") != "safe":
            left.setdefault(place, code)
        elif code.startswith(BLOCKING):
            converted.add(place)
    converted -= left.keys()
    counted: dict[str, int] = {}
    for code in left.values():
        counted[code] = counted.get(code, 0) + 1
    return Sites(
        len(converted) + len(left),
        len(converted),
        dict(sorted(counted.items())),
        len(http & (converted | left.keys())),
        len(http & converted),
    )
