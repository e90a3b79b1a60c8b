"""Every limit has its section in docs/reference/limits.md, and its example is kept for that reason."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_files import Checked

from asyncify.codes import find
from asyncify.config import Config

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (ASY\d+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
EXAMPLES = {
    code: match[1].encode()
    for code, section in SECTIONS.items()
    if (match := re.search(r"```python\n(.*?)```", section, re.DOTALL))
}
# these need more than one file, a configuration, a rule of the user's, or a mistake of ours
WITHOUT_EXAMPLE = {
    "ASY905",
    "ASY909",
    "ASY914",
    "ASY918",
    "ASY923",
    "ASY928",
    "ASY929",
    "ASY970",
    "ASY980",
    "ASY981",
}


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


def test_every_limit_has_a_section() -> None:
    planning = ROOT / "src" / "asyncify" / "planning"
    sources = [path.read_text(encoding="utf-8") for path in planning.rglob("*.py")]
    given = {code for text in sources for code in re.findall(r'Limit\(\s*"(ASY9\d\d)"', text)}
    assert len(given) > 15
    assert given - set(SECTIONS) == set()
    assert [code for code in SECTIONS if find(code) is None] == []
    assert list(SECTIONS) == sorted(SECTIONS)


def test_sections_have_examples() -> None:
    assert set(SECTIONS) - set(EXAMPLES) == WITHOUT_EXAMPLE
