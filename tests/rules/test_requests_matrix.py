"""Every row of the support matrix: before and after send, print and raise the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fixture_files import Checked
from rules.matrix import runner
from rules.matrix.recorder import Recorder, certify
from rules.matrix.table import Row, rows

from asyncify.config import Config
from asyncify.model.result import FileResult
from asyncify.rules.registry import Rules

ROWS = rows()
TARGETS = ("httpx", "httpx2")


@pytest.fixture(scope="module")
def converted() -> Iterator[dict[tuple[str, str], FileResult]]:
    """What becomes of every row, by target."""
    checked = Checked([row.program.encode() for row in ROWS])
    yield {
        (target, row.key): checked.convert(
            row.program.encode(), Config(http_client=target, http_sessions="native")
        )
        for target in TARGETS
        for row in ROWS
    }
    checked.close()


@pytest.fixture(scope="module")
def ran(
    converted: dict[tuple[str, str], FileResult], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What every row did: as it was, and for every target."""
    texts: dict[str, dict[str, bytes]] = {"before": {r.key: r.program.encode() for r in ROWS}}
    for target in TARGETS:
        texts[target] = {row.key: converted[target, row.key].after for row in ROWS}
    found: dict[str, dict[str, Any]] = {}
    for name, programs in texts.items():
        directory = tmp_path_factory.mktemp(name)
        for key, text in programs.items():
            (directory / f"{key}.py").write_bytes(text)
        with Recorder() as server, Recorder(certify(directory)) as secure:
            made = _run(directory, server.url, secure.url)
            for key, result in made.items():
                for each in (server, secure):
                    result["printed"] = result["printed"].replace(each.url, "http://host")
                result["sent"] = server.log.get(key, []) + secure.log.get(key, [])
        found[name] = made
    return found


def _run(directory: Path, *urls: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, runner.__file__, str(directory), *urls],
        capture_output=True,
        cwd=directory,
        env={"PATH": "", "PYTHONIOENCODING": "utf-8", "HOME": str(directory)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def outcome(result: FileResult) -> str:
    """In one word, what became of a program."""
    if b"asyncio.to_thread" in result.after:
        return "thread"
    if re.search(rb"^import httpx2?$", result.after, re.MULTILINE):
        return "httpx"
    left = [finding.code for finding in result.findings if finding.code.startswith("ASY9")]
    return left[0] if left else "nothing"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(
    row: Row, target: str, converted: Mapping[tuple[str, str], FileResult], ran: dict[str, Any]
) -> None:
    result = converted[target, row.key]
    shown = (result.after.decode(), [f.reason or f.message for f in result.findings])
    assert outcome(result) == row.outcome, shown
    before, after = ran["before"][row.key], ran[target][row.key]
    assert after["printed"] == before["printed"], (after["text"], *shown)
    assert after["sent"] == before["sent"], shown
    assert after["lost"] == []
    expected = stands_for(before["escaped"], target)
    if expected:
        assert expected & set(after["escaped"]) or before["escaped"] == after["escaped"], after
    else:
        assert after["escaped"] == [], (after["text"], *shown)


def stands_for(escaped: list[str], target: str) -> set[str]:
    """The exceptions that may escape in place of one."""
    if not escaped:
        return set()
    for name in escaped:
        found = Rules.select().exception(name)
        if found is not None:
            return {new.replace("httpx.", f"{target}.") for new in found[1].to}
    return {escaped[0]}


def test_matrix_is_large() -> None:
    assert len(ROWS) >= 150
