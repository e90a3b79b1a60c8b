"""Report files: text for people, JSON for the web site."""

import json
import subprocess
import sys
from pathlib import Path

from weather_desk.models import Forecast, Station

TEMPLATE = Path(__file__).with_name("report.tmpl")
ROWS = "{{rows}}"

Entry = tuple[Station, Forecast]


class ReportError(Exception):
    """A report file is not what it should be."""


def format_row(station: Station, forecast: Forecast) -> str:
    numbers = f"{forecast.high:6d}{forecast.low:6d}"
    return f"{station.name:<11}{numbers}  {forecast.outlook}"


class ReportWriter:
    """Write the reports of one morning into one directory."""

    def __init__(self, directory: Path, template: Path = TEMPLATE) -> None:
        self.directory = directory
        self.template = template

    def write_text(self, entries: list[Entry]) -> Path:
        """Copy the template, with one row for every entry."""
        path = self.directory / "report.txt"
        with (
            open(self.template, encoding="utf-8") as template,
            open(path, "w", encoding="utf-8") as out,
        ):
            for line in template:
                if line.strip() != ROWS:
                    out.write(line)
                    continue
                for station, forecast in entries:
                    out.write(format_row(station, forecast) + "\n")
        return path

    def write_json(self, entries: list[Entry]) -> Path:
        path = self.directory / "report.json"
        payload = {station.id: forecast.to_json() for station, forecast in entries}
        with open(path, "w", encoding="utf-8") as out:
            json.dump(payload, out, indent=2, sort_keys=True)
        return path

    @staticmethod
    def read(path: Path) -> str:
        with open(path, encoding="utf-8") as report:
            return report.read()

    @staticmethod
    def check_json(path: Path) -> int:
        """Let another Python parse the file; return the number of lines it prints."""
        command = [sys.executable, "-m", "json.tool", str(path)]
        try:
            result = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise ReportError(f"{path.name} is not valid JSON") from error
        return len(result.stdout.splitlines())
