"""Forecasts of earlier runs, kept in an SQLite file."""

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from weather_desk.models import Forecast

SCHEMA = """
CREATE TABLE IF NOT EXISTS forecasts (
    station_id TEXT NOT NULL,
    days INTEGER NOT NULL,
    payload TEXT NOT NULL,
    fetched_at REAL NOT NULL,
    PRIMARY KEY (station_id, days)
)
"""


class ForecastCache:
    """An open cache file; use ``ForecastCache.open(path)`` to get one."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn

    @classmethod
    def open(cls, path: Path) -> Self:
        conn = sqlite3.connect(path)
        conn.row_factory = sqlite3.Row
        conn.execute(SCHEMA)
        conn.commit()
        return cls(conn)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self.conn.close()

    def lookup(self, station_id: str, days: int) -> Forecast | None:
        row = self.conn.execute(
            "SELECT payload FROM forecasts WHERE station_id = ? AND days = ?",
            (station_id, days),
        ).fetchone()
        if row is None:
            return None
        return Forecast.from_json(json.loads(row["payload"]))

    def store(self, forecast: Forecast) -> None:
        payload = json.dumps(forecast.to_json())
        with self.conn:  # commits, or rolls back; the connection stays open
            self.conn.execute(
                "INSERT OR REPLACE INTO forecasts VALUES (?, ?, ?, ?)",
                (forecast.station_id, len(forecast.days), payload, time.time()),
            )

    def station_ids(self) -> list[str]:
        cursor = self.conn.cursor()
        cursor.execute("SELECT DISTINCT station_id FROM forecasts ORDER BY 1")
        return [row["station_id"] for row in cursor.fetchall()]

    def iter_ages(self) -> Iterator[tuple[str, float]]:
        """Yield the station and the age in seconds of every forecast, oldest first."""
        now = time.time()
        query = "SELECT station_id, fetched_at FROM forecasts ORDER BY fetched_at"
        for row in self.conn.execute(query):
            yield row["station_id"], now - row["fetched_at"]


def purge(path: Path, max_age: float) -> int:
    """Drop what is older than ``max_age`` seconds and return how much that was."""
    oldest = time.time() - max_age
    with sqlite3.connect(path) as conn:
        conn.execute(SCHEMA)
        removed = conn.execute(
            "DELETE FROM forecasts WHERE fetched_at < ?",
            (oldest,),
        ).rowcount
    return removed
