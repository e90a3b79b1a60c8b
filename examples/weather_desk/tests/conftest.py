"""A real weather service on this machine, and the objects that talk to it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_server import LocalServer

from weather_desk import ForecastCache, WeatherClient
from weather_desk.retry import RetryPolicy


@pytest.fixture(scope="session")
def local_server() -> Iterator[LocalServer]:
    """The service runs in a thread of its own for the whole session."""
    with LocalServer() as server:
        yield server


@pytest.fixture
def server(local_server: LocalServer) -> LocalServer:
    local_server.forget_requests()
    return local_server


@pytest.fixture
def dead_url() -> str:
    """An address where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def client(server: LocalServer) -> Iterator[WeatherClient]:
    retry = RetryPolicy(tries=3, delay=0.01)
    with WeatherClient(server.url, timeout=5.0, retry=retry) as client:
        yield client


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ForecastCache]:
    with ForecastCache.open(tmp_path / "cache.db") as cache:
        yield cache
