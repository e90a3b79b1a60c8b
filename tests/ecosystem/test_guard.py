"""The plugin in the projects' environments: no lie gets past it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ecosystem import suite

RunTests = Callable[..., suite.SuiteRun]
ASYNCIO = ("-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto")
FLAGS = tuple(part for warning in suite.STRICT for part in ("-W", warning))


def test_outcomes_are_recorded_by_test_id(run_tests: RunTests) -> None:
    run = run_tests(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 0\n"
        "def test_skipped(): pytest.skip('no')\n"
        "@pytest.fixture\n"
        "def broken(): raise OSError('gone')\n"
        "def test_error(broken): pass\n"
    )
    assert run.outcomes == {
        "test_it.py::test_good": "passed",
        "test_it.py::test_bad": "failed",
        "test_it.py::test_skipped": "skipped",
        "test_it.py::test_error": "error",
    }
    failure = run.failures["test_it.py::test_error"]
    assert (failure.kind, failure.message) == ("OSError", "gone")
    assert failure.places == ("test_it.py",)


def test_async_test_that_runs_is_a_pass(run_tests: RunTests) -> None:
    run = run_tests(
        "class TestIt:\n    async def test_method(self): pass\nasync def test_it(): pass\n",
        *ASYNCIO,
        *FLAGS,
    )
    assert set(run.outcomes.values()) == {"passed"}
    assert run.async_ran == 2


def test_async_test_in_a_plain_test_case_is_no_pass(run_tests: RunTests) -> None:
    source = (
        "import unittest\n"
        "class T(unittest.TestCase):\n"
        "    async def test_it(self): self.assertEqual(1, 2)\n"
    )
    assert list(run_tests(source).outcomes.values()) != ["passed"]
    assert run_tests(source, *FLAGS).passed == ()


def test_async_test_in_an_isolated_test_case_is_a_pass(run_tests: RunTests) -> None:
    run = run_tests(
        "import unittest\n"
        "class Base(unittest.IsolatedAsyncioTestCase):\n"
        "    async def test_it(self): self.assertEqual(1, 1)\n"
        "class T(Base): pass\n",
        *FLAGS,
    )
    assert set(run.outcomes.values()) == {"passed"}
    assert run.async_ran == 2


def test_body_that_is_never_run_is_vacuous(run_tests: RunTests) -> None:
    """A runner that closes the coroutine hides it from every warning, but not from the guard."""
    run = run_tests(
        "import pytest\n"
        "@pytest.fixture(autouse=True)\n"
        "def quiet(request):\n"
        "    test = request.node.obj\n"
        "    request.node.obj = lambda: test().close()\n"
        "async def test_it(): assert 0\n",
        "-p",
        "pytest_asyncio.plugin",
        "-o",
        "asyncio_mode=strict",
        "-W",
        "ignore",
    )
    assert run.passed == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("work()", id="dropped at once"),
        pytest.param("kept = [work()]; kept.append(kept)", id="in a cycle until a collection"),
        pytest.param("assert work()", id="truthy and therefore an empty assertion"),
    ],
)
@pytest.mark.parametrize(
    "flags", [pytest.param((), id="no flags"), pytest.param(FLAGS, id="flags")]
)
def test_unawaited_coroutine_fails_its_own_test(
    run_tests: RunTests, body: str, flags: tuple[str, ...]
) -> None:
    run = run_tests(
        f"async def work(): pass\ndef test_it(): {body}\ndef test_next(): pass\n", *flags
    )
    assert run.passed == ("test_it.py::test_next",)


def test_flags_alone_fail_a_test_with_an_unawaited_coroutine(run_tests: RunTests) -> None:
    """The pair that works: the warning becomes an unraisable error, and that fails the test."""
    run = run_tests("async def work(): pass\ndef test_it(): work()\n", *FLAGS)
    failure = run.failures["test_it.py::test_it"]
    assert run.outcomes["test_it.py::test_it"] in {"failed", "error"}
    assert "Unraisable" in failure.kind + failure.message


def test_runtime_warning_flag_alone_fails_nothing(run_tests: RunTests) -> None:
    """Why two flags are needed: a finaliser cannot raise. Only the guard notices here."""
    run = run_tests(
        "async def work(): pass\ndef test_it(): work()\n", "-W", "error::RuntimeWarning"
    )
    assert run.outcomes["test_it.py::test_it"] == "never-awaited"


def test_returned_coroutine_is_no_pass(run_tests: RunTests) -> None:
    run = run_tests("async def work(): pass\ndef test_it(): return work()\n", *FLAGS)
    assert run.passed == ()


def test_only_this_machine_can_be_reached(run_tests: RunTests) -> None:
    run = run_tests(
        "import socket, pytest\n"
        "def test_local():\n"
        "    server = socket.create_server(('127.0.0.1', 0))\n"
        "    with server, socket.create_connection(server.getsockname()): pass\n"
        "def test_name():\n"
        "    with pytest.raises(socket.gaierror): socket.getaddrinfo('example.org', 80)\n"
        "def test_address():\n"
        "    with pytest.raises(OSError), socket.socket() as client:\n"
        "        client.connect(('192.0.2.1', 80))\n"
    )
    assert len(run.passed) == 3


def test_file_that_cannot_be_collected_explains_its_tests(run_tests: RunTests) -> None:
    run = run_tests("import no_such_module\ndef test_it(): pass\n")
    failure = run.why("test_it.py::test_it")
    assert failure.kind == "ModuleNotFoundError"
    assert "no_such_module" in failure.message


def test_conftest_that_cannot_be_imported_is_the_reason(tmp_path: Path) -> None:
    (tmp_path / "stdout.txt").write_text("", encoding="utf-8")
    (tmp_path / "stderr.txt").write_text(
        "ImportError while loading conftest\nconftest.py:1: in <module>\nE   KeyError: 'it'\n",
        encoding="utf-8",
    )
    (tmp_path / "conftest.py").write_text("", encoding="utf-8")
    failure = suite.at_start(tmp_path, tmp_path)
    assert failure is not None
    assert (failure.kind, failure.places) == ("KeyError", ("conftest.py",))
