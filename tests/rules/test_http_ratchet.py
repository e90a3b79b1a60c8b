"""No public name of an HTTP library that waits for the network is unknown to the rules.

What does not wait is listed here by name, so that a new name of a library fails until somebody has looked
at it.
"""

from __future__ import annotations

import http.client
import importlib
import inspect
import urllib.request
from collections.abc import Iterator
from types import ModuleType

import httpx
import pytest
import urllib3
import urllib3.connection

from asyncify.rules.registry import Rules

RULES = Rules.select()

# Callables that do not wait: values, settings, and types whose methods are looked at below.
QUIET = {
    urllib.request: """
        AbstractBasicAuthHandler AbstractDigestAuthHandler AbstractHTTPHandler BaseHandler CacheFTPHandler
        DataHandler FTPHandler FancyURLopener FileHandler HTTPBasicAuthHandler HTTPCookieProcessor
        HTTPDefaultErrorHandler HTTPDigestAuthHandler HTTPErrorProcessor HTTPHandler HTTPPasswordMgr
        HTTPPasswordMgrWithDefaultRealm HTTPPasswordMgrWithPriorAuth HTTPRedirectHandler HTTPSHandler
        OpenerDirector ProxyBasicAuthHandler ProxyDigestAuthHandler ProxyHandler Request URLopener
        UnknownHandler build_opener ftperrors getproxies getproxies_environment install_opener localhost
        noheaders parse_http_list parse_keqv_list pathname2url proxy_bypass proxy_bypass_environment
        request_host thishost url2pathname urlcleanup
    """,
    http.client: "HTTPConnection HTTPMessage HTTPResponse HTTPSConnection parse_headers",
    urllib3: """
        BaseHTTPResponse HTTPConnectionPool HTTPHeaderDict HTTPResponse HTTPSConnectionPool PoolManager
        ProxyManager Retry Timeout add_stderr_logger connection_from_url disable_warnings
        encode_multipart_formdata make_headers proxy_from_url
    """,
    httpx: """
        ASGITransport AsyncBaseTransport AsyncByteStream AsyncClient AsyncHTTPTransport Auth BaseTransport
        BasicAuth ByteStream Cookies DigestAuth Headers Limits MockTransport NetRCAuth
        Proxy QueryParams Response SyncByteStream Timeout URL WSGITransport codes
        create_ssl_context main
    """,
}
GONE = {"FancyURLopener", "URLopener", "localhost", "thishost"}  # from newer versions of Python

# Methods that do not wait, of the types that have others; and where the type checker finds the methods.
_CONNECTION = (
    "close get_proxy_response_headers putheader putrequest response_class set_debuglevel set_tunnel"
)
METHODS = {
    ("urllib.request.OpenerDirector", "urllib.request.OpenerDirector"): "add_handler close error",
    ("http.client.HTTPConnection", "http.client.HTTPConnection"): _CONNECTION,
    ("http.client.HTTPSConnection", "http.client.HTTPConnection"): _CONNECTION,
    ("http.client.HTTPResponse", "http.client.HTTPResponse"): "",
    ("urllib3.PoolManager", "urllib3.poolmanager.RequestMethods"): """
        clear connection_from_context connection_from_host connection_from_pool_key connection_from_url urlopen
    """,
    ("urllib3.HTTPConnectionPool", "urllib3.poolmanager.RequestMethods"): """
        ConnectionCls QueueCls close is_same_host urlopen
    """,
    ("urllib3.HTTPResponse", "urllib3.response.BaseHTTPResponse"): "",
    ("urllib3.Retry", "urllib3.util.retry.Retry"): """
        from_int get_backoff_time get_retry_after increment is_exhausted is_retry new parse_retry_after
        sleep_for_retry
    """,
    ("urllib3.connection.HTTPConnection", "urllib3.connection.HTTPConnection"): f"""
        {_CONNECTION} endheaders send
    """,
    ("httpx.Client", "httpx.Client"): "",
    (
        "httpx.Response",
        "httpx.Response",
    ): "aclose aiter_bytes aiter_lines aiter_raw aiter_text aread",
}
_ELSEWHERE = (
    "urllib3.poolmanager.PoolManager.urlopen",
    "urllib3.connectionpool.HTTPConnectionPool.urlopen",
    "http.client.HTTPConnection.endheaders",
    "http.client.HTTPConnection.send",
)


def known(name: str) -> bool:
    """Whether a rule says anything about a name."""
    return any(find(name) for find in (RULES.call, RULES.thread, RULES.attribute, RULES.refusal))


def own(module: ModuleType) -> Iterator[str]:
    """The public callables that a library defines, without its exceptions."""
    for name, value in vars(module).items():
        home = getattr(value, "__module__", None) or ""
        if name.startswith("_") or not callable(value) or not home.startswith(module.__name__):
            continue
        if not (isinstance(value, type) and issubclass(value, BaseException)):
            yield name


@pytest.mark.parametrize("module", QUIET, ids=lambda module: module.__name__)
def test_every_function_that_waits_is_known(module: ModuleType) -> None:
    quiet = QUIET[module].split()
    names = [f"{module.__name__}.{name}" for name in own(module) if name not in quiet]
    assert set(quiet) - GONE <= set(own(module))
    assert [name for name in names if not known(name)] == []
    assert [name for name in quiet if known(f"{module.__name__}.{name}")] == []


@pytest.mark.parametrize(("real", "canonical"), METHODS)
def test_every_method_that_waits_is_known(real: str, canonical: str) -> None:
    module, _, name = real.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    quiet = METHODS[(real, canonical)].split()
    methods = [
        name
        for name in dir(kind)
        if not name.startswith("_") and callable(inspect.getattr_static(kind, name, None))
    ]
    missing = [n for n in methods if n not in quiet and not known(f"{canonical}.{n}")]
    assert missing == []


@pytest.mark.parametrize("name", _ELSEWHERE)
def test_a_method_that_is_found_elsewhere_is_known(name: str) -> None:
    assert known(name)
