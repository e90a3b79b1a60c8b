"""The facts of one module: who evaluates what, where, and what becomes of it."""

import pickle
from textwrap import dedent

import pytest

from asyncify.analysis.index import index_module
from asyncify.errors import ParseError
from asyncify.model.facts import Class, Expression, Function, Kind, Module, Place, Role
from asyncify.model.span import Span


def read(source: str, name: str = "pkg.mod", *, is_package: bool = False) -> Module:
    return index_module(dedent(source), name=name, path="pkg/mod.py", is_package=is_package)


def find(module: Module, text: str, kind: Kind = Kind.NAME) -> Expression:
    """The only expression of this kind and text."""
    (found,) = [item for item in module.expressions if (item.kind, item.text) == (kind, text)]
    return found


def function(module: Module, qualname: str) -> Function:
    (found,) = [item for item in module.functions if item.qualname == qualname]
    return found


def class_(module: Module, name: str) -> Class:
    (found,) = [item for item in module.classes if item.name == name]
    return found


def flows(module: Module) -> list[str]:
    """Every flow as ``kind: source -> target``."""
    texts = [item.text or item.kind.value for item in module.expressions]
    return [f"{flow.kind}: {texts[flow.source]} -> {texts[flow.target]}" for flow in module.flows]


def roles(module: Module) -> list[str]:
    """Every expression as ``text role detail``."""
    return [
        f"{item.text or item.kind.value} {item.role} {item.detail}".strip()
        for item in module.expressions
    ]


ROLES = {
    "f(a, *b, k=c, **d)": [
        *("call discarded", "f callee", "a argument 0", "starred argument 1", "b unpacked"),
        *("c keyword k", "d keyword"),
    ],
    "f(k=a, *b)": [
        *("call discarded", "f callee", "a keyword k", "starred argument 0", "b unpacked"),
    ],
    "a.b[c]": ["subscript discarded", "b subscripted", "a receiver", "c index"],
    "a[1:b]": [
        "subscript discarded",
        "a subscripted",
        "Slice index",
        "1 other lower",
        "b other upper",
    ],
    "a if b else c": ["if discarded", "a branch 0", "b tested", "c branch 1"],
    "a and b": ["and discarded", "a branch 0", "b branch 1"],
    "not a": ["UnaryOp discarded", "a tested"],
    "-a + b": ["BinOp discarded", "UnaryOp operand 0", "a operand", "b operand 1"],
    "a < b is c": ["Compare discarded", "a compared 0", "b compared 1", "c compared 2"],
    "{a: b, **c}": ["dict discarded", "a element key", "b element value", "c unpacked **"],
    "[a, *b]": ["list discarded", "a element 0", "starred element 1", "b unpacked"],
    "(a := b)": ["walrus discarded", "a target", "b assigned"],
    "(yield a)": ["yield discarded", "a yielded"],
    "(yield from a)": ["yield from discarded", "a delegated"],
    "await a": ["await discarded", "a awaited"],
    "a = b.c = d": ["a target", "c target", "b receiver", "d assigned"],
    "a, *b = c": ["tuple target", "a target 0", "starred target 1", "b target", "c assigned"],
    "a: b = c": ["a target", "b annotation", "c assigned"],
    "a += b": ["a target", "b assigned augmented"],
    "del a, b.c": ["a deleted", "c deleted", "b receiver"],
    "raise a from b": ["a raised", "b raised cause"],
    "assert a, b": ["a tested", "b other"],
    "while a: pass": ["a tested"],
    "for a in b: pass": ["a target", "b iterated"],
    "with a as b, c: pass": ["a entered 0", "b target 0", "c entered 1"],
    "try: pass\nexcept (a, b) as c: pass": [
        *("tuple caught", "a element 0", "b element 1", "c target"),
    ],
    "[a for b in c if d async for e in f]": [
        *("list discarded", "a element 0", "b target 0", "c iterated 0", "d tested 0"),
        *("e target 1", "f iterated async 1"),
    ],
    "{a: b for c in d}": [
        *("dict discarded", "a element key", "b element value", "c target 0", "d iterated 0"),
    ],
    "lambda a=b: c": ["pkg.mod:<lambda> discarded", "b default a", "c returned"],
    "@a\ndef f(b: c, *d, e=g) -> h: return i": [
        *("a decorator 0", "c annotation b", "g default e", "h annotation return", "i returned"),
    ],
    "@a\nclass B(c, *d, k=e): pass": [
        *("a decorator 0", "c base 0", "starred base 1", "d unpacked", "e base k"),
    ],
    'f"x{a}{b!r:>{c}}{d=}{e == f}"': [
        *("JoinedStr discarded", "a formatted", "b formatted", "c formatted spec"),
        *("d formatted =", "Compare formatted", "e compared 0", "f compared 1"),
    ],
    "match a:\n case {'k': B(c), **d} if e: pass\n case [f, *g] | (h.i as j): pass": [
        *("a matched subject", "'k' matched", "B matched .*", "c target", "d target", "e tested"),
        *("f target", "g target", "i matched", "h receiver", "j target"),
    ],
}


@pytest.mark.parametrize(("source", "expected"), ROLES.items(), ids=ROLES)
def test_roles(source: str, expected: list[str]) -> None:
    assert roles(read(source)) == expected


FLOWS = {
    "a = b = c": ["value: c -> a", "value: c -> b"],
    "a.b = c": ["value: c -> b"],
    "a: int = b": ["value: b -> a"],
    "a: int": [],
    "a += b": ["value: b -> a"],
    "(a := b)": ["value: b -> a"],
    "a, *b = c": ["element: c -> a", "value: c -> b"],
    "a, b = c, d": ["value: c -> a", "value: d -> b"],
    "a, b = c, *d": ["element: tuple -> a", "element: tuple -> b"],
    "[a, (b, c)] = d, e": ["value: d -> a", "element: e -> b", "element: e -> c"],
    "for a in b: pass": ["element: b -> a"],
    "for a, b in c: pass": ["element: c -> tuple", "element: tuple -> a", "element: tuple -> b"],
    "[a for a in b]": ["element: b -> a"],
    "with a as b: pass": ["enter: a -> b"],
    "with a as (b, c): pass": ["enter: a -> tuple", "element: tuple -> b", "element: tuple -> c"],
    "try: pass\nexcept a as b: pass": ["caught: a -> b"],
    "match a:\n case [b, *c]: pass\n case d: pass": [
        *("element: a -> b", "value: a -> c", "value: a -> d"),
    ],
}


@pytest.mark.parametrize(("source", "expected"), FLOWS.items(), ids=FLOWS)
def test_flows(source: str, expected: list[str]) -> None:
    assert flows(read(source)) == expected


def test_an_expression_knows_its_function_statement_and_place() -> None:
    module = read("""
        @dec
        def outer(a: note = dflt):
            x = [one for i in first for j in second if cond]
            y = (two for k in third)
            def inner(): return three
            return lambda p=four: five
        class C(base):
            x = six
            z = [seven for q in eight]
            @dec2
            def m(self): nine
        """)
    outer, body = "pkg.mod:outer", "pkg.mod:"
    expected = {
        "dec": (body, 0, Place.DECORATOR),
        "note": (body, 0, Place.ANNOTATION),
        "dflt": (body, 0, Place.DEFAULT),
        "one": (outer, 1, Place.COMPREHENSION),
        "first": (outer, 1, Place.BODY),
        "second": (outer, 1, Place.COMPREHENSION),
        "cond": (outer, 1, Place.COMPREHENSION),
        "two": (outer, 2, Place.GENERATOR),
        "third": (outer, 2, Place.BODY),
        "three": ("pkg.mod:outer.inner", 4, Place.BODY),
        "four": (outer, 5, Place.DEFAULT),
        "five": ("pkg.mod:outer.<lambda>", 5, Place.BODY),
        "base": (body, 6, Place.BODY),
        "six": (body, 7, Place.CLASS_BODY),
        "seven": (body, 8, Place.COMPREHENSION),
        "eight": (body, 8, Place.CLASS_BODY),
        "dec2": (body, 9, Place.DECORATOR),
        "nine": ("pkg.mod:C.m", 10, Place.BODY),
    }
    found = {name: find(module, name) for name in expected}
    assert {
        name: (item.function, item.statement, item.place) for name, item in found.items()
    } == expected


def test_the_innermost_place_wins() -> None:
    module = read("([a for x in b] for y in [c for z in d])")
    places = {name: find(module, name).place for name in "abcd"}
    assert places == {
        "a": Place.COMPREHENSION,
        "b": Place.GENERATOR,
        "c": Place.COMPREHENSION,
        "d": Place.BODY,
    }


def test_a_lambda_inside_a_comprehension_is_its_own_function() -> None:
    module = read("[lambda: a for x in y]")
    found = find(module, "a")
    assert (found.function, found.place) == ("pkg.mod:<lambda>", Place.BODY)
    assert find(module, "pkg.mod:<lambda>", Kind.LAMBDA).place is Place.COMPREHENSION


def test_functions() -> None:
    module = read("""
        class C:
            @ property
            async  def f(self, a, /, b: int = 1, *c, d=2, **e) -> str:
                yield
                x = lambda: (yield)
                def g(): return 1
            def f(self): return
        """)
    body, first, inner, nested, second = module.functions
    assert [item.id for item in module.functions] == [
        *("pkg.mod:", "pkg.mod:C.f", "pkg.mod:C.f.<lambda>", "pkg.mod:C.f.g", "pkg.mod:C.f~2"),
    ]
    assert (body.kind, body.parent, body.span) == ("module", "", Span(1, 0, 9, 0))
    assert (first.owner, first.parent) == ("pkg.mod:C", "pkg.mod:")
    assert (first.is_async, first.is_generator, first.returns_value) == (True, True, False)
    assert first.span == Span(3, 4, 7, 25)
    assert first.header == Span(4, 4, 7, 25)
    assert first.name_span == Span(4, 15, 4, 16)
    assert first.names == {"self", "a", "b", "c", "d", "e", "x", "g"}
    assert [(item.name, item.kind) for item in first.parameters] == [
        *(("self", "positional-only"), ("a", "positional-only"), ("b", "positional")),
        *(("c", "*"), ("d", "keyword"), ("e", "**")),
    ]
    texts = [item.text for item in module.expressions]
    assert [texts[item.default] for item in first.parameters if item.default >= 0] == ["1", "2"]
    assert [texts[item] for item in first.decorators] == ["property"]
    assert texts[first.parameters[2].annotation] == "int"
    assert texts[first.returns] == "str"
    assert (inner.kind, inner.parent, inner.is_generator) == ("lambda", first.id, True)
    assert (nested.parent, nested.owner, nested.returns_value) == (first.id, None, True)
    assert (second.is_generator, second.returns_value) == (False, False)
    assert class_(module, "C").methods == (("f", "pkg.mod:C.f~2"),)


def test_names_of_odd_definitions() -> None:
    module = read(
        "def \\\n f(): pass\nasync def  ä(): pass\nclass\tC: pass\n@(\n d)\nclass E: pass\n"
    )
    assert [str(item.name_span) for item in module.functions[1:]] == ["2:2", "3:12"]
    assert function(module, "ä").name_span == Span(3, 11, 3, 12)
    assert class_(module, "C").name_span == Span(4, 6, 4, 7)
    assert class_(module, "E").span == Span(5, 0, 7, 13)


def test_statements() -> None:
    module = read("""
        def f():
            try: a
            except E: b
            else: c
            finally: d
            match x:
                # case
                case (1): e
        class C:
            if g: h
            else: i
        """)
    table = [
        f"{item.id} {item.kind} {item.parent} {item.block} {item.function.partition(':')[2]} {item.span}"
        for item in module.statements
    ]
    assert table == [
        "0 FunctionDef -1 body  2:1",
        "1 Try 0 body f 3:5",
        "2 Expr 1 body f 3:10",
        "3 ExceptHandler 1 handlers f 4:5",
        "4 Expr 3 body f 4:15",
        "5 Expr 1 orelse f 5:11",
        "6 Expr 1 finalbody f 6:14",
        "7 Match 0 body f 7:5",
        "8 match_case 7 cases f 9:9",
        "9 Expr 8 body f 9:19",
        "10 ClassDef -1 body  10:1",
        "11 If 10 body  11:5",
        "12 Expr 11 body  11:11",
        "13 Expr 11 orelse  12:11",
    ]


IMPORTS = {
    "import a.b": ("a", "a", None, "a.b"),
    "import a.b as c": ("c", "a.b", None, "a.b"),
    "from a import b as c": ("c", "a", "b", ""),
    "from a import *": ("*", "a", "*", ""),
    "from . import b": ("b", "top.pkg", "b", ""),
    "from .a import b": ("b", "top.pkg.a", "b", ""),
    "from ..a.c import b": ("b", "top.a.c", "b", ""),
    "from .... import b": ("b", "", "b", ""),
}


@pytest.mark.parametrize(("source", "expected"), IMPORTS.items(), ids=IMPORTS)
def test_imports(source: str, expected: tuple[str, str, str | None, str]) -> None:
    (found,) = read(source, "top.pkg.mod").imports
    assert (found.name, found.module, found.attribute, found.dotted) == expected
    (same,) = read(source, "top.pkg", is_package=True).imports
    assert same.module == found.module


def test_the_scope_of_an_import() -> None:
    module = read("""
        from typing import TYPE_CHECKING
        import typing
        if TYPE_CHECKING:
            import a
        elif typing.TYPE_CHECKING:
            import b
        else:
            import c
        class C:
            import d
            def f(self):
                global e
                import e
                import f
        """)
    assert {item.name: (item.scope, item.type_checking) for item in module.imports} == {
        "TYPE_CHECKING": ("pkg.mod:", False),
        "typing": ("pkg.mod:", False),
        "a": ("pkg.mod:", True),
        "b": ("pkg.mod:", True),
        "c": ("pkg.mod:", False),
        "d": ("pkg.mod:C", False),
        "e": ("pkg.mod:", False),
        "f": ("pkg.mod:C.f", False),
    }


def test_directives() -> None:
    module = read('''
        # asyncify: skip-file
        a = "# asyncify: skip"
        b = 1  # noqa  # asyncify: skip
        c = 1  # asyncify: ignore[ASY310, ASY101] because
        # asyncify: TODO[ASY902] __init__ cannot be async
        # asyncify: skp
        # asyncify: ignore
        """
        # asyncify: skip
        """
        ''')
    assert [(item.line, item.kind, item.codes) for item in module.directives] == [
        (2, "skip-file", ()),
        (4, "skip", ()),
        (5, "ignore", ("ASY310", "ASY101")),
        (6, "TODO", ("ASY902",)),
        (7, "unknown", ("skp",)),
        (8, "unknown", ("ignore",)),
    ]


EXPORTS = {
    "": None,
    "__all__ = ['a', 'b']": ("a", "b"),
    "__all__: list[str] = []": (),
    "__all__ = ('a',)\n__all__ += ['b']\n__all__.extend(('c',))\n__all__.append('d')": tuple(
        "abcd"
    ),
    "__all__ = ['a', b]": None,
    "__all__ = ['a'] + b.__all__": None,
    "__all__ = ['a']\n__all__ += b.__all__": None,
}


@pytest.mark.parametrize(("source", "expected"), EXPORTS.items(), ids=EXPORTS)
def test_exports(source: str, expected: tuple[str, ...] | None) -> None:
    assert read(source).exports == expected


def test_children_are_in_source_order() -> None:
    module = read("f(a, k=b, *c)")
    assert module.children[0] == (1, 2, 3, 4)
    assert [module.expression(child).span.column for child in module.children[0]] == [0, 2, 7, 10]
    assert all(
        child in module.children[item.parent]
        for child, item in enumerate(module.expressions)
        if item.parent >= 0
    )


def test_the_facts_are_plain_values() -> None:
    module = read("def f(a=1):\n    return a.b(c)\n")
    assert {type(item) for item in module.expressions} == {Expression}
    assert {type(item.span) for item in module.expressions} == {Span}
    first = module.expressions[0]
    assert first == Expression(
        0, Kind.CONSTANT, Span(1, 8, 1, 9), -1, Role.DEFAULT, "a", "1", "pkg.mod:", 0, Place.DEFAULT
    )
    assert hash(first) == hash(
        Expression(**{name: getattr(first, name) for name in first.__slots__})
    )
    assert pickle.loads(pickle.dumps(module)) == module
    with pytest.raises(AttributeError):
        first.text = "2"  # type: ignore[misc]


BROKEN = {
    "x = (\n": (1, 5, "'(' was never closed"),
    "ä = 'é' é": (1, 9, "invalid syntax"),
    "x\0": (1, 1, "source code string cannot contain null bytes"),
    "a" + ".b" * 20_000: (1, 1, "nested too deeply for Python's own parser"),
    "'\ud800'": (1, 1, "surrogates not allowed"),
}


@pytest.mark.parametrize(("source", "expected"), BROKEN.items(), ids=range(len(BROKEN)))
def test_what_is_not_python(source: str, expected: tuple[int, int, str]) -> None:
    with pytest.raises(ParseError) as caught:
        index_module(source, name="m", path="p.py", is_package=False)
    assert (caught.value.path, caught.value.line, caught.value.column) == ("p.py", *expected[:2])
    assert expected[2] in caught.value.message


DEEP = {
    "operators": ("+".join("1" * 900), 1799),
    "attributes": ("a" + ".b" * 900, 901),
    "functions": ("".join(f"{' ' * i}def f{i}():\n" for i in range(99)) + " " * 99 + "a", 1),
    "lambdas": ("lambda: " * 90 + "a", 91),
    "branches": ("if a: pass\n" + "elif b: pass\n" * 900, 901),
}


@pytest.mark.parametrize(("source", "count"), DEEP.values(), ids=DEEP)
def test_deep_nesting(source: str, count: int) -> None:
    assert len(read(source).expressions) == count


def test_nothing_is_said_about_odd_escapes(recwarn: pytest.WarningsRecorder) -> None:
    assert find(read(r"x = '\d'"), r"'\\d'", Kind.CONSTANT)
    assert not recwarn.list


def test_a_number_that_python_does_not_print() -> None:
    source = "0x" + "f" * 5000
    assert find(read(source), source, Kind.CONSTANT)
