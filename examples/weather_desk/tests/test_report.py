import json
from pathlib import Path

import pytest

from weather_desk import Day, Forecast, Station
from weather_desk.report import ReportError, ReportWriter, format_row

ALESUND = Station("alesund", "Ålesund", "north")
FORECAST = Forecast("alesund", (Day("2026-03-01", 7, -1, "rain"),))


def test_format_row() -> None:
    assert format_row(ALESUND, FORECAST) == "Ålesund         7    -1  rain"


def test_write_text_fills_the_template(tmp_path: Path) -> None:
    template = tmp_path / "short.tmpl"
    template.write_text("before\n{{rows}}\nafter\n", encoding="utf-8")
    writer = ReportWriter(tmp_path, template)
    path = writer.write_text([(ALESUND, FORECAST), (ALESUND, FORECAST)])
    row = format_row(ALESUND, FORECAST)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "before",
        row,
        row,
        "after",
    ]


def test_write_json(tmp_path: Path) -> None:
    path = ReportWriter(tmp_path).write_json([(ALESUND, FORECAST)])
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written == {"alesund": FORECAST.to_json()}


def test_read_returns_what_was_written(tmp_path: Path) -> None:
    writer = ReportWriter(tmp_path)
    text = writer.read(writer.write_text([(ALESUND, FORECAST)]))
    assert text.startswith("WEATHER DESK\n")
    assert format_row(ALESUND, FORECAST) in text


def test_check_json_counts_lines(tmp_path: Path) -> None:
    writer = ReportWriter(tmp_path)
    assert writer.check_json(writer.write_json([])) == 1
    assert writer.check_json(writer.write_json([(ALESUND, FORECAST)])) == 13


def test_check_json_refuses_broken_files(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ReportError, match="is not valid JSON"):
        ReportWriter.check_json(path)


def test_missing_template(tmp_path: Path) -> None:
    writer = ReportWriter(tmp_path, tmp_path / "nowhere.tmpl")
    with pytest.raises(FileNotFoundError):
        writer.write_text([])
