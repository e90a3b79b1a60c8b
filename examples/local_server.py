"""A small weather service for the examples: deterministic JSON, standard library only.

Run it by hand with ``python local_server.py --port 8000``, or inside a test::

    with LocalServer() as server:
        requests.get(f"{server.url}/stations")
"""

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]

STATIONS = [
    {"id": "alesund", "name": "Ålesund", "region": "north"},
    {"id": "brest", "name": "Brest", "region": "west"},
    {"id": "cadiz", "name": "Cádiz", "region": "south"},
    {"id": "gdansk", "name": "Gdansk", "region": "east"},
    {"id": "lisbon", "name": "Lisbon", "region": "west"},
    {"id": "oulu", "name": "Oulu", "region": "north"},
    {"id": "split", "name": "Split", "region": "south"},
]
OUTLOOKS = ["sunny", "cloudy", "rain", "fog", "wind"]

FLAKY_STATION = "gdansk"  # answers 503 to every first request, 200 to every second
BROKEN_STATION = "broken"  # always answers 503
SLOW_STATION = "slow"  # answers after SLOW_SECONDS
SLOW_SECONDS = 2.0


def forecast_for(station_id: str, days: int) -> Json:
    """Return the same numbers for the same station, whenever it is asked."""
    seed = sum(ord(letter) for letter in station_id)
    return {
        "station": station_id,
        "days": [
            {
                "date": f"2026-03-{day + 1:02d}",
                "high": 8 + (seed + 3 * day) % 17,
                "low": (seed + 2 * day) % 9 - 1,
                "outlook": OUTLOOKS[(seed + day) % len(OUTLOOKS)],
            }
            for day in range(days)
        ],
    }


class Handler(BaseHTTPRequestHandler):
    """The routes of the weather service."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave in one packet
    server: "WeatherServer"

    def do_HEAD(self) -> None:
        self.server.record(self)
        self.answer(200 if self.path == "/health" else 404, None)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        seen = self.server.record(self)
        match url.path.strip("/").split("/"):
            case ["stations"]:
                self.stations(int(query.get("page", 1)), int(query.get("size", 3)))
            case ["stations", station_id, "forecast"]:
                self.forecast(station_id, int(query.get("days", 3)), seen)
            case _:
                self.answer(404, {"error": "no such page"})

    def do_POST(self) -> None:
        self.server.record(self)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/bulletins":
            self.answer(404, {"error": "no such page"})
            return
        bulletin = json.loads(body)
        self.server.bulletins.append(bulletin)
        count = len(bulletin["stations"])
        self.answer(201, {"id": f"bulletin-{count}", "stations": count})

    def stations(self, page: int, size: int) -> None:
        start = (page - 1) * size
        more = start + size < len(STATIONS)
        items = STATIONS[start : start + size]
        self.answer(200, {"items": items, "next_page": page + 1 if more else None})

    def forecast(self, station_id: str, days: int, seen: int) -> None:
        if station_id == SLOW_STATION:
            self.server.closing.wait(SLOW_SECONDS)
        flaky = station_id == FLAKY_STATION and seen % 2 == 1
        if flaky or station_id == BROKEN_STATION:
            self.answer(503, {"error": "busy, come back later"})
        elif station_id not in {SLOW_STATION, *(item["id"] for item in STATIONS)}:
            self.answer(404, {"error": "no such station"})
        else:
            self.answer(200, forecast_for(station_id, days))

    def answer(self, status: int, payload: Json | None) -> None:
        body = b"" if payload is None else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the examples compare what the programs print."""


class WeatherServer(ThreadingHTTPServer):
    """The listening socket, and a record of what was asked."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Handler)
        self.closing = threading.Event()
        self.bulletins: list[Json] = []
        self.journal: list[str] = []
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], int] = {}

    def record(self, request: Handler) -> int:
        """Count this request and return how often it was made so far, whatever its query."""
        key = request.command, urlsplit(request.path).path
        with self._lock:
            self.journal.append(f"{request.command} {request.path}")
            self._seen[key] = self._seen.get(key, 0) + 1
            return self._seen[key]

    def seen(self, method: str, path: str) -> int:
        with self._lock:
            return self._seen.get((method, path), 0)

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()
            self.bulletins.clear()
            self.journal.clear()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up waiting is part of the plan: no traceback."""


class LocalServer:
    """The weather service in a thread of its own, for as long as the ``with`` block."""

    def __init__(self, port: int = 0) -> None:
        self._server = WeatherServer(("127.0.0.1", port))
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            daemon=True,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def bulletins(self) -> list[Json]:
        """The bulletins that were posted."""
        return list(self._server.bulletins)

    @property
    def journal(self) -> list[str]:
        """All requests in the order in which they came, such as ``GET /stations?page=1``."""
        return list(self._server.journal)

    def requests_seen(self, path: str, method: str = "GET") -> int:
        """Return how many requests came for this path (without its query)."""
        return self._server.seen(method, path)

    def forget_requests(self) -> None:
        """Start counting again, as if nobody had asked for anything."""
        self._server.forget()

    def __enter__(self) -> "LocalServer":
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the example weather service.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    server = WeatherServer(("127.0.0.1", parser.parse_args().port))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
