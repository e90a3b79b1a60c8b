"""The scan for lost coroutines: what it must find, and where it must be quiet."""

from __future__ import annotations

import pytest

from ecosystem import coroutines

DEFINITIONS = """\
import asyncio, contextlib
async def work(n=0): return n
async def items():
    yield 1
@contextlib.asynccontextmanager
async def opened():
    yield 1
class Base:
    async def load_it(self): return 1
    async def rows(self):
        yield 1
class Child(Base):
    async def more(self): return 1
"""


def scan(body: str, *, extra: str = "") -> list[tuple[str, bool]]:
    source = f"{DEFINITIONS}{extra}{body}".encode()
    before = DEFINITIONS.replace("async def", "def").replace("asynccontext", "context").encode()
    found = coroutines.scan({"pkg/it.py": before}, {"pkg/it.py": source}, ".")
    return [(item.how, item.certain) for item in found]


@pytest.mark.parametrize(
    "statement",
    [
        "await work()",
        "return await work()",
        "asyncio.run(work())",
        "await asyncio.gather(work(), *[work(n) for n in range(3)])",
        "async with asyncio.TaskGroup() as group: group.create_task(work())",
        "await (work() if self else work(1))",
        "task = work(); await task",
        "jobs = [work(), work()]; await asyncio.gather(*jobs)",
        "async for item in items(): pass",
        "return [item async for item in items()]",
        "stream = items()",
        "return items()",
        "async with opened() as it: pass",
        "async with contextlib.aclosing(items()) as it: pass",
        "await self.load_it()",
        "await super().load_it()",
        "async for row in self.rows(): pass",
        "unknown.append(1)",
        "await anext(items())",
    ],
)
def test_right_uses_are_quiet(statement: str) -> None:
    assert scan(f"    async def m(self):\n        {statement}\n") == []


@pytest.mark.parametrize(
    "statement",
    [
        "work()",
        "work().bit_length()",
        "return work() + 1",
        "return work()",
        "value = work()",
        "if work(): pass",
        "print(work())",
        "return f'{work()}'",
        "return [item for item in items()]",
        "for item in items(): pass",
        "return list(items())",
        "await items()",
        "with opened() as it: pass",
        "self.load_it()",
        "super().load_it()",
        "other.load_it()",
        "for row in self.rows(): pass",
        "return {work(): 1}",
        "return work() if self else None",
        "assert work()",
        "return work() or 1",
    ],
)
def test_lost_results_are_found(statement: str) -> None:
    found = scan(f"    async def m(self):\n        {statement}\n")
    assert [certain for _, certain in found] == [True]


@pytest.mark.parametrize(
    "statement",
    ["return work()", "return lambda: work()", "register(work())", "self.attribute = work()"],
)
def test_what_may_be_right_is_a_suspect(statement: str) -> None:
    assert [certain for _, certain in scan(f"    def m(self):\n        {statement}\n")] == [False]


def test_a_local_name_hides_the_function() -> None:
    assert scan("    def m(self, work):\n        work()\n") == []


def test_a_name_that_others_bear_is_not_guessed() -> None:
    extra = "class Other:\n    def load_it(self): return 1\n"
    assert scan("def m(other):\n    other.load_it()\n", extra=extra) == []


def test_a_method_that_does_not_take_the_keywords_is_not_guessed() -> None:
    assert scan("def m(other):\n    other.load_it(Bucket=1)\n") == []


def test_a_function_that_was_async_before_is_its_authors_business() -> None:
    source = b"async def old(): pass\ndef f(): old()\n"
    assert coroutines.scan({"a.py": source}, {"a.py": source}, ".") == ()


def test_imports_and_reexports_are_followed() -> None:
    files = {
        "src/pkg/__init__.py": b"from .core import work as job\n",
        "src/pkg/core.py": b"async def work(): pass\n",
        "src/pkg/use.py": b"import pkg\nfrom pkg import job\nfrom . import core\n"
        b"def f():\n    job()\n    pkg.job()\n    core.work()\n",
    }
    before = {name: text.replace(b"async ", b"") for name, text in files.items()}
    assert [item.line for item in coroutines.scan(before, files, "src")] == [5, 6, 7]
