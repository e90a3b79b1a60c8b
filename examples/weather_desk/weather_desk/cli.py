"""Command line: fetch the forecasts, write the reports, print a summary."""

import argparse
import atexit
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from weather_desk import cache as forecast_cache
from weather_desk.cache import ForecastCache
from weather_desk.client import WeatherClient, WeatherError
from weather_desk.report import Entry, ReportError, ReportWriter
from weather_desk.repository import CachedForecasts
from weather_desk.retry import RetryPolicy


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="weather_desk", description=__doc__)
    add = parser.add_argument
    add("--base-url", required=True, help="address of the weather service")
    add("--out", type=Path, default=Path("."), help="directory for the reports")
    add("--cache", type=Path, default=Path("weather.db"), help="cache file")
    add("--days", type=int, default=3, help="days per forecast")
    add("--page-size", type=int, default=3, help="stations per request")
    add("--timeout", type=float, default=5.0, help="seconds per request")
    add("--tries", type=int, default=3, help="rounds while the service is busy")
    add("--wait", type=float, help="seconds to wait for the service to come up")
    add("--max-age", type=float, help="drop cached forecasts older than this")
    add("--publish", metavar="HEADLINE", help="post a bulletin at the end")
    add("--verbose", action="store_true", help="log what is going on")
    return parser


def let_log_shipper_catch_up() -> None:
    """The log shipper polls our stderr: give it a moment to read the last lines."""
    time.sleep(0.02)


def configure_logging(verbose: bool) -> None:
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING)
    atexit.unregister(let_log_shipper_catch_up)
    atexit.register(let_log_shipper_catch_up)


def collect(source: CachedForecasts, page_size: int) -> list[Entry]:
    entries = []
    for station, forecast in source.iter_all(page_size=page_size):
        entries.append((station, forecast))
    return sorted(entries, key=lambda entry: (entry[0].region, entry[0].name))


def run(args: argparse.Namespace, client: WeatherClient, cache: ForecastCache) -> None:
    source = CachedForecasts(client, cache, days=args.days)
    entries = collect(source, args.page_size)
    writer = ReportWriter(args.out)
    text_file = writer.write_text(entries)
    json_file = writer.write_json(entries)

    print(writer.read(text_file), end="")
    print(f"{json_file.name}: {writer.check_json(json_file)} lines")
    print(f"cache: {source.hits} hits, {source.misses} misses")
    print("cached stations:", ", ".join(cache.station_ids()))
    stations = [station for station, _ in entries]
    print(f"warmest: {source.warmest(stations).name}")
    if args.publish:
        ids = [station.id for station in stations]
        print(f"published: {client.publish(args.publish, ids)}")


def main(argv: Sequence[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    configure_logging(args.verbose)
    try:
        if args.max_age is not None:
            dropped = forecast_cache.purge(args.cache, args.max_age)
            print(f"dropped: {dropped} cached forecasts")
        with (
            WeatherClient(
                args.base_url,
                timeout=args.timeout,
                retry=RetryPolicy(tries=args.tries),
            ) as client,
            ForecastCache.open(args.cache) as cache,
        ):
            if args.wait is not None:
                client.wait_until_up(args.wait)
            run(args, client, cache)
    except (WeatherError, ReportError) as error:
        print(f"weather_desk: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
