"""Where each word of the language is executed: the programs of tests/fixtures/run and words, before and after.

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
    # one program per word: tests/fixtures/words
    ("send", "words/generator_send", r"g\.send\(3\)"),
    ("send in a loop", "words/generator_send_in_a_loop", r"value = yield average"),
    ("throw", "words/generator_throw", r"g\.throw\("),
    ("close", "words/generator_close", r"g\.close\(\)"),
    ("StopIteration", "words/next_until_stop", r"except StopIteration"),
    ("next of a class", "words/next_of_an_iterator_class", r"next\(a\)"),
    ("yield from, a part", "words/yield_from_partly_consumed", r"yield from inner\(\).*break"),
    ("recursive generators", "words/generator_recursive", r"yield from walk\(child\)"),
    (
        "laziness of a stored generator",
        "words/generator_made_and_consumed_later",
        r"print\(\"wrapped",
    ),
    ("return in a generator", "words/generator_returns_early", r"if flag:\n        return\n"),
    ("comprehensions", "words/comprehensions", r"for n in gen\(\) for m in"),
    ("for else", "words/loops_with_else", r"while slow\(False\)"),
    ("closing", "words/closing", r"contextlib\.closing"),
    ("redirect and nullcontext", "words/managers_of_the_library", r"nullcontext\(slow"),
    ("contextmanager methods", "words/contextmanager_method", r"def lock\(self\)"),
    ("with in parentheses", "words/with_in_parentheses", r"with \(\n"),
    ("return in with", "words/return_in_with", r"return k"),
    ("abstract managers", "words/manager_with_abstract_base", r"AbstractContextManager"),
    ("decorator classes", "words/decorator_class", r"class retry"),
    ("decorators of methods", "words/decorator_of_methods", r"@memo"),
    (
        "decorated functions that call each other",
        "words/decorator_stacked_calls",
        r"return one\(\) \+ 1",
    ),
    ("overloads", "words/overloads", r"@overload"),
    ("functions redefined", "words/function_redefined", r"old = work"),
    ("definitions by import", "words/conditional_definitions", r"except ImportError"),
    ("conditional classes", "words/conditional_classes", r"else:\n\n    class A"),
    ("conditional methods", "words/conditional_methods", r"else:\n\n        def m"),
    ("conditional nested functions", "words/conditional_nested_functions", r"def step"),
    ("a lambda or a function", "words/conditional_lambda", r"work = lambda"),
    ("wrapped by assignment", "words/function_wrapped_by_assignment", r"work = log\(work\)"),
    ("dispatch tables", "words/dispatch_tables", r"self\.handlers\[name\]\(\)"),
    ("getattr with a composed name", "words/getattr_composed", r'f"do_\{name\}"'),
    ("mutual recursion", "words/recursion", r"odd\(slow\(n - 1\)\)"),
    ("super() in every form", "words/super_forms", r"super\(C, cls\)"),
    ("star arguments everywhere", "words/star_arguments", r"\*slow\(\[1, 2\]\), \*\*slow"),
    ("nested scopes", "words/nested_scopes", r"class Local"),
    ("members of enums", "words/enums", r"Op\.ADD\(1, 2\)"),
    ("methods of named tuples", "words/named_tuples", r"namedtuple\("),
    ("frozen dataclasses", "words/dataclass_methods", r"frozen=True"),
    ("default factories", "words/dataclass_factories", r"default_factory=make"),
    ("abstractmethod and Protocol", "words/abstract_and_protocol", r"class Runs\(Protocol\)"),
    ("subclasses of builtins", "words/subclasses_of_builtins", r"class D\(dict\)"),
    ("match with guards", "words/match", r"if slow\(v\) == 1"),
    ("except* with else", "words/except_star", r"except\* \(KeyError, slow\(TypeError\)\)"),
    ("format specs", "words/fstrings", r":>\{slow\(4\)\}"),
    ("in and !=", "words/comparisons", r"slow\(1\) in slow"),
    ("annotated and chained assignment", "words/assignments", r"a: int = slow"),
    ("boolean operators", "words/boolean_operators", r"yes\(\) and no\(\) or yes"),
    ("docstring sections", "words/docstrings", r"Yields:"),
    ("special methods and twins", "words/special_methods_and_twins", r"def __len__"),
    ("__all__ and star imports", "words/imports_with_stars", r"from starred import \*"),
    ("circular imports", "words/imports_in_a_circle", r"from circular\.left import"),
    ("string annotations, type aliases", "words/annotations", r"TypeAlias = \"Callable"),
    # threads
    ("locks", "locks_of_every_kind", r"threading\.Condition"),
    ("locks between tasks", "locks_between_tasks", r"asyncio\.gather"),
)


@pytest.mark.parametrize(("word", "program", "text"), WORDS, ids=[word for word, _, _ in WORDS])
def test_word_is_executed(word: str, program: str, text: str) -> None:
    alone = program.startswith("words/")
    path = FIXTURES / f"{program}.py" if alone else FIXTURES / "run" / f"{program}.py"
    source = path.read_text(encoding="utf-8")
    assert re.search(text, source, re.DOTALL), word
