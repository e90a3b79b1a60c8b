"""The type checker's answer, the corpus run and the cache, each on its own."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

from ecosystem import corpus, store, typecheck
from ecosystem.typecheck import Diagnostic

UNUSED = Diagnostic("a.py", 3, "unused-coroutine", "Result of async function call is unused.")


def test_only_what_is_new_counts_and_lines_may_move() -> None:
    moved = Diagnostic("a.py", 9, UNUSED.kind, UNUSED.message)
    assert typecheck.new([UNUSED], [moved]) == ()
    assert typecheck.new([UNUSED], [moved, UNUSED]) == (UNUSED,)


@pytest.mark.parametrize(
    ("kind", "message", "problem"),
    [
        ("unused-coroutine", "Result of async function call is unused.", "lost-coroutine"),
        ("missing-attribute", "Object of class `Coroutine` has no attribute `x`", "lost-coroutine"),
        ("not-iterable", "Type `AsyncGenerator[int, None]` is not iterable", "lost-coroutine"),
        ("not-async", "Type `int` is not awaitable", "annotation"),
        ("bad-return", "Returned type `Coroutine[int]` is not assignable to `int`", "annotation"),
        ("missing-import", "Could not find import of `x`", None),
    ],
)
def test_new_diagnostics_are_sorted_by_promise(
    kind: str, message: str, problem: str | None
) -> None:
    assert Diagnostic("a.py", 1, kind, message).problem == problem


def test_the_type_checker_is_asked_about_a_whole_copy(tmp_path: Path) -> None:
    pytest.importorskip("pyrefly")
    top = tmp_path / "top"
    (top / "src").mkdir(parents=True)
    (top / "src" / "it.py").write_text("async def f(): ...\nasync def g():\n    f()\n")
    (found,) = typecheck.check(top, "src", ["src/it.py"], None, tmp_path / "logs")
    assert (found.path, found.line, found.kind) == ("src/it.py", 3, "unused-coroutine")


@pytest.mark.parametrize(
    ("after", "error", "what"),
    [
        (b"async def f(): pass\n", None, ""),
        (b"def f(): await g()\n", None, "not compiling"),
        (b"", "cannot parse", "error"),
        (None, None, "crash"),
    ],
)
def test_the_corpus_run_names_what_broke(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: bytes | None,
    error: str | None,
    what: str,
) -> None:
    def convert(root: Path) -> list[object]:
        assert [path.name for path in root.rglob("*.py")] == ["it.py"]
        if after is None:
            raise RuntimeError(root)
        answer = {"path": "it.py", "before": b"", "after": after, "error": error, "changed": True}
        return [types.SimpleNamespace(**answer)]

    monkeypatch.setattr(corpus, "project_converter", lambda: convert)
    package = tmp_path / "site-packages" / "package"
    package.mkdir(parents=True)
    (package / "it.py").write_text("def f(): pass\n", encoding="utf-8")
    (package / "broken.py").write_text("def f(:\n", encoding="utf-8")
    found = corpus.run([package.parent])
    assert found.files == 2
    assert [failure.what for failure in found.failures] == ([what] if what else [])


def test_a_folder_is_split_into_packages_and_loose_modules(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "pkg/__init__.py", "pkg/deep/c.py", "site-packages/d.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    files = [unit.files for unit in corpus.units([tmp_path])]
    assert files == [("a.py", "b.py"), ("pkg/__init__.py", "pkg/deep/c.py")]
    assert len(list(corpus.units([tmp_path], each=True))) == 4


def test_output_is_read_in_the_encoding_of_the_input() -> None:
    source = "# coding: latin-1\nx = 'é'\n".encode("latin-1")
    assert corpus.as_bytes(source.decode("latin-1"), source) == source


def test_the_cache_follows_the_environment_and_old_logs_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    logs = store.cache_directory() / "logs"
    for number in range(3):
        (logs / f"2000010{number}-000000-1").mkdir(parents=True)
    assert store.new_log_directory(keep=2).is_dir()
    assert len(list(logs.iterdir())) == 2
    with store.locked("it"):
        store.write_atomically(tmp_path / "deep" / "it", "text")
    assert (tmp_path / "deep" / "it").read_text(encoding="utf-8") == "text"


def test_what_was_wrong_before_is_not_new_in_other_words() -> None:
    before = Diagnostic("a.py", 1, "bad-override", "`A.get` of type `str` is bad\ndetails")
    after = Diagnostic(
        "a.py",
        1,
        "bad-override",
        "`A.get` of type `Coroutine[Any, Any, str]` is bad\nother details",
    )
    twin = Diagnostic("a.py", 9, "bad-override", "`A.get_async` of type `str` is bad")
    other = Diagnostic("a.py", 9, "bad-override", "`A.put_async` of type `str` is bad")
    assert typecheck.new([before], [after, twin, other]) == (other,)


def test_a_wrong_result_of_a_generator_is_not_new_where_it_is_async() -> None:
    before, after = (
        Diagnostic("a.py", 1, "bad-return", message)
        for message in (
            "Generator function should return `Generator`",
            "Async generator function should return `AsyncGenerator`",
        )
    )
    assert typecheck.new([before], [after]) == ()
    assert typecheck.new([], [after]) == (after,)
