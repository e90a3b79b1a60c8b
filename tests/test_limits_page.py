"""Every limit has its section in docs/reference/limits.md, and its example is kept for that reason."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_files import Checked

from asyncify.api import plan
from asyncify.codes import find
from asyncify.config import Config

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (ASY\d+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
BLOCKS = {
    code: re.findall(r"```(python|toml|console)\n(.*?)```", section, re.DOTALL)
    for code, section in SECTIONS.items()
}
# one file without a name; and files with names, with a configuration or a command
EXAMPLES = {
    code: blocks[0][1].encode()
    for code, blocks in BLOCKS.items()
    if len(blocks) == 1 and not blocks[0][1].startswith("# ")
}
PROJECTS = {code: blocks for code, blocks in BLOCKS.items() if blocks and code not in EXAMPLES}
# these need a rule of the user's, a mistake of ours, a run of tests
WITHOUT_EXAMPLE = {"ASY923", "ASY980", "ASY981"}


@pytest.fixture(scope="module")
def checked() -> Iterator[Checked]:
    checked = Checked(EXAMPLES.values())
    yield checked
    checked.close()


@pytest.mark.parametrize("code", EXAMPLES)
def test_example_is_kept_with_its_code(code: str, checked: Checked) -> None:
    result = checked.convert(EXAMPLES[code], Config())
    left = {each.code for each in result.findings if each.code.startswith("ASY9")}
    assert left == {code}, [(each.code, each.reason) for each in result.findings]
    assert not result.changed


@pytest.mark.parametrize("code", PROJECTS)
def test_project_is_kept_with_its_code(code: str, tmp_path: Path) -> None:
    paths = None
    for kind, text in PROJECTS[code]:
        if kind == "console":
            paths = [tmp_path / name for name in text.split()[2:]]
            continue
        name = text.partition("\n")[0].removeprefix("# ") if kind == "python" else "pyproject.toml"
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = plan(tmp_path, paths=paths)
    assert {each.code for each in found.findings if each.code.startswith("ASY9")} == {code}
    assert not any(result.changed for result in found.results)


def test_every_limit_has_a_section() -> None:
    planning = ROOT / "src" / "asyncify" / "planning"
    sources = [path.read_text(encoding="utf-8") for path in planning.rglob("*.py")]
    given = {code for text in sources for code in re.findall(r'Limit\(\s*"(ASY9\d\d)"', text)}
    assert len(given) > 15
    assert given - set(SECTIONS) == set()
    assert [code for code in SECTIONS if find(code) is None] == []
    assert list(SECTIONS) == sorted(SECTIONS)


def test_sections_have_examples() -> None:
    assert set(SECTIONS) - set(EXAMPLES) - set(PROJECTS) == WITHOUT_EXAMPLE
