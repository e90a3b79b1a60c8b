import pytest
from local_server import LocalServer

from weather_desk import StationNotFound, WeatherClient, WeatherError
from weather_desk.client import ServiceTimeout
from weather_desk.models import Forecast
from weather_desk.retry import RetryPolicy


@pytest.mark.parametrize("page_size", [1, 3, 7, 50])
def test_every_page_size_gives_all_stations(
    client: WeatherClient,
    page_size: int,
) -> None:
    ids = [station.id for station in client.iter_stations(page_size=page_size)]
    assert len(ids) == 7
    assert ids == sorted(ids)


def test_pages_are_fetched_only_when_needed(
    client: WeatherClient,
    server: LocalServer,
) -> None:
    stations = client.iter_stations(page_size=3)
    assert server.requests_seen("/stations") == 0
    first = next(stations)
    assert first.name == "Ålesund"
    assert server.requests_seen("/stations") == 1
    rest = list(stations)
    assert len(rest) == 6
    assert server.requests_seen("/stations") == 3


def test_forecast_has_as_many_days_as_asked(client: WeatherClient) -> None:
    assert len(client.forecast("brest").days) == 3
    assert len(client.forecast("brest", days=5).days) == 5


def test_unknown_station(client: WeatherClient, server: LocalServer) -> None:
    with pytest.raises(StationNotFound, match="atlantis"):
        client.forecast("atlantis")
    assert server.requests_seen("/stations/atlantis/forecast") == 1


def test_busy_service_is_asked_again(
    client: WeatherClient,
    server: LocalServer,
) -> None:
    assert client.forecast("gdansk").station_id == "gdansk"
    assert server.requests_seen("/stations/gdansk/forecast") == 2


def test_gives_up_when_the_service_stays_busy(
    client: WeatherClient,
    server: LocalServer,
) -> None:
    with pytest.raises(WeatherError, match="gave up after 3 rounds"):
        client.forecast("broken")
    assert server.requests_seen("/stations/broken/forecast") == 3


def test_slow_service(server: LocalServer) -> None:
    with WeatherClient(server.url, timeout=0.2) as impatient:
        with pytest.raises(ServiceTimeout, match=r"no answer in 0\.2 s"):
            impatient.forecast("slow")


def test_nobody_listens(dead_url: str) -> None:
    client = WeatherClient(dead_url)
    try:
        assert not client.is_up()
        with pytest.raises(WeatherError, match="cannot connect"):
            client.forecast("brest")
        with pytest.raises(ServiceTimeout, match="is down"):
            client.wait_until_up(0.15)
    finally:
        client.close()


def test_wait_until_up_returns_at_once(
    client: WeatherClient,
    server: LocalServer,
) -> None:
    client.wait_until_up(5)
    assert server.requests_seen("/health", "HEAD") == 1


def test_publish(client: WeatherClient, server: LocalServer) -> None:
    assert client.publish("Calm", ["brest", "oulu"]) == "bulletin-2"
    assert server.bulletins == [{"headline": "Calm", "stations": ["brest", "oulu"]}]


def test_rounds() -> None:
    assert list(RetryPolicy(tries=3, delay=0.01).rounds()) == [1, 2, 3]


def test_forecast_survives_json() -> None:
    days = [{"date": "2026-03-01", "high": 12, "low": 4, "outlook": "fog"}]
    item = {"station": "brest", "days": days}
    forecast = Forecast.from_json(item)
    assert (forecast.high, forecast.low, forecast.outlook) == (12, 4, "fog")
    assert forecast.to_json() == item
