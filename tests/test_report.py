"""What is printed: patches that git applies, lines for people, three formats for machines."""

import json
import subprocess
from pathlib import Path

import pytest

from asyncify import __version__
from asyncify.codes import CODES, closest, find, is_selector
from asyncify.model.plan import FileError, Finding, Safety
from asyncify.model.result import FileResult
from asyncify.model.span import Span
from asyncify.report import diff, github, sarif, text
from asyncify.report import json as json_report
from asyncify.report.run import Run, shown_paths

LONG = b"x = '" + b"a" * 300 + b"'\n"
CHANGES = {
    "plain": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "crlf": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nc\r\n"),
    "mixed line ends": (b"a\r\nb\nc\rd\n", b"a\r\nb\nC\rd\n"),
    "no final newline": (b"a\nb", b"a\nB"),
    "final newline gone": (b"a\nb\n", b"a\nb"),
    "final newline added": (b"a\nb", b"a\nb\n"),
    "context without final newline": (b"a\nb\nc", b"A\nb\nc"),
    "byte order mark": (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfb\n"),
    "latin-1": (b"# coding: latin-1\nx = '\xe9'\n", b"# coding: latin-1\ny = '\xe9'\n"),
    "other line separators": ("a\u2028b\x0cc\x85\n".encode(), "a\u2028b\x0cd\x85\n".encode()),
    "markup": (b"x: list[int] = [x]\n", b"x: list[str] = [bold]\n"),
    "long line": (LONG, LONG + b"y\n"),
    "looks like a header": (b"-- a\n++ b\n@@ c\n", b"-- A\n++ B\n@@ C\n"),
    "grown from nothing": (b"", b"a\n"),
    "emptied": (b"a\n", b""),
    "two hunks": (b"".join(b"%d\n" % n for n in range(60)), b"".join(b"%d\n" % (n or 99) for n in range(59)) + b"x\n"),
}  # fmt: skip
NAMES = ["a.py", "with space.py", "naïve.py", 'quo"te.py', "back\\slash.py", "tab\t.py", "日本.py"]


def apply(root: Path, patch: bytes, *options: str) -> None:
    command = ["git", "apply", *options]
    ran = subprocess.run(command, cwd=root, input=patch, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
def test_git_applies_the_patch(tmp_path: Path, before: bytes, after: bytes) -> None:
    file = tmp_path / "pkg" / "a.py"
    file.parent.mkdir()
    file.write_bytes(before)
    patch = diff.unified("pkg/a.py", before, after)
    apply(tmp_path, patch, "--check")
    apply(tmp_path, patch)
    left = file.read_bytes() if file.exists() else b""  # git removes a file that becomes empty
    assert left == after


@pytest.mark.parametrize("name", NAMES)
def test_git_understands_every_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"a\n")
    apply(tmp_path, diff.unified(name, b"a\n", b"b\n"))
    assert (tmp_path / name).read_bytes() == b"b\n"


def test_a_new_file(tmp_path: Path) -> None:
    patch = diff.unified("pytest.ini", b"", b"[pytest]\n", created=True)
    assert patch == b"--- /dev/null\n+++ b/pytest.ini\n@@ -0,0 +1 @@\n+[pytest]\n"
    apply(tmp_path, patch)
    assert (tmp_path / "pytest.ini").read_bytes() == b"[pytest]\n"


def test_the_patch_as_text() -> None:
    assert diff.unified("a.py", b"a\nb", b"a\nc") == (
        b"--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n a\n"
        b"-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )
    assert diff.unified("a.py", b"a", b"a") == b""


def finding(path: str = "src/a.py", **changes: object) -> Finding:
    values: dict[str, object] = {
        "code": "ASY201",
        "name": "blocking-sleep",
        "path": path,
        "span": Span(3, 4, 3, 17),
        "safety": Safety.SAFE,
        "message": "time.sleep -> asyncio.sleep",
        "reason": "work() becomes async",
        "function": "a:work",
        "chain": 0,
        "library": "time",
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


RUN = Run(
    root=Path("project"),
    results=(
        FileResult("src/a.py", b"a\n", b"b\n"),
        FileResult("src/b.py", b"", b""),
        FileResult("pytest.ini", b"", b"x\n"),
    ),
    findings=(
        finding(
            "src/b.py",
            code="ASY902",
            name="dunder",
            safety=Safety.MANUAL,
            message="open stays",
            reason="__init__ cannot be async",
            chain=None,
        ),
        finding(),
        finding(span=Span(9, 0, 9, 3), safety=Safety.UNSAFE, chain=1),
    ),
    errors=(
        FileError("src/old.py", 3, 7, "cannot parse: expected ')'"),
        FileError("x", 0, 0, "gone"),
    ),
    async_functions=("a:work",),
    dependencies=("httpx>=0.27",),
    checked=2,
    created=frozenset({"pytest.ini"}),
)


def test_the_report_is_sorted_and_aligned() -> None:
    assert text.render(RUN) == (
        "src/a.py:3:5  ASY201 safe    time.sleep -> asyncio.sleep  work() becomes async\n"
        "src/a.py:9:1  ASY201 unsafe  time.sleep -> asyncio.sleep  work() becomes async\n"
        "src/b.py:3:5  ASY902 manual  open stays                   __init__ cannot be async\n"
    )
    assert text.render(Run(Path())) == ""


def test_colours_change_nothing_else() -> None:
    import re

    coloured = text.render(RUN, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text.render(RUN)
    patch = diff.render(RUN, colour=True)
    assert re.sub(rb"\x1b\[\d+m", b"", patch) == diff.render(RUN)
    assert patch.startswith(b"\x1b[1m--- /dev/null\x1b[0m\n")


def test_errors_are_one_line() -> None:
    assert [text.error(RUN, each) for each in RUN.errors] == [
        "error: src/old.py:3:7: cannot parse: expected ')'",
        "error: x: gone",
    ]


def test_the_summary_counts_and_says_what_to_do_next() -> None:
    assert text.summary(RUN, command=("asyncify", "my src")) == (
        "2 files checked: 1 safe conversion (2 files), 1 unsafe, 1 manual, 2 files failed. "
        "1 function becomes async.\n"
        "Preview: asyncify 'my src' --diff   Apply: asyncify 'my src' --write\n"
    )
    assert text.summary(Run(Path(), (FileResult("a.py", b"", b""),), checked=1)) == (
        "1 file checked: 0 safe conversions, 0 unsafe, 0 manual. 0 functions become async.\n"
    )


def test_after_writing_the_summary_names_dependencies() -> None:
    from dataclasses import replace

    summary = text.summary(replace(RUN, written=True), command=("asyncify",))
    assert summary.splitlines()[1:] == ["2 files written.", "Add to the dependencies: httpx>=0.27"]


@pytest.mark.parametrize(
    ("safeties", "written", "applied", "code"),
    [
        ((), False, (), 0),
        ((Safety.SAFE,), False, (0,), 1),
        ((Safety.MANUAL,), False, (), 1),
        ((Safety.SAFE,), True, (0,), 0),
        ((Safety.UNSAFE,), True, (), 1),
        ((Safety.UNSAFE,), True, (0,), 0),
        ((Safety.SAFE, Safety.MANUAL), True, (0,), 1),
    ],
)
def test_exit_codes(
    safeties: tuple[Safety, ...], written: bool, applied: tuple[int, ...], code: int
) -> None:
    found = tuple(finding(safety=each) for each in safeties)
    run = Run(Path(), findings=found, written=written, applied=frozenset(applied))
    assert run.exit_code() == code
    assert run.exit_code(exit_zero=True) == 0
    failed = Run(Path(), findings=found, errors=RUN.errors)
    assert failed.exit_code() == failed.exit_code(exit_zero=True) == 2


def test_json_has_the_keys_that_are_promised() -> None:
    content = json.loads(json_report.render(RUN, version=__version__, exit_code=2))
    assert set(content) == {
        "schema", "version", "exit_code", "summary", "findings", "errors", "files",
        "async_functions", "dependencies", "removable",
    }  # fmt: skip
    assert (content["schema"], content["version"], content["exit_code"]) == (1, __version__, 2)
    assert content["summary"] == {
        "files": 2, "changed": 2, "failed": 2, "safe": 1, "unsafe": 1, "manual": 1,
    }  # fmt: skip
    first = content["findings"][0]
    assert len(first.pop("fingerprint")) == 16
    assert first == {
        "code": "ASY201",
        "name": "blocking-sleep",
        "path": "src/a.py",
        "span": [3, 5, 3, 18],
        "safety": "safe",
        "message": "time.sleep -> asyncio.sleep",
        "reason": "work() becomes async",
        "function": "a:work",
        "because": None,
        "chain": 0,
        "trace": [],
        "entries": [],
        "library": "time",
        "url": find("ASY201").url,  # type: ignore[union-attr]
    }
    assert content["errors"][0] == {
        "path": "src/old.py",
        "line": 3,
        "column": 7,
        "message": "cannot parse: expected ')'",
    }


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
def test_the_edits_in_json_give_the_new_text(before: bytes, after: bytes) -> None:
    result = FileResult("a.py", before, after)
    old = before.decode(errors="replace")
    lines = old.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines) + 1)]
    for edit in json_report.text_edits(result):
        line, column, end_line, end_column = edit["span"]  # type: ignore[misc]
        start, end = starts[line - 1] + column - 1, starts[end_line - 1] + end_column - 1
        assert end <= len(old)
        old = old[:start] + str(edit["text"]) + old[end:]
    assert old == after.decode(errors="replace")


def test_fingerprints_survive_changes_above() -> None:
    def marks(*found: Finding) -> list[str]:
        return [mark for _, mark in json_report.fingerprints(Run(Path(), findings=found))]

    here, lower = finding(), finding(span=Span(90, 4, 90, 17))
    assert marks(here) == marks(lower)
    assert len(set(marks(here, lower))) == 2
    assert marks(here) != marks(finding(function="a:other"))


def test_github_commands_are_escaped() -> None:
    run = Run(
        Path(),
        findings=(finding("a,b:c.py", message="100%\nsure", reason=""), RUN.findings[0]),
        errors=RUN.errors,
    )
    assert github.render(run).splitlines() == [
        "::notice file=a%2Cb%3Ac.py,line=3,col=5,title=ASY201::100%25%0Asure",
        "::warning file=src/b.py,line=3,col=5,title=ASY902::open stays: __init__ cannot be async",
        "::error file=src/old.py,line=3,col=7,title=asyncify::cannot parse: expected ')'",
        "::error file=x,title=asyncify::gone",
    ]


def test_sarif_has_what_the_standard_asks_for() -> None:
    content = json.loads(sarif.render(RUN, version=__version__, base=Path.cwd()))
    assert (content["version"], len(content["runs"])) == ("2.1.0", 1)
    run = content["runs"][0]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("asyncify", __version__)
    assert [rule["id"] for rule in driver["rules"]] == ["ASY201", "ASY902"]
    assert all(rule["help"]["text"] and rule["helpUri"] for rule in driver["rules"])
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"note", "warning"}
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert min(place["region"].values()) >= 1
    assert all(base["uri"].endswith("/") for base in run["originalUriBaseIds"].values())
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [each["level"] for each in invocation["toolExecutionNotifications"]] == ["error"] * 2


def test_paths_are_shown_from_one_place(tmp_path: Path) -> None:
    paths = ("src/a.py", "b.py")
    assert shown_paths(tmp_path, paths, tmp_path) == {"src/a.py": "src/a.py", "b.py": "b.py"}
    above = shown_paths(tmp_path / "x", paths, tmp_path)
    assert above == {"src/a.py": "x/src/a.py", "b.py": "x/b.py"}
    assert shown_paths(tmp_path, ("src/a.py",), tmp_path / "src") == {"src/a.py": "a.py"}
    assert shown_paths(tmp_path, paths, tmp_path / "src") == {}


def test_codes_are_unique_and_found_by_number_and_name() -> None:
    assert len({code.code for code in CODES}) == len({code.name for code in CODES}) == len(CODES)
    for code in CODES:
        assert find(code.code.lower()) is find(code.name) is code
        assert code.summary.endswith(".")
        assert code.advice.endswith((".", "`"))
        assert is_selector(code.code)
    assert (find("nonsense"), closest("blocking-slep")) == (None, "blocking-sleep")
    assert [is_selector(each) for each in ("ALL", "ASY9", "ASY", "XYZ1", "ASY8", "x")] == [
        True, True, True, True, False, False,
    ]  # fmt: skip


CODES_PAGE = """# Codes

Every finding has one. `asyncify --explain CODE` prints the same text; `select` and `ignore` take \
codes, names and the start of codes. `ASY1xx` is the language, `2xx` the standard library, `3xx` \
other libraries, `9xx` what stays as it is.

"""


def test_every_code_is_documented(request: pytest.FixtureRequest) -> None:
    entries = (f"## {code.code}\n\n`{code.name}`. {code.summary} {code.advice}\n" for code in CODES)
    expected = CODES_PAGE + "\n".join(entries)
    page = Path(__file__).parent.parent / "docs" / "reference" / "codes.md"
    if request.config.getoption("--update-fixtures"):
        page.write_text(expected, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == expected
