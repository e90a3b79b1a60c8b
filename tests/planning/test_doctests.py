"""Doctests: whether they are run, and what they call."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncify.api.surroundings import runs_doctests
from asyncify.planning.doctests import _names

RUN = {
    "pytest.ini": "[pytest]\naddopts = --doctest-modules\n",
    "pyproject.toml": '[tool.pytest.ini_options]\ndoctest_plus = "enabled"\n',
    "setup.cfg": "[tool:pytest]\naddopts = -q --doctest-plus\n",
    "tox.ini": "[testenv]\ncommands = python -m doctest pkg/m.py\n",
    "Makefile": "test:\n\tpytest --xdoctest\n",
    ".github/workflows/ci.yaml": "jobs:\n  - run: pytest --doctest-modules src\n",
}


@pytest.mark.parametrize(("name", "text"), RUN.items(), ids=RUN)
def test_they_are_run(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    assert runs_doctests(tmp_path)


def test_they_are_not_run(tmp_path: Path) -> None:
    assert not runs_doctests(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n# addopts = --doctest-modules\naddopts = -q\n")
    assert not runs_doctests(tmp_path)


@pytest.mark.parametrize(
    ("text", "called"),
    [
        (">>> f(1)\n2\n", {"f"}),
        (">>> c = m.Client()\n>>> c.get()\n", {"m", "Client", "c", "get"}),
        (">>> f(1)  # doctest: +SKIP\n", set()),
        (">>> asyncio.run(f(1))\n", set()),
        (">>> await f(1)\n", set()),
        (">>> f(\n", set()),
        (">>>f()\n", set()),
        ("f(1) is a call\n", set()),
    ],
)
def test_what_they_call(text: str, called: set[str]) -> None:
    assert set(_names(text)) == called
