"""A progress bar on stderr for work that takes long. Rich is imported only when it is shown."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

DELAY = 0.5


class Bar:
    """Call it with a stage and how far it is. Silent for the first half second, and always if not `enabled`.

    A timer opens the bar, because the longest stage (the type checker) gives no sign in between.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._state: tuple[str, int, int] = ("", 0, 0)
        self._timer = threading.Timer(DELAY, self._open) if enabled else None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report progress."""
        with self._lock:
            self._state = (stage, done, total)
            self._show()

    def __enter__(self) -> Self:
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        with self._lock:
            if self._progress:
                self._progress.stop()
                self._progress = None

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        with self._lock:
            self._progress = Progress(console=Console(file=sys.stderr), transient=True)
            self._task = self._progress.add_task("", total=None)
            self._progress.start()
            self._show()

    def _show(self) -> None:
        if self._progress and self._task is not None:
            stage, done, total = self._state
            self._progress.update(
                self._task, description=stage, completed=done, total=total or None
            )
