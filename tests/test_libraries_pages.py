"""The pages about the libraries say what the rules say."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
sys.path.insert(0, str(DOCS))

import libraries  # noqa: E402


def test_the_pages_are_current() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in libraries.HERE.glob("*.md")}
    assert written == libraries.pages(), "run `python docs/libraries.py`"
