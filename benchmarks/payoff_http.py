"""What a converted HTTP program gains, and what it costs: requests per second and CPU per request.

A server in another process answers after 50 ms. The same function runs as it was written (requests), in
worker threads (``asyncio.to_thread``), and as asyncify converts it, in four situations: called in a loop, with
a session in a loop, from 100 tasks at once, and as an endpoint that 100 users call again and again. Nothing
is asserted; the target is in the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from asyncify import convert_paths

WAIT = 0.05
ENDPOINT_THREADS = 40  # what FastAPI gives to endpoints that are not async
PROGRAM = """\
import requests


def fetch(url):
    return requests.get(url, timeout=30).json()["n"]


def opened(url):
    with requests.Session() as session:
        return session.get(url, timeout=30).json()["n"]


def many(url, times):
    with requests.Session() as session:
        return sum(session.get(url, timeout=30).json()["n"] for _ in range(times))
"""


class Answer(BaseHTTPRequestHandler):
    """Every request is answered after a while."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        time.sleep(WAIT)
        body = b'{"n": 1}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes a hundred connections at once."""

    request_queue_size = 512
    daemon_threads = True


def serve(pipe: Connection) -> None:
    """Run the server, and tell on which port."""
    server = Server(("127.0.0.1", 0), Answer)
    pipe.send(server.server_port)
    server.serve_forever()


def modules(folder: Path) -> tuple[ModuleType, ModuleType]:
    """The program as it was, and as it is converted."""
    for name in ("before", "after"):
        (folder / name).mkdir()
        (folder / name / f"{name}.py").write_text(PROGRAM)
    for result in convert_paths([folder / "after"]):
        if result.after is not None:
            (folder / "after" / result.path).write_bytes(result.after)
    return load(folder / "before" / "before.py"), load(folder / "after" / "after.py")


def load(path: Path) -> ModuleType:
    """A module from its file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_threads(call: Callable[[str], int]) -> Callable[[str], Coroutine[Any, Any, int]]:
    """A function that runs another one in a worker thread."""

    async def handed(url: str) -> int:
        return await asyncio.to_thread(call, url)

    return handed


async def one_by_one(call: Callable[[str], Awaitable[int]], url: str, times: int) -> None:
    """Await a function again and again."""
    for _ in range(times):
        await call(url)


async def together(call: Callable[[str], Awaitable[int]], url: str, tasks: int) -> None:
    """Await a function in many tasks at once."""
    await asyncio.gather(*(call(url) for _ in range(tasks)))


async def users(call: Callable[[str], Awaitable[int]], url: str, count: int, each: int) -> None:
    """Many users, each of which asks again when the answer is there."""
    await asyncio.gather(*(one_by_one(call, url, each) for _ in range(count)))


async def users_of_a_pool(call: Callable[[str], int], url: str, count: int, each: int) -> None:
    """The same for an endpoint that is not async: the framework runs it in its threads."""
    with ThreadPoolExecutor(ENDPOINT_THREADS) as pool:

        async def handed(address: str) -> int:
            return await asyncio.get_running_loop().run_in_executor(pool, call, address)

        await users(handed, url, count, each)


def measured(run: Callable[[], object], requests: int) -> tuple[float, float]:
    """Requests per second, and milliseconds of CPU for each."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return requests / wall, cpu / requests * 1000


def show(title: str, requests: int, runs: dict[str, Callable[[], object]]) -> float:
    """Measure one situation; returns CPU of the converted program by that of the original."""
    print(f"\n{title}, {requests} requests")
    print(f"  {'':10} {'requests/s':>10} {'CPU ms/request':>15}")
    found = {}
    for name, run in runs.items():
        rate, cpu = measured(run, requests)
        found[name] = cpu
        print(f"  {name:10} {rate:10.1f} {cpu:15.2f}   {cpu / found['original']:5.2f}x")
    return found["converted"] / found["original"]


def situations(before: ModuleType, after: ModuleType, url: str, total: int) -> list[float]:
    """Every situation in turn."""
    each = max(total // 100, 1)

    def loop(call: Callable[[str], int]) -> None:
        for _ in range(total):
            call(url)

    found = []
    for name in ("fetch", "opened"):
        call, converted = getattr(before, name), getattr(after, name)
        found.append(
            show(
                f"{name}(), called in a loop",
                total,
                {
                    "original": lambda call=call: loop(call),
                    "threads": lambda call=call: asyncio.run(
                        one_by_one(in_threads(call), url, total)
                    ),
                    "converted": lambda call=converted: asyncio.run(one_by_one(call, url, total)),
                },
            )
        )
    found.append(
        show(
            "many(), a session that stays open",
            total,
            {
                "original": lambda: before.many(url, total),
                "threads": lambda: asyncio.run(asyncio.to_thread(before.many, url, total)),
                "converted": lambda: asyncio.run(after.many(url, total)),
            },
        )
    )
    found.append(
        show(
            "fetch(), from 100 tasks at once",
            100,
            {
                "original": lambda: [before.fetch(url) for _ in range(100)],
                "threads": lambda: asyncio.run(together(in_threads(before.fetch), url, 100)),
                "converted": lambda: asyncio.run(together(after.fetch, url, 100)),
            },
        )
    )
    found.append(
        show(
            f"fetch() as an endpoint, 100 users ({ENDPOINT_THREADS} threads in the framework)",
            100 * each,
            {
                "original": lambda: asyncio.run(users_of_a_pool(before.fetch, url, 100, each)),
                "threads": lambda: asyncio.run(users(in_threads(before.fetch), url, 100, each)),
                "converted": lambda: asyncio.run(users(after.fetch, url, 100, each)),
            },
        )
    )
    return found


def main() -> None:
    """Measure, and print one table for each situation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200)
    arguments = parser.parse_args()
    mine, other = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(other,), daemon=True)
    server.start()
    try:
        url = f"http://127.0.0.1:{mine.recv()}/"
        with tempfile.TemporaryDirectory() as folder:
            before, after = modules(Path(folder))
            before.fetch(url)
            asyncio.run(after.fetch(url))
            worst = max(situations(before, after, url, arguments.requests))
    finally:
        server.terminate()
    print(f"\nmost CPU, by that of the original: {worst:.2f}x (target: at most 2x)")


if __name__ == "__main__":
    sys.exit(main())
