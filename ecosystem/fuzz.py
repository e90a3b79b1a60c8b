"""Programs nobody wrote, and what must hold for each of them.

Two sources of modules: hypothesmith knows the whole grammar but no library, so that nothing in its
modules may change; :func:`programs` knows little grammar but blocks in every function, prints what it
does and ends, so that the converted program can be run and has to print the same.
"""

from __future__ import annotations

import contextlib
import io
import textwrap
from dataclasses import dataclass

from hypothesis import strategies as st

from ecosystem import coroutines, tree
from ecosystem.corpus import Convert, as_bytes

FILENAME = "fuzz.py"
HEADER = """\
import contextlib
import functools
import time


def passed(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper
"""


def _sections(text: str) -> tuple[str, ...]:
    return tuple(f"{section.strip()}\n" for section in text.split("\n---\n"))


# Every leaf is one function NAME(n) -> int. Every body calls an earlier function where it says CALL.
LEAVES = _sections("""
def NAME(n):
    time.sleep(0)
    print('NAME', n)
    return n + 1
---
def NAME(n, pause=time.sleep):
    print('NAME', n)
    time.sleep(0)
    return n * 2 % 7
---
class CLASS:
    def work(self, n):
        time.sleep(0)
        print('CLASS', n)
        return n


def NAME(n):
    return CLASS().work(n) + 1
---
def NAME(n):
    print('NAME', n)
    return n
""")
BODIES = _sections("""
return CALL
---
print(f'NAME {CALL}')
return n
---
return CALL + CALL
---
total = 0
for step in range(n % 3):
    total += CALL
return total
---
return sum([CALL for _ in range(n % 3)])
---
return sum(CALL for _ in range(n % 3))
---
return len({CALL: 1 for _ in range(2)})
---
if (found := CALL) > 2 and CALL:
    return found
return 1 if CALL else 2
---
try:
    return CALL
finally:
    print('NAME done', CALL)
---
try:
    raise KeyError(CALL)
except KeyError as error:
    return CALL
---
def inner(m):
    return CALL + m
return inner(n)
---
pick = lambda m: CALL + m
return pick(n)
---
def items():
    for step in range(n % 3):
        yield CALL
return sum(item for item in items())
---
def items():
    yield CALL
    yield n
def more():
    yield from items()
for item in more():
    print('NAME', item)
return n
---
def items():
    print('started')
    yield CALL
    print('resumed')
    yield n
return next(items())
---
@contextlib.contextmanager
def opened():
    print('enter', CALL)
    try:
        yield n
    finally:
        print('leave', CALL)
with opened() as value:
    return value + CALL
---
return sorted([3, 1, 2], key=lambda m: CALL + m)[0]
---
return sum(map(lambda m: CALL, range(n % 3)))
---
while n > 0:
    n -= 1
    if not CALL:
        continue
    break
else:
    return CALL
return n
---
with contextlib.suppress(ValueError):
    print('NAME', CALL)
    raise ValueError
return n
---
match CALL:
    case 1:
        return n
    case other if CALL:
        return other
return 0
---
class Local:
    def __init__(self):
        self.value = n
    def __enter__(self):
        print('in', CALL)
        return self
    def __exit__(self, *error):
        print('out', CALL)
with Local() as local:
    return local.value
---
class Local:
    @property
    def value(self):
        return CALL
return Local().value + n
---
class Local:
    def __init__(self):
        self.value = CALL
return Local().value
---
class Local:
    def __str__(self):
        return str(CALL)
print(Local())
return n
---
return any(CALL > 1 for _ in range(2)) + all([CALL, n])
---
return [CALL, (CALL, {'key': CALL})][0]
---
a, *rest = CALL, CALL, n
return a + len(rest)
---
assert CALL is not None, CALL
del n
return 1
""")
DECORATORS = ("", "", "", "@passed\n", "@functools.lru_cache\n")
INDENT = "    "
LAYOUTS = ("\n", "\r\n")


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything about a file that is no syntax and that nobody may touch."""

    newline: str = "\n"
    mark: bool = False
    final_newline: bool = True
    tabs: bool = False
    form_feed: bool = False

    def dress(self, source: str) -> bytes:
        """The source in this layout."""
        text = source.rstrip("\n")
        if self.form_feed:
            text = text.replace("\n\ndef ", "\n\f\ndef ")
        if self.tabs:
            text = "\n".join(_tabbed(line) for line in text.split("\n"))
        text += "\n" if self.final_newline else ""
        data = text.replace("\n", self.newline).encode()
        return b"\xef\xbb\xbf" + data if self.mark else data


layouts = st.builds(
    Layout,
    newline=st.sampled_from(LAYOUTS),
    mark=st.booleans(),
    final_newline=st.booleans(),
    tabs=st.booleans(),
    form_feed=st.booleans(),
)


@st.composite
def programs(draw: st.DrawFn, max_size: int = 6) -> str:
    """A program that blocks, prints and ends; no function calls a later one."""
    size = draw(st.integers(1, max_size))
    parts = [HEADER]
    for number in range(size):
        if number == 0:
            template = draw(st.sampled_from(LEAVES))
        else:
            callee = draw(st.integers(0, number - 1))
            decorator = draw(st.sampled_from(DECORATORS))
            body = draw(st.sampled_from(BODIES)).replace("CALL", f"f{callee}(n)")
            template = f"{decorator}def NAME(n):\n{textwrap.indent(body, INDENT)}"
        parts.append(template.replace("NAME", f"f{number}").replace("CLASS", f"C{number}"))
    entry = f"print('result', f{size - 1}({draw(st.integers(0, 4))}))"
    parts.append(f"if __name__ == '__main__':\n    {entry}\n")
    return "\n\n".join(parts)


@st.composite
def quiet_programs(draw: st.DrawFn) -> str:
    """A program of the same shapes without anything that blocks."""
    return draw(programs()).replace("time.sleep", "abs").replace("import time\n", "")


def converted(convert: Convert, source: bytes) -> bytes:
    """The output, which has to compile if the input does; an error is a failure."""
    answer = convert(source, filename=FILENAME)
    assert answer.error is None, answer.error
    after = as_bytes(answer.after, source)
    if tree.compile_error(source, FILENAME) is None:
        problem = tree.compile_error(after, FILENAME)
        assert problem is None, f"{problem}\n{after.decode()}"
    return after


def check_stable(convert: Convert, source: bytes) -> None:
    """A second run changes nothing, and no coroutine is lost in the first."""
    after = converted(convert, source)
    assert converted(convert, after) == after
    lost = coroutines.scan({FILENAME: source}, {FILENAME: after}, ".")
    certain = [item for item in lost if item.certain]
    assert not certain, f"{certain}\n{after.decode()}"


def check_untouched(convert: Convert, source: bytes) -> None:
    """Where no rule matches not one byte changes."""
    answer = convert(source, filename=FILENAME)
    if not answer.findings:
        assert as_bytes(answer.after, source) == source


def check_same_output(convert: Convert, source: bytes) -> None:
    """The converted program prints what the program printed, in the same order."""
    after = converted(convert, source)
    expected, found = output(source), output(after)
    assert found == expected, f"{found}\ninstead of\n{expected}\n{after.decode()}"


def output(source: bytes) -> str:
    """What a program prints when it is run as a script; an exception is part of it."""
    stream = io.StringIO()
    namespace: dict[str, object] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(stream):
        try:
            exec(compile(source, FILENAME, "exec", dont_inherit=True), namespace)
        except Exception as error:  # noqa: BLE001 - whatever it raises has to stay the same
            print(f"{type(error).__name__}: {error}")
    return stream.getvalue()


def _tabbed(line: str) -> str:
    stripped = line.lstrip(" ")
    return "\t" * ((len(line) - len(stripped)) // 4) + stripped
