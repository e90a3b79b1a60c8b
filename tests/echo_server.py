"""A small HTTP server that says what it was asked, for the programs of tests/fixtures/run."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self
from urllib.parse import parse_qsl, urlsplit


class EchoHandler(BaseHTTPRequestHandler):
    """Routes: /echo, /status/N, /redirect/N, /cookies/set, /cookies, /slow, /text, /not-json, /lines, /drop."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer(self._body())

    def answer(self, body: bytes) -> None:
        """Answer a request whose body is read."""
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        _, route, *rest = path.split("/")
        match route:
            case "echo":
                self._json(self._echo(path, query, body))
            case "status":
                self._send(int(rest[0]), b"a text" if rest[0] not in ("204", "304") else b"")
            case "redirect":
                left = int(rest[0])
                target = f"/redirect/{left - 1}" if left > 1 else "/echo"
                self._send(302, b"", Location=target)
            case "cookies" if rest == ["set"]:
                self._send(200, b"set", **{"Set-Cookie": "flavour=plain; Path=/"})
            case "cookies":
                self._json({"cookie": self.headers.get("Cookie")})
            case "slow":
                time.sleep(1)
                self._send(200, b"at last")
            case "text":
                self._send(200, "Grüße\n".encode(), **{"Content-Type": "text/plain; charset=utf-8"})
            case "lines":
                self._send(200, b"one\ntwo\nthree\n")
            case "drop":
                self.close_connection = True
            case _:
                self._send(200, b"{not json")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_GET

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _echo(self, path: str, query: str, body: bytes) -> dict[str, object]:
        kind = self.headers.get("Content-Type", "")
        sent: object = body.decode("latin-1")
        if kind == "application/json":
            sent = json.loads(body)  # spaces and escapes may differ
        own = {name: value for name, value in self.headers.items() if name.startswith("X-")}
        return {
            "method": self.command,
            "path": path,
            "query": parse_qsl(query, keep_blank_values=True),
            "kind": kind,
            "body": sent,
            "authorization": self.headers.get("Authorization"),
            "headers": own,
        }

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), **{"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            with suppress(ConnectionError):  # nobody waited for it
                self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class EchoServer:
    """The server, on a free port of this machine, in a thread."""

    def __init__(
        self,
        handler: type[BaseHTTPRequestHandler] = EchoHandler,
        server: type[ThreadingHTTPServer] = ThreadingHTTPServer,
    ) -> None:
        self._server = server(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
