"""The generator itself: what it makes compiles, runs, ends, and keeps its meaning in any layout."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import HealthCheck, given, settings

from ecosystem import fuzz, tree

quick = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(fuzz.programs(), fuzz.layouts)
def test_programs_run_and_say_what_they_do(source: str, layout: fuzz.Layout) -> None:
    dressed = layout.dress(source)
    assert tree.compile_error(dressed, fuzz.FILENAME) is None
    printed = fuzz.output(dressed)
    assert printed.splitlines()[-1].startswith("result "), printed
    assert printed == fuzz.output(source.encode())


@pytest.mark.parametrize("body", fuzz.BODIES)
def test_every_body_runs(body: str) -> None:
    source = f"{fuzz.HEADER}\n{fuzz.LEAVES[0].replace('NAME', 'f0')}\ndef f1(n):\n"
    source += (
        textwrap.indent(body, "    ").replace("CALL", "f0(n)").replace("NAME", "f1")
        + "\nprint('result', f1(3))\n"
    )
    assert fuzz.output(source.encode()).splitlines()[-1].startswith("result ")


def test_a_layout_is_what_it_says() -> None:
    layout = fuzz.Layout(newline="\r\n", mark=True, final_newline=False, tabs=True, form_feed=True)
    source = "x = 1\n\n\ndef f():\n    return 1\n"
    assert layout.dress(source) == b"\xef\xbb\xbfx = 1\r\n\r\n\x0c\r\ndef f():\r\n\treturn 1"
