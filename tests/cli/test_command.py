"""The contract of the command line: modes, exit codes, streams."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from asyncify.cli.options import Options
from asyncify.cli.work import configured

from .conftest import AWAITS, SLEEPS, Command, contents, grow

OK, FOUND, FAILED = 0, 1, 2
CLEAN, UNSAFE, MANUAL, BAD = "clean.py", "unsafe.py", "manual.py", "bad.py"
FILES = {
    "clean.py": b"x = 1\n",
    "sleeps.py": SLEEPS,
    "unsafe.py": SLEEPS,
    "manual.py": SLEEPS,
    "bad.py": b"def f(:\n",
}
EXIT_CODES = [
    # files, options, exit code
    ("clean", [], OK),
    ("clean", ["--check"], OK),
    ("clean", ["--diff"], OK),
    ("clean", ["--write"], OK),
    ("sleeps", [], FOUND),
    ("sleeps", ["--check"], FOUND),
    ("sleeps", ["--diff"], FOUND),
    ("sleeps", ["--check", "--diff"], FOUND),
    ("sleeps", ["--write"], OK),
    ("sleeps", ["-w"], OK),
    ("sleeps", ["--exit-zero"], OK),
    ("sleeps", ["--diff", "--exit-zero"], OK),
    ("sleeps", ["--ignore", "ASY201"], OK),
    ("sleeps", ["--ignore", "blocking-sleep,ASY3"], OK),
    ("sleeps", ["--select", "ASY3"], OK),
    ("sleeps", ["--select", "ASY201"], FOUND),
    ("sleeps", ["--output-format", "json"], FOUND),
    ("sleeps", ["-qq"], FOUND),
    ("unsafe", [], FOUND),
    ("unsafe", ["--write"], FOUND),
    ("unsafe", ["--write", "--unsafe"], OK),
    ("manual", [], FOUND),
    ("manual", ["--write"], FOUND),
    ("manual", ["--write", "--exit-zero"], OK),
    ("bad", [], FAILED),
    ("bad", ["--exit-zero"], FAILED),
    ("bad sleeps", ["--check"], FAILED),
    ("bad sleeps", ["--diff"], FAILED),
    ("bad sleeps", ["--write"], FAILED),
    ("", [], OK),
    ("clean", ["--no-such-option"], FAILED),
    ("clean", ["--write", "--diff"], FAILED),
    ("clean", ["--write", "--check"], FAILED),
    ("clean", ["--diff", "--output-format", "json"], FAILED),
    ("clean", ["--output-format", "yaml"], FAILED),
    ("clean", ["--config", "missing.toml"], FAILED),
    ("clean", ["--config", "pyproject.toml", "--isolated"], FAILED),
    ("clean", ["--ignore", "nonsense"], FAILED),
    ("clean", ["--explain", "nonsense"], FAILED),
    ("clean", ["--why", "nonsense"], FAILED),
    ("clean", ["missing.py"], FAILED),
    ("clean", ["missing.py", "clean.py"], FAILED),
    ("clean", ["--stdin-filename", "x.py"], FAILED),
    ("clean", ["-", "clean.py"], FAILED),
    ("clean", ["-", "--write"], FAILED),
    ("clean", ["--version"], OK),
    ("clean", ["--help"], OK),
    ("clean", ["--explain", "ASY902"], OK),
    ("clean", ["--list-rules"], OK),
    ("clean", ["--show-config"], OK),
    ("clean", ["--show-files"], OK),
    ("sleeps", ["--why", "sleeps:work"], OK),
]


@pytest.mark.parametrize(("files", "options", "code"), EXIT_CODES)
def test_exit_code(
    tree: Path, asyncify: Command, files: str, options: list[str], code: int
) -> None:
    grow(tree, {f"{name}.py": FILES[f"{name}.py"] for name in files.split()})
    ran = asyncify(*options)
    assert (ran.code, "Traceback" in ran.err) == (code, False), ran.err
    if code == FAILED:
        assert ran.err.strip()


READ_ONLY = [
    [], ["--check"], ["--diff"], ["--output-format", "json"], ["--output-format", "sarif"],
    ["--output-format", "github"], ["--show-files"], ["--show-config"], ["--why", "sleeps:work"],
]  # fmt: skip


@pytest.mark.parametrize("options", READ_ONLY, ids=" ".join)
def test_nothing_is_written_without_being_asked(
    tree: Path, asyncify: Command, options: list[str]
) -> None:
    grow(tree, FILES)
    before = contents(tree)
    for _ in range(2):
        asyncify(*options)
        assert contents(tree) == before


def test_the_report(tree: Path, asyncify: Command) -> None:
    grow(tree, FILES)
    ran = asyncify()
    assert ran.out.decode() == (
        "manual.py:5:5  ASY913 manual  time.sleep stays             it runs at import\n"
        "sleeps.py:5:5  ASY201 safe    time.sleep -> asyncio.sleep  work() becomes async\n"
        "unsafe.py:5:5  ASY201 unsafe  time.sleep -> asyncio.sleep  work() becomes async\n"
    )
    assert ran.err == (
        "error: bad.py:1:7: cannot parse: invalid syntax\n"
        "5 files checked: 1 safe conversion (1 file), 1 unsafe, 1 manual, 1 file failed. "
        "1 function becomes async.\n"
        "Preview: asyncify . --diff   Apply: asyncify . --write\n"
        "--unsafe includes what a person has to look at.\n"
    )


def test_writing(tree: Path, asyncify: Command) -> None:
    grow(tree, {"sleeps.py": SLEEPS, "clean.py": b"x\n"})
    ran = asyncify("--write")
    assert (tree / "sleeps.py").read_bytes() == AWAITS
    assert ran.out == b""
    assert ran.err == (
        "2 files checked: 1 safe conversion (1 file), 0 unsafe, 0 manual. "
        "1 function becomes async.\n"
        "1 file written.\nAdd to the dependencies: aiothing>=1\nwrote sleeps.py\n"
    )
    before = contents(tree)
    again = asyncify("--write")
    assert (again.code, contents(tree)) == (OK, before)


def test_what_is_left_is_listed_after_writing(tree: Path, asyncify: Command) -> None:
    grow(tree, {"sleeps.py": SLEEPS, "manual.py": SLEEPS})
    ran = asyncify("--write")
    assert ran.out.startswith(b"manual.py:5:5  ASY913 manual")
    assert len(ran.out.splitlines()) == 1


def test_what_configures_tests_is_shown_and_written_with_them(
    tree: Path, asyncify: Command
) -> None:
    grow(tree, {"sleeps.py": SLEEPS, "test_it.py": SLEEPS})
    texts = {"pytest.ini": "[pytest]\n", "pyproject.toml": "[project]\nname = 'y'\n"}
    assert asyncify("--diff", "sleeps.py", texts=texts).out.count(b"+++") == 1
    ran = asyncify("--diff", texts=texts)
    assert b"--- /dev/null\n+++ b/pytest.ini\n" in ran.out
    assert b"-name = 'x'\n+name = 'y'\n" in ran.out
    assert ran.err.startswith("2 files checked: 2 safe conversions (4 files)")
    asyncify("--write", texts=texts)
    assert {name: (tree / name).read_text() for name in texts} == texts


GIT = (
    "git",
    "-c",
    "user.name=t",
    "-c",
    "user.email=t@example.invalid",
    "-c",
    "core.autocrlf=false",
)


def git(root: Path, *arguments: str, stdin: bytes = b"") -> str:
    ran = subprocess.run([*GIT, *arguments], cwd=root, input=stdin, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def test_a_dirty_file_is_not_overwritten_and_undo_works(tree: Path, asyncify: Command) -> None:
    grow(tree, {"a.py": SLEEPS, "sub dir/b.py": SLEEPS})
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "all")
    (tree / "a.py").write_bytes(SLEEPS + b"# mine\n")
    ran = asyncify("--write")
    assert (ran.code, ran.out) == (FAILED, b"")
    assert ran.err == (
        "error: uncommitted changes in a.py: commit or stash them, or use --allow-dirty\n"
    )
    assert git(tree, "status", "--porcelain") == " M a.py\n"
    git(tree, "checkout", "--", ".")
    ran = asyncify("--write")
    assert (ran.code, ran.err.splitlines()[-1]) == (OK, "undo: git checkout -- a.py 'sub dir/b.py'")
    assert git(tree, "status", "--porcelain").count(" M ") == 2
    git(tree, "checkout", "--", "a.py", "sub dir/b.py")
    assert git(tree, "status", "--porcelain") == ""
    (tree / "a.py").write_bytes(SLEEPS + b"# mine\n")
    assert asyncify("--write", "--allow-dirty").code == OK


ODD = {
    "crlf.py": SLEEPS.replace(b"\n", b"\r\n"),
    "no final newline.py": SLEEPS.rstrip(b"\n"),
    "naïve.py": SLEEPS + "# \u2028 日本 [x] [bold]\n".encode(),
    "bom.py": b"\xef\xbb\xbf" + SLEEPS,
    "latin.py": b"# coding: latin-1\n" + SLEEPS + b"# \xe9\n",
    "long.py": SLEEPS + b"x = [" + b"1, " * 100 + b"]\n",
    "deep/er/a.py": SLEEPS,
    "clean.py": b"x = 1\n",
}


@pytest.mark.parametrize("where", [".", "deep"])
def test_the_patch_applies_and_equals_write(
    tree: Path, asyncify: Command, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    grow(tree, ODD)
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "all")
    monkeypatch.chdir(tree / where)
    ran = asyncify(".", "--diff")
    assert ran.code == FOUND
    git(tree / where, "apply", "--check", stdin=ran.out)
    git(tree / where, "apply", stdin=ran.out)
    applied = {name: (tree / name).read_bytes() for name in ODD}
    git(tree, "checkout", "--", ".")
    asyncify(".", "--write")
    assert {name: (tree / name).read_bytes() for name in ODD} == applied
    assert applied != ODD


def test_a_project_elsewhere_is_shown_from_here(
    tree: Path, asyncify: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tree, {"pkg/a.py": SLEEPS})
    monkeypatch.chdir(tree.parent)
    ran = asyncify("project", "--diff")
    assert ran.out.startswith(b"--- a/project/pkg/a.py\n+++ b/project/pkg/a.py\n")
    (tree / "other").mkdir()
    monkeypatch.chdir(tree / "other")
    assert asyncify("../pkg", "--diff").out.startswith(b"--- a/pkg/a.py\n")


def test_paths_limit_what_is_reported_and_written(tree: Path, asyncify: Command) -> None:
    grow(tree, {"a/x.py": SLEEPS, "b/y.py": SLEEPS, "b/bad.py": b"(\n"})
    ran = asyncify("a")
    assert (ran.code, ran.out.count(b"ASY201")) == (FOUND, 1)
    assert asyncify("a", "--write").code == OK
    assert [(tree / name).read_bytes() for name in ("a/x.py", "b/y.py")] == [AWAITS, SLEEPS]


def test_one_bad_file_among_a_hundred(tree: Path, asyncify: Command) -> None:
    grow(tree, {f"m{number}.py": SLEEPS for number in range(99)})
    grow(tree, {"bad.py": b"print 'two'\n"})
    ran = asyncify()
    assert (ran.code, ran.out.count(b"ASY201")) == (FAILED, 99)
    assert ran.err.startswith("error: bad.py:1:1: cannot parse: Missing parentheses")
    assert asyncify("--write").code == FAILED
    assert sum((tree / f"m{number}.py").read_bytes() == AWAITS for number in range(99)) == 99


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"\n\n\nx = '\xff'\n",
            "error: bad.py:4:6: cannot decode: not valid utf-8: invalid start byte",
        ),
        (
            b"\nx = '\xff'\n",
            "error: bad.py:2: cannot decode: invalid or missing encoding declaration",
        ),
        (b"# coding: nonsense\n", "error: bad.py:1: cannot decode: unknown encoding: nonsense"),
        (b"x = 1\n\n\ty = 2\n", "error: bad.py:3:1: cannot parse: unexpected indent"),
    ],
)
def test_a_file_that_cannot_be_read(
    tree: Path, asyncify: Command, content: bytes, message: str
) -> None:
    grow(tree, {"bad.py": content, "sleeps.py": SLEEPS})
    ran = asyncify()
    assert ran.code == FAILED
    assert ran.err.splitlines()[0] == message
    assert ran.out.count(b"ASY201") == 1


def test_an_unreadable_file(tree: Path, asyncify: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(tree, {"locked.py": SLEEPS, "sleeps.py": SLEEPS})
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "locked.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    ran = asyncify()
    assert (ran.code, ran.out.count(b"ASY201")) == (FAILED, 1)
    assert ran.err.splitlines()[0] == "error: locked.py: cannot read: Permission denied"


def test_a_missing_path_among_others(tree: Path, asyncify: Command) -> None:
    grow(tree, {"sleeps.py": SLEEPS})
    ran = asyncify("missing.py", "sleeps.py")
    assert (ran.code, ran.out.count(b"ASY201")) == (FAILED, 1)
    assert ran.err.startswith("error: missing.py: no such file or directory\n")
    ran = asyncify("missing.py")
    assert (ran.out, ran.err) == (b"", "error: no such file or directory: 'missing.py'\n")


def test_no_python_file_is_a_warning(tree: Path, asyncify: Command) -> None:
    assert asyncify().err == "warning: no Python files found\n"


def test_an_empty_file_is_clean(tree: Path, asyncify: Command) -> None:
    grow(tree, {"empty.py": b""})
    assert asyncify().code == OK


def test_a_text_that_would_not_compile_is_thrown_away_with_its_chain(
    tree: Path, asyncify: Command
) -> None:
    grow(tree, {"broken.py": SLEEPS, "sleeps.py": SLEEPS})
    ran = asyncify("--write")
    assert ran.code == FAILED
    assert b"broken.py:5:5  ASY980 manual" in ran.out
    assert b"(chain: broken:work)" in ran.out
    assert (tree / "broken.py").read_bytes() == SLEEPS
    assert (tree / "sleeps.py").read_bytes() == AWAITS
    ran = asyncify("--diff")
    assert ran.code == FAILED
    assert ran.err.startswith("error: broken.py:5:5: the new text of broken.py would not be valid")


def test_directories_named_like_flags(tree: Path, asyncify: Command) -> None:
    grow(tree, {"--write/a.py": SLEEPS, "check/b.py": SLEEPS})
    assert asyncify("--", "--write").out.startswith(b"--write/a.py:5:5")
    assert asyncify("check").out.startswith(b"check/b.py:5:5")
    assert (tree / "--write" / "a.py").read_bytes() == SLEEPS


def test_quiet(tree: Path, asyncify: Command) -> None:
    grow(tree, FILES)
    once = asyncify("-q")
    assert once.out.count(b"\n") == 3
    assert once.err == "error: bad.py:1:7: cannot parse: invalid syntax\n"
    twice = asyncify("-qq")
    assert (twice.code, twice.out, twice.err) == (FAILED, b"", "")


@pytest.mark.parametrize("name", ["json", "sarif"])
def test_machine_formats_keep_stdout_clean(tree: Path, asyncify: Command, name: str) -> None:
    grow(tree, FILES)
    ran = asyncify("--output-format", name)
    content = json.loads(ran.out)
    assert content.get("exit_code", FAILED) == ran.code == FAILED
    assert ran.out.isascii()


def test_github_annotations(tree: Path, asyncify: Command) -> None:
    grow(tree, FILES)
    lines = asyncify("--output-format", "github").out.decode().splitlines()
    assert [line.partition(" ")[0] for line in lines] == [
        "::warning", "::notice", "::notice", "::error",
    ]  # fmt: skip


def test_the_artefact_goes_into_a_file(tree: Path, asyncify: Command) -> None:
    grow(tree, {"sleeps.py": SLEEPS})
    patch = asyncify("--diff").out
    ran = asyncify("--diff", "-o", "out.patch")
    assert (ran.code, ran.out, (tree / "out.patch").read_bytes()) == (FOUND, b"", patch)
    ran = asyncify("--diff", "-o", "no/such/directory")
    assert ran.code == FAILED
    assert ran.err.startswith("error: no/such/directory: cannot write")


def test_colours_only_when_asked_for(
    tree: Path, asyncify: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tree, {"sleeps.py": SLEEPS})
    assert b"\x1b" not in asyncify().out
    assert b"\x1b" in asyncify("--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert b"\x1b" in asyncify("--diff").out
    assert b"\x1b" not in asyncify("--diff", "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert b"\x1b" not in asyncify("--diff").out


def test_settings_of_the_file_and_of_the_flags(tree: Path, asyncify: Command) -> None:
    grow(tree, {"sleeps.py": SLEEPS, "gen/a.py": SLEEPS})
    settings = tree / "pyproject.toml"
    settings.write_text('[tool.asyncify]\nignore = ["ASY201"]\nextend-exclude = ["gen"]\n')
    assert asyncify().out == b""
    assert asyncify("--isolated").out.count(b"ASY201") == 2
    assert asyncify("--ignore", "ASY9").out.count(b"ASY201") == 1
    (tree / "other.toml").write_text('extend-exclude = ["sleeps.py"]\n')
    assert asyncify("--config", "other.toml").out.startswith(b"gen/a.py:5:5")
    shown = asyncify("--show-config").out.decode()
    assert shown.splitlines()[:2] == [f"# {settings}", "[tool.asyncify]"]
    assert 'ignore = ["ASY201"]' in shown
    settings.write_text("[tool.asyncify]\nignroe = []\n")
    ran = asyncify()
    assert (ran.code, ran.out) == (FAILED, b"")
    message = (
        f"error: {settings}: unknown key 'ignroe' in [tool.asyncify]; did you mean 'ignore'?\n"
    )
    assert ran.err == message


def test_show_config_can_be_read_back(tree: Path, asyncify: Command) -> None:
    (tree / "shown.toml").write_bytes(asyncify("--show-config").out)
    again = asyncify("--show-config", "--config", "shown.toml").out
    assert again.splitlines()[1:] == (tree / "shown.toml").read_bytes().splitlines()[1:]


def test_show_files(tree: Path, asyncify: Command) -> None:
    grow(
        tree,
        {"a.py": b"", ".venv/b.py": b"", "skip/c.py": b"", ".gitignore": b"d.py\n", "d.py": b""},
    )
    ran = asyncify("--show-files", "--extend-exclude", "skip")
    assert ran.out == b"a.py\n"
    assert asyncify("--show-files", "--no-respect-gitignore").out == b"a.py\nd.py\nskip/c.py\n"
    assert asyncify("--show-files", "d.py").out == b"d.py\n"
    assert asyncify("--show-files", "d.py", "--force-exclude").out == b""


def test_why(tree: Path, asyncify: Command) -> None:
    grow(tree, {"pkg/sleeps.py": SLEEPS, "manual.py": SLEEPS})
    expected = (
        b"pkg.sleeps:work becomes async\n  pkg/sleeps.py:5:5 calls time.sleep, which blocks\n"
    )
    assert asyncify("--why", "pkg.sleeps:work").out == expected
    assert asyncify("--why", "pkg.sleeps.work").out == expected
    held = asyncify("--why", "manual:work").out.decode()
    assert held.startswith("manual:work stays as it is\n  manual.py:5:5 ASY913 time.sleep stays")
    ran = asyncify("--why", "pkg.sleeps:wrk")
    assert (
        ran.err == "error: nothing makes 'pkg.sleeps:wrk' async; did you mean 'pkg.sleeps:work'?\n"
    )


def test_explain_and_list_rules(asyncify: Command) -> None:
    text = asyncify("--explain", "dunder").out.decode()
    assert text.startswith("ASY902 dunder\n\nA special method cannot be async.\n")
    assert asyncify("--explain", "asy902").out.decode() == text
    error = "error: unknown code 'dundr'; did you mean dunder?\n"
    assert asyncify("--explain", "dundr").err == error
    listed = asyncify("--list-rules").out.decode()
    assert listed.startswith("ASY101  unawaited-call")
    assert "time -> asyncio" in listed
    content = json.loads(asyncify("--list-rules", "--output-format", "json").out)
    assert {each["code"] for each in content["codes"]} >= {"ASY201", "ASY902"}
    assert "time" in {each["name"] for each in content["libraries"]}


def test_an_interrupt(tree: Path, asyncify: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from asyncify import api

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "plan", interrupt)
    ran = asyncify()
    assert (ran.code, ran.err) == (130, "interrupted: nothing was written\n")


def test_an_internal_error_does_not_look_like_a_finding(
    tree: Path, asyncify: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asyncify import api

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(api, "plan", fail)
    ran = asyncify("--exit-zero")
    assert ran.code == FAILED
    assert ran.err.endswith(
        "error: internal error in asyncify, please report it with the lines above\n"
    )


START = """
import sys
from asyncify.cli import run
try:
    run({arguments})
except SystemExit as end:
    assert end.code == 0
heavy = ("libcst", "pyrefly", "rich", "pathspec", "subprocess", "asyncio", "difflib")
print("HEAVY", [name for name in heavy if name in sys.modules])
"""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_the_start_is_light(arguments: list[str]) -> None:
    code = START.format(arguments=arguments)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded = ran.stdout.rpartition("HEAVY ")[2]
    assert not {"libcst", "pyrefly", "rich", "pathspec"} & set(eval(loaded)), ran.stdout


def test_python_m_asyncify() -> None:
    command = [sys.executable, "-m", "asyncify", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (OK, "")
    assert ran.stdout.startswith("asyncify 0.")


def test_a_console_that_cannot_show_everything(tree: Path) -> None:
    grow(tree, {"日本.py": b"def f(:\n"})
    ran = subprocess.run(
        [sys.executable, "-m", "asyncify", "--show-files"],
        cwd=tree,
        capture_output=True,
        env={**__import__("os").environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    )
    assert (ran.returncode, ran.stderr) == (OK, b"")
    assert ran.stdout.rstrip() == b"??.py"


def test_a_reader_that_has_enough(tree: Path) -> None:
    grow(tree, {"a.py": b""})
    command = [sys.executable, "-m", "asyncify", "--show-files"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tree, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == FOUND


def test_markers_are_a_frontier(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.asyncify]\nfrontier = "hold"\n')
    assert configured(Options(), tmp_path).frontier == "hold"
    assert configured(Options(markers=True), tmp_path).frontier == "mark"
    assert configured(Options(markers=True, isolated=True), tmp_path).frontier == "mark"
