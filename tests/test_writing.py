"""Replacing files: all or nothing, and nothing that git could not give back."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from asyncify.api import writing
from asyncify.api.writing import NewText, WriteReport, write
from asyncify.errors import WriteError


def git(root: Path, *arguments: str) -> str:
    names = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "core.autocrlf=false")
    ran = subprocess.run(["git", *names, *arguments], cwd=root, capture_output=True, check=True)
    return ran.stdout.decode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    for name in ("a.py", "pkg/b.py", "pkg/c d.py"):
        (tmp_path / name).write_bytes(b"old\r\n")
    return tmp_path


@pytest.fixture
def repository(root: Path) -> Path:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "all")
    return root


def new(*paths: str) -> list[NewText]:
    return [NewText(path, b"old\r\n", b"new\r\n") for path in paths]


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_files_are_replaced_and_keep_their_mode(root: Path) -> None:
    os.chmod(root / "a.py", 0o754)
    report = write(root, [*new("a.py", "pkg/b.py"), NewText("deep/er/n.ini", None, b"n")])
    assert report == WriteReport(("a.py", "pkg/b.py", "deep/er/n.ini"), "")
    assert contents(root) == {
        "a.py": b"new\r\n",
        "pkg/b.py": b"new\r\n",
        "pkg/c d.py": b"old\r\n",
        "deep/er/n.ini": b"n",
    }
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == 0o754
    mode = stat.S_IMODE((root / "deep" / "er" / "n.ini").stat().st_mode)
    assert mode == stat.S_IMODE((root / "pkg" / "c d.py").stat().st_mode)


def test_the_file_behind_a_link_is_written(root: Path) -> None:
    (root / "link.py").symlink_to("pkg/b.py")
    write(root, new("link.py"))
    assert (root / "link.py").is_symlink()
    assert (root / "pkg" / "b.py").read_bytes() == b"new\r\n"


def test_nothing_to_do() -> None:
    assert write(Path("nowhere"), []) == WriteReport()


@pytest.mark.parametrize("state", ["changed", "staged", "untracked"])
def test_uncommitted_changes_are_not_overwritten(repository: Path, state: str) -> None:
    name = "new.py" if state == "untracked" else "a.py"
    (repository / name).write_bytes(b"mine")
    if state == "staged":
        git(repository, "add", "-A")
    texts = [*new("pkg/b.py"), NewText(name, b"mine", b"new\r\n")]
    before = contents(repository)
    with pytest.raises(WriteError) as caught:
        write(repository, texts)
    expected = f"uncommitted changes in {name}: commit or stash them, or use --allow-dirty"
    assert str(caught.value) == expected
    assert contents(repository) == before
    write(repository, texts, allow_dirty=True)
    assert (repository / name).read_bytes() == b"new\r\n"


def test_only_the_files_that_would_be_written_have_to_be_clean(repository: Path) -> None:
    (repository / "a.py").write_bytes(b"mine")
    (repository / "notes.txt").write_bytes(b"mine")
    write(repository / "pkg", new("b.py"))
    assert (repository / "a.py").read_bytes() == b"mine"


def test_a_renamed_file_does_not_confuse_the_check(repository: Path) -> None:
    git(repository, "mv", "pkg/c d.py", "pkg/e.py")
    write(repository, new("pkg/b.py"))
    with pytest.raises(WriteError, match=r"uncommitted changes in pkg/e\.py"):
        write(repository, new("pkg/e.py"))


def test_the_undo_command_takes_everything_back(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "pkg")
    before = contents(repository)
    texts = [*new("a.py", "pkg/b.py", "pkg/c d.py"), NewText("pytest.ini", None, b"n")]
    undo = write(repository, texts).undo
    assert undo == "git checkout -- ../a.py b.py 'c d.py' && rm ../pytest.ini"
    subprocess.run(undo, shell=True, check=True, capture_output=True)
    assert contents(repository) == before


def test_the_undo_command_names_a_directory_only_if_nothing_else_in_it_is_lost(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    names = [f"pkg/m{number}.py" for number in range(8)]
    for name in names:
        (repository / name).write_bytes(b"old\r\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "more")
    assert write(repository, new(*names)).undo == "git checkout -- pkg"
    git(repository, "checkout", "--", "pkg")
    (repository / "pkg" / "b.py").write_bytes(b"mine")
    assert write(repository, new(*names)).undo == f"git checkout -- {' '.join(names)}"


def test_a_file_that_changed_meanwhile_is_not_overwritten(root: Path) -> None:
    (root / "pkg" / "b.py").write_bytes(b"other")
    with pytest.raises(WriteError, match=r"pkg/b\.py: changed while asyncify was working"):
        write(root, new("a.py", "pkg/b.py"))
    with pytest.raises(WriteError, match=r"a\.py: changed while asyncify was working"):
        write(root, [NewText("a.py", None, b"")])
    assert (root / "a.py").read_bytes() == b"old\r\n"


def test_a_read_only_file_is_not_replaced(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("b.py"))
    with pytest.raises(WriteError, match=r"pkg/b\.py: cannot write: the file is read-only"):
        write(root, new("a.py", "pkg/b.py"))
    assert (root / "a.py").read_bytes() == b"old\r\n"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_failure_in_the_middle_undoes_what_was_done(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException
) -> None:
    replace, calls = os.replace, []

    def fail(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == number:
            raise error
        replace(source, target)

    before = contents(root)
    monkeypatch.setattr(os, "replace", fail)
    texts = [NewText("n.ini", None, b"n"), *new("a.py", "pkg/b.py")]
    expected = WriteError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        write(root, texts)
    if expected is WriteError:
        assert str(caught.value).endswith(
            ": cannot write: No space left on device; nothing was changed"
        )
    assert contents(root) == before


def test_a_failure_while_staging_leaves_nothing_behind(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(root)

    def fail(path: Path, mode: int) -> None:
        if "b.py" in path.name:
            raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", fail)
    with pytest.raises(WriteError, match=r"pkg/b\.py: cannot write: Operation not permitted"):
        write(root, new("a.py", "pkg/b.py"))
    assert contents(root) == before


def test_without_git_nothing_is_checked(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "a.py").write_bytes(b"mine")
    monkeypatch.setenv("PATH", str(repository))
    report = write(repository, [NewText("a.py", b"mine", b"new")])
    assert report == WriteReport(("a.py",), "")


def test_a_repository_that_git_refuses_to_read_is_not_taken_for_clean(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / ".git" / "config").write_text("[broken")
    with pytest.raises(WriteError, match=r"git cannot say what is uncommitted: .*config"):
        write(repository, new("a.py"))
    assert (repository / "a.py").read_bytes() == b"old\r\n"


def test_the_names_of_many_dirty_files_are_cut(repository: Path) -> None:
    names = [f"n{number}.py" for number in range(5)]
    for name in names:
        (repository / name).write_bytes(b"old\r\n")
    with pytest.raises(WriteError, match=r"in n0\.py, n1\.py, n2\.py and 2 more: commit"):
        write(repository, new(*names))
    assert writing.write(repository, new(*names), allow_dirty=True).paths == tuple(names)
