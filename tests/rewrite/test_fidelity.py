"""Everything outside an edit stays byte for byte, whatever the file is made of."""

import sys
import time

import pytest

from asyncify.errors import ParseError, VerifyError
from asyncify.model.plan import AddImport, Await, Delete, Edit, Insert, MakeAsync, Replace, Wrap
from asyncify.model.span import Span
from asyncify.rewrite import rewrite_module
from asyncify.verify.compiles import check_compiles

BODY = "«async def f():\n    return «g()».x  # ä»\n"
FILES = {
    "newline": "\nx = 1\n",
    "crlf": "\r\nx = 1\r\n",
    "cr": "\rx = 1\r",
    "mixed": "\r\nx = 1\ny = 2\rz = 3\n",
    "a lone cr at the end": "\r\nx = 1\r",
    "two lone crs at the end": "\nx = 1\r\r",
    "no final newline": "\nx = 1",
    "blanks at the end": "\nx = 1\n    \n\t",
    "a form feed on its own line": "\n\x0c\nx = 1\n",
    "a form feed before a statement": "\n\x0cx = 1\n\x0c\x0cy = 2\n",
    "a form feed behind a statement": "\nx = 1\x0c\n",
    "tabs": "\nif x:\n\ty = 1\n\tif z:\n\t\t\ty = 2\n",
    "trailing blanks": "\nx = 1   \n   \ny =   (  2  )\t\n",
    "semicolons": "\nx = 1;y = 2 ;\n",
    "backslashes": "\nx = 1 + \\\n   2\nif x and \\\n  y: pass\n",
    "odd comments": "\n#\n   # c\nx = 1 #c\n#!\n",
    "odd quotes": "\nx = R'a' u\"b\" '''c\n d'''\ny = B\"\" rb''\n",
    "numbers": "\nx = 0XFF, 1_000, 1E5, 1J, 0o17\n",
    "odd blanks": "\ndef  f ( a,b = 1 , * ,c )  :  return( a [ 1 : 2 ] )\n",
    "unicode": "\nñ = 'ä\u2028b\u0085c'  # \u3000\n",
    "deindented comments": "\ndef f():\n        x = 1\n  # c\n        y = 2\n # d\n",
    "nothing": "",
}


@pytest.mark.parametrize("rest", FILES.values(), ids=FILES)
@pytest.mark.parametrize("above", [True, False])
def test_the_other_lines_stay(rewrite, rest: str, above: bool) -> None:
    newline = "\r\n" if "\r\n" in rest else "\r" if "\r" in rest else "\n"
    body = BODY.rstrip("\n").replace("\n", newline)
    tail = rest[: len(rest) - len(rest.lstrip("\r\n"))] and rest
    before = f"x = 0{tail}{newline}{body}{newline}" if above else f"{body}{tail}"
    if above and rest.endswith(("\\", "    \n\t")):
        pytest.skip("nothing can follow this")
    after = before.replace("«g()».x", "(await g()).x")
    assert rewrite(before, [Await(1)]) == after.replace("«", "").replace("»", "")


@pytest.mark.parametrize("rest", FILES.values(), ids=FILES)
def test_without_edits_nothing_is_read(rest: str) -> None:
    source = (rest + "this is (not Python").encode()
    assert rewrite_module(source, [], path="m.py") is source


ENCODED = {
    "bom": (b"\xef\xbb\xbf", "utf-8"),
    "bom and cookie": (b"\xef\xbb\xbf# coding: utf-8\n", "utf-8"),
    "latin-1": (b"# -*- coding: latin-1 -*-\n", "latin-1"),
    "cp1252 below a shebang": (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n", "cp1252"),
    "utf-8": (b"# coding: utf8\n", "utf-8"),
}


@pytest.mark.parametrize(("start", "encoding"), ENCODED.values(), ids=ENCODED)
def test_encodings(start: bytes, encoding: str) -> None:
    line = start.count(b"\n") + 1
    before = start + "ä = 'é', f().x\r\n".encode(encoding)
    edits = [Await(Span(line, 9, line, 12)), AddImport("import os")]
    after = rewrite_module(before, edits, path="m.py")
    new = "\r\nimport os\r\n\r\n" if b"\n" in start else "import os\r\n\r\n"
    assert after.replace(b"\n", b"").replace(b"\r", b"") == (
        start + f"{new}ä = 'é', (await f()).x".encode(encoding)
    ).replace(b"\n", b"").replace(b"\r", b"")
    assert after.startswith(start)
    assert after.endswith(b"\r\n")


def test_a_text_that_does_not_fit_the_encoding() -> None:
    before = b"# coding: latin-1\nx = 1\n"
    with pytest.raises(VerifyError, match="does not fit the encoding iso-8859-1"):
        rewrite_module(before, [Insert(Span(2, 0, 2, 5), "after", "y = '€'")], path="m.py")


def test_form_feeds_around_an_edited_line(rewrite) -> None:
    before = "\x0cx = 0\n\x0casync def f():\n    return «g()»\n\x0cy = 1\n"
    assert rewrite(before, [Await(0)]) == before.replace("«g()»", "await g()")


def test_a_form_feed_on_the_edited_line(rewrite) -> None:
    before = "import os\n\x0c«def f():\n    return «g()»»\n\x0cy = 1\n"
    after = rewrite(before, [MakeAsync(0, "def"), Await(1), AddImport("import re")])
    assert after == "import os\nimport re\n\x0casync def f():\n    return await g()\n\x0cy = 1\n"


def test_a_form_feed_on_a_deleted_line() -> None:
    with pytest.raises(VerifyError, match="line 2 loses its form feed"):
        rewrite_module(b"x = 1\n\x0cy = 2\n", [Delete(Span(2, 1, 2, 6))], path="m.py")


@pytest.mark.parametrize(
    "source", [b"x = (\n", b"def f(:\n", b"x = 1\n y = 2\n", b"x = '\n", b"if x:\ny\n"]
)
def test_what_is_not_python(source: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        rewrite_module(source, [AddImport("import os")], path="m.py")
    assert caught.value.line >= 1
    assert caught.value.column >= 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "source", [b"\xff", b"# coding: nonsense\n", b"\xef\xbb\xbf# coding: latin-1\n", b"x = 1\0\n"]
)
def test_what_is_no_text(source: bytes) -> None:
    with pytest.raises(ParseError):
        rewrite_module(source, [AddImport("import os")], path="m.py")


def test_what_libcst_stumbles_over() -> None:
    with pytest.raises(ParseError, match=r"LibCST does not know this syntax$"):
        rewrite_module(
            b"def f():\n    return(lambda: 0)()\n", [AddImport("import os")], path="m.py"
        )


def test_a_layout_that_cannot_be_kept() -> None:
    with pytest.raises(ParseError, match="the layout of this line cannot be kept"):
        rewrite_module(b"x = 1\n\\\ny = 2\n", [AddImport("import os")], path="m.py")


def test_deep_nesting(rewrite) -> None:
    lines = [f"{' ' * depth}def f{depth}():" for depth in range(98)]
    before = "\n".join([*lines, f"{' ' * 98}return «g()»\n"])
    before = before.replace("def f97", "async def f97")
    assert rewrite(before, [Await(0)]) == before.replace("«g()»", "await g()")


def test_a_long_sum(rewrite) -> None:
    terms = " + ".join(f"'{number}'" for number in range(600))
    before = f"async def f():\n    x = {terms}\n    return «g()»\n"
    assert rewrite(before, [Await(0)]) == before.replace("«g()»", "await g()")


def test_the_recursion_limit_is_left_alone(rewrite) -> None:
    limit = sys.getrecursionlimit()
    rewrite("«f()»\n", [Replace(0, "g()")])
    assert sys.getrecursionlimit() == limit


def test_code_that_is_nested_too_deeply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncify.rewrite.module._RECURSION_LIMIT", 0)
    source = f"x = {' + '.join(['1'] * 800)}\n".encode()
    with pytest.raises(ParseError, match="nested too deeply"):
        rewrite_module(source, [AddImport("import os")], path="m.py")


def test_a_long_file_is_quick() -> None:
    first, second = "    x = [g(y) for y in a if y]", "    return x, h(a, key=b)['k'].z"
    source = "".join(f"def f{n}(a, b=1):\n{first}\n{second}\n\n" for n in range(500)).encode()
    call = Span(0, second.index("h("), 0, second.index("["))
    edits: list[Edit] = []
    for line in range(1, 2000, 20):
        end = (line + 2, len(second))
        edits += [
            MakeAsync(Span(line, 0, *end), "def"),
            Await(Span(line + 2, call.column, line + 2, call.end_column)),
            Wrap(Span(line + 1, 4, line + 1, len(first)), Span(line + 2, 4, *end), "with q:"),
        ]
    start = time.process_time()
    after = rewrite_module(source, edits, path="m.py")
    taken = time.process_time() - start
    check_compiles("m.py", source, after)
    assert after.count(b"await") == 100
    assert taken < 5  # of 0.6 s on a quiet machine


def test_edits_do_not_depend_on_their_order() -> None:
    source = b"import os\ndef f():\n    a = g()\n    return a\n"
    edits = [
        AddImport("import httpx"),
        MakeAsync(Span(2, 0, 4, 12), "def"),
        Await(Span(3, 8, 3, 11)),
        Wrap(Span(3, 4, 3, 11), Span(4, 4, 4, 12), "async with h() as k:"),
        Insert(Span(4, 4, 4, 12), "before", "b = 1"),
        Delete(Span(1, 0, 1, 9)),
    ]
    results = {rewrite_module(source, edits[n:] + edits[:n], path="m.py") for n in range(6)}
    assert len(results) == 1
