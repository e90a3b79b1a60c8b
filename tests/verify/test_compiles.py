"""A text that compiled before compiles after; one that did not is nobody's fault."""

import pytest

from asyncify.errors import VerifyError
from asyncify.verify import check_compiles


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"x = 1\n", b"async def f():\n    await x\n"),
        (b"x = (\n", b"y = (\n"),
        (b"x = 1\n", b"x = 1 is 1\n'\\d'\n"),  # warnings are no errors
        (b"\xef\xbb\xbfx = 1\r\n", b"# coding: latin-1\nx = '\xe9'\n"),
    ],
)
def test_passes(before: bytes, after: bytes) -> None:
    check_compiles("m.py", before, after)


@pytest.mark.parametrize("after", [b"await x\n", b"x = (\n", b"x = 1\0\n", b"\xff\n"])
def test_fails(after: bytes) -> None:
    with pytest.raises(VerifyError, match=r"^m\.py: the new text does not compile: "):
        check_compiles("m.py", b"x = 1\n", after)
