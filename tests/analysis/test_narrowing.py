"""What `isinstance` says of a variable, by the line that reads it."""

from __future__ import annotations

import textwrap

import pytest

from asyncify.analysis.index import index_module
from asyncify.analysis.names import Names
from asyncify.analysis.narrowing import Narrowing, narrowings
from asyncify.analysis.slots import ANYTHING, Atom
from asyncify.model.graph import SourceKind

PATH = frozenset({"pathlib.Path"})
TEXT = frozenset({"builtins.str"})


def known(source: str) -> dict[int, list[Narrowing]]:
    """The narrowings of `x`, by line."""
    text = "from pathlib import Path\n" + textwrap.dedent(source)
    module = index_module(text, name="m", path="m.py", is_package=False)
    found = narrowings(module, Names({"m": module}))
    return {
        module.expressions[number].span.line: each
        for number, each in found.items()
        if module.expressions[number].text == "x"
    }


CASES = {
    "both branches": (
        """
        def f(x):
            if isinstance(x, Path):
                use(x)
            else:
                use(x)
        """,
        {5: [Narrowing(PATH, True)], 7: [Narrowing(PATH, False)]},
    ),
    "a chain": (
        """
        def f(x):
            if isinstance(x, Path):
                pass
            elif isinstance(x, str):
                use(x)
            else:
                use(x)
        """,
        {
            6: [Narrowing(PATH, False)],
            7: [Narrowing(PATH, False), Narrowing(TEXT, True)],
            9: [Narrowing(PATH, False), Narrowing(TEXT, False)],
        },
    ),
    "several types": (
        """
        def f(x):
            if isinstance(x, (str, Path)):
                use(x)
        """,
        {5: [Narrowing(TEXT | PATH, True)]},
    ),
    "a type that nobody knows": (
        """
        def f(x, t):
            if isinstance(x, (Path, t)):
                use(x)
            else:
                use(x)
        """,
        {7: [Narrowing(PATH, False)]},
    ),
    "left early": (
        """
        def f(x):
            if not isinstance(x, Path):
                return
            use(x)
        """,
        {6: [Narrowing(PATH, True)]},
    ),
    "not left": (
        """
        def f(x):
            if isinstance(x, Path):
                pass
            use(x)
        """,
        {},
    ),
    "assigned inside": (
        """
        def f(x):
            if isinstance(x, str):
                x = Path(x)
                use(x)
        """,
        {},
    ),
    "and": (
        """
        def f(x):
            if isinstance(x, Path) and g():
                use(x)
            else:
                use(x)
        """,
        {5: [Narrowing(PATH, True)]},
    ),
    "not one of two": (
        """
        def f(x):
            if not (isinstance(x, Path) or g()):
                use(x)
            else:
                use(x)
        """,
        {5: [Narrowing(PATH, False)]},
    ),
    "a conditional expression": (
        """
        def f(x):
            return (
                x
                if isinstance(x, Path)
                else x
            )
        """,
        {5: [Narrowing(PATH, True)], 7: [Narrowing(PATH, False)]},
    ),
    "another function": (
        """
        def f(x):
            if isinstance(x, Path):
                return lambda: use(x)
        """,
        {},
    ),
    "changed by another function": (
        """
        def f(x):
            def change():
                nonlocal x
                x = Path("")
            if isinstance(x, str):
                change()
                use(x)
        """,
        {},
    ),
    "of something else": (
        """
        def f(x, tools):
            if tools.isinstance(x, Path):
                use(x)
        """,
        {},
    ),
    "another isinstance": (
        """
        def isinstance(a, b): ...
        def f(x):
            if isinstance(x, Path):
                use(x)
        """,
        {},
    ),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES.keys())
def test_narrowings(source: str, expected: dict[int, list[Narrowing]]) -> None:
    found = known(source)
    assert {line: sorted(each) for line, each in found.items()} == {
        line: sorted(each) for line, each in expected.items()
    }


CONNECTION = Atom(SourceKind.INSTANCE, "sqlite3.Connection")
RESULT = Atom(SourceKind.CALL, "sqlite3.connect")
OWN = Atom(SourceKind.INSTANCE, "m:Text")


@pytest.mark.parametrize(
    ("narrowing", "atom", "kept"),
    [
        (Narrowing(PATH, True), Atom(SourceKind.INSTANCE, "pathlib.Path"), True),
        (Narrowing(PATH, True), CONNECTION, False),
        (Narrowing(PATH, True), RESULT, False),
        (Narrowing(PATH, True), ANYTHING, False),
        (Narrowing(PATH, True), OWN, True),
        (Narrowing(PATH, False), Atom(SourceKind.INSTANCE, "pathlib.Path"), False),
        (Narrowing(PATH, False), CONNECTION, True),
        (Narrowing(PATH, False), ANYTHING, True),
        (Narrowing(frozenset({"io.IOBase"}), True), CONNECTION, True),
        (Narrowing(frozenset({"io.IOBase"}), True), RESULT, True),
    ],
)
def test_origins(narrowing: Narrowing, atom: Atom, kept: bool) -> None:
    assert narrowing.keeps(atom) is kept


def test_what_could_be_anything_is_what_isinstance_says() -> None:
    own = frozenset({"m:Text", "m:Line"})
    line, other = (Atom(SourceKind.INSTANCE, name) for name in ("m:Line", "m:Other"))

    def related(one: str, two: str) -> bool:
        return one == two

    assert Narrowing(own, True).passes(own, related, ANYTHING) == (line, OWN)
    assert Narrowing(own, True).passes(frozenset({"m:Line"}), related, ANYTHING) == (ANYTHING,)
    assert Narrowing(own, False).passes(own, related, ANYTHING) == (ANYTHING,)
    assert Narrowing(own, False).passes(own, related, OWN) == ()
    assert Narrowing(own, True).passes(own, related, OWN) == (OWN,)
    assert Narrowing(own, True).passes(own, related, other) == ()
    assert Narrowing(own, True).passes(frozenset(), related, other) == (other,)
    assert Narrowing(own, True).passes(own, related, CONNECTION) == (CONNECTION,)
