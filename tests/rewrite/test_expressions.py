"""Await, Replace, Arguments, HandOver, MakeList: the text, and the parentheses."""

import ast

import pytest

from asyncify.errors import VerifyError
from asyncify.model.plan import Arguments, Await, HandOver, MakeList, Replace

# The statement stands in an async function; «» is awaited.
AWAIT = {
    "a call as a statement": ("«f()»", "await f()"),
    "receiver": ("x = «f()».y", "x = (await f()).y"),
    "receiver of a call": ("«f()».y()", "(await f()).y()"),
    "subscripted": ("«f()»[0]", "(await f())[0]"),
    "called": ("«f()»(1)", "(await f())(1)"),
    "left of a sum": ("«f()» + 1", "await f() + 1"),
    "right of a sum": ("1 + «f()»", "1 + await f()"),
    "right of a difference": ("1 - «f()»", "1 - await f()"),
    "negated": ("-«f()»", "-await f()"),
    "base of a power": ("«f()» ** 2", "await f() ** 2"),
    "exponent": ("2 ** «f()»", "2 ** await f()"),
    "not": ("not «f()»", "not await f()"),
    "condition: value": ("«f()» if c else d", "await f() if c else d"),
    "condition: test": ("a if «f()» else d", "a if await f() else d"),
    "condition: other": ("a if c else «f()»", "a if c else await f()"),
    "and": ("a and «f()» or b", "a and await f() or b"),
    "compared": ("«f()» < 1 < «g()»", "await f() < 1 < await g()"),
    "in": ("x in «f()»", "x in await f()"),
    "nested": ("«f(«g()»)»", "await f(await g())"),
    "chain": ("««f()».g()»", "await (await f()).g()"),
    "called twice": ("««f()»()»", "await (await f())()"),
    "tuple": ("«f()», «g()»", "await f(), await g()"),
    "starred": ("print(*«f()»)", "print(*await f())"),
    "double starred": ("print(**«f()»)", "print(**await f())"),
    "starred element": ("[*«f()»]", "[*await f()]"),
    "starred in a dict": ("{**«f()»}", "{**await f()}"),
    "list": ("[«f()»]", "[await f()]"),
    "dict": ("{«f()»: «g()»}", "{await f(): await g()}"),
    "keyword": ("print(end=«f()»)", "print(end=await f())"),
    "yielded": ("yield «f()»", "yield await f()"),
    "returned": ("return «f()»", "return await f()"),
    "assigned": ("x = «f()»", "x = await f()"),
    "augmented": ("x += «f()»", "x += await f()"),
    "annotated": ("x: int = «f()»", "x: int = await f()"),
    "walrus": ("(x := «f()»)", "(x := await f())"),
    "walrus in an if": ("if x := «f()»: pass", "if x := await f(): pass"),
    "slice": ("a[«f()»:«g()»:«h()»]", "a[await f():await g():await h()]"),
    "index": ("a[«f()»]", "a[await f()]"),
    "index of a tuple": ("a[«f()», 1]", "a[await f(), 1]"),
    "f-string": ('f"{«f()»}"', 'f"{await f()}"'),
    "f-string with all": ('f"{«f()»!r:>{«g()»}}"', 'f"{await f()!r:>{await g()}}"'),
    "assert": ("assert «f()», «g()»", "assert await f(), await g()"),
    "raise": ("raise «f()» from «g()»", "raise await f() from await g()"),
    "del": ("del «f()».x, «g()»[0]", "del (await f()).x, (await g())[0]"),
    "target": ("«f()».x = «g()»[0] = 1", "(await f()).x = (await g())[0] = 1"),
    "while": ("while «f()»: pass", "while await f(): pass"),
    "for": ("for x in «f()»: pass", "for x in await f(): pass"),
    "with": ("with «f()» as x: pass", "with await f() as x: pass"),
    "match": ("match «f()»:\n        case 1: pass", "match await f():\n        case 1: pass"),
    "guard": (
        "match x:\n        case 1 if «f()»: pass",
        "match x:\n        case 1 if await f(): pass",
    ),
    "comprehension": (
        "[«f()» for x in «g()» if «h()»]",
        "[await f() for x in await g() if await h()]",
    ),
    "parentheses stay": ("(«f()»).x", "(await f()).x"),
    "parentheses are not doubled": ("x = («f()»)", "x = (await f())"),
    "two pairs": ("((«f()»)).x", "((await f())).x"),
    "blanks in parentheses": ("x = ( «f()» )", "x = ( await f() )"),
    "parentheses of the keyword": ("return(«f()»)", "return(await f())"),
    "a choice": ("x = «f() if c else g()»", "x = await (f() if c else g())"),
    "a choice in parentheses": ("x = («f() or g()»)", "x = await (f() or g())"),
    "a choice in front": ("(«f() or g()»).x", "(await (f() or g())).x"),
    "a name": ("«x»", "await x"),
    "an attribute": ("«x.y».z", "(await x.y).z"),
    "a subscript": ("«x[0]»", "await x[0]"),
    "lines in brackets": (
        "x = «f(\n        1,  # one\n    )».y",
        "x = (await f(\n        1,  # one\n    )).y",
    ),
    "lines in parentheses": (
        "x = (\n        «a\n        .f()»\n    )",
        "x = (\n        await a\n        .f()\n    )",
    ),
    "lines with backslashes": (
        "x = \\\n        «a \\\n        .f()»",
        "x = \\\n        await a \\\n        .f()",
    ),
    "comparison as an operand": ("x = not «f()» == 1", "x = not await f() == 1"),
    "lambda beside it": ("g(lambda: 1, «f()»)", "g(lambda: 1, await f())"),
    "in the middle of a chain": ("««a.f()».g().h()».i", "(await (await a.f()).g().h()).i"),
    "string operator": ('"%s" % «f()»', '"%s" % await f()'),
    "semicolons": ("x = «f()»; y = «g()»  # c", "x = await f(); y = await g()  # c"),
    "umlauts before it": ("ä = 'ö', «f()».x", "ä = 'ö', (await f()).x"),
    "awaited already, inside": ("«f(await g())»", "await f(await g())"),
}


@pytest.mark.parametrize(("before", "after"), AWAIT.values(), ids=AWAIT)
def test_await(rewrite, before: str, after: str) -> None:
    count = before.count("«")
    marked, expected = f"async def z():\n    {before}\n", f"async def z():\n    {after}\n"
    assert rewrite(marked, [Await(number) for number in range(count)]) == expected
    assert_minimal(expected, before)


def assert_minimal(after: str, before: str) -> None:
    """No pair of parentheses of an `await` can go without changing the meaning."""
    if "((" in before or "(«" in before or "( «" in before:
        return
    start = -1
    while (start := after.find("(await ", start + 1)) >= 0:
        if start and (after[start - 1].isalnum() or after[start - 1] == "*"):
            continue
        depth = 0
        for end in range(start, len(after)):
            depth += {"(": 1, ")": -1}.get(after[end], 0)
            if not depth:
                break
        bare = after[:start] + after[start + 1 : end] + after[end + 1 :]
        try:
            same = ast.dump(ast.parse(bare)) == ast.dump(ast.parse(after))
        except SyntaxError:
            same = False
        assert not same, bare


# Mark 0 is replaced by the template, whose holes are the other marks.
REPLACE = {
    "name": ("«f»()", "g.h", "g.h()"),
    "callee": ("«requests.get»(u).text", "client.get", "client.get(u).text"),
    "and": ("a and «f()»", "not r.is_error", "a and not r.is_error"),
    "compared": ("x == «r.ok»", "not r.is_error", "x == (not r.is_error)"),
    "hole": ("x == ««r».ok»", "not {0}.is_error", "x == (not r.is_error)"),
    "not": ("not ««r».ok»", "not {0}.is_error", "not not r.is_error"),
    "hole in parentheses": ("«(«a + b»).x»", "{0}.read()", "(a + b).read()"),
    "hole loses its parentheses": ("«(«a + b»).x»", "str({0})", "str(a + b)"),
    "hole as argument": ("««r».url»", "str({0}.url)", "str(r.url)"),
    "hole twice": ("««r».ok»", "{0} and {0}.x", "r and r.x"),
    "or in a receiver": ("«f()».x", "a or b", "(a or b).x"),
    "or in an argument": ("print(«f()»)", "a or b", "print(a or b)"),
    "choice in a sum": ("1 + «f()»", "a if b else c", "1 + (a if b else c)"),
    "sum in a product": ("2 * «f()»", "a + b", "2 * (a + b)"),
    "product in a sum": ("2 + «f()»", "a * b", "2 + a * b"),
    "difference on the right": ("2 - «f()»", "a - b", "2 - (a - b)"),
    "difference on the left": ("«f()» - 2", "a - b", "a - b - 2"),
    "power on the left": ("«f()» ** 2", "-a", "(-a) ** 2"),
    "power on the right": ("2 ** «f()»", "-a", "2 ** -a"),
    "or beside or": ("a or «f()»", "b or c", "a or b or c"),
    "tuple in an argument": ("print(«f()»)", "a, b", "print((a, b))"),
    "tuple returned": ("return «f()»", "a, b", "return a, b"),
    "tuple with parentheses": ("return «f()»", "(a, b)", "return (a, b)"),
    "lambda in a choice": ("«f()» if a else b", "lambda: 1", "(lambda: 1) if a else b"),
    "walrus": ("x = «f()»", "(y := 1)", "x = (y := 1)"),
    "bare walrus": ("x = «f()»", "y := 1", "x = (y := 1)"),
    "generator as the argument": ("sum(«f()»)", "(x for x in y)", "sum((x for x in y))"),
    "bare generator among others": ("sum(«f()», 1)", "x for x in y", "sum((x for x in y), 1)"),
    "method": ("««x».bit_length()»", "{0}.bit_length()", "x.bit_length()"),
    "number as a hole": ("«f(«1»)»", "{0}.real", "(1).real"),
    "tuple": ("print(«(a, «b»)»)", "[{0}]", "print([b])"),
    "bare tuple": ("x = «a, «b»»", "[{0}]", "x = [b]"),
    "generator argument": ("sum«(x for x in «y»)»", "{0}", "sum(y)"),
    "hole is a generator": ("f(«g«(x for x in y)»»)", "h({0}, 1)", "f(h((x for x in y), 1))"),
    "hole is a lone generator": ("f(«g«(x for x in y)»»)", "list({0})", "f(list(x for x in y))"),
    "braces": ("f(«x»)", "{{'a': 1}}", "f({'a': 1})"),
    "braces in an f-string": ("f'{«x»}'", "{{1: 2}}", "f'{ {1: 2}}'"),
    "quotes in an f-string": ('f"{«f()»}"', 'g("x")', "f\"{g('x')}\""),
    "quotes outside": ("print(«f()»)", 'g("x")', 'print(g("x"))'),
    "starred hole": ("«f(«*a», «b»)»", "g({1}, {0})", "g(b, *a)"),
    "comprehension": ("«list(«x»)»", "[item async for item in {0}]", "[item async for item in x]"),
    "await in the template": ("«f(«x»)»", "await {0}.read()", "await x.read()"),
    "hole below await": ("«f(«a or b»)»", "await {0}", "await (a or b)"),
    "glued": ("return«[x]»", "y", "return(y)"),
    "glued behind": ("x = «[1]»if a else b", "y", "x = (y)if a else b"),
    "glued await": ("x = «[1]»if a else b", "await y()", "x = (await y())if a else b"),
    "lines of a hole": ("«f(«a\n      .b()»)»", "{0}.c", "(a\n      .b()).c"),
    "lines of a hole as an argument": ("«f(«a\n      .b()»)»", "c({0})", "c(a\n      .b())"),
    "yield": ("x = «yield a»", "yield b", "x = yield b"),
    "await among keywords": ("f(x=«a»)", "await b", "f(x=await b)"),
    "subscripted": ("«a»[0]", "not b", "(not b)[0]"),
    "statement": (
        "«yield from «g()»»",
        "for y in {0}:\n    yield y",
        "for y in g():\n        yield y",
    ),
    "statement of one line": ("«pass»  # c", "x = 1\ny = 2", "x = 1\n    y = 2  # c"),
    "except type": (
        "try: pass\n    except «(A, «B»)»: pass",
        "(X, {0})",
        "try: pass\n    except (X, B): pass",
    ),
    "keyword argument": ("f(«a=«1»»)", "b={0}", "f(b=1)"),
}


@pytest.mark.parametrize("case", REPLACE.values(), ids=REPLACE)
def test_replace(rewrite, case: tuple[str, str, str]) -> None:
    before, template, after = case
    holes = tuple(range(1, before.count("«")))
    marked = f"async def z():\n    {before}\n"
    assert rewrite(marked, [Replace(0, template, holes)]) == f"async def z():\n    {after}\n"


OTHER_PLACES = {
    "definition": ("def «f»(): pass\n", "g", "def g(): pass\n"),
    "class": ("class «f»: pass\n", "g", "class g: pass\n"),
    "decorator": ("@«f»\ndef g(): pass\n", "a.b(1)", "@a.b(1)\ndef g(): pass\n"),
    "annotation": ("def f(x: «A») -> B: pass\n", "C[A]", "def f(x: C[A]) -> B: pass\n"),
    "result annotation": ("def f() -> «A»: pass\n", "C[A]", "def f() -> C[A]: pass\n"),
    "parameter": ("def f(«a», b): pass\n", "x", "def f(x, b): pass\n"),
    "base": ("class A(«B», m=C): pass\n", "x.B", "class A(x.B, m=C): pass\n"),
    "imported name": ("from a import «b»\n", "c", "from a import c\n"),
    "imported name with alias": (
        "from a import «b as c», d\n",
        "x as c",
        "from a import x as c, d\n",
    ),
    "except": ("try: pass\nexcept «A» as e: pass\n", "x.B", "try: pass\nexcept x.B as e: pass\n"),
    "keyword": ("f(«a»=1)\n", "b", "f(b=1)\n"),
    "default": ("def f(x=«a»): pass\n", "b or c", "def f(x=b or c): pass\n"),
}


@pytest.mark.parametrize(("before", "template", "after"), OTHER_PLACES.values(), ids=OTHER_PLACES)
def test_replace_elsewhere(rewrite, before: str, template: str, after: str) -> None:
    assert rewrite(before, [Replace(0, template)]) == after


COMPOSED = {
    "replace, then await": (
        "x = «f()».y",
        [Await(0), Replace(0, "g()")],
        "x = (await g()).y",
    ),
    "arguments, callee and await": (
        "x = ««requests.get»(u, verify=False)».text",
        [
            Await(0),
            Replace(1, "client.get"),
            Arguments(0, drop=(1,), last=("timeout=None",)),
        ],
        "x = (await client.get(u, timeout=None)).text",
    ),
    "hole after its edits": (
        "x = «g(«f()»)»",
        [Await(1), Replace(0, "{0}.x", (1,))],
        "x = (await f()).x",
    ),
    "hole without needless parentheses": (
        "x = ««f()».text»",
        [Await(1), Replace(0, "str({0})", (1,))],
        "x = str(await f())",
    ),
    "await inside an argument of a replaced call inside an await": (
        "«h(«g(«f()»)»)»",
        [Await(0), Await(2), Replace(1, "k({0}, 1)", (2,))],
        "await h(k(await f(), 1))",
    ),
    "its own hole": ("x = «f()».y", [Replace(0, "run({0})", (0,))], "x = run(f()).y"),
    "its own hole, awaited": (
        "x = («f()»).y",
        [Await(0), Replace(0, "run({0})", (0,))],
        "x = (await run(f())).y",
    ),
    "its own hole after its arguments": (
        "«f(a)»",
        [Replace(0, "run({0})", (0,)), Arguments(0, last=("b",))],
        "run(f(a, b))",
    ),
    "twice on one place": (
        "«f()»",
        [Replace(0, "g({0})", (0,)), Replace(0, "h({0})", (0,))],
        "h(g(f()))",
    ),
    "a hole beside it": (
        "f(«a», «b()»)",
        [Await(1), Replace(0, "({0}, {1})", (0, 1))],
        "f((a, await b()), await b())",
    ),
    "a hole that is not used": ("f(«a», «b»)", [Replace(0, "x", (0, 1))], "f(x, b)"),
    "two holes that use each other": (
        "f(«a», «b»)",
        [Replace(0, "g({0})", (0, 1)), Replace(1, "h({1})", (0, 1))],
        "f(g(a), h(b))",
    ),
    "a hole twice, awaited": (
        "x = ««f()».y»",
        [Await(1), Replace(0, "{0}.a + {0}.b", (1,))],
        "x = (await f()).a + (await f()).b",
    ),
    "a dropped argument that is a hole": (
        "«f(«a», «b()»)»",
        [Arguments(0, drop=(1,)), Await(2), Replace(1, "({0}, {1})", (1, 2))],
        "f((a, await b()))",
    ),
    "twice the same edit": ("«f()»", [Await(0), Await(0)], "await f()"),
    "handed over": (
        "x = «f(a, k=b)»",
        [HandOver(0, "asyncio.to_thread"), Await(0)],
        "x = await asyncio.to_thread(f, a, k=b)",
    ),
    "handed over without arguments": ("«a.b()»", [HandOver(0, "to")], "to(a.b)"),
    "handed over with a generator": (
        "«f(x for x in y)»",
        [HandOver(0, "to")],
        "to(f, (x for x in y))",
    ),
    "handed over with a lambda": ("«(lambda: 1)()»", [HandOver(0, "to")], "to(lambda: 1)"),
    "handed over with its edits": (
        "««a»(1)»",
        [HandOver(0, "to"), Replace(1, "b"), Arguments(0, last=("c=2",))],
        "to(b, 1, c=2)",
    ),
    "handed over on many lines": (
        "«f(\n        a,  # x\n        b,\n    )»",
        [HandOver(0, "to")],
        "to(\n        f,\n        a,  # x\n        b,\n    )",
    ),
    "list of a generator": ("any«(x for x in y)»", [MakeList(0)], "any([x for x in y])"),
    "list of a generator in parentheses": (
        "z = «(x for x in y)»",
        [MakeList(0)],
        "z = [x for x in y]",
    ),
    "list of a generator among others": (
        "f(1, «(x for x in y)»)",
        [MakeList(0)],
        "f(1, [x for x in y])",
    ),
    "list of a generator in two pairs": (
        "any((«( x for x in y )»))",
        [MakeList(0)],
        "any(([ x for x in y ]))",
    ),
    "list of a generator with an await": (
        "any«(«f(x)» for x in y)»",
        [MakeList(0), Await(1)],
        "any([await f(x) for x in y])",
    ),
}


@pytest.mark.parametrize("case", COMPOSED.values(), ids=COMPOSED)
def test_edits_compose(rewrite, case) -> None:
    before, edits, after = case
    for order in (edits, edits[::-1]) if before.count("«") > 1 else (edits,):
        assert rewrite(f"async def z():\n    {before}\n", order) == f"async def z():\n    {after}\n"


LINES = "f(\n    a,  # one\n    # two\n    b=1,  # three\n)"
HANGING = "f(a,\n  b,  # two\n  c)"
ARGUMENTS = {
    "drop the first": ("f(a, b, c)", {"drop": (0,)}, "f(b, c)"),
    "drop the middle": ("f(a, b, c)", {"drop": (1,)}, "f(a, c)"),
    "drop the last": ("f(a, b, c)", {"drop": (2,)}, "f(a, b)"),
    "drop all": ("f(a, b)", {"drop": (0, 1)}, "f()"),
    "drop all with a comma": ("f(a, b,)", {"drop": (1, 0)}, "f()"),
    "drop with a comma": ("f(a, b,)", {"drop": (1,)}, "f(a,)"),
    "rename": ("f(a, b)", {"rename": ((1, "x"),)}, "f(a, x=b)"),
    "rename a keyword": ("f(a, b = 1)", {"rename": ((1, "x"),)}, "f(a, x = 1)"),
    "rename a generator": ("f(x for x in y)", {"rename": ((0, "x"),)}, "f(x=(x for x in y))"),
    "rename a walrus": ("f(x := 1)", {"rename": ((0, "x"),)}, "f(x=(x := 1))"),
    "first": ("f(a)", {"first": ("x", "y")}, "f(x, y, a)"),
    "last": ("f(a)", {"last": ("x=1", "**y")}, "f(a, x=1, **y)"),
    "first and last of none": ("f()", {"first": ("x",), "last": ("y=1",)}, "f(x, y=1)"),
    "last with a comma": ("f(a,)", {"last": ("y=1",)}, "f(a, y=1,)"),
    "last of a generator": ("f(x for x in y)", {"last": ("z=1",)}, "f((x for x in y), z=1)"),
    "everything": (
        "f(a, b, c=1)",
        {"drop": (0,), "rename": ((1, "x"),), "first": ("g",), "last": ("z=0",)},
        "f(g, x=b, c=1, z=0)",
    ),
    "lines: drop the first": (
        LINES,
        {"drop": (0,)},
        "f(\n    # one\n    # two\n    b=1,  # three\n)",
    ),
    "lines: drop the last": (LINES, {"drop": (1,)}, "f(\n    a,  # one\n    # two\n    # three\n)"),
    "lines: first": (
        LINES,
        {"first": ("x",)},
        "f(\n    x,\n    a,  # one\n    # two\n    b=1,  # three\n)",
    ),
    "lines: last": (
        LINES,
        {"last": ("x=1",)},
        "f(\n    a,  # one\n    # two\n    b=1,  # three\n    x=1,\n)",
    ),
    "lines: drop all": ("f(\n    a,\n)", {"drop": (0,)}, "f()"),
    "lines: last without a comma": (
        "f(\n    a,\n    b\n)",
        {"last": ("x=1",)},
        "f(\n    a,\n    b,\n    x=1\n)",
    ),
    "lines: one for all": ("f(\n    a, b\n)", {"last": ("x=1",)}, "f(\n    a, b, x=1\n)"),
    "lines: one for all, dropped": ("f(\n    a, b\n)", {"drop": (1,)}, "f(\n    a\n)"),
    "hanging: drop the middle": (HANGING, {"drop": (1,)}, "f(a,\n  # two\n  c)"),
    "hanging: drop the last": ("f(a,\n  b)", {"drop": (1,)}, "f(a)"),
    "hanging: drop the first": ("f(a,\n  b)", {"drop": (0,)}, "f(b)"),
    "hanging: last": ("f(a,\n  b)", {"last": ("x=1",)}, "f(a,\n  b,\n  x=1)"),
    "a comment alone": ("f(\n    # none\n)", {"last": ("x=1",)}, "f(\n    # none\nx=1)"),
    "starred ones stay": ("f(*a, **k)", {"first": ("x",)}, "f(x, *a, **k)"),
}


@pytest.mark.parametrize(("before", "changes", "after"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments(
    rewrite, before: str, changes: dict[str, tuple[object, ...]], after: str
) -> None:
    assert rewrite(f"«{before}»\n", [Arguments(0, **changes)]) == f"{after}\n"


LOST = {
    "in a replaced expression": ("f(«g(«h()»)»)", [Await(1), Replace(0, "x")]),
    "arguments of a replaced call": ("«f(a)»", [Arguments(0, drop=(0,)), Replace(0, "x")]),
    "in a dropped argument": ("«f(«a()»)»", [Arguments(0, drop=(0,)), Await(1)]),
    "replaced twice": ("«f()»", [Replace(0, "a"), Replace(0, "b")]),
}


@pytest.mark.parametrize(("before", "edits"), LOST.values(), ids=LOST)
def test_no_edit_is_lost(rewrite, before: str, edits) -> None:
    with pytest.raises(VerifyError, match="throws its place away"):
        rewrite(f"async def z():\n    {before}\n", edits)


WRONG = {
    "no expression there": ("«f»(a)", [Arguments(0, drop=(0,))], "0 of Call found"),
    "half of an expression": ("«f()» + «g() + h»()", [Await(1)], "0 of BaseExpression found"),
    "no such argument": ("«f(a)»", [Arguments(0, drop=(1,))], "has no argument 1"),
    "no such hole": ("«f(a)»", [Replace(0, "{1}")], "not a template for 0 holes"),
    "no expression": ("x = «f(a)»", [Replace(0, "a b")], "not an expression"),
    "not one argument": ("«f(a)»", [Arguments(0, last=("x, y",))], "not one argument"),
    "starred to a keyword": ("«f(*a)»", [Arguments(0, rename=((0, "x"),))], "cannot become x="),
}


@pytest.mark.parametrize(("before", "edits", "message"), WRONG.values(), ids=WRONG)
def test_nothing_is_skipped_in_silence(rewrite, before: str, edits, message: str) -> None:
    with pytest.raises(VerifyError, match=message) as caught:
        rewrite(f"async def z():\n    {before}\n", edits)
    assert "at 2:" in str(caught.value)
