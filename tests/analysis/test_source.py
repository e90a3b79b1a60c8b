"""Bytes to text and back, without moving one of them."""

import pytest

from asyncify.analysis.layout import decode
from asyncify.errors import ParseError
from asyncify.model.source import read_source

KEPT = {
    "empty": (b"", "utf-8"),
    "crlf": (b"a\r\nb\rc\n", "utf-8"),
    "byte order mark": (b"\xef\xbb\xbfa = '\xc3\xa9'\r\n", "utf-8-sig"),
    "cookie": (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "iso-8859-1"),
    "cookie on line 2": (b"#!/bin/sh\n# vim: fileencoding=cp1251\nx = '\xe9'\n", "cp1251"),
    "form feed": (b"a\x0c\x1c\xe2\x80\xa8", "utf-8"),
}


@pytest.mark.parametrize(("data", "encoding"), KEPT.values(), ids=KEPT)
def test_every_byte_comes_back(data: bytes, encoding: str) -> None:
    source = read_source(data)
    assert source.encoding == encoding
    assert not source.text.startswith("\ufeff")
    assert source.encode(source.text) == data


BROKEN = {
    "not utf-8": (b"a\r\nb = '\xe9'\n", 2, 6),
    "unknown encoding": (b"# coding: klingon\n", 1, 1),
    "mark and cookie": (b"\xef\xbb\xbf# coding: latin-1\n", 1, 1),
    "does not come back": (b"# coding: utf-7\nx = '+AGE-'\n", 1, 1),
    "no text encoding": (b"# coding: base64\nx\n", 1, 1),
}


@pytest.mark.parametrize(("data", "line", "column"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read(data: bytes, line: int, column: int) -> None:
    with pytest.raises(ParseError) as caught:
        decode(data, "p.py")
    assert (caught.value.line, caught.value.column) == (line, column)
