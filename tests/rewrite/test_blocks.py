"""MakeAsync, Wrap, Insert, Delete and statements that are spelled out: the layout around them."""

import pytest

from asyncify.errors import VerifyError
from asyncify.model.plan import Await, Decorate, Delete, Insert, MakeAsync, Replace, Wrap

ASYNC = {
    "def": ("«def f(): return g()»\n", "def", "async def f(): return g()\n"),
    "def with decorators": (
        "@a  # one\n# two\n@b\n\n# three\n«def f():\n    pass»\n",
        "def",
        "@a  # one\n# two\n@b\n\n# three\nasync def f():\n    pass\n",
    ),
    "def from its decorators on": (
        "«@a\ndef f():\n    pass»\n",
        "def",
        "@a\nasync def f():\n    pass\n",
    ),
    "method": (
        "class A:\n\n    # c\n    «def f(self):\n        pass»\n",
        "def",
        "class A:\n\n    # c\n    async def f(self):\n        pass\n",
    ),
    "async already": ("«async def f():\n    pass»\n", "def", "async def f():\n    pass\n"),
}
STATEMENTS = {
    "for": ("«for x in y:  # c\n        pass»", "for", "async for x in y:  # c\n        pass"),
    "for with else": (
        "«for x in y: pass\n    else: pass»",
        "for",
        "async for x in y: pass\n    else: pass",
    ),
    "with": ("«with a, b as c:\n        pass»", "with", "async with a, b as c:\n        pass"),
    "with in parentheses": (
        "«with (\n        a,  # one\n        b,\n    ):\n        pass»",
        "with",
        "async with (\n        a,  # one\n        b,\n    ):\n        pass",
    ),
    "the only item": (
        "with «a» as b:  # c\n        pass",
        "item",
        "async with a as b:  # c\n        pass",
    ),
    "an item of an async with": ("async with «a» as b: pass", "item", "async with a as b: pass"),
    "the first item": (
        "# c\n    with «a» as b, c as d:  # e\n        pass",
        "item",
        "# c\n    async with a as b:\n        with c as d:  # e\n            pass",
    ),
    "the last item": (
        "with a, b, «c()» as d: pass",
        "item",
        "with a, b:\n        async with c() as d: pass",
    ),
    "the item in the middle": (
        "with a, «b», c:\n        pass  # x\n    y()",
        "item",
        "with a:\n        async with b:\n            with c:\n                pass  # x\n    y()",
    ),
    "an item in parentheses": (
        "with (\n        a as b,  # one\n        «c» as d,  # two\n    ):\n        pass",
        "item",
        "# one\n    # two\n    with a as b:\n        async with c as d:\n            pass",
    ),
    "clause": ("[x for x in «f()» if x]", "clause", "[x async for x in f() if x]"),
    "second clause": ("{x for y in z for x in «y»}", "clause", "{x for y in z async for x in y}"),
    "clause of a dict": ("{x: y for x, y in «z»}", "clause", "{x: y async for x, y in z}"),
    "clause of a generator": ("g(x for x in «z»)", "clause", "g(x async for x in z)"),
    "glued clause": ("[(x)for x in «y»]", "clause", "[(x) async for x in y]"),
    "delegation": (
        "«yield from f(1)»  # c",
        "delegation",
        "async for item in f(1):  # c\n        yield item",
    ),
    "delegation in parentheses": (
        "(«yield from f(\n        1)»)",
        "delegation",
        "async for item in f(\n        1):\n        yield item",
    ),
    "plain delegation": (
        "«yield from f()»",
        "plain delegation",
        "for item in f():\n        yield item",
    ),
    "delegation where the name is taken": (
        "item = 1\n    «yield from f()»",
        "delegation",
        "item = 1\n    async for item_ in f():\n        yield item_",
    ),
    "delegation among others": (
        "a(); «yield from f()»; b()",
        "delegation",
        "a()\n    async for item in f():\n        yield item\n    b()",
    ),
}


@pytest.mark.parametrize(("before", "node", "after"), ASYNC.values(), ids=ASYNC)
def test_make_async(rewrite, before: str, node: str, after: str) -> None:
    assert rewrite(before, [MakeAsync(0, node)]) == after


@pytest.mark.parametrize(("before", "node", "after"), STATEMENTS.values(), ids=STATEMENTS)
def test_make_async_inside(rewrite, before: str, node: str, after: str) -> None:
    result = rewrite(f"async def z():\n    {before}\n", [MakeAsync(0, node)])
    assert result == f"async def z():\n    {after}\n"


def test_the_iterable_of_a_delegation_is_edited(rewrite) -> None:
    before = "«def f():\n    «yield from «g()»»»\n"
    edits = [MakeAsync(0, "def"), MakeAsync(1, "delegation"), Await(2)]
    after = "async def f():\n    async for item in await g():\n        yield item\n"
    assert rewrite(before, edits) == after


def test_a_delegation_whose_value_is_used_stays(rewrite) -> None:
    with pytest.raises(VerifyError, match="belongs to no Expr"):
        rewrite("def f():\n    x = «yield from g()»\n", [MakeAsync(0, "delegation")])


def test_several_items_of_one_statement(rewrite) -> None:
    before = "async def f():\n    with «a», «b()» as c, d:\n        pass\n"
    edits = [MakeAsync(0, "item"), MakeAsync(1, "item"), Await(1)]
    after = "async def f():\n    async with a, await b() as c:\n        with d:\n            pass\n"
    assert rewrite(before, edits) == after


W = "async with c as d:"
# Mark 0 is the first statement, mark 1 (if there is one) the last.
WRAP = {
    "one statement": ("«x = f()»", f"{W}\n        x = f()"),
    "several": (
        "a()\n    «b()»\n    c()\n    «d()»\n    e()",
        f"a()\n    {W}\n        b()\n        c()\n        d()\n    e()",
    ),
    "comments": (
        "a()  # a\n\n    # b\n    «b()»  # b\n    # c\n\n    # d\n    «d()»  # d\n    # e\n    e()",
        f"a()  # a\n\n    # b\n    {W}\n        b()  # b\n        # c\n\n        # d\n        d()  # d\n    # e\n    e()",
    ),
    "strings keep their content": (
        "«x = '''\n  a\nb'''»",
        f"{W}\n        x = '''\n  a\nb'''",
    ),
    "f-strings keep their content": (
        '«x = f"""\n  {a}\nb"""»',
        f'{W}\n        x = f"""\n  {{a}}\nb"""',
    ),
    "lines in brackets move": (
        "«x = f(\n        1,\n        # c\n    )»",
        f"{W}\n        x = f(\n            1,\n            # c\n        )",
    ),
    "compound": (
        "«if x:\n        y()\n        # foot\n    else:\n        z()»\n    # behind",
        f"{W}\n        if x:\n            y()\n            # foot\n        else:\n            z()\n    # behind",
    ),
    "decorated": (
        "«@a\n    def f():\n        pass»",
        f"{W}\n        @a\n        def f():\n            pass",
    ),
    "one of a line": (
        "a = 1; «b = f()»; c = 2  # x",
        f"a = 1\n    {W}\n        b = f()\n    c = 2  # x",
    ),
    "the first of a line": ("«a = 1»; b = f()", f"{W}\n        a = 1\n    b = f()"),
    "a whole line": ("«a = 1»; «b = f()»  # x", f"{W}\n        a = 1; b = f()  # x"),
    "from the end of one line to the start of another": (
        "a = 1; «b = 2»\n    c = 3\n    «d = 4»; e = 5",
        f"a = 1\n    {W}\n        b = 2\n        c = 3\n        d = 4\n    e = 5",
    ),
    "suite of an if": ("if x: «y = f()»", f"if x:\n        {W}\n            y = f()"),
    "one of a suite": (
        "if x: a = 1; «y = f()»  # c\n    else: pass",
        f"if x:\n        a = 1\n        {W}\n            y = f()  # c\n    else: pass",
    ),
    "suite of an else": (
        "if x: pass\n    else: «y = f()»",
        f"if x: pass\n    else:\n        {W}\n            y = f()",
    ),
    "suite of an elif": (
        "if x: pass\n    elif y: «y = f()»",
        f"if x: pass\n    elif y:\n        {W}\n            y = f()",
    ),
}


@pytest.mark.parametrize(("before", "after"), WRAP.values(), ids=WRAP)
def test_wrap(rewrite, before: str, after: str) -> None:
    edit = Wrap(0, before.count("«") - 1, W)
    assert rewrite(f"async def z():\n    {before}\n", [edit]) == f"async def z():\n    {after}\n"


def test_wrap_in_a_function_of_one_line(rewrite) -> None:
    before = "«def f(u): «return ««requests.get»(u)».text»»  # c\nx = 1\n"
    edits = [
        MakeAsync(0, "def"),
        Wrap(1, 1, "async with httpx.AsyncClient() as client:"),
        Await(2),
        Replace(3, "client.get"),
    ]
    assert rewrite(before, edits) == (
        "async def f(u):\n"
        "    async with httpx.AsyncClient() as client:\n"
        "        return (await client.get(u)).text  # c\n"
        "x = 1\n"
    )


@pytest.mark.parametrize("indent", ["\t", "  ", "        "])
def test_wrap_indents_like_its_block(rewrite, indent: str) -> None:
    before = f"class A:\n{indent}def f(self):\n{indent * 2}«x = 1»\n{indent * 2}if x: «y = 2»\n"
    edits = [Wrap(0, 0, "with a:"), Wrap(1, 1, "with b:")]
    assert rewrite(before, edits) == (
        f"class A:\n{indent}def f(self):\n{indent * 2}with a:\n{indent * 3}x = 1\n"
        f"{indent * 2}if x:\n{indent * 3}with b:\n{indent * 4}y = 2\n"
    )


def test_wrap_keeps_to_the_indent_of_its_own_block(rewrite) -> None:
    before = "if a:\n    pass\nif b:\n\t«x()»\n\ty()\n"
    after = "if a:\n    pass\nif b:\n\twith c:\n\t\tx()\n\ty()\n"
    assert rewrite(before, [Wrap(0, 0, "with c:")]) == after


NESTED = {
    "inner range": (
        "«a()»\n«b()»\n«c()»\n",
        [Wrap(1, 1, "with y:"), Wrap(0, 2, "with x:")],
        "with x:\n    a()\n    with y:\n        b()\n    c()\n",
    ),
    "same start": (
        "# c\n«a()»\n«b()»\n",
        [Wrap(0, 0, "with y:"), Wrap(0, 1, "with x:")],
        "# c\nwith x:\n    with y:\n        a()\n    b()\n",
    ),
    "same end": (
        "«a()»\n«b()»\n",
        [Wrap(0, 1, "with x:"), Wrap(1, 1, "with y:")],
        "with x:\n    a()\n    with y:\n        b()\n",
    ),
    "same range: the first is the outer one": (
        "«a()»\n",
        [Wrap(0, 0, "with x:"), Wrap(0, 0, "with y:")],
        "with x:\n    with y:\n        a()\n",
    ),
    "same range: a function is the outer one": (
        "«a()»\n",
        [Wrap(0, 0, "async with x:"), Wrap(0, 0, "async def f():")],
        "async def f():\n    async with x:\n        a()\n",
    ),
    "one beside the other": (
        "«a()»\n\n«b()»\n",
        [Wrap(1, 1, "with y:"), Wrap(0, 0, "with x:")],
        "with x:\n    a()\n\nwith y:\n    b()\n",
    ),
    "in inner blocks": (
        "«for a in b:\n    «a()»\n»",
        [Wrap(0, 0, "with x:"), Wrap(1, 1, "with y:")],
        "with x:\n    for a in b:\n        with y:\n            a()\n",
    ),
    "before is inside, after is outside": (
        "«a()»\n«b()»\n",
        [
            Wrap(0, 1, "async def f():"),
            Insert(1, "after", "run(f())"),
            Insert(0, "before", "global x"),
        ],
        "async def f():\n    global x\n    a()\n    b()\nrun(f())\n",
    ),
}


@pytest.mark.parametrize(("before", "edits", "after"), NESTED.values(), ids=NESTED)
def test_wraps_nest(rewrite, before: str, edits, after: str) -> None:
    before = before.replace("\n»", "»\n") if before.endswith("\n»") else before
    assert rewrite(before, edits) == after


def test_wraps_do_not_cross(rewrite) -> None:
    edits = [Wrap(0, 1, "with x:"), Wrap(1, 2, "with y:")]
    with pytest.raises(VerifyError, match=r"Wrap at 2:1: it crosses another one"):
        rewrite("«a()»\n«b()»\n«c()»\n", edits)


def test_wrap_needs_siblings(rewrite) -> None:
    with pytest.raises(VerifyError, match="Wrap at 1:1: it could not be applied"):
        rewrite("«a()»\nif b:\n    «c()»\n", [Wrap(0, 1, "with x:")])


INSERT = {
    "before": ("a()\n«b()»\n", "before", "a()\nx = 1\nb()\n"),
    "after": ("«a()»  # c\n# b\nb()\n", "after", "a()  # c\nx = 1\n# b\nb()\n"),
    "before blank lines and comments": (
        "a()\n\n# b\n«b()»\n",
        "before",
        "a()\n\nx = 1\n# b\nb()\n",
    ),
    "before the first": ("# license\n\n# a\n«a()»\n", "before", "# license\n\nx = 1\n# a\na()\n"),
    "below a license": ("# license\n«a()»\n", "before", "# license\nx = 1\na()\n"),
    "before a decorator": (
        "@a\n«def f():\n    pass»\n",
        "before",
        "x = 1\n@a\ndef f():\n    pass\n",
    ),
    "after the last": (
        "if a:\n    «b()»\n    # foot\nc()\n",
        "after",
        "if a:\n    b()\n    x = 1\n    # foot\nc()\n",
    ),
    "before, in a line": ("a(); «b()»  # c\n", "before", "a()\nx = 1\nb()  # c\n"),
    "after, in a line": ("«a()»; b()  # c\n", "after", "a()\nx = 1\nb()  # c\n"),
    "before the first of a line": ("«a()»; b()\n", "before", "x = 1\na(); b()\n"),
    "in a suite": ("if a: «b()»  # c\n", "before", "if a:\n    x = 1\n    b()  # c\n"),
    "first": ("«def f():\n    # c\n    a()»\n", "first", "def f():\n    x = 1\n    # c\n    a()\n"),
    "first behind a docstring": (
        '«def f():\n    """d"""\n\n    a()»\n',
        "first",
        'def f():\n    """d"""\n\n    x = 1\n    a()\n',
    ),
    "first behind the docstring alone": (
        '«def f():\n    """d"""»\n',
        "first",
        'def f():\n    """d"""\n    x = 1\n',
    ),
    "first in a suite": ("«def f(): return 1»\n", "first", "def f():\n    x = 1\n    return 1\n"),
    "first behind a docstring in a suite": (
        '«def f(): "d"; a()»\n',
        "first",
        'def f():\n    "d"\n    x = 1\n    a()\n',
    ),
    "last": (
        "«for a in b:\n    c()»\n    # foot\n",
        "last",
        "for a in b:\n    c()\n    x = 1\n    # foot\n",
    ),
    "first of a handler": (
        "try:\n    pass\n«except A:\n    b()»\n",
        "first",
        "try:\n    pass\nexcept A:\n    x = 1\n    b()\n",
    ),
    "last of an elif": (
        "if a:\n    pass\n«elif b:\n    c()»\n",
        "last",
        "if a:\n    pass\nelif b:\n    c()\n    x = 1\n",
    ),
    "after the last without a newline": ("«a()»", "after", "a()\nx = 1"),
}


@pytest.mark.parametrize(("before", "where", "after"), INSERT.values(), ids=INSERT)
def test_insert(rewrite, before: str, where: str, after: str) -> None:
    assert rewrite(before, [Insert(0, where, "x = 1")]) == after


TEXTS = {
    "several statements": (
        "x = 1\nif x:\n    y = 2\n",
        "before",
        "    x = 1\n    if x:\n        y = 2\n    a()\n    b()\n",
    ),
    "a comment before": ("# todo", "before", "    # todo\n    a()\n    b()\n"),
    "a comment after": ("# todo", "after", "    a()\n    # todo\n    b()\n"),
    "a comment and a statement": (
        "# todo\nx = 1",
        "before",
        "    # todo\n    x = 1\n    a()\n    b()\n",
    ),
    "a comment behind": ("x = 1  # todo", "after", "    a()\n    x = 1  # todo\n    b()\n"),
}


@pytest.mark.parametrize(("text", "where", "after"), TEXTS.values(), ids=TEXTS)
def test_inserted_texts(rewrite, text: str, where: str, after: str) -> None:
    before = "if z:\n    «a()»\n    b()\n"
    assert rewrite(before, [Insert(0, where, text)]) == f"if z:\n{after}"


def test_inserts_keep_their_order(rewrite) -> None:
    edits = [Insert(0, where, f"{where}{n}()") for n in (1, 2) for where in ("before", "after")]
    assert rewrite("«a()»\n", edits) == "before1()\nbefore2()\na()\nafter1()\nafter2()\n"


DELETE = {
    "the only one": ("if a:\n    «b()»\nc()\n", "if a:\n    pass\nc()\n"),
    "with its comments": ("a()\n# b\n«b()»  # b\n# c\nc()\n", "a()\n# c\nc()\n"),
    "other comments stay": ("a()\n# x\n\n# b\n«b()»\nc()\n", "a()\n# x\n\nc()\n"),
    "blank lines do not add up": ("a()\n\n«b()»\n\nc()\n", "a()\n\nc()\n"),
    "the larger gap stays": ("a()\n\n«b()»\n\n\ndef c(): pass\n", "a()\n\n\ndef c(): pass\n"),
    "the first of a block": ("def f():\n    «a()»\n\n    b()\n", "def f():\n    b()\n"),
    "the first of a module": ("«a()»\n\nb()\n", "b()\n"),
    "below a license": ("# license\n\n«a()»\n\nb()\n", "# license\n\nb()\n"),
    "the last": ("a()\n\n«b()»\n", "a()\n"),
    "the last, comments stay": (
        "if a:\n    a()\n    # x\n\n    «b()»\n    # y\n",
        "if a:\n    a()\n    # x\n\n    # y\n",
    ),
    "one of a line": ("a(); «b()»; c()  # d\n", "a(); c()  # d\n"),
    "the last of a line": ("a(); «b()»  # d\n", "a()  # d\n"),
    "the last of a line with a semicolon": ("a(); «b()»;\n", "a();\n"),
    "all of a line": ("x = 1\n«a()»; «b()»\n", "x = 1\n"),
    "of a suite": ("if a: «b()»\n", "if a: pass\n"),
    "one of a suite": ("if a: b(); «c()»  # d\n", "if a: b()  # d\n"),
    "compound": ("a()\n«with b:\n    c()»\nd()\n", "a()\nd()\n"),
    "decorated": ("a()\n@b\n«def c():\n    pass»\nd()\n", "a()\nd()\n"),
    "decorator": ("@a\n@«b.c(1)»  # d\n@e\ndef f(): pass\n", "@a\n@e\ndef f(): pass\n"),
    "decorator with its sign": ("«@a»\ndef f(): pass\n", "def f(): pass\n"),
    "the only decorator": ("# c\n@«a»\n# d\ndef f(): pass\n", "# c\n# d\ndef f(): pass\n"),
    "decorator of a class": ("@«a»\nclass A: pass\n", "class A: pass\n"),
    "everything": ("«a()»\n«b()»\n", ""),
}


@pytest.mark.parametrize(("before", "after"), DELETE.values(), ids=DELETE)
def test_delete(rewrite, before: str, after: str) -> None:
    assert rewrite(before, [Delete(n) for n in range(before.count("«"))]) == after


def test_delete_and_insert_is_a_replacement(rewrite) -> None:
    before = "a()\n\n# b\n«b()»\nc()\n"
    for where in ("before", "after"):
        after = rewrite(before, [Delete(0), Insert(0, where, "x = 1")])
        assert after == "a()\n\n# b\nx = 1\nc()\n"


def test_delete_inside_a_wrap(rewrite) -> None:
    before = "if z:\n    «a()»\n\n    «b()»\n"
    edits = [Wrap(0, 1, "with c:"), Delete(0)]
    assert rewrite(before, edits) == "if z:\n    with c:\n        b()\n"


@pytest.mark.parametrize(
    "edits",
    [
        [Delete(0), Await(1)],
        [Delete(0), Replace(1, "x")],
        [Replace(0, "pass"), Await(1)],
    ],
)
def test_no_edit_of_a_statement_is_lost(rewrite, edits) -> None:
    with pytest.raises(VerifyError, match="throws its place away"):
        rewrite("async def f():\n    «x = «g()»»\n", edits)


def test_an_elif_is_no_statement_of_a_block(rewrite) -> None:
    with pytest.raises(VerifyError, match="Insert at 3:1: it could not be applied"):
        rewrite("if a:\n    pass\n«elif b:\n    pass»\n", [Insert(0, "before", "x = 1")])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# c\n«def f(): pass»  # d\n", "# c\n@m\ndef f(): pass  # d\n"),
        ("x = 1\n\n# c\n@a  # b\n«def f():\n    pass»\n", "x = 1\n\n# c\n@m\n@a  # b\ndef f():\n    pass\n"),
        ("class A:\r\n    «def f(self):\r\n        pass»\r\n", "class A:\r\n    @m\r\n    def f(self):\r\n        pass\r\n"),
    ],
)  # fmt: skip
def test_decorate(rewrite, before: str, after: str) -> None:
    assert rewrite(before, [Decorate(0, "m")]) == after
    assert rewrite(before, [Decorate(0, "m"), MakeAsync(0, "def")]) == after.replace(
        "def f", "async def f"
    )
