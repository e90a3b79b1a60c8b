"""Comparing two runs of the tests, and ending one that never ends."""

import sys
from pathlib import Path

import pytest

from asyncify.verify.tests import Broken, Case, Command, Suite, broken, patience

PASSED, FAILED = Case("passed"), Case("failed", "assert 1 == 2")


def suite(**cases: Case) -> Suite:
    return Suite(1, {name.replace("__", "::"): case for name, case in cases.items()}, 1.0)


@pytest.mark.parametrize(
    ("words", "position"),
    [
        ("pytest -q", 0),
        ("pytest.exe", 0),
        ("python -W error -m pytest tests", 4),
        ("uv run pytest", 2),
        ("poetry run py.test -x", 2),
        ("make pytest", None),
        ("tox -e pytest", None),
        ("python -m unittest", None),
    ],
)
def test_knows_pytest(
    words: str, position: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name)
    assert Command.read(words, tmp_path).pytest == position


def test_only_what_passed_before_can_break() -> None:
    command = Command("pytest", ("pytest",), 0)
    before = suite(t__a=PASSED, t__b=FAILED, t__c=Case("skipped"), t__d=PASSED, t__e=PASSED)
    after = suite(t__a=PASSED, t__b=FAILED, t__c=FAILED, t__d=FAILED, t__f=FAILED)
    assert broken(command, before, after) == (
        Broken("t::d", "assert 1 == 2"),
        Broken("t::e", "it does not run any more"),
    )


def test_a_test_that_is_skipped_now_is_broken() -> None:
    command = Command("pytest", ("pytest",), 0)
    after = suite(t__a=Case("skipped", "async def functions are not natively supported"))
    assert [each.name for each in broken(command, suite(t__a=PASSED), after)] == ["t::a"]


def test_the_loop_that_anyio_names_is_no_other_test() -> None:
    command = Command("pytest", ("pytest",), 0)
    before = Suite(0, {"t::a": PASSED, "t::b[1-x]": PASSED}, 1.0)
    after = Suite(0, {"t::a[asyncio]": PASSED, "t::b[asyncio-1-x]": PASSED}, 1.0)
    assert broken(command, before, after) == ()


def test_a_run_that_does_not_end_is_ended(tmp_path: Path) -> None:
    command = Command.read(f'"{sys.executable}" -c "import time; time.sleep(60)"', tmp_path)
    after = command.run(tmp_path, [], timeout=0.5)
    assert after.code is None
    assert after.seconds < 30
    (found,) = broken(command, Suite(0, None, 0.1), after)
    assert "did not end in" in found.message
    assert patience(Suite(0, None, 30.0)) == 300.0
