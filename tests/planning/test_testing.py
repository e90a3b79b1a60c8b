"""Where pytest is told to await async tests."""

import pytest

from asyncify.planning.testing import configuration

MODE = 'asyncio_mode = "auto"\nasyncio_default_fixture_loop_scope = "function"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[tool.pytest]\nx = 1\n", f"[tool.pytest]\n{MODE}x = 1\n", id="pytest 9"),
        pytest.param(
            "[tool.pytest.ini_options]\nx = 1\n",
            f"[tool.pytest.ini_options]\n{MODE}x = 1\n",
            id="pytest 6 to 8",
        ),
        pytest.param(
            "[tool.pytest]\nini_options.x = 1\n",
            f"[tool.pytest]\n{MODE.replace('asyncio', 'ini_options.asyncio')}ini_options.x = 1\n",
            id="keys of the older table",
        ),
        pytest.param("[a]\n", f"[a]\n\n[tool.pytest.ini_options]\n{MODE}", id="no table yet"),
    ],
)
def test_pyproject(before: str, after: str) -> None:
    assert configuration({"pyproject.toml": before}, wide=False) == {"pyproject.toml": after}


def test_a_project_without_any_file_gets_one() -> None:
    assert configuration({}, wide=False)["pytest.ini"].startswith("[pytest]\nasyncio_mode = auto\n")


def test_what_is_set_stays() -> None:
    text = "[tool.pytest]\n" + MODE
    assert configuration({"pyproject.toml": text}, wide=False) == {}


def test_fixtures_that_outlive_a_test_share_its_loop() -> None:
    new = configuration({"pytest.ini": "[pytest]\n"}, wide=True)["pytest.ini"]
    assert "asyncio_default_test_loop_scope = session" in new
