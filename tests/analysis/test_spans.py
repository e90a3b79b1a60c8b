"""Every span proves itself: the text that stands there parses to the very expression.

Inside of f-strings Python computes positions in three ways (3.11, 3.12, 3.14), so they are tested on
a page of odd ones, with every kind of newline.
"""

import ast
import sysconfig
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from asyncify.analysis import index, walk
from asyncify.analysis.layout import Layout
from asyncify.model.source import read_source
from asyncify.model.span import Span

STDLIB = Path(sysconfig.get_path("stdlib"))
NAMES_OF_MODULES = """
    _weakrefset abc ast asyncio/base_events asyncio/tasks base64 bdb calendar cmd code codeop
    collections/__init__ concurrent/futures/thread contextlib copy csv dataclasses dis email/header
    encodings/idna enum fractions ftplib functools gettext heapq html/parser http/client json/decoder
    locale logging/handlers mimetypes multiprocessing/pool netrc ntpath numbers opcode pkgutil platform
    plistlib posixpath pprint quopri random re/_parser sched shlex smtplib socket sqlite3/dump string
    subprocess tempfile textwrap threading timeit token traceback types typing uuid weakref wsgiref/handlers
"""

ODD = r'''
x = f"""é {
    a.b
  } {c(
 d)} {  e }
	{ f'{g}{h!r:>{i}}' } {j:{k}{l}}
""" f'é{m}' rf"\d{n}\n{{{o}}}" "{p}" f"\N{EM DASH}{q}" f'\
{r}' \
  f'{s:%Y{t}:x}'
y = f'{u!r}{v=}{w = !r}{aa=:>{bb}}' + f"{lambda_['x']}{ {'a': 1}['a'] }{(lambda: cc)()}"
def ff():
	z = f"""{dd
}""" f"""
{f"""
   é{ee} {
 gg}
"""}"""
f'é' f'{zz}'; f"é{'é' + a}"  f"é{'é' + b}"; f"""é
é{'é' + c}
é""" f"{d}"
f"{x:{'{'}}{y}" f"{'}'}{z}" f"{a['}']}{b != c}{d!s}"
f"{yield_}"; f"{a.b[c:d]}" f"{*a, b}{ 1, }{(1), (2)}{ (x for x in y) }"
F"{A}" Rf"{B}" fr"\{C}" f"\{D}" if 0 else bR'\x'
'''.replace('"""}"""', "'''}\"\"\"").replace('{f"""', "{f'''")


@pytest.mark.parametrize("name", NAMES_OF_MODULES.split())
def test_the_standard_library(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = STDLIB / f"{name}.py"
    if not path.exists():
        pytest.skip("not in this version of Python")
    assert list(wrong_spans(read_source(path.read_bytes()).text, monkeypatch)) == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_f_strings(newline: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(wrong_spans(ODD.replace("\n", newline), monkeypatch)) == []


ODD_LINES = {
    "form feed": "a\f = b\n\fc = d\n",
    "vertical tab in a string": "x = 'a\x0bb', 'c\x1cd\u2028e\x85f', g\nh\n",
    "carriage return": "a = '''\r''', b\rc\r\n\rd",
    "non-ascii": "ä = 'é', 𐐀; b = [ö for ö in é]  # ü\nc\n",
    "continuation": "a \\\r\n = é \\\n + b",
    "no newline at the end": "a",
}


@pytest.mark.parametrize("source", ODD_LINES.values(), ids=ODD_LINES)
def test_lines_and_columns(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(wrong_spans(source, monkeypatch)) == []


NAMES = {
    "try: pass\nexcept (A  # as b\n  ) as \\\n  é : pass": "é",
    "match x:\n case {'a': 1,  ** rest }: pass": "rest",
    "match x:\n case {**rest}: pass": "rest",
    "match x:\n case (A() as  name): pass": "name",
    "match 'é', x:\n case é, *ö: pass": "ö",
}


@pytest.mark.parametrize(("source", "name"), NAMES.items(), ids=range(len(NAMES)))
def test_names_without_a_node(source: str, name: str) -> None:
    module = index.index_module(source, name="m", path="m.py", is_package=False)
    (found,) = [item.span for item in module.expressions if item.text == name]
    assert text_at(Layout(source), found) == name


def wrong_spans(source: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the text of every expression that does not parse to itself."""
    walks: list[walk.Walk] = []

    class Recorded(walk.Walk):
        def __init__(self, module: str, package: str, layout: Layout) -> None:
            super().__init__(module, package, layout)
            walks.append(self)

    monkeypatch.setattr(index, "Walk", Recorded)
    module = index.index_module(source, name="m", path="m.py", is_package=False)
    assert len(walks[0].numbers) == len(module.expressions)
    for node, number in walks[0].numbers.items():
        text = text_at(walks[0].layout, module.expressions[number].span)
        if reparsed(text, company(node)) != canonical(node):
            yield text


def company(node: ast.AST) -> tuple[str, str]:
    """What has to stand around an expression of this kind."""
    if isinstance(node, ast.Starred):
        return "f(", "\n)"
    parts = [node, *(node.elts if isinstance(node, ast.Tuple) else ())]
    return ("f[", "\n]") if any(isinstance(part, ast.Slice) for part in parts) else ("(", "\n)")


@cache
def reparsed(text: str, around: tuple[str, str]) -> str:
    """The expression that a text is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = ast.parse(text.join(around), mode="eval").body
        except SyntaxError:
            return "no expression"
    if around[0] == "f(" and isinstance(found, ast.Call):
        found = found.args[0]
    elif around[0] == "f[" and isinstance(found, ast.Subscript):
        found = found.slice
    return canonical(found)


def canonical(node: ast.AST) -> str:
    return ast.dump(node).replace("Store()", "Load()").replace("Del()", "Load()")


def text_at(layout: Layout, span: Span) -> str:
    lines = layout.lines[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column]
    lines[0] = lines[0][span.column :]
    return "\n".join(lines)
