"""A session that asks for more than an AsyncClient has: texts that go into the changed file."""

from asyncify.rules.spec import Helper

_ANY = ("from typing import Any",)
WIDE = (
    Helper(
        "_http_multipart",
        '''\
def _http_multipart(files: Any, data: Any = None) -> tuple[bytes, str]:
    """A form with files as requests sends it, and its Content-Type."""
    boundary = os.urandom(16).hex()
    parts: list[bytes] = []

    def part(name: Any, content: Any, filename: Any = None, kind: Any = None, more: Any = None) -> None:
        text = name.decode() if isinstance(name, bytes) else name
        place = "form-data"
        for key, value in (("name", text), ("filename", filename)):
            if value is not None:
                escaped = value.translate({10: "%0A", 13: "%0D", 34: "%22"})
                place += f'; {key}="{escaped}"'
        headers = {"Content-Disposition": place, "Content-Type": kind, **(more or {})}  # asyncify: skip
        headers |= {"Content-Disposition": place, "Content-Type": kind}
        lines = "".join(f"{key}: {value}\\r\\n" for key, value in headers.items() if value)
        body = content if isinstance(content, (bytes, bytearray)) else str(content).encode()
        parts.append(f"--{boundary}\\r\\n{lines}\\r\\n".encode() + body + b"\\r\\n")

    for name, values in data.items() if hasattr(data, "items") else data or ():
        if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
            values = (values,)
        for value in values:  # asyncify: skip
            if value is not None:
                part(name, value)
    for name, given in files.items() if hasattr(files, "items") else files:
        if not isinstance(given, (tuple, list)):
            own = getattr(given, "name", None)
            known = isinstance(own, str) and own and own[0] != "<" and own[-1] != ">"
            given = (os.path.basename(str(own)) if known else name, given)
        filename, content, *rest = given
        if hasattr(content, "read"):
            content = content.read()  # asyncify: skip
        if content is not None:
            part(name, content, filename, *rest)  # asyncify: skip
    parts.append(f"--{boundary}--\\r\\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
''',
        (*_ANY, "import os"),
    ),
    Helper(
        "_http_form",
        '''\
def _http_form(files: Any, data: Any = None, headers: Any = None) -> dict[str, Any]:
    """A form with files as keyword arguments of httpx."""
    given = httpx.Headers(_http_headers(headers))
    if not files:
        return {**_http_body(data), "headers": given}
    content, kind = _http_multipart(files, data)
    given.setdefault("Content-Type", kind)
    return {"content": content, "headers": given}
''',
        (*_ANY, "import httpx"),
    ),
    Helper(
        "_HttpAuth",
        '''\
class _HttpAuth(httpx.Auth):
    """A login that changes the headers of a request when it is called."""

    def __call__(self, r: Any) -> Any:
        raise NotImplementedError("Auth hooks must be callable.")

    def auth_flow(self, request: httpx.Request) -> Any:
        yield self(request)
''',
        (*_ANY, "import httpx"),
    ),
    Helper(
        "_http_environment",
        '''\
def _http_environment(url: httpx.URL) -> dict[str, str]:
    """The proxies of the environment, if NO_PROXY does not name the host."""
    known = urllib.request.getproxies()
    for network in known.get("no", "").replace(" ", "").split(","):
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address(url.host) in ipaddress.ip_network(network, strict=False):
                return {}
    return {} if urllib.request.proxy_bypass(url.host) else known
''',
        ("import contextlib", "import ipaddress", "import urllib.request", "import httpx"),
    ),
    Helper(
        "_HttpTransport",
        '''\
class _HttpTransport(httpx.AsyncBaseTransport):
    """Has connections for every event loop; `verify`, `cert` and `proxies` may be others for one request."""

    def __init__(
        self, verify: Any = None, cert: Any = None, proxies: Any = None, trust_env: Any = None, idle: int = 10
    ) -> None:
        self.defaults = {"verify": verify, "cert": cert, "proxies": proxies, "trust_env": trust_env}
        self.limits = httpx.Limits(max_connections=None, max_keepalive_connections=idle)
        self.opened: dict[Any, dict[str, httpx.AsyncHTTPTransport]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, own = request.url, {k: v for k, v in request.extensions.items() if v is not None}
        used = {**self.defaults, **own}
        known = _http_environment(url) if used["trust_env"] in (True, None) else {}
        proxies = {**(self.defaults["proxies"] or {}), **known, **own.get("proxies", {})}
        places = (f"{url.scheme}://{url.host}", url.scheme, f"all://{url.host}", "all")
        given = (proxies[place] for place in places if proxies.get(place) is not None)
        proxy = next(given, None) or None
        if proxy and "://" not in proxy:
            proxy = f"http://{proxy}"
        for loop in [loop for loop in self.opened if loop.is_closed()]:
            del self.opened[loop]
        opened = self.opened.setdefault(asyncio.get_running_loop(), {})
        key = repr((used["verify"], used["cert"], proxy))
        if key not in opened:
            context = _http_verify(used["verify"], used["cert"])
            opened[key] = httpx.AsyncHTTPTransport(verify=context, proxy=proxy, limits=self.limits)
        return await opened[key].handle_async_request(request)

    async def aclose(self) -> None:
        for transport in self.opened.pop(asyncio.get_running_loop(), {}).values():
            await transport.aclose()
''',
        (*_ANY, "import asyncio", "import httpx"),
    ),
    Helper(
        "_HttpAdapters",
        '''\
class _HttpAdapters(httpx.AsyncBaseTransport):
    """Sends a request by the adapter that is mounted for its URL."""

    def __init__(self) -> None:
        self.mounted: dict[str, httpx.AsyncBaseTransport] = {"": _HttpTransport()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url).lower()
        prefix = max((each for each in self.mounted if url.startswith(each.lower())), key=len)
        return await self.mounted[prefix].handle_async_request(request)

    async def aclose(self) -> None:
        for adapter in self.mounted.values():
            await adapter.aclose()
''',
        ("import httpx",),
    ),
    Helper(
        "_HttpAdapter",
        '''\
class _HttpAdapter(httpx.AsyncBaseTransport):
    """An adapter that asks again where those of requests do."""

    def __init__(
        self, pool_connections: int = 10, pool_maxsize: int = 10, max_retries: Any = 0, pool_block: bool = False
    ) -> None:
        self.sender = _HttpTransport(idle=pool_maxsize)
        none = urllib3.Retry(0, read=False)
        self.max_retries = urllib3.Retry.from_int(max_retries) if max_retries else none

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        retries, url = self.max_retries, str(request.url)
        while True:
            try:
                response = await self.sender.handle_async_request(request)
            except httpx.TransportError as error:
                if isinstance(error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol)):
                    raise
                if not isinstance(request.stream, httpx.ByteStream):
                    raise  # a body that cannot be sent again
                try:
                    retries = retries.increment(request.method, url, error=self._known(error))
                except urllib3.exceptions.MaxRetryError:
                    if isinstance(error, httpx.ReadTimeout):
                        raise httpx.ReadError(str(error), request=request) from error
                    raise error from None
                except urllib3.exceptions.HTTPError:
                    raise error from None
                wait = retries.get_backoff_time()
            else:
                after = response.headers.get("Retry-After")
                if not retries.is_retry(request.method, response.status_code, bool(after)):
                    return response
                told = urllib3.HTTPResponse(headers=dict(response.headers), status=response.status_code)
                try:
                    retries = retries.increment(request.method, url, response=told)
                except urllib3.exceptions.MaxRetryError as many:
                    if not retries.raise_on_status:
                        return response
                    await response.aclose()
                    raise httpx.RequestError(str(many), request=request) from many
                await response.aread()
                await response.aclose()
                asked = retries.get_retry_after(told) if retries.respect_retry_after_header else None
                wait = asked or retries.get_backoff_time()
            await asyncio.sleep(wait)

    async def aclose(self) -> None:
        await self.sender.aclose()

    @staticmethod
    def _known(error: httpx.TransportError) -> Exception:
        """What urllib3 calls an error."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return urllib3.exceptions.SSLError(str(error))
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)):
            return urllib3.exceptions.ConnectTimeoutError(str(error))
        if isinstance(error, httpx.ReadTimeout):
            return urllib3.exceptions.ReadTimeoutError(None, "", str(error))  # type: ignore[arg-type]
        return urllib3.exceptions.ProtocolError(str(error))
''',
        (
            *_ANY,
            "import asyncio",
            "import ssl",
            "import httpx",
            "import urllib3",
            "import urllib3.exceptions",
        ),
        requires=("urllib3>=1.26",),
    ),
    Helper(
        "_HttpSession",
        '''\
class _HttpSession(httpx.AsyncClient):
    """A session with the arguments and attributes of requests, for any number of event loops."""

    params: Any = None
    trust_env: Any = True

    def __init__(self) -> None:
        self.adapters = _HttpAdapters()
        hooks = {"request": [self._keep_cookies]}
        super().__init__(transport=self.adapters, max_redirects=30, event_hooks=hooks)
        self.params = {}
        self.proxies: Any = {}
        self.verify: Any = True
        self.cert: Any = None

    def mount(self, prefix: str, adapter: httpx.AsyncBaseTransport) -> None:
        self.adapters.mounted[prefix] = adapter

    async def request(  # type: ignore[override]
        self,
        method: str,
        url: Any,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        cookies: Any = None,
        files: Any = None,
        auth: Any = None,
        timeout: Any = None,
        allow_redirects: bool = True,
        proxies: Any = None,
        hooks: Any = None,
        stream: Any = None,
        verify: Any = None,
        cert: Any = None,
        json: Any = None,
    ) -> httpx.Response:
        if hooks or stream:
            raise TypeError("hooks and streams have no place here")
        body: Any = {"json": json} if not data and json is not None else _http_body(data)
        kind = None
        if files:
            content, kind = _http_multipart(files, data)
            body = {"content": content}
        jar = None
        if cookies:
            jar = httpx.Cookies(self.cookies)
            jar.update(cookies)
        request = self.build_request(
            method,
            url.decode() if isinstance(url, bytes) else str(url),
            headers=_http_headers(headers),
            cookies=jar,
            timeout=_http_timeout(timeout),
            **body,
        )
        for name, value in (headers or {}).items():
            if value is None:
                request.headers.pop(name, None)
        if kind is not None:
            request.headers.setdefault("Content-Type", kind)
        query = params or {}
        if isinstance(query, Mapping) and isinstance(self.params, Mapping):
            query = {name: value for name, value in {**self.params, **query}.items() if value is not None}
        if request.url.host:
            request.url = httpx.URL(_http_url(url, query))
        known = _http_environment(request.url) if self.trust_env else {}
        chosen = {**(self.proxies or {}), **known, **(proxies or {})}
        request.extensions.update(
            proxies=chosen,
            trust_env=False,
            verify=self.verify if verify is None else verify,
            cert=self.cert if cert is None else cert,
            cookies=jar,
        )
        login = httpx.USE_CLIENT_DEFAULT if auth is None else auth or None
        return await self.send(request, auth=login, follow_redirects=allow_redirects)

    async def get(self, url: Any, **options: Any) -> httpx.Response:
        return await self.request("GET", url, **options)

    async def options(self, url: Any, **options: Any) -> httpx.Response:
        return await self.request("OPTIONS", url, **options)

    async def head(self, url: Any, **options: Any) -> httpx.Response:
        return await self.request("HEAD", url, **{"allow_redirects": False, **options})

    async def post(self, url: Any, data: Any = None, json: Any = None, **options: Any) -> httpx.Response:
        return await self.request("POST", url, data=data, json=json, **options)

    async def put(self, url: Any, data: Any = None, **options: Any) -> httpx.Response:
        return await self.request("PUT", url, data=data, **options)

    async def patch(self, url: Any, data: Any = None, **options: Any) -> httpx.Response:
        return await self.request("PATCH", url, data=data, **options)

    async def delete(self, url: Any, **options: Any) -> httpx.Response:
        return await self.request("DELETE", url, **options)

    async def _keep_cookies(self, request: httpx.Request) -> None:
        """Cookies of one request go along where it is redirected to."""
        jar = request.extensions.get("cookies")
        if jar is not None and "again" in request.extensions:
            jar.update(self.cookies)
            request.headers.pop("Cookie", None)
            jar.set_cookie_header(request)
        request.extensions["again"] = True

    async def aclose(self) -> None:
        await self.adapters.aclose()

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
''',
        (
            *_ANY,
            "from collections.abc import Mapping",
            "import httpx",
        ),
    ),
)
