"""[tool.asyncify]: what it may say, and what happens when it says something else."""

import pickle
from pathlib import Path

import pytest

from asyncify.config import DEFAULT_EXCLUDES, Config
from asyncify.errors import ConfigError

EVERYTHING = """
[tool.asyncify]
source = ["src", "lib"]
exclude = ["old"]
extend-exclude = ["src/**/migrations/*"]
select = ["ASY2", "blocking-requests-call"]
ignore = ["ASY130"]
unsafe = true
keep-sync = ["app.cli:main", "app.models.*.__str__"]
public-api = "keep"
blocking = ["vendor.sdk.call"]
respect-gitignore = false
frontier = "hold"
http-client = "httpx2"
http-sessions = "native"
tests = "marker"
[tool.asyncify.libraries]
requests = "httpx2"
open = "keep"
"""


def load(tmp_path: Path, content: str) -> Config:
    (tmp_path / "pyproject.toml").write_text(content, encoding="utf-8")
    return Config.load(tmp_path)


def test_every_key_is_read(tmp_path: Path) -> None:
    config = load(tmp_path, EVERYTHING)
    assert config == Config(
        source=("src", "lib"),
        exclude=("old",),
        extend_exclude=("src/**/migrations/*",),
        select=("ASY2", "blocking-requests-call"),
        ignore=("ASY130",),
        unsafe=True,
        keep_sync=("app.cli:main", "app.models.*.__str__"),
        public_api="keep",
        blocking=("vendor.sdk.call",),
        respect_gitignore=False,
        frontier="hold",
        http_client="httpx2",
        http_sessions="native",
        tests="marker",
        libraries={"requests": "httpx2", "open": "keep"},
        file=tmp_path / "pyproject.toml",
    )
    assert pickle.loads(pickle.dumps(config)) == config
    assert [key for key, _ in config.items()][:3] == ["source", "exclude", "extend-exclude"]


@pytest.mark.parametrize("content", ["", "[project]\nname = 'x'\n", "[tool.black]\nx = 1\n"])
def test_without_a_table_the_defaults_hold(tmp_path: Path, content: str) -> None:
    config = load(tmp_path, content)
    assert config == Config(file=tmp_path / "pyproject.toml")
    assert config.exclude == DEFAULT_EXCLUDES


def test_the_closest_file_wins_whole(tmp_path: Path) -> None:
    load(tmp_path, "[tool.asyncify]\nunsafe = true\n")
    inner = tmp_path / "inner"
    (inner / "deep").mkdir(parents=True)
    assert Config.load(inner / "deep").unsafe
    load(inner, "[tool.asyncify]\nignore = ['ASY101']\n")
    assert not Config.load(inner / "deep").unsafe


def test_a_file_of_another_name_needs_no_table(tmp_path: Path) -> None:
    file = tmp_path / "asyncify.toml"
    file.write_text('ignore = ["ASY101"]\n')
    assert Config.read(file).ignore == ("ASY101",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("keep_sync = []", "unknown key 'keep_sync' in [tool.asyncify]; did you mean 'keep-sync'?"),
        ("ignroe = []", "unknown key 'ignroe' in [tool.asyncify]; did you mean 'ignore'?"),
        ("zzz = 1", "unknown key 'zzz' in [tool.asyncify]"),
        ("unsafe = 1", "'unsafe' must be true or false, not 1"),
        ('ignore = "ASY101"', "'ignore' must be a list of strings, not 'ASY101'"),
        ("source = [1]", "'source' must be a list of strings, not [1]"),
        ('ignore = ["zz"]', "'ignore': unknown code 'zz'; --list-rules prints all codes"),
        ('ignore = ["ASY8"]', "'ignore': unknown code 'ASY8'; did you mean 'ASY981'?"),
        (
            'select = ["blocking-slep"]',
            "'select': unknown code 'blocking-slep'; did you mean 'blocking-sleep'?",
        ),
        (
            'public-api = "kep"',
            "'public-api' must be \"convert\" or \"keep\", not 'kep'; did you mean 'keep'?",
        ),
        ("frontier = true", '\'frontier\' must be "auto" or "hold" or "twin" or "mark", not True'),
        ('libraries = ["requests"]', "'libraries' must be a table, not ['requests']"),
        (
            "libraries = { open = false }",
            "'libraries': 'open' must be \"keep\" or the name of a library, not False",
        ),
    ],
)
def test_what_nobody_knows_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"[tool.asyncify]\n{content}\n")
    assert str(caught.value) == f"{tmp_path / 'pyproject.toml'}: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = ", "not TOML: Invalid value (at end of document)"),
        (b"\xff", "not UTF-8: byte 0"),
        (b"tool.asyncify = 3", "[tool.asyncify] is not a table"),
    ],
)
def test_a_file_that_is_none_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Config.load(tmp_path)
    assert str(caught.value) == f"{file}: {message}"


def test_flags_win_if_they_are_given() -> None:
    config = Config(ignore=("ASY101",), unsafe=True).with_flags(ignore=("ASY2",), unsafe=None)
    assert (config.ignore, config.unsafe) == (("ASY2",), True)
    with pytest.raises(ConfigError, match="--ignore: unknown code 'nonsense'"):
        Config().with_flags(ignore=("nonsense",))


@pytest.mark.parametrize(
    ("select", "ignore", "selected"),
    [
        (("ALL",), (), True),
        (("ALL",), ("ASY3",), False),
        (("ASY310",), ("ASY3",), True),
        (("ASY3",), ("ASY310",), False),
        (("ASY3",), ("blocking-requests-call",), False),
        (("ASY2",), (), False),
        (("blocking-requests-call",), ("ALL",), True),
    ],
)
def test_the_longer_selector_wins(
    select: tuple[str, ...], ignore: tuple[str, ...], selected: bool
) -> None:
    assert Config(select=select, ignore=ignore).selects("ASY310") is selected


def test_what_is_only_not_selected_is_not_ignored() -> None:
    assert not Config(select=("ASY310",)).ignores("ASY101")
    assert Config(ignore=("ASY1",)).ignores("ASY101")
    assert not Config(ignore=("ASY1",), select=("ASY101",)).ignores("ASY101")
