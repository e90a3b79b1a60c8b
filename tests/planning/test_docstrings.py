"""Types in docstrings: only what stands where a type has to stand."""

from __future__ import annotations

import pytest

from asyncify.planning.docstrings import Renamed, _result_types

ITERATOR = Renamed(iterator=True, dotted=lambda name: None)
RESPONSE = Renamed(iterator=False, dotted={"requests.Response": "httpx.Response"}.get)

TYPES = {
    "sphinx": (":rtype: Iterator[int]", [("Iterator[int]", "AsyncIterator[int]")]),
    "with a module": (":rtype: typing.Iterator", [("typing.Iterator", "typing.AsyncIterator")]),
    "with a role": (
        ":rtype: :class:`~typing.Iterator`",
        [(":class:`~typing.Iterator`", ":class:`~typing.AsyncIterator`")],
    ),
    "google": (
        "Do it.\n\n    Returns:\n        Generator[int, None, None]: numbers, no Iterator.",
        [("Generator[int, None, None]", "AsyncGenerator[int, None, None]")],
    ),
    "numpy": (
        "Do it.\n\n    Returns\n    -------\n    found : Iterable of int\n        All.",
        [("Iterable of int", "AsyncIterable of int")],
    ),
    "not the type": (
        ":return: an Iterator",
        [("an Iterator", "an Iterator")],
    ),
    "a name that only begins like one": (":rtype: IteratorOfMine", [("IteratorOfMine",) * 2]),
    "of an argument": (":param x: Iterator[int]\n:type x: Iterator[int]", []),
    "what is yielded": ("Yields:\n    Iterator[int]: rows", []),
}


@pytest.mark.parametrize(("text", "expected"), TYPES.values(), ids=TYPES)
def test_iterators(text: str, expected: list[tuple[str, str]]) -> None:
    found = [written for _, written in _result_types(text.split("\n"))]
    assert [(written, ITERATOR.new(written)) for written in found] == expected


@pytest.mark.parametrize(
    ("written", "new"),
    [
        ("requests.Response", "httpx.Response"),
        (":class:`requests.Response`", ":class:`httpx.Response`"),
        ("the requests.Response of it", "the httpx.Response of it"),
        ("my.requests.Response", "my.requests.Response"),
        ("requests.Responses", "requests.Responses"),
        ("Iterator", "Iterator"),
    ],
)
def test_types_of_libraries(written: str, new: str) -> None:
    assert RESPONSE.new(written) == new
