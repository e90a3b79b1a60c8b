"""One more parameter: the layout of the others stays."""

import libcst as cst
import pytest

from asyncify.rewrite.signatures import with_parameter
from asyncify.rewrite.templates import TemplateError

FORMS = (
    ("def f(): pass", "def f(*, new=None): pass"),
    ("def f(a): pass", "def f(a, *, new=None): pass"),
    ("def f(a, b=1, /): pass", "def f(a, b=1, /, *, new=None): pass"),
    ("def f(*a): pass", "def f(*a, new=None): pass"),
    ("def f(a, *, b): pass", "def f(a, *, b, new=None): pass"),
    ("def f(a, *, b,): pass", "def f(a, *, b, new=None,): pass"),
    ("def f(\n    a,\n    b,\n): pass", "def f(\n    a,\n    b,\n    *,\n    new=None,\n): pass"),
    ("def f(\n    a,  # last\n): pass", "def f(\n    a,  # last\n    *,\n    new=None,\n): pass"),
    ("def f(a: int, *c: str) -> int: pass", "def f(a: int, *c: str, new=None) -> int: pass"),
)


@pytest.mark.parametrize(("before", "after"), FORMS)
def test_the_layout_stays(before: str, after: str) -> None:
    changed = with_parameter(
        cst.ensure_type(cst.parse_statement(before), cst.FunctionDef), "new=None"
    )
    assert cst.Module([changed]).code.strip() == after
    compile(after, "", "exec")


@pytest.mark.parametrize(("before", "text"), [("def f(**a): pass", "b"), ("def f(): pass", "b c")])
def test_what_cannot_be_added(before: str, text: str) -> None:
    function = cst.ensure_type(cst.parse_statement(before), cst.FunctionDef)
    with pytest.raises(TemplateError):
        with_parameter(function, text)
