import subprocess
import sys
from pathlib import Path

import pytest
from local_server import LocalServer

from weather_desk.cli import main

PROJECT = Path(__file__).parents[1]


def arguments(url: str, directory: Path) -> list[str]:
    cache = directory / "cache.db"
    return ["--base-url", url, "--out", str(directory), "--cache", str(cache)]


def test_second_run_uses_the_cache(
    server: LocalServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = arguments(server.url, tmp_path)
    assert main(options) == 0
    cold = capsys.readouterr().out
    assert "cache: 0 hits, 7 misses" in cold
    assert main([*options, "--wait", "5", "--max-age", "3600"]) == 0
    warm = capsys.readouterr().out
    assert "dropped: 0 cached forecasts" in warm
    assert "cache: 7 hits, 0 misses" in warm
    assert server.requests_seen("/stations/brest/forecast") == 1


def test_publish(
    server: LocalServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*arguments(server.url, tmp_path), "--publish", "Calm"]) == 0
    assert "published: bulletin-7" in capsys.readouterr().out
    assert [bulletin["headline"] for bulletin in server.bulletins] == ["Calm"]


def test_error_is_one_line(
    dead_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(arguments(dead_url, tmp_path)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"weather_desk: {dead_url}: cannot connect\n"


def test_runs_as_a_module(server: LocalServer, tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "weather_desk", *arguments(server.url, tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.startswith("WEATHER DESK\n")
    assert "warmest: " in finished.stdout
    assert (tmp_path / "report.json").exists()


def test_missing_option_is_a_usage_error() -> None:
    with pytest.raises(SystemExit):
        main([])
