"""Run one child process and say what it cost: wall time, CPU time and peak memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_EXIT_CODE = 124


@dataclass(frozen=True, slots=True)
class Usage:
    """What a finished process cost; memory is that of its largest process, in megabytes."""

    exit_code: int
    wall: float
    cpu: float
    memory: float

    @property
    def timed_out(self) -> bool:
        """Whether the process was ended because its time was up."""
        return self.exit_code == TIMEOUT_EXIT_CODE


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 600.0,
    stdout: Path,
    stderr: Path,
) -> Usage:
    """Run ``command`` to its end with its output in two files.

    The child leads a process group of its own, so that whatever it leaves running ends with it.
    """
    started = time.monotonic()
    with stdout.open("wb") as out, stderr.open("wb") as err:
        child = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill_group(child.pid)

        timer = threading.Timer(timeout, end)
        timer.start()
        try:
            _, status, resources = os.wait4(child.pid, 0)
        finally:
            timer.cancel()
            _kill_group(child.pid)
        child.returncode = os.waitstatus_to_exitcode(status)
    return Usage(
        exit_code=TIMEOUT_EXIT_CODE if late.is_set() else child.returncode,
        wall=round(time.monotonic() - started, 2),
        cpu=round(resources.ru_utime + resources.ru_stime, 2),
        memory=round(resources.ru_maxrss / 1024, 1),
    )


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
