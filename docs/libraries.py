"""Writes docs/reference/libraries/*.md: what the rules say about every library, one page each.

``python docs/libraries.py`` writes the pages; a test holds them current.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from asyncify import rules
from asyncify.rules.spec import (
    Attribute,
    Call,
    Client,
    Library,
    Parameter,
    Raises,
    Refuse,
    Resource,
    Thread,
)

HERE = Path(__file__).parent / "reference" / "libraries"
_SILENT = "nothing, for it does not wait"
TARGETS = {"thread": "the same call in a worker thread"}


def pages() -> dict[str, str]:
    """The text of every page, by file name."""
    found = {}
    for info in sorted(pkgutil.iter_modules(rules.__path__), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        module = import_module(f"{rules.__name__}.{info.name}")
        library = getattr(module, "library", None)
        if isinstance(library, Library):
            said = inspect.cleandoc(module.__doc__ or "")
            found[f"{library.name}.md"] = "\n".join(_page(library, said)).rstrip() + "\n"
    names = "\n".join(name.removesuffix(".md") for name in found)
    links = "\n".join(f"- [{name.removesuffix('.md')}]({name})" for name in found)
    found["index.md"] = (
        "# Libraries\n\nWhat the rules say, library by library. "
        f"These pages are written by `python docs/libraries.py`.\n\n{links}\n\n"
        f"```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    )
    return found


def _page(library: Library, said: str) -> Iterator[str]:
    title, _, rest = said.partition("\n")
    yield f"# {library.name}\n\n`{library.code}`: {title}\n"
    if library.requires:
        yield f"Needs {', '.join(f'`{each}`' for each in library.requires)}.\n"
    if rest.strip():
        yield f"{rest.strip()}\n"
    yield from _converted(library)
    yield from _explicit(library)
    yield from _section(
        'What a wider form of an object has (`http-sessions = "native"`)',
        "| name | the plain form lacks it, for |",
        (
            f"| `{entry.name}` | {entry.wide} |"
            for entry in library.entries
            if isinstance(entry, Attribute) and entry.wide
        ),
    )
    yield from _section(
        'Wider forms (`http-sessions = "native"`)',
        "| name | becomes |",
        (
            f"| `{entry.name}` | {', '.join(f'`{_form(each)}`' for each in entry.wider if each.adapt is None)} |"
            for entry in library.entries
            if isinstance(entry, Call) and entry.wider and not entry.awaited
        ),
    )
    yield from _section(
        "Kept, and run in a worker thread",
        "| call |",
        (f"| `{entry.name}` |" for entry in library.entries if isinstance(entry, Thread)),
    )
    yield from _section(
        "Refused",
        "| name | why | a call is reported as |",
        (
            f"| `{entry.name}` | {entry.reason} | {f'`{entry.code}`' if entry.code else _SILENT} |"
            for entry in library.entries
            if isinstance(entry, Refuse)
        ),
    )


def _converted(library: Library) -> Iterator[str]:
    rows, tables = [], {}
    client = next((f"{e.to}." for e in library.entries if isinstance(e, Client)), "")
    for entry in library.entries:
        match entry:
            case Call(wider=(_, *_), awaited=False, to=""):
                continue  # in a wider form only
            case Call(name=name, to=to, parameters=parameters):
                owner = client if entry.client else ""
                rows.append(f"| `{name}` | `{owner}{to or name.rpartition('.')[2]}` |")
                tables.setdefault(parameters or (), []).append(name)
            case Resource(name=name, to=to) if to:
                rows.append(f"| `{name}` | `{entry.annotation or to}` |")
    yield from _section("Converted", "| name | becomes |", rows)
    arguments = [
        f"| {_together(names)} | `{argument}` | {values} |"
        for table, names in tables.items()
        for argument, values in _values(table).items()
    ]
    yield from _section("Arguments that are carried over", "| of | argument | values |", arguments)
    if any(isinstance(entry, Call) and entry.adapt is not None for entry in library.entries):
        yield "Other values may be carried over where the rule looks at all arguments of a call together.\n"


def _form(call: Call) -> str:
    """What makes an object in a wider form."""
    name = call.to or call.name.rpartition(".")[2]
    return f"{name}({', '.join(text for text in call.last[:1])})"


def _together(names: list[str]) -> str:
    """Some names with one owner, in short."""
    owner = names[0].rpartition(".")[0]
    if len(names) > 1 and all(name.rpartition(".")[0] == owner for name in names):
        return f"`{owner}`: {', '.join(name.rpartition('.')[2] for name in names)}"
    return ", ".join(f"`{name}`" for name in names)


def _values(table: Iterable[Parameter]) -> dict[str, str]:
    """What every argument may be; the others have no faithful form."""
    shapes: dict[str, dict[str, None]] = {}
    for parameter in table:
        known = shapes.setdefault(parameter.name, {})
        known.update(dict.fromkeys(shape for shape, _ in parameter.forms))
        if parameter.client and "any" in known:
            known["any that has the same value when the client is made"] = None
    return {
        name: next((text for text in known if text.startswith("any ")), None)
        or ("any" if "any" in known else ", ".join(known))
        for name, known in shapes.items()
    }


def _explicit(library: Library) -> Iterator[str]:
    rows = []
    for entry in library.entries:
        match entry:
            case Client(to=to, options=options):
                rows.extend(f"| `{to}` | `{name}={text}` |" for name, text in options)
            case Call(name=name, last=last) if last:
                rows.append(f"| `{name}` | adds {', '.join(f'`{text}`' for text in last)} |")
            case Attribute(name=name) if (text := entry.call or entry.template) not in ("", "{0}"):
                rows.append(f"| `{name}` | `{text.replace('{0}', 'x')}` |")
            case Attribute(name=name, option=option) if option:
                rows.append(f"| `{name}` | an option of the client, when it is made |")
            case Raises(name=name, to=new):
                rows.append(f"| `{name}` | {', '.join(f'`{each}`' for each in new)} |")
    yield from _section("Differences that are written out", "| name | becomes |", rows)


def _section(title: str, head: str, rows: Iterable[str]) -> Iterator[str]:
    lines = list(dict.fromkeys(rows))
    if lines:
        yield f"## {title}\n\n{head}\n{'|---' * (head.count('|') - 1)}|"
        yield "\n".join(lines) + "\n"


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    written = pages()
    for path in HERE.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (HERE / name).write_text(text, encoding="utf-8")
