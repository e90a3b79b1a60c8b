"""Why tests are lost: a few words for every failure, so that equal causes count together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial

from ecosystem.model import Failure, LostTest, SuiteResult
from ecosystem.suite import PASSED, SuiteRun

UNEXPLAINED = "no code"
MESSAGE_LENGTH = 90
_NOISE = (
    (re.compile(r"0x[0-9a-f]+"), "HEX"),
    (re.compile(r"(?:/[\w.+-]+){2,}"), "<path>"),
    (re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`"), "'...'"),
    (re.compile(r"\d+(?:\.\d+)?"), "N"),
    (re.compile(r"\s+"), " "),
)
_KEPT = re.compile(r"'(?:_AsyncGeneratorContextManager|[a-z_]+)'")


def reason(failure: Failure) -> str:
    """The exception and its first line without what differs from test to test."""
    message = failure.message
    if failure.kind in {"RuntimeWarning", "AssertionError"}:
        message = message.partition(":")[0] if failure.kind == "RuntimeWarning" else ""
    for pattern, replacement in _NOISE:
        message = pattern.sub(partial(_quiet, replacement), message)
    message = message.strip()[:MESSAGE_LENGTH].strip()
    return f"{failure.kind}: {message}" if message else failure.kind


def compare(before: SuiteRun, after: SuiteRun, codes: Mapping[str, tuple[str, ...]]) -> SuiteResult:
    """Which tests were kept, gained and lost; ``codes`` are the findings of every file."""
    passed = before.passed
    now = set(after.passed)
    lost = tuple(_lost(test, after, codes) for test in passed if test not in now)
    gained = tuple(
        test
        for test in after.passed
        if before.outcomes.get(test, "") not in {PASSED, "xpassed"} and test in before.outcomes
    )
    return SuiteResult(
        before=len(passed),
        kept=len(passed) - len(lost),
        async_ran=after.async_ran,
        seconds_before=before.seconds,
        seconds_after=after.seconds,
        gained=gained,
        lost=lost,
    )


def table(lost: Iterable[LostTest]) -> list[tuple[str, str, int]]:
    """Code, reason and number of tests, the most frequent first."""
    counted = Counter((test.codes[0] if test.codes else UNEXPLAINED, test.reason) for test in lost)
    return sorted(
        ((code, text, number) for (code, text), number in counted.items()),
        key=lambda row: (-row[2], row[0], row[1]),
    )


def _lost(test: str, after: SuiteRun, codes: Mapping[str, tuple[str, ...]]) -> LostTest:
    failure = after.why(test)
    places = [*reversed(failure.places), test.partition("::")[0]]
    found = dict.fromkeys(code for place in places for code in codes.get(place, ()))
    leftovers = [code for code in found if code.startswith("ASY9")]
    others = [code for code in found if not code.startswith("ASY9")]
    return LostTest(
        id=test,
        outcome=after.outcomes.get(test, "missing"),
        reason=reason(failure),
        codes=tuple([*leftovers, *others][:5]),
    )


def _quiet(replacement: str, found: re.Match[str]) -> str:
    return found.group() if _KEPT.fullmatch(found.group()) else replacement
