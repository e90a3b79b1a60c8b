"""A pytest plugin that says, test by test, what really happened, as lines of JSON.

It runs inside a project's environment and imports nothing of ours. Three lies are impossible:

* an ``async def`` test that pytest calls a pass although its body did not run to the end;
* a pass in whose course a coroutine was made and never awaited;
* a pass that needed the network: only addresses of this machine can be reached.

``ECOSYSTEM_OUTCOMES`` names the file that the lines go to, ``ECOSYSTEM_ROOT`` the project's copy.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import ipaddress
import json
import os
import socket
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Coroutine, Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

MARK = "__ecosystem_guard__"
ROOT = Path(os.environ.get("ECOSYSTEM_ROOT", ".")).resolve()
RANK = {"passed": 0, "skipped": 1, "xfailed": 1, "xpassed": 1, "failed": 2, "error": 3}
UNREACHABLE = 101
Error = dict[str, object]
AsyncTest = Callable[..., Coroutine[Any, Any, Any]]


def pytest_configure(config: pytest.Config) -> None:
    """Start to record; the network is closed from here on."""
    guard = Guard(Path(os.environ["ECOSYSTEM_OUTCOMES"]))
    guard.watch_coroutines()
    keep_off_the_network()
    config.pluginmanager.register(guard, "ecosystem-guard-recorder")


class Guard:
    """What is known about the running test, and the file that finished tests are written to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.current: str | None = None
        self.expected: set[str] = set()
        self.completed: set[str | None] = set()
        self.never_awaited: list[str] = []
        self.outcome: str | None = None
        self.error: Error | None = None

    # --- async tests ----------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: Any, name: str, obj: object) -> None:
        """Wrap every coroutine test before pytest looks at it; returning nothing lets it go on."""
        if inspect.isclass(obj):
            for owner in obj.__mro__:
                for attribute, value in list(vars(owner).items()):
                    if attribute.startswith("test") and inspect.iscoroutinefunction(value):
                        setattr(owner, attribute, self.guarded(value))
        elif isinstance(obj, types.FunctionType) and inspect.iscoroutinefunction(obj):
            if not collector.funcnamefilter(name):
                return  # what a test compares stays the same object
            owner = collector.obj
            if inspect.isclass(owner):
                owner = next((base for base in owner.__mro__ if name in vars(base)), owner)
            if not hasattr(obj, MARK):
                setattr(owner, name, self.guarded(obj))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Remember which tests have to run a coroutine to its end."""
        if getattr(getattr(item, "obj", None), MARK, False):
            self.expected.add(item.nodeid)

    def guarded(self, function: AsyncTest) -> AsyncTest:
        """The same test, noting that it came to its end."""
        if getattr(function, MARK, False):
            return function

        @functools.wraps(function)
        async def wrapper(*args: object, **kwargs: object) -> object:
            result = await function(*args, **kwargs)
            self.completed.add(self.current)
            return result

        setattr(wrapper, MARK, True)
        return wrapper

    # --- coroutines that nobody awaits ----------------------------------------------------

    def watch_coroutines(self) -> None:
        """CPython looks this function up by name for every coroutine that dies unawaited."""
        original: Callable[[Any], None] = vars(warnings)["_warn_unawaited_coroutine"]

        def record(coroutine: Any) -> None:
            self.never_awaited.append(getattr(coroutine, "__qualname__", repr(coroutine)))
            original(coroutine)

        vars(warnings)["_warn_unawaited_coroutine"] = record

    def pytest_collection_finish(self) -> None:
        """What is alive now stays out of later collections, which makes one per test cheap."""
        gc.collect()
        gc.freeze()

    # --- what happened --------------------------------------------------------------------

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, None]:
        """One test from its first fixture to the last finaliser, and its line at the end."""
        self.current, self.never_awaited = item.nodeid, []
        self.outcome = self.error = None
        yield
        with no_blame_on_the_next_test():
            gc.collect()
        self.finish()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, call: Any) -> Generator[None, Any, None]:
        """The worst phase of a test is its outcome.

        What the body left behind is collected before the finalisers, in which pytest reports it.
        """
        result = yield
        if call.when == "call":
            gc.collect()
        report = result.get_result()
        outcome: str = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if outcome == "skipped" else "xpassed"
        elif outcome == "failed" and report.when != "call":
            outcome = "error"
        if self.outcome is None or RANK[outcome] > RANK[self.outcome]:
            self.outcome = outcome
            self.error = None if outcome == "passed" else describe(call.excinfo)

    def finish(self) -> None:
        """Write the line of the running test; a pass that is none becomes what it is."""
        if self.outcome == "passed" and self.never_awaited:
            names = ", ".join(sorted(set(self.never_awaited)))
            self.outcome = "never-awaited"
            self.error = failure("RuntimeWarning", f"never awaited: {names}")
        elif (
            self.outcome == "passed"
            and self.current in self.expected
            and self.current not in self.completed
        ):
            self.outcome = "vacuous"
            self.error = failure("VacuousPass", "the body of the async test did not run to its end")
        outcome = self.outcome or "error"
        self.write(event="test", id=self.current, outcome=outcome, error=self.error)
        self.current = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected takes all of its tests with it."""
        if not report.failed:
            return
        lines = str(report.longrepr).strip().splitlines()
        causes = [line[1:].strip() for line in lines if line.startswith("E")]
        last = causes[-1] if causes else (lines[-1] if lines else "collection failed")
        kind, _, message = last.partition(":")
        places = [line.split(":")[0] for line in lines if ".py:" in line and line[:1].strip()]
        error = failure(kind.strip(), message.strip() or last, inside(places))
        self.write(event="collect-error", id=report.nodeid, error=error)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """The last line says how many async tests there were and how many really ran."""
        ran = len(self.expected & self.completed)
        expected = len(self.expected)
        self.write(event="end", status=int(exitstatus), async_tests=expected, async_ran=ran)

    def write(self, **line: object) -> None:
        """Append one line, at once: a suite that is cut short keeps what it did."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")


@contextlib.contextmanager
def no_blame_on_the_next_test() -> Generator[None, None, None]:
    """pytest has closed the running test already; what dies now is the guard's to count."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda unraisable: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def failure(kind: str, message: str, places: Iterable[str] = ()) -> Error:
    """The JSON form of a failure."""
    return {"type": kind, "message": message[:500], "places": list(places)}


def describe(excinfo: pytest.ExceptionInfo[BaseException] | None) -> Error | None:
    """Type, first line and the project's files of an exception, looking into groups."""
    if excinfo is None:
        return None
    error = excinfo.value
    nested = list(getattr(error, "exceptions", ()))
    frames = [frame.filename for frame in traceback.extract_tb(excinfo.tb)]
    for cause in nested:
        frames += [frame.filename for frame in traceback.extract_tb(cause.__traceback__)]
    text = f"{type(nested[0]).__name__}: {nested[0]}" if nested else str(error).strip()
    first = text.splitlines()[0] if text else ""
    return failure(type(error).__name__, first, inside(frames))


def inside(names: Iterable[str]) -> list[str]:
    """Those of the files that belong to the project's copy, relative to it."""
    found: dict[str, None] = {}
    for name in names:
        path = ROOT / name
        if path.is_relative_to(ROOT):
            found[path.relative_to(ROOT).as_posix()] = None
    return list(found)


def keep_off_the_network() -> None:
    """Only this machine answers; everything else is as unreachable as without a cable."""
    getaddrinfo = socket.getaddrinfo
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, "the ecosystem run is offline")
        return getaddrinfo(host, *args, **kwargs)

    def refused(address: Any) -> bool:
        return isinstance(address, tuple) and not is_local(address[0])

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if refused(address):
            raise OSError(UNREACHABLE, "the ecosystem run is offline")
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        return UNREACHABLE if refused(address) else connect_ex(self, address)

    vars(socket)["getaddrinfo"] = guarded_getaddrinfo
    # mypy: assigning to a method is the point
    setattr(socket.socket, "connect", guarded_connect)  # noqa: B010
    setattr(socket.socket, "connect_ex", guarded_connect_ex)  # noqa: B010


def is_local(host: object) -> bool:
    """Whether a host name or address is this machine."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if name in {"", "localhost", "0.0.0.0", "::", socket.gethostname()}:
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    return False
