"""stdout carries the artefact and nothing else, stderr everything that is said about it."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from asyncify.cli.options import Options
from asyncify.errors import AsyncifyError, WriteError
from asyncify.report.run import FAILED, FOUND, INTERRUPTED


@dataclass(frozen=True, slots=True)
class Streams:
    """Where things go. Nothing that a console cannot show ever raises."""

    options: Options

    def artefact(self, content: bytes | str) -> None:
        """Write the artefact: bytes as they are, text in the encoding of the console.

        Raises:
            WriteError: the file of `-o` cannot be written.
        """
        file = self.options.output
        if file is not None:
            data = content if isinstance(content, bytes) else content.encode(errors="replace")
            try:
                Path(file).write_bytes(data)
            except OSError as error:
                raise WriteError(f"{file}: cannot write: {error.strerror}") from error
        elif self.options.quiet < 2:
            data = content if isinstance(content, bytes) else _encoded(content, sys.stdout.encoding)
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def say(self, text: str) -> None:
        """Write a line to stderr, unless it is not wanted."""
        if self.options.quiet < 2:
            complain(text)

    def colours(self) -> bool:
        """Whether the artefact may have colours."""
        if self.options.color != "auto":
            return self.options.color == "always"
        if os.environ.get("NO_COLOR") or self.options.output is not None:
            return False
        return bool(os.environ.get("FORCE_COLOR")) or (
            sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        )

    def progress(self) -> bool:
        """Whether a progress bar is welcome."""
        wanted = self.options.progress and not self.options.quiet and not os.environ.get("CI")
        return wanted and self.options.output_format == "text" and sys.stderr.isatty()


def complain(text: str) -> None:
    """Write a line to stderr."""
    line = text if text.endswith("\n") else f"{text}\n"
    encoding = getattr(sys.stderr, "encoding", None)
    sys.stderr.write(_encoded(line, encoding).decode(encoding or "utf-8", errors="replace"))
    sys.stderr.flush()


def _encoded(text: str, encoding: str | None) -> bytes:
    return text.encode(encoding or "utf-8", errors="replace")


def leave(code: object) -> NoReturn:
    """End the process at once: millions of objects need not be freed one by one before it ends."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # its reader has gone
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def guarded(work: Callable[[], int]) -> int:
    """Run the command; whatever happens becomes an exit code and at most one line on stderr."""
    try:
        return work()
    except AsyncifyError as error:
        complain(f"error: {' '.join(str(error).split())}")
        return FAILED
    except KeyboardInterrupt:
        complain("interrupted: nothing was written")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads stdout has enough; Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND
    except Exception:  # noqa: BLE001 - an internal error must not look like "something found"
        traceback.print_exc()
        complain("error: internal error in asyncify, please report it with the lines above")
        return FAILED
