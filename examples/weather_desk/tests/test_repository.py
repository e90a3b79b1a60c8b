import pytest
from local_server import LocalServer

from weather_desk import (
    Day,
    Forecast,
    ForecastCache,
    Station,
    StationNotFound,
    WeatherClient,
)
from weather_desk.repository import CachedForecasts, ForecastSource, LiveForecasts

BREST = Station("brest", "Brest", "west")
OULU = Station("oulu", "Oulu", "north")


class FixedForecasts(ForecastSource):
    """Forecasts out of a dict: no network, no file."""

    def __init__(self, highs: dict[str, int]) -> None:
        self.highs = highs

    def load(self, station: Station) -> Forecast:
        day = Day("2026-03-01", self.highs[station.id], 0, "fog")
        return Forecast(station.id, (day,))


def test_warmest_of_fixed_forecasts() -> None:
    source = FixedForecasts({"brest": 14, "oulu": 3})
    assert source.warmest([OULU, BREST]) == BREST


def test_live_forecasts_ask_every_time(
    client: WeatherClient,
    server: LocalServer,
) -> None:
    source = LiveForecasts(client, days=2)
    assert source.load(BREST) == source.load(BREST)
    assert server.requests_seen("/stations/brest/forecast") == 2


def test_cached_forecasts_ask_once(
    client: WeatherClient,
    cache: ForecastCache,
    server: LocalServer,
) -> None:
    source = CachedForecasts(client, cache)
    assert source.load(BREST) == source.load(BREST)
    assert (source.hits, source.misses) == (1, 1)
    assert server.requests_seen("/stations/brest/forecast") == 1


def test_load_many_keeps_the_order(client: WeatherClient, cache: ForecastCache) -> None:
    forecasts = CachedForecasts(client, cache).load_many([OULU, BREST])
    assert list(forecasts) == ["oulu", "brest"]


def test_iter_all_pairs_station_and_forecast(client: WeatherClient) -> None:
    pairs = list(LiveForecasts(client).iter_all(page_size=4))
    assert [station.id for station, _ in pairs] == [
        forecast.station_id for _, forecast in pairs
    ]


def test_missing_station_is_not_cached(
    client: WeatherClient,
    cache: ForecastCache,
) -> None:
    source = CachedForecasts(client, cache)
    with pytest.raises(StationNotFound):
        source.load(Station("atlantis", "Atlantis", "west"))
    assert cache.station_ids() == []
