"""Where forecasts come from."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from weather_desk.models import Forecast, Station


class ForecastSource(ABC):
    """Anything that knows the forecast of a station."""

    @abstractmethod
    def load(self, station: Station) -> Forecast:
        """Return the forecast, or raise WeatherError."""

    def load_many(self, stations: Iterable[Station]) -> dict[str, Forecast]:
        return {station.id: self.load(station) for station in stations}

    def warmest(self, stations: list[Station]) -> Station:
        """Return the station with the highest temperature, the first one on a tie."""
        forecasts = self.load_many(stations)
        return max(stations, key=lambda station: forecasts[station.id].high)


class LiveForecasts(ForecastSource):
    """Ask the weather service every time."""

    def __init__(self, client, days: int = 3) -> None:
        self.client = client
        self.days = days

    def load(self, station: Station) -> Forecast:
        return self.client.forecast(station.id, days=self.days)

    def iter_all(self, page_size: int = 3) -> Iterator[tuple[Station, Forecast]]:
        """Yield every station with its forecast, in the order of the service."""
        for station in self.client.iter_stations(page_size=page_size):
            yield station, self.load(station)


class CachedForecasts(LiveForecasts):
    """Ask the weather service only for what the cache does not hold."""

    def __init__(self, client, cache, days: int = 3) -> None:
        super().__init__(client, days)
        self.cache = cache
        self.hits = 0
        self.misses = 0

    def load(self, station: Station) -> Forecast:
        cached = self.cache.lookup(station.id, self.days)
        if cached is not None:
            self.hits += 1
            return cached
        self.misses += 1
        forecast = super().load(station)
        self.cache.store(forecast)
        return forecast
