"""Every broken promise is noticed, and only that one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecosystem import conversion, coroutines
from ecosystem.model import PROBLEMS
from ecosystem.projects import Project
from tests.ecosystem import fakes

DEMO = Project("demo", "a test", ("pkg",), version="1", sha256="0")


def convert(tmp_path: Path, fault: str = "") -> conversion.Conversion:
    logs = tmp_path / "logs"
    logs.mkdir()
    tool = conversion.Tool(fakes.command(tmp_path, fault), os.environ, timeout=60)
    return conversion.convert(DEMO, fakes.project(tmp_path), tmp_path / "work", tool, logs)


def test_a_good_run_has_no_problems(tmp_path: Path) -> None:
    found = convert(tmp_path)
    assert found.problems == []
    assert found.changed == ("pkg/core.py",)
    assert {mode: cost.exit_code for mode, cost in found.costs.items()} == {
        "check": 1,
        "diff": 1,
        "write": 1,
        "second": 0,
    }
    assert all(cost.cpu > 0 and cost.memory > 1 for cost in found.costs.values())


@pytest.mark.parametrize("fault", sorted(set(PROBLEMS) - {"lost-coroutine", "annotation", "setup"}))
def test_a_broken_promise_has_its_name(tmp_path: Path, fault: str) -> None:
    found = convert(tmp_path, fault)
    assert fault in {problem.kind for problem in found.problems}
    if fault not in {"crash", "check-wrote"}:  # these two take others with them
        assert {problem.kind for problem in found.problems} == {fault}


def test_a_lost_coroutine_is_found_in_the_converted_tree(tmp_path: Path) -> None:
    found = convert(tmp_path, "lost-coroutine")
    assert found.problems == []
    before, after = (
        {name: (top / name).read_bytes() for name in found.files}
        for top in (found.pristine, found.converted)
    )
    (lost,) = coroutines.scan(before, after, ".")
    assert (lost.path, lost.line, lost.name, lost.certain) == ("pkg/core.py", 6, "f", True)


def test_sites_count_blocking_calls_and_what_is_left(tmp_path: Path) -> None:
    sites = conversion.sites(convert(tmp_path).report)
    assert (sites.found, sites.converted, sites.left) == (2, 1, {"ASY902": 1})
    assert sites.percent == 50


def test_sites_of_http_libraries_are_counted_once_more() -> None:
    def finding(line: int, safety: str, library: str | None) -> dict[str, object]:
        span = [line, 1, line, 9]
        return {
            "code": "ASY310",
            "path": "a.py",
            "span": span,
            "safety": safety,
            "library": library,
        }

    findings = [
        finding(1, "safe", "requests"),
        finding(1, "safe", None),
        finding(2, "manual", "http.client"),
        finding(3, "safe", "requests"),
        finding(3, "manual", "requests"),
        finding(4, "safe", "open"),
    ]
    sites = conversion.sites({"findings": findings})
    assert (sites.found, sites.converted) == (4, 2)
    assert (sites.http_found, sites.http_converted) == (3, 1)
