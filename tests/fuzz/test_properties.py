"""Generated modules: asyncify never crashes, breaks, wavers, or touches what it should not.

``ASYNCIFY_FUZZ_EXAMPLES`` says how many of each are tried; more of them run at night.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecosystem import corpus, fuzz

pytest.importorskip("asyncify.api", exc_type=ImportError)

EXAMPLES = int(os.environ.get("ASYNCIFY_FUZZ_EXAMPLES", "5"))
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 5,
    suppress_health_check=list(HealthCheck),
)


@many
@given(fuzz.programs(), fuzz.layouts)
def test_blocking_programs_convert_to_stable_code(source: str, layout: fuzz.Layout) -> None:
    fuzz.check_stable(corpus.converter(), layout.dress(source))


@many
@given(fuzz.programs())
def test_blocking_programs_print_the_same(source: str) -> None:
    fuzz.check_same_output(corpus.converter(), source.encode())


@many
@given(fuzz.quiet_programs(), fuzz.layouts)
def test_programs_that_do_not_block_stay_as_they_are(source: str, layout: fuzz.Layout) -> None:
    dressed = layout.dress(source)
    assert fuzz.converted(corpus.converter(), dressed) == dressed


@many
@given(st.data())
def test_any_module_of_the_grammar_stays_as_it_is(data: st.DataObject) -> None:
    hypothesmith = pytest.importorskip("hypothesmith")
    source = data.draw(hypothesmith.from_grammar() | hypothesmith.from_node())
    fuzz.check_untouched(corpus.converter(), source.encode("utf-8", "surrogatepass"))
