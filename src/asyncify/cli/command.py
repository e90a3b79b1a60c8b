"""What the command does with its options: one function per thing that it can be asked for."""

from __future__ import annotations

import sys
from pathlib import Path

from asyncify import __version__
from asyncify.cli.options import Options, UsageError
from asyncify.cli.streams import Streams
from asyncify.report.run import OK


def execute(options: Options) -> int:
    """Do what was asked for and return the exit code.

    Raises:
        AsyncifyError: the run failed as a whole.
    """
    streams = Streams(options)
    if options.version:
        streams.artefact(f"asyncify {__version__}\n")
        return OK
    options.validate()
    if options.explain is not None:
        return _explain(options.explain, streams)
    if options.list_rules:
        from asyncify.cli import listing

        content = listing.as_json() if options.output_format == "json" else listing.as_text()
        streams.artefact(content)
        return OK
    from asyncify.cli import work

    if options.stdin:
        return work.source(options, streams, sys.stdin.buffer.read())
    return work.project(options, streams, [Path(path) for path in options.paths])


def _explain(key: str, streams: Streams) -> int:
    from asyncify import codes

    code = codes.find(key)
    if code is None:
        near = codes.closest(key)
        hint = f"; did you mean {near}?" if near else "; --list-rules prints all codes"
        raise UsageError(f"unknown code {key!r}{hint}")
    text = f"{code.code} {code.name}\n\n{code.summary}\n\n{code.advice}\n\n{code.url}\n"
    streams.artefact(text)
    return OK
