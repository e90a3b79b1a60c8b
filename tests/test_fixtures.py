"""The cases of tests/fixtures: what becomes of them, and that it stays so."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_files import FIXTURES, Case, Checked, one_file_cases, projects

from asyncify.api import plan

CASES = one_file_cases()
PARAMETERS = [
    pytest.param(case, id=case.id, marks=[pytest.mark.xfail(strict=True)] * ("todo" in case.words))
    for case in CASES
]
PROJECTS = projects()


@pytest.fixture(scope="module")
def checked() -> Iterator[Checked]:
    """All inputs and all expected texts, after one run of the type checker."""
    checked = Checked([text for case in CASES for text in (case.before, case.after)])
    yield checked
    checked.close()


@pytest.mark.parametrize("case", PARAMETERS)
def test_case(case: Case, checked: Checked, update_fixtures: bool) -> None:
    result = checked.convert(case.before, case.config)
    if update_fixtures and "todo" not in case.words:
        case.update(result.after)
        return
    assert result.after.decode() == case.after.decode()
    if case.is_noop and "silent" in case.words:
        assert [finding.message for finding in result.findings] == []
    elif case.is_noop:
        codes = {finding.code for finding in result.findings}
        assert any(code.startswith("ASY9") for code in codes) or result.error, codes


@pytest.mark.parametrize(
    "case", [c for c in CASES if not (c.is_noop or "todo" in c.words)], ids=lambda case: case.id
)
def test_case_is_stable(case: Case, checked: Checked) -> None:
    compile(case.after, case.path.name, "exec")
    again = checked.convert(case.after, case.config)
    assert again.after.decode() == case.after.decode()


@pytest.mark.parametrize(
    "project", PROJECTS, ids=lambda path: path.relative_to(FIXTURES).as_posix()
)
def test_project(project: Path, tmp_path: Path, update_fixtures: bool) -> None:
    before, after = project / "before", project / "after"
    work = tmp_path / "work"
    shutil.copytree(before, work)
    plan(work).write(allow_dirty=True)
    if update_fixtures:
        shutil.rmtree(after, ignore_errors=True)
        shutil.copytree(work, after)
        return
    assert _texts(work) == _texts(after)
    for name, text in _texts(work).items():
        if name.endswith(".py"):
            compile(text, name, "exec")
    again = plan(work)
    assert [result.path for result in again.results if result.changed] == []


def _texts(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_a_third_of_the_cases_of_every_rule_change_nothing() -> None:
    total, quiet = Counter[str](), Counter[str]()
    for case in CASES:
        kind, name, *_ = case.id.split("/")
        if kind == "rules":
            total[name] += 1
            quiet[name] += case.is_noop
    assert [name for name in total if quiet[name] * 3 < total[name]] == []


def test_every_rule_has_cases() -> None:
    rules = Path(__file__).parents[1] / "src" / "asyncify" / "rules"
    files = [
        path for path in rules.glob("[!_]*.py") if path.stem not in ("spec", "hooks", "registry")
    ]
    frameworks = {p.stem for p in files if "\nframework = " in p.read_text(encoding="utf-8")}
    names = {path.stem for path in files} - frameworks
    cases = {path.name for path in (FIXTURES / "rules").iterdir()}
    assert names - cases == set()
    applications = [path.name for path in (FIXTURES / "frameworks").iterdir()]
    rows = [path.read_text(encoding="utf-8") for path in (FIXTURES / "matrix").rglob("*.py")]
    needed = {name for row in rows for name in row.partition("\n")[0].split()}
    unshown = frameworks - needed
    assert [n for n in unshown if not any(a.startswith(f"{n}_") for a in applications)] == []
