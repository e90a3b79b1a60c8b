"""A server that keeps what arrives, row by row: the first part of a path is the key of a row."""

from __future__ import annotations

import email
import gzip
import hashlib
import json
import ssl
from collections import defaultdict
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme
from echo_server import EchoHandler, EchoServer

_KEPT = ("authorization", "cookie", "x-")
_COUNTED: dict[str, int] = defaultdict(int)


class _Recorder(EchoHandler):
    """More routes: /big, /latin, /links, /gzip, /bad-gzip, /short, /moved/N, /flaky/N, /digest."""

    log: dict[str, list[dict[str, Any]]]
    row = ""

    def do_GET(self) -> None:
        body = self._body()
        _, self.row, rest = self.path.split("/", 2)
        self.path = f"/{rest}"
        self._record(body)
        _, route, *more = urlsplit(self.path).path.split("/")
        match route:
            case "big":
                self._send(200, b"0123456789" * 5000)
            case "latin":
                self._send(200, "Grüße, garçon, à bientôt".encode("latin-1"))
            case "links":
                self._send(200, b"", Link='<http://host/2>; rel="next"')
            case "gzip":
                self._send(200, gzip.compress(b"packed"), **{"Content-Encoding": "gzip"})
            case "bad-gzip":
                self._send(200, b"not packed", **{"Content-Encoding": "gzip"})
            case "short":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"10\r\nshort\r\n")
                self.close_connection = True
            case "moved":
                self._send(int(more[0]), b"", Location="/echo")
            case "flaky":
                _COUNTED[self.row] += 1
                self._send(503 if _COUNTED[self.row] % (int(more[0]) + 1) else 200, b"")
            case "digest" if "Authorization" not in self.headers:
                challenge = f'Digest realm="r", nonce="{hashlib.md5(b"n").hexdigest()}", qop="auth"'
                self._send(401, b"", **{"WWW-Authenticate": challenge})
            case "echo" | "digest":
                self._json({"method": self.command})
            case _:
                self.answer(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_PURGE = do_GET

    def _record(self, body: bytes) -> None:
        kind = self.headers.get("Content-Type", "")
        sent: Any = body.decode("latin-1")
        if kind == "application/json" and body:
            sent = json.loads(body)
        elif kind.startswith("multipart/"):
            message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
            parts = message.get_payload()
            assert isinstance(parts, list)
            sent = [[sorted(part.items()), part.get_payload()] for part in parts]
            kind = "multipart"
        headers = {
            name.lower(): value
            for name, value in self.headers.items()
            if name.lower().startswith(_KEPT) or value == "me/1.0"
        }
        if headers.get("authorization", "").startswith("Digest"):
            headers["authorization"] = "Digest"
        self.log.setdefault(self.row, []).append(
            {
                "method": self.command,
                "path": self.path,
                "kind": kind,
                "body": sent,
                "chunked": "Transfer-Encoding" in self.headers,
                "headers": headers,
                "certificate": self._certificate(),
            }
        )

    def _certificate(self) -> bool:
        """Whether the client showed who it is."""
        connection = self.connection
        return isinstance(connection, ssl.SSLSocket) and bool(connection.getpeercert())

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        if headers.get("Location", "").startswith("/"):
            headers["Location"] = f"/{self.row}{headers['Location']}"
        super()._send(status, body, **headers)


class _Server(ThreadingHTTPServer):
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """With TLS, shake hands in the thread of the request."""
        if self.context is None:
            super().finish_request(request, client_address)
        else:
            with self.context.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)

    def handle_error(self, *_: object) -> None:
        """Say nothing about clients that go away."""


class Recorder(EchoServer):
    """The server; `log` has the requests of every row. With a `context` it speaks TLS."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.log: dict[str, list[dict[str, Any]]] = {}
        server = type("Server", (_Server,), {"context": context})
        super().__init__(type("Handler", (_Recorder,), {"log": self.log}), server)
        if context is not None:
            self.url = self.url.replace("http://", "https://")


def certify(directory: Path) -> ssl.SSLContext:
    """Write ca.pem and client.pem, and return the TLS context of a server that asks for a certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    client = authority.issue_cert("client")
    client.private_key_and_cert_chain_pem.write_to_path(str(directory / "client.pem"))
    client.private_key_pem.write_to_path(str(directory / "client.key"))
    client.cert_chain_pems[0].write_to_path(str(directory / "client.crt"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_OPTIONAL
    authority.configure_trust(context)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
