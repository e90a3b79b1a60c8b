"""Retext: another text between the same quotes."""

import pytest

from asyncify.model.plan import Replace, Retext

CASES = {
    "quotes stay": ("x: «'Iterator[int]'»\n", "x: 'AsyncIterator[int]'\n"),
    "prefix": ('«r"""An Iterator."""»\n', 'r"""An AsyncIterator."""\n'),
    "several strings": (
        '(«"an" "Iterator"»)\n',
        '("an" "AsyncIterator")\n',
    ),
    "twice": ('«"Iterator Iterator"»\n', '"Iterator Iterator"\n'),
    "spelled in another way": ('«"Iter\\x61tor"»\n', '"Iter\\x61tor"\n'),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_retext(rewrite, before: str, after: str) -> None:
    assert rewrite(before, [Retext(0, "Iterator", "AsyncIterator")]) == after


def test_inside_a_replacement(rewrite) -> None:
    edits = [Replace(0, "Awaitable[{0}]", (0,)), Retext(0, "Old", "New")]
    assert rewrite('x: «"Old"»\n', edits) == 'x: Awaitable["New"]\n'
