"""What a run says about the dependencies of a project, and what it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncify.api import plan
from asyncify.api.dependencies import left_modules

APP = "import requests\n\n\ndef get(url):\n    return requests.get(url).json()\n"
TEST = "from app import get\n\n\ndef test_get():\n    assert get('http://localhost')\n"
PYPROJECT = """\
[project]
name = "app"
dependencies = ["requests>=2"]  # HTTP

[dependency-groups]
test = ["pytest", "types-requests"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {"app.py": APP, "test_app.py": TEST, "pyproject.toml": PYPROJECT}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_without_the_flag_nothing_is_declared(project: Path) -> None:
    found = plan(project)
    assert found.dependencies == ("httpx>=0.28", "pytest-asyncio")
    assert found.removable == ("requests", "types-requests")
    found.write(allow_dirty=True)
    assert PYPROJECT in (project / "pyproject.toml").read_text()  # only the settings of pytest


def test_the_flag_declares_them_beside_the_settings_of_tests(project: Path) -> None:
    (project / "setup.py").write_text("setup(install_requires=['requests'])\n")
    found = plan(project, update_dependencies=True)
    assert found.notes == ("setup.py: add httpx>=0.28, pytest-asyncio and remove requests by hand",)
    found.write(allow_dirty=True)
    text = (project / "pyproject.toml").read_text()
    assert 'dependencies = ["httpx>=0.28"]  # HTTP\n' in text
    assert 'test = ["pytest", "pytest-asyncio"]\n' in text
    assert "asyncio_mode" in text
    assert not [each for each in plan(project, update_dependencies=True).results if each.changed]


def test_what_is_still_imported_stays(project: Path) -> None:
    (project / "other.py").write_text("import requests\n\nCODES = requests.codes\n")
    found = plan(project, update_dependencies=True)
    assert found.removable == ()
    found.write(allow_dirty=True)
    text = (project / "pyproject.toml").read_text()
    assert 'dependencies = ["requests>=2", "httpx>=0.28"]  # HTTP\n' in text


@pytest.mark.parametrize(
    ("other", "is_left"),
    [
        ("x = 1\n", True),
        ("# import requests\n", True),
        ("from requests_mock import Mocker\n", True),
        ("import os, requests\n", False),
        ("def f():\n    from requests.adapters import HTTPAdapter\n", False),
        ("import_module('requests')\n", False),
        ("patch('requests.get')\n", False),
    ],
)
def test_modules_that_nobody_imports_any_more(other: str, is_left: bool) -> None:
    before = {"a.py": APP.encode(), "b.py": other.encode()}
    assert left_modules(before, {"a.py": b"import httpx\n"}) == (("requests",) if is_left else ())


def test_a_module_of_the_project_is_no_dependency() -> None:
    before = {"a.py": APP.encode(), "lib/requests.py": b""}
    assert left_modules(before, {"a.py": b"import httpx\n"}) == ()


@pytest.mark.parametrize(
    ("declared", "client"),
    [("httpx2>=2.0", "httpx2"), ("httpx>=0.28", "httpx"), ('httpx2", "httpx', "httpx")],
)
def test_the_http_client_is_the_one_that_the_project_has(
    project: Path, declared: str, client: str
) -> None:
    text = PYPROJECT.replace('["requests>=2"]', f'["requests>=2", "{declared}"]')
    (project / "pyproject.toml").write_text(text)
    (found,) = [each for each in plan(project).results if each.path == "app.py"]
    assert f"import {client}\n".encode() in found.after
