"""What converted calls of requests need at module level: texts that go into the changed file."""

from asyncify.rules.spec import Helper

_ANY = ("from typing import Any",)
HELPERS = (
    Helper("_SSL_CONTEXT", "_SSL_CONTEXT = httpx.create_ssl_context()", ("import httpx",)),
    Helper(
        "_http_verify",
        '''\
def _http_verify(verify: Any, cert: Any) -> ssl.SSLContext:
    """The TLS context for what requests takes as `verify` and `cert`; without TLS it misses no CA file."""
    if verify in (True, None) and not cert:
        return _SSL_CONTEXT
    try:
        if verify in (True, None):
            context = httpx.create_ssl_context()
        elif verify and os.path.isdir(verify):
            context = ssl.create_default_context(capath=verify)
        else:
            context = ssl.create_default_context(cafile=verify or None)
    except OSError as error:
        missing = error

        class Unusable(ssl.SSLContext):
            def wrap_bio(self, *_: Any, **__: Any) -> Any:
                raise missing

        context = Unusable(ssl.PROTOCOL_TLS_CLIENT)
    if not verify and verify is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert:
        context.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
    return context
''',
        (*_ANY, "import os", "import ssl", "import httpx"),
    ),
    Helper(
        "_http_mounts",
        '''\
def _http_mounts(
    proxies: Any, verify: Any, cert: Any, trust_env: Any = False
) -> dict[str, httpx.AsyncHTTPTransport | None]:
    """Proxies of requests as transports of httpx; those of a session leave it to the environment.

    NO_PROXY takes back those of the environment only.
    """
    context = _http_verify(verify, cert)
    known = urllib.request.getproxies()
    ignored = {"no_proxy", *(known if trust_env in (True, None) else ())}
    spared = [host.strip() for host in known.get("no", "").split(",")]
    made: dict[str, httpx.AsyncHTTPTransport | None] = {}
    for place, proxy in (proxies or {}).items():
        if place not in ignored:
            if proxy and "://" not in proxy:
                proxy = f"http://{proxy}"
            transport = httpx.AsyncHTTPTransport(verify=context, proxy=proxy) if proxy else None
            made[place if "://" in place else f"{place}://"] = transport
    for place in [place for place in made if place.endswith("://")]:
        for host in filter(None, spared):
            pattern = f"[{host}]" if host.count(":") > 1 else f"*{host}"
            made[place + pattern] = made.get(place + host, made[place])
    return made
''',
        (*_ANY, "import urllib.request", "import httpx"),
    ),
    Helper(
        "_http_url",
        '''\
def _http_url(url: Any, params: Any) -> str:
    """The URL with `params` added to its query, as requests does it."""
    text = url.decode() if isinstance(url, bytes) else str(url)
    if isinstance(params, bytes):
        params = params.decode()
    elif not isinstance(params, str):
        pairs = params.items() if hasattr(params, "items") else params or ()
        fields = []
        for name, values in pairs:
            if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
                values = (values,)
            fields.extend((name, value) for value in values if value is not None)
        params = urllib.parse.urlencode(fields, doseq=True)
    base, mark, fragment = text.lstrip().partition("#")
    base, _, query = base.partition("?")
    query = "&".join(filter(None, (query, params)))
    return base + ("?" + query if query else "") + mark + fragment
''',
        (*_ANY, "import urllib.parse"),
    ),
    Helper(
        "_http_body",
        '''\
def _http_body(data: Any) -> dict[str, Any]:
    """What requests takes as `data`, as keyword arguments of httpx."""
    if isinstance(data, (str, bytes)) or not data:
        return {"content": data} if data else {}
    if hasattr(data, "read"):
        return {"content": data.read()}
    if not hasattr(data, "items") and not isinstance(data, (list, tuple)):

        async def parts():
            for part in data:
                yield part

        return {"content": parts()}
    pairs = []
    for name, values in data.items() if hasattr(data, "items") else data:
        if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
            values = (values,)
        for value in values:  # asyncify: skip
            if value is not None:
                pairs.append((name, value.decode() if isinstance(value, bytes) else str(value)))

    class Form(dict[Any, Any]):
        """Fields of which a name may come again."""

        def items(self) -> Any:
            return pairs

    return {"data": Form(pairs=pairs)}
''',
        _ANY,
    ),
    Helper(
        "_http_headers",
        '''\
def _http_headers(headers: Any) -> dict[Any, Any]:
    """Headers as requests sends them: without those that are None, text in Latin-1."""
    return {
        name: value.encode("latin-1") if isinstance(value, str) else value
        for name, value in dict(headers or {}).items()
        if value is not None
    }
''',
        _ANY,
    ),
    Helper(
        "_http_timeout",
        '''\
def _http_timeout(timeout: Any) -> httpx.Timeout:
    """A timeout of requests: for connecting and reading, not for the wait for a free connection."""
    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return httpx.Timeout(read, connect=connect, pool=None)
''',
        (*_ANY, "import httpx"),
    ),
    Helper(
        "_http_arguments",
        '''\
def _http_arguments(url: Any, params: Any = None, **options: Any) -> dict[str, Any]:
    """Arguments of requests as those of httpx; one that httpx has no place for is an error."""
    made = {"url": _http_url(url, params)}
    data, json = options.pop("data", None), options.pop("json", None)
    if data:
        made.update(_http_body(data))
    elif json is not None:
        made["json"] = json
    for name, value in options.items():
        if name == "headers":
            made["headers"] = _http_headers(value)
        elif name == "timeout":
            made["timeout"] = _http_timeout(value)
        elif name == "allow_redirects":
            made["follow_redirects"] = value
        elif name == "auth" and isinstance(value, (tuple, httpx.Auth)):
            made["auth"] = value
        elif value not in (None, True) if name == "verify" else value:
            raise TypeError(f"{name}={value!r} has no place in a request of httpx")
    return made
''',
        (*_ANY, "import httpx"),
    ),
    Helper(
        "_http_credential",
        '''\
def _http_credential(value: Any) -> str | bytes:
    """A part of a login; requests takes anything that has a text."""
    return value if isinstance(value, (str, bytes)) else str(value)
''',
        _ANY,
    ),
    Helper(
        "_http_chunks",
        '''\
async def _http_chunks(response: httpx.Response, chunk_size: int | None = 1) -> AsyncIterator[bytes]:
    """A body piece by piece: as it arrives, if nobody knows how long it is, as in requests."""
    whole = "Content-Length" in response.headers
    async for chunk in response.aiter_bytes(chunk_size if whole else None):
        size = chunk_size or len(chunk)
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]
''',
        ("from collections.abc import AsyncIterator", "import httpx"),
    ),
    Helper(
        "_http_stream_lines",
        '''\
async def _http_stream_lines(
    response: httpx.Response, chunk_size: Any = None, decode_unicode: bool = False, delimiter: None = None
) -> AsyncIterator[bytes]:
    """The lines of a body as they arrive."""
    rest = b""
    async for chunk in response.aiter_bytes():
        lines = (rest + chunk).splitlines(keepends=True)
        rest = lines.pop() if lines and not lines[-1].endswith(b"\\n") else b""
        for line in lines:
            yield line.rstrip(b"\\r\\n") if line.endswith(b"\\r\\n") else line[:-1]
    if rest:
        yield rest.removesuffix(b"\\r")
''',
        (*_ANY, "from collections.abc import AsyncIterator", "import httpx"),
    ),
    Helper(
        "_is_permanent_redirect",
        '''\
def _is_permanent_redirect(response: httpx.Response) -> bool:
    """Whether the response says that its URL is another one from now on."""
    return response.has_redirect_location and response.status_code in (301, 308)
''',
        ("import httpx",),
    ),
    Helper(
        "_http_lines",
        '''\
def _http_lines(
    response: httpx.Response, chunk_size: Any = None, decode_unicode: bool = False, delimiter: None = None
) -> Iterator[bytes]:
    """The lines of a response that is read already."""
    return iter(response.content.splitlines())
''',
        (*_ANY, "from collections.abc import Iterator", "import httpx"),
    ),
    Helper(
        "_raise_for_status",
        '''\
def _raise_for_status(response: httpx.Response) -> None:
    """Only 4xx and 5xx are errors, with the message of requests; httpx would also raise for 304."""
    if not response.is_error:
        return
    if not isinstance(response, httpx.Response):
        return response.raise_for_status()  # of what a test puts in its place
    side = "Client" if response.status_code < 500 else "Server"
    message = f"{response.status_code} {side} Error: {response.reason_phrase} for url: {response.url}"
    raise httpx.HTTPStatusError(message, request=response.request, response=response)
''',
        ("import httpx",),
    ),
)
