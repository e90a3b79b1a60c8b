"""From one run to its table, its page, its JSON file and its comparison with another run."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from ecosystem import compare, measure, projects, reasons, report
from ecosystem.model import Cost, Failure, LostTest, Problem, ProjectResult, Run, Sites, SuiteResult
from ecosystem.projects import Project
from ecosystem.suite import SuiteRun
from tests.ecosystem import fakes

LOST = LostTest("t.py::test_a", "failed", "TypeError: object int", ("ASY918",))
RESULT = ProjectResult(
    "demo",
    "1.0",
    "a test",
    files=3,
    lines=1234,
    sites=Sites(10, 7, {"ASY902": 3}, http_found=4, http_converted=3),
    costs={"write": Cost(0, 1.5, 1.0, 90.0)},
    tests=SuiteResult(20, 19, 12, 1.0, 2.0, lost=(LOST,)),
)
RUN = Run("0.1.0", "3.11", (RESULT,))


def test_a_run_survives_json(tmp_path: Path) -> None:
    RUN.save(tmp_path / "deep" / "run.json")
    assert Run.load(tmp_path / "deep" / "run.json") == RUN


def test_unknown_keys_are_ignored_and_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    RUN.save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(data | {"new": 1}), encoding="utf-8")
    assert Run.load(path) == RUN
    path.write_text(json.dumps(data | {"schema": 2}), encoding="utf-8")
    with pytest.raises(ValueError, match="schema 2"):
        Run.load(path)


def test_nothing_changed_is_neither_better_nor_worse() -> None:
    assert compare.compare(RUN, RUN) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"problems": (Problem("crash", "--check", "boom"),)},
        {"sites": Sites(10, 6)},
        {"tests": SuiteResult(20, 18, 12, 1.0, 2.0)},
        {"tests": None},
        {"costs": {"write": Cost(0, 99.0, 90.0, 90.0)}},
    ],
)
def test_worse_is_worse_and_its_reverse_is_better(change: dict[str, object]) -> None:
    other = Run("0.2.0", "3.11", (dataclasses.replace(RESULT, **change),))  # type: ignore[arg-type]
    changes = compare.compare(RUN, other)
    assert compare.worse(changes)
    assert "worse: demo: " in str(changes[0])
    if other.projects[0].tests is not None:
        assert not compare.worse(compare.compare(other, RUN))


def test_a_project_in_one_run_only_does_not_count() -> None:
    assert compare.compare(RUN, Run("0.2.0", "3.11", ())) == ()


def test_a_run_that_was_ended_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []

    def fake(project: Project, settings: measure.Settings) -> ProjectResult:
        measured.append(project.name)
        return dataclasses.replace(RESULT, name=project.name)

    monkeypatch.setattr(measure, "measure", fake)
    chosen = [Project(name, "a test", (".",)) for name in ("one", "two", "three")]
    settings = measure.Settings(measure.default_command(), tmp_path)
    states: list[Run] = []
    whole = measure.run(chosen, settings, jobs=1, done=lambda _, run: states.append(run))
    assert [len(run.projects) for run in states] == [1, 2, 3]
    assert (states[-1], measured) == (whole, ["one", "two", "three"])

    again = measure.run(chosen, settings, jobs=1, done=lambda *_: None, earlier=states[1])
    assert (again, measured[3:]) == (whole, ["three"])

    other = dataclasses.replace(whole, sources="of another state")
    measure.run(chosen, settings, jobs=1, done=lambda *_: None, earlier=other)
    assert measured[4:] == ["one", "two", "three"]


def test_the_page_and_the_terminal_say_the_same() -> None:
    page = report.page(RUN)
    assert "| demo | 1.0 | 1,234 | 10 | 70 % | 3 of 4 | 20 | 19 | 1.5 |" in page
    assert "| ASY918 | `TypeError: object int` | 1 |" in page
    stream = io.StringIO()
    report.terminal(RUN, Console(file=stream, width=140))
    said = "1 projects, 19 of 20 tests kept, 3 of 4 HTTP sites converted (75 %), no problem"
    assert said in " ".join(stream.getvalue().split())


def test_equal_causes_count_together() -> None:
    failures = [
        Failure("TypeError", "object 'a.b' at 0x7f11 took 12 s in /tmp/x1/y"),
        Failure("TypeError", "object 'c.d' at 0x7f12 took 7 s in /tmp/x2/y"),
    ]
    assert len({reasons.reason(failure) for failure in failures}) == 1
    coroutine = Failure("AttributeError", "'coroutine' object has no attribute 'json'")
    assert "coroutine" in reasons.reason(coroutine)


def test_lost_kept_and_gained_tests() -> None:
    before = SuiteRun({"t.py::a": "passed", "t.py::b": "passed", "t.py::c": "failed"})
    after = SuiteRun(
        {"t.py::a": "passed", "t.py::b": "failed", "t.py::c": "passed"},
        {"t.py::b": Failure("TypeError", "no", ("t.py", "pkg/core.py"))},
    )
    codes = {"pkg/core.py": ("ASY902", "ASY201"), "t.py": ("ASY918",)}
    tests = reasons.compare(before, after, codes)
    assert (tests.before, tests.kept, tests.gained) == (2, 1, ("t.py::c",))
    assert [(test.id, test.codes[0]) for test in tests.lost] == [("t.py::b", "ASY902")]


def test_a_test_that_vanished_is_lost() -> None:
    tests = reasons.compare(SuiteRun({"t.py::a": "passed"}), SuiteRun(), {})
    assert tests.lost[0].reason.startswith("Missing")


def test_a_local_project_is_measured_from_end_to_end(tmp_path: Path) -> None:
    project = Project("demo", "a test", ("pkg",), local=str(fakes.project(tmp_path)))
    settings = measure.Settings(fakes.command(tmp_path), tmp_path / "logs", typecheck=False)
    heard: list[tuple[ProjectResult, Run]] = []
    run = measure.run([project], settings, jobs=1, done=lambda *each: heard.append(each))
    (result,) = run.projects
    assert heard == [(result, run)]
    assert (run.asyncify, result.changed, result.problems) == ("9.9.9", 1, ())
    assert (result.sites.converted, result.async_functions) == (1, 1)


def test_what_the_harness_cannot_do_is_a_problem_of_its_own(tmp_path: Path) -> None:
    project = Project("gone", "a test", ("pkg",), local=str(tmp_path / "nowhere"))
    settings = measure.Settings(fakes.command(tmp_path), tmp_path / "logs")
    assert measure.measure(project, settings).count("setup") == 1


def test_the_list_is_long_enough_and_pinned() -> None:
    listed = projects.load()
    assert len(listed) >= 25
    assert sum(project.tests is not None for project in listed) >= 12
    assert sum(project.fast for project in listed) == 3
    assert all(project.local or len(project.sha256) == 64 for project in listed)


def test_mistakes_in_the_list_are_named(tmp_path: Path) -> None:
    path = tmp_path / "projects.toml"
    path.write_text('[demo]\nkind = "x"\nsources = ["a"]\nversoin = "1"\n', encoding="utf-8")
    with pytest.raises(projects.ProjectsError, match="demo: unknown key versoin"):
        projects.load(path)
    with pytest.raises(projects.ProjectsError, match="no such project: nobody"):
        projects.select((), only=["nobody"], fast=False)
