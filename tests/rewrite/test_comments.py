"""Comments with a line of their own."""

import pytest

from asyncify.errors import VerifyError
from asyncify.model.plan import Await, Remark
from asyncify.model.span import Span
from asyncify.rewrite.module import rewrite_module

TEXT = b"""\
async def f():\r
\t# asyncify: TODO[ASY902] one\r
\ta = f()\r
\t# asyncify: TODO[ASY902] two\r
\tb = '''\r
# asyncify: this line goes\r
'''\r
"""


def test_lines_change_and_go_with_all_other_edits() -> None:
    edits = [
        Remark(2, ""),
        Remark(4, "# asyncify: TODO[ASY903] \xfc"),
        Await(Span(3, 5, 3, 8)),
    ]
    assert rewrite_module(TEXT, edits, path="x.py") == (
        TEXT.replace(b"\t# asyncify: TODO[ASY902] one\r\n", b"")
        .replace(b"TODO[ASY902] two", b"TODO[ASY903] \\xfc")
        .replace(b"= f()", b"= await f()")
    )
    only = rewrite_module(TEXT, [Remark(4, "")], path="x.py")
    assert only == TEXT.replace(b"\t# asyncify: TODO[ASY902] two\r\n", b"")


@pytest.mark.parametrize("line", [1, 3, 99])
def test_other_lines_are_refused(line: int) -> None:
    with pytest.raises(VerifyError, match=f"line {line} is no comment of asyncify"):
        rewrite_module(TEXT, [Remark(line, "")], path="x.py")
