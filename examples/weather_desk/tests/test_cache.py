import sqlite3
import tempfile
import unittest
from pathlib import Path

from weather_desk import Day, Forecast, ForecastCache
from weather_desk.cache import purge


def make_forecast(station_id: str, high: int = 20) -> Forecast:
    return Forecast(station_id, (Day("2026-03-01", high, 5, "sunny"),))


class ForecastCacheTest(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = Path(self.directory.name) / "cache.db"
        self.cache = ForecastCache.open(self.path)

    def tearDown(self) -> None:
        self.cache.close()

    def test_lookup_of_nothing(self) -> None:
        self.assertIsNone(self.cache.lookup("brest", 1))

    def test_lookup_returns_what_was_stored(self) -> None:
        forecast = make_forecast("brest")
        self.cache.store(forecast)
        self.assertEqual(self.cache.lookup("brest", 1), forecast)
        self.assertIsNone(self.cache.lookup("brest", 2))

    def test_store_replaces(self) -> None:
        self.cache.store(make_forecast("brest", high=20))
        self.cache.store(make_forecast("brest", high=25))
        self.assertEqual(self.cache.lookup("brest", 1), make_forecast("brest", 25))
        self.assertEqual(self.cache.station_ids(), ["brest"])

    def test_stored_forecasts_survive_closing(self) -> None:
        self.cache.store(make_forecast("oulu"))
        self.cache.store(make_forecast("brest"))
        with ForecastCache.open(self.path) as again:
            self.assertEqual(again.station_ids(), ["brest", "oulu"])

    def test_failed_store_leaves_the_old_forecast(self) -> None:
        self.cache.store(make_forecast("brest", high=20))
        with self.assertRaises(sqlite3.IntegrityError):
            self.cache.store(make_forecast(None))  # type: ignore[arg-type]
        self.assertEqual(self.cache.lookup("brest", 1), make_forecast("brest", 20))

    def test_ages_are_in_order(self) -> None:
        for station_id in ("oulu", "brest", "split"):
            self.cache.store(make_forecast(station_id))
        ages = list(self.cache.iter_ages())
        self.assertEqual([name for name, _ in ages], ["oulu", "brest", "split"])
        self.assertTrue(all(age >= 0 for _, age in ages))

    def test_purge_removes_only_what_is_old(self) -> None:
        self.cache.store(make_forecast("brest"))
        self.assertEqual(purge(self.path, max_age=60), 0)
        self.assertEqual(purge(self.path, max_age=-1), 1)
        self.assertEqual(self.cache.station_ids(), [])


if __name__ == "__main__":
    unittest.main()
