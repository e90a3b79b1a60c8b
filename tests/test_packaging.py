"""What we ship: the sdist is built from the tree and the wheel from the sdist, without a network."""

import re
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

import pytest

from asyncify import __version__

ROOT = Path(__file__).parent.parent
RUNTIME = {"libcst", "typer", "rich", "pathspec", "pyrefly"}


class Built(NamedTuple):
    wheel: dict[str, bytes]
    sdist: set[str]  # below the top folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (wheel,) = out.glob("*.whl")
    (sdist,) = out.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    return Built(files, names)


def dist_info(built: Built, name: str) -> str:
    return built.wheel[f"asyncify_refactor-{__version__}.dist-info/{name}"].decode()


def metadata(built: Built) -> Message:
    return Parser().parsestr(dist_info(built, "METADATA"))


def test_the_wheel_holds_the_package_and_nothing_else(built: Built) -> None:
    tops = {name.partition("/")[0] for name in built.wheel}
    assert tops == {"asyncify", f"asyncify_refactor-{__version__}.dist-info"}
    sources = [path for path in (ROOT / "src" / "asyncify").rglob("*.py*") if path.suffix != ".pyc"]
    missing = {path.relative_to(ROOT / "src").as_posix() for path in sources} - set(built.wheel)
    assert missing == set()
    assert built.wheel["asyncify/py.typed"] == b""
    assert not [name for name in built.wheel if "test_" in name or name.endswith(".pyc")]


def test_the_metadata_says_what_is_promised(built: Built) -> None:
    head = metadata(built)
    assert (head["Name"], head["Version"]) == ("asyncify-refactor", __version__)
    assert head["Requires-Python"] == ">=3.11"
    assert head["License-Expression"] == "MIT"
    assert head["License-File"] == "LICENSE"
    assert "Typing :: Typed" in head.get_all("Classifier", [])
    lines = head.get_all("Requires-Dist", [])
    required = {re.split("[<>=]", line)[0] for line in lines if "extra ==" not in line}
    assert required == RUNTIME
    assert head.get_all("Provides-Extra", []) == ["runtime"]


def test_both_commands_run_the_same_function(built: Built) -> None:
    scripts = ConfigParser()
    scripts.read_string(dist_info(built, "entry_points.txt"))
    assert dict(scripts["console_scripts"]) == {
        "asyncify": "asyncify.cli:main",
        "asyncify-refactor": "asyncify.cli:main",
    }


def test_the_sdist_holds_what_a_packager_needs(built: Built) -> None:
    needed = {"LICENSE", "README.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "docs/index.md"}
    tests = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/test_*.py")}
    assert (needed | tests) - built.sdist == set()
    assert not [name for name in built.sdist if name.endswith(".pyc") or name.startswith(".venv")]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("validate-config", ".pre-commit-config.yaml"),
        ("validate-manifest", ".pre-commit-hooks.yaml"),
    ],
)
def test_the_hook_files_are_valid(command: str, name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pre_commit", command, name],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/index.md"])
def test_the_links_of_the_front_pages_lead_somewhere(name: str) -> None:
    page = ROOT / name
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []
