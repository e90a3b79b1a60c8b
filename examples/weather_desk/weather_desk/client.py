"""Client for the weather service."""

import logging
import time
from collections.abc import Iterator
from typing import Any, Self

import requests

from weather_desk.models import Forecast, Station
from weather_desk.retry import RetryPolicy

log = logging.getLogger(__name__)

BUSY = frozenset({429, 502, 503, 504})


class WeatherError(Exception):
    """The weather service did not give us what we asked for."""


class StationNotFound(WeatherError):
    """There is no such station."""


class ServiceBusy(WeatherError):
    """The service asked us to come back later."""


class ServiceTimeout(WeatherError):
    """The service did not answer in time."""


class BaseClient:
    """One HTTP session, and what every request has in common."""

    def __init__(
        self,
        base_url: str,
        timeout: float = 5.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.retry = retry or RetryPolicy()
        self.session = requests.Session()
        self.session.headers.update({"Accept": "application/json"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self.session.close()

    def is_up(self) -> bool:
        try:
            response = self.session.head(
                f"{self.base_url}/health",
                timeout=self.timeout,
            )
        except requests.RequestException:
            return False
        return response.ok

    def wait_until_up(self, patience: float) -> None:
        """Return as soon as the service answers; give up after ``patience`` seconds."""
        deadline = time.monotonic() + patience
        while not self.is_up():
            if time.monotonic() >= deadline:
                raise ServiceTimeout(f"{self.base_url} is down")
            time.sleep(0.1)

    def _request(
        self,
        method: str,
        path: str,
        params: dict[str, str | int] | None = None,
        json: dict[str, Any] | None = None,
    ) -> Any:
        """Send a request, again while the service is busy, and decode the answer."""
        busy = None
        for number in self.retry.rounds():
            try:
                return self._send(method, path, params=params, json=json)
            except ServiceBusy as error:
                log.info("round %d of %d: %s", number, self.retry.tries, error)
                busy = error
        raise WeatherError(f"gave up after {self.retry.tries} rounds") from busy

    def _send(
        self,
        method: str,
        path: str,
        params: dict[str, str | int] | None,
        json: dict[str, Any] | None,
    ) -> Any:
        try:
            response = self.session.request(
                method,
                f"{self.base_url}{path}",
                params=params,
                json=json,
                timeout=self.timeout,
            )
            response.raise_for_status()
        except requests.HTTPError as error:
            status = error.response.status_code
            if status in BUSY:
                raise ServiceBusy(f"{path}: status {status}") from error
            if status == 404:
                raise StationNotFound(f"{path}: not found") from error
            raise WeatherError(f"{path}: status {status}") from error
        except requests.Timeout as error:
            raise ServiceTimeout(f"{path}: no answer in {self.timeout} s") from error
        except requests.RequestException as error:
            raise WeatherError(f"{self.base_url}: cannot connect") from error
        return response.json()


class WeatherClient(BaseClient):
    """The calls that the desk needs."""

    def iter_stations(self, page_size: int = 3) -> Iterator[Station]:
        """Yield all stations. A page is fetched only when its first item is needed."""
        page: int | None = 1
        while page is not None:
            answer = self._request(
                "GET",
                "/stations",
                params={"page": page, "size": page_size},
            )
            for item in answer["items"]:
                yield Station.from_json(item)
            page = answer["next_page"]

    def forecast(self, station_id: str, days: int = 3) -> Forecast:
        answer = self._request(
            "GET",
            f"/stations/{station_id}/forecast",
            params={"days": days},
        )
        return Forecast.from_json(answer)

    def publish(self, headline: str, station_ids: list[str]) -> str:
        """Post a bulletin and return its id."""
        bulletin = {"headline": headline, "stations": station_ids}
        return str(self._request("POST", "/bulletins", json=bulletin)["id"])
