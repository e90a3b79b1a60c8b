"""Where each word of the language is executed: the programs of tests/fixtures/run, before and after.

A row is the word, the program, and what of it stands there. A word without a row is not proved yet.
"""

import re

import pytest
from fixture_files import FIXTURES

WORDS = (
    # generators and their consumers
    ("yield", "language_iterators", r"yield number"),
    ("for and break", "language_iterators", r"for number in numbers\(5\):"),
    ("list, tuple, set, dict", "language_iterators", r"list\(both.*tuple\(.*set\(.*dict\("),
    ("sum, any, all, min, max", "language_iterators", r"sum\(.*any\(.*all\(.*min\(.*max\("),
    ("sorted", "language_iterators", r"sorted\(numbers"),
    ("enumerate", "language_iterators", r"enumerate\(numbers"),
    ("zip", "language_iterators", r"zip\(numbers"),
    ("join", "language_iterators", r"\.join\("),
    ("unpacking", "language_iterators", r"first, second = numbers"),
    ("next and close", "language_iterators", r"iterator\.close\(\)"),
    ("yield from", "language_iterators", r"yield from"),
    ("nested generator expressions", "language_iterators", r"for n in .* for m in"),
    ("iteration protocol", "language_iterators", r"def __next__"),
    ("__call__", "language_iterators", r"def __call__"),
    ("laziness", "generators_expressions_stay_lazy", r"for"),
    # context managers
    ("__enter__ and __exit__", "language_managers", r"def __exit__"),
    ("contextmanager", "language_managers", r"@contextlib\.contextmanager"),
    ("several items", "language_managers", r"with Resource\(\"a\"\) as a, Resource"),
    ("suppress", "language_managers", r"contextlib\.suppress"),
    ("a manager that is returned", "language_managers", r"with made\("),
    ("a manager in an attribute", "language_managers", r"with self\.resource"),
    # functions and classes
    ("properties", "properties_of_every_form", r"\.setter"),
    ("cached_property", "properties_of_every_form", r"@cached_property"),
    ("slow constructors", "objects_made_slowly", r"def make\(kind"),
    ("lru_cache", "caches_lru_cache", r"lru_cache"),
    ("partial, partialmethod", "callbacks_partial_and_partialmethod", r"partialmethod"),
    ("reduce", "callbacks_reduce", r"reduce"),
    ("decorators", "decorators_stacked_and_with_arguments", r"@"),
    ("staticmethod", "language_statements", r"@staticmethod"),
    ("classmethod", "language_statements", r"@classmethod"),
    ("dataclasses", "language_statements", r"@dataclass"),
    ("NamedTuple", "language_statements", r"NamedTuple\)"),
    ("enums", "language_statements", r"Enum\)"),
    ("registries", "language_statements", r"REGISTRY\[name\] = function"),
    ("mixins and super()", "language_mixins", r"super\(\)\.label"),
    ("getattr with a constant", "language_statements", r"getattr\(.*\"total\""),
    ("nonlocal", "language_statements", r"nonlocal"),
    ("recursion", "language_statements", r"recursive\(slow"),
    ("conditional definitions", "language_statements", r"if sys\.version_info"),
    # statements and operators
    ("match", "language_statements", r"match slow"),
    ("except*", "language_statements", r"except\* "),
    ("try, else, finally", "language_statements", r"finally:"),
    ("while", "language_statements", r"while slow"),
    ("assert", "language_statements", r"assert slow"),
    ("raise from", "language_statements", r"raise slow.* from slow"),
    ("del", "language_statements", r"del data\[slow"),
    ("augmented assignment", "language_statements", r"\+= slow"),
    ("conditional expressions", "language_statements", r"if slow\(True\) else"),
    ("short circuit", "language_statements", r"slow\(0\) or slow"),
    ("chained comparisons", "language_statements", r"1 < slow\(2\) < slow"),
    ("walrus", "language_statements", r":= slow"),
    ("f-strings", "language_statements", r"\{slow\('f'\)!r"),
    ("subscripts", "language_statements", r"slow\(\[5, 6\]\)\[1\]"),
    ("star arguments", "language_statements", r"\*slow"),
    ("unary and power", "language_statements", r"-slow\(2\), slow\(2\) \*\* 2"),
    # threads
    ("locks", "locks_of_every_kind", r"threading\.Condition"),
    ("locks between tasks", "locks_between_tasks", r"asyncio\.gather"),
)


@pytest.mark.parametrize(("word", "program", "text"), WORDS, ids=[word for word, _, _ in WORDS])
def test_word_is_executed(word: str, program: str, text: str) -> None:
    source = (FIXTURES / "run" / program / "before.py").read_text(encoding="utf-8")
    assert re.search(text, source, re.DOTALL), word
