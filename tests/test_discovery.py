"""Which files a run is about."""

import os
from pathlib import Path

import pytest

from asyncify.config import Config
from asyncify.discovery import Discovery, discover, find_root, project_files
from asyncify.errors import DiscoveryError


def grow(root: Path, *names: str) -> Path:
    """Make files; a name with `=` in it gets a content."""
    for name in names:
        path, _, content = name.partition("=")
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content.replace(";", "\n"), encoding="utf-8")
    return root


def found(root: Path, *paths: str, config: Config | None = None) -> tuple[str, ...]:
    places = [root / path for path in paths] or [root]
    return discover(places, root=root, config=config).files


def test_python_files_below_a_directory_sorted_and_relative(tmp_path: Path) -> None:
    grow(tmp_path, "b.py", "a/z.py", "a/b/c.py", "a/readme.md", "a/types.pyi", "script")
    result = discover([tmp_path], root=tmp_path)
    assert result == Discovery(tmp_path, ("a/b/c.py", "a/z.py", "b.py"), ("a/types.pyi",))


def test_directories_of_tools_are_left_out(tmp_path: Path) -> None:
    junk = [".venv", ".tox", ".git", "node_modules", "__pypackages__", ".mypy_cache", ".eggs"]
    junk += ["build", "dist", "site-packages", "venv"]
    grow(tmp_path, "app.py", *(f"sub/{name}/x.py" for name in junk))
    grow(tmp_path, "odd-name/pyvenv.cfg", "odd-name/lib/x.py")
    assert found(tmp_path) == ("app.py",)


def test_a_package_called_build_is_a_package(tmp_path: Path) -> None:
    grow(tmp_path, "src/build/__init__.py", "src/build/env.py", "build/lib/x.py")
    assert found(tmp_path) == ("src/build/__init__.py", "src/build/env.py")


def test_nested_gitignore_files(tmp_path: Path) -> None:
    grow(tmp_path, ".gitignore=gen/;*_pb2.py;/top.py", "top.py", "a/top.py", "a/gen/x.py")
    grow(tmp_path, "a/x_pb2.py", "a/keep/.gitignore=!*_pb2.py;local.py", "a/keep/x_pb2.py")
    grow(tmp_path, "a/keep/local.py", "local.py")
    assert found(tmp_path) == ("a/keep/x_pb2.py", "a/top.py", "local.py")
    everything = found(tmp_path, config=Config(respect_gitignore=False))
    assert len(everything) == 7


def test_the_gitignore_files_above_count_up_to_the_top_of_the_repository(tmp_path: Path) -> None:
    grow(tmp_path, ".gitignore=*.py")
    repository = grow(tmp_path / "repository", ".gitignore=gen_*.py", ".git/info/exclude=mine.py")
    project = grow(repository / "project", "a.py", "gen_a.py", "mine.py")
    assert found(project) == ("a.py",)
    assert found(project, "a.py", "gen_a.py") == ("a.py", "gen_a.py")


def test_exclude_replaces_and_extend_exclude_adds(tmp_path: Path) -> None:
    grow(tmp_path, "a.py", "old/a.py", "src/app/migrations/1.py", "dist/a.py")
    assert found(tmp_path, config=Config(exclude=("old",))) == (
        "a.py",
        "dist/a.py",
        "src/app/migrations/1.py",
    )
    config = Config(extend_exclude=("src/**/migrations/*", "/old"))
    assert found(tmp_path, config=config) == ("a.py",)


def test_patterns_are_relative_to_the_file_that_holds_them(tmp_path: Path) -> None:
    grow(tmp_path, "inner/gen/a.py", "inner/b.py", "gen/a.py")
    config = Config(extend_exclude=("/inner/gen",), file=tmp_path / "pyproject.toml")
    assert discover([tmp_path / "inner"], root=tmp_path / "inner", config=config).files == ("b.py",)


def test_a_named_file_is_taken_unless_excludes_are_forced(tmp_path: Path) -> None:
    grow(tmp_path, ".gitignore=gen.py", "gen.py", "dist/x.py", "script", "ok.py")
    named = [tmp_path / name for name in ("gen.py", "dist/x.py", "script", "ok.py")]
    assert discover(named, root=tmp_path).files == ("dist/x.py", "gen.py", "ok.py", "script")
    forced = discover(named, root=tmp_path, force_exclude=True)
    assert forced.files == ("ok.py",)


def test_several_paths_may_overlap(tmp_path: Path) -> None:
    grow(tmp_path, "a/x.py", "b/y.py", "c/z.py")
    assert found(tmp_path, "b", "a", "a/x.py") == ("a/x.py", "b/y.py")


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = grow(tmp_path / "outside", "secret.py", "more/x.py")
    root = grow(tmp_path / "root", "a/x.py")
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "a" / "up").symlink_to("..", target_is_directory=True)
    (root / "out").symlink_to(outside, target_is_directory=True)
    (root / "out.py").symlink_to(outside / "secret.py")
    (root / "nowhere.py").symlink_to("missing.py")
    result = discover([root], root=root)
    assert result.files == ("a/x.py",)
    assert result.skipped == ("a/up", "loop", "nowhere.py", "out", "out.py")
    assert result.errors == ()


def test_a_named_link_stands_for_its_file(tmp_path: Path) -> None:
    grow(tmp_path, "real.py")
    (tmp_path / "link.py").symlink_to("real.py")
    assert found(tmp_path, "link.py", "real.py") == ("real.py",)


def test_a_named_link_that_points_nowhere_is_an_error(tmp_path: Path) -> None:
    grow(tmp_path, "a.py")
    (tmp_path / "link.py").symlink_to("gone.py")
    (error,) = discover([tmp_path / "link.py", tmp_path / "a.py"], root=tmp_path).errors
    assert (error.path, error.message) == ("link.py", "cannot read: the link points nowhere")


def test_a_missing_path_does_not_end_the_run_if_there_are_others(tmp_path: Path) -> None:
    grow(tmp_path, "a.py")
    result = discover([tmp_path / "gone", tmp_path / "a.py"], root=tmp_path)
    assert result.files == ("a.py",)
    assert [error.message for error in result.errors] == ["no such file or directory"]
    with pytest.raises(DiscoveryError, match=r"no such file or directory: '.*gone'"):
        discover([tmp_path / "gone"], root=tmp_path)


def test_a_directory_that_cannot_be_read_is_an_error_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path, "a.py", "locked/b.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = discover([tmp_path], root=tmp_path)
    assert result.files == ("a.py",)
    assert [(each.path, each.message) for each in result.errors] == [
        ("locked", "cannot read: Permission denied")
    ]


def test_a_path_outside_the_root_is_refused(tmp_path: Path) -> None:
    grow(tmp_path, "root/a.py", "root2/b.py")
    with pytest.raises(DiscoveryError, match="outside the project"):
        discover([tmp_path / "root2"], root=tmp_path / "root")


@pytest.mark.parametrize("name", ["--check", "-", "with space", "naïve", "[x]", "a,b"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    grow(tmp_path, f"{name}/{name}.py")
    assert found(tmp_path) == (f"{name}/{name}.py",)
    assert found(tmp_path, name) == (f"{name}/{name}.py",)


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.py", "setup.cfg", ".git/HEAD"])
def test_the_root_is_the_closest_directory_with_a_marker(tmp_path: Path, marker: str) -> None:
    grow(tmp_path, marker, "src/pkg/a.py", "tests/t.py", "example/pyproject.toml", "example/e.py")
    assert find_root([tmp_path / "src" / "pkg" / "a.py"]) == tmp_path
    assert find_root([tmp_path / "src" / "pkg"]) == tmp_path
    assert find_root([tmp_path / "src", tmp_path / "example"]) == tmp_path
    assert find_root([tmp_path / "example"]) == tmp_path / "example"
    assert find_root([tmp_path / "example" / "e.py"]) == tmp_path / "example"


def test_without_a_marker_the_root_is_the_common_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path, "a/x.py", "a/b/y.py")
    assert find_root([tmp_path / "a" / "x.py", tmp_path / "a" / "b"]) == tmp_path / "a"
    monkeypatch.chdir(tmp_path / "a")
    assert find_root([Path(".")]) == tmp_path / "a"
    assert find_root([]) == tmp_path / "a"


def test_a_marker_in_the_home_directory_does_not_make_one_project_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path, ".git/HEAD", "scripts/a.py")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert find_root([tmp_path / "scripts"]) == tmp_path / "scripts"
    assert find_root([tmp_path]) == tmp_path


def test_a_copy_needs_every_file_that_git_does_not_ignore(tmp_path: Path) -> None:
    names = ("a.py", "data/x.txt", ".env.example", "tests/t.py", "out/y.txt", "data/z.log")
    for name in (*names, ".git/config", ".venv/bin/python", "pkg/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("out/\n*.log\n")
    (tmp_path / "link.txt").symlink_to("data/x.txt")
    kept = [".env.example", ".gitignore", "a.py", "data/x.txt", "link.txt", "tests/t.py"]
    assert project_files(tmp_path) == kept
    everything = project_files(tmp_path, respect_gitignore=False)
    assert everything == sorted([*kept, "data/z.log", "out/y.txt"])
