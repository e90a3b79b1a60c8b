"""requests -> httpx.AsyncClient.

What differs, and what the rule does about it (measured with requests 2.34 and httpx 0.28):

- httpx does not follow redirects, stops after 20 and waits 5 s: the client gets the numbers of requests.
- `requests.get` forgets cookies: where one client serves several calls, they are cleared in between.
- httpx replaces the query of the URL by `params` and writes None and bool differently: `_http_url`.
- `data` is a form, a text, bytes or a stream; in httpx these are different keywords: `_http_body`.
- A header of None is left out and a text header is Latin-1: `_http_headers`. (None does not take away a
  header of the session or of the library itself.)
- `timeout` also limits the wait for a free connection in httpx: `pool=None`.
- Every httpx response is true, and its `raise_for_status` also raises for 1xx and 3xx: `_raise_for_status`.
- The exceptions are others, and none of them is an OSError.

Not hidden: httpx writes JSON without spaces and in UTF-8, reads text without a charset as UTF-8 (requests
guesses), ignores netrc and REQUESTS_CA_BUNDLE, encodes credentials in UTF-8, takes `timeout=0` for a
timeout, and logs every URL at level INFO.

Files, streams, hooks, proxies, certificates, adapters and prepared requests have no faithful form: those
calls stay with requests and run in a worker thread.
"""

from asyncify.rules.spec import (
    Adaptation,
    Attribute,
    Call,
    CallSite,
    Client,
    Entry,
    Helper,
    Library,
    Parameter,
    Raises,
    Refuse,
    Resource,
    Use,
)

SESSION = "requests.sessions.Session"
RESPONSE = "requests.models.Response"
JAR = "requests.cookies.RequestsCookieJar"
HEADERS = "requests.structures.CaseInsensitiveDict"
SIGNATURES = {
    "get": ("url", "params"),
    "options": ("url",),
    "head": ("url",),
    "post": ("url", "data", "json"),
    "put": ("url", "data"),
    "patch": ("url", "data"),
    "delete": ("url",),
    "request": ("method", "url"),
}
REQUEST = (
    "method url params data headers cookies files auth timeout allow_redirects proxies hooks stream "
    "verify cert json"
)
BODYLESS = ("get", "options", "head", "delete")  # httpx sends a body with these by `request` only
SIMPLE = {"constant", "name"}  # expressions that may be evaluated earlier or later
KEEP, DROP = "{0}", ""
ALWAYS_NONE = ("cert", "cookies", "files", "hooks", "proxies")

PARAMETERS = (
    Parameter("method", positional=True),
    Parameter("url", positional=True),
    Parameter("params", forms=(("none", KEEP), ("mapping", KEEP))),
    Parameter("data", forms=(("none", KEEP), ("mapping", KEEP))),
    Parameter("data", "content", forms=(("str", KEEP), ("bytes", KEEP))),
    Parameter("data", "**", forms=(("any", "_http_body({0})"),), helper="_http_body"),
    Parameter("json"),
    Parameter("headers", forms=(("none", KEEP), ("mapping", KEEP))),
    Parameter("headers", forms=(("any", "_http_headers({0})"),), helper="_http_headers"),
    Parameter("auth", DROP, forms=(("none", KEEP),)),
    Parameter("auth", forms=(("tuple", KEEP),)),
    Parameter("timeout", forms=(("none", KEEP), ("tuple", KEEP))),
    Parameter("timeout", forms=(("number", "httpx.Timeout({0}, pool=None)"),)),
    Parameter("timeout", forms=(("any", "_http_timeout({0})"),), helper="_http_timeout"),
    Parameter("allow_redirects", "follow_redirects"),
    Parameter("stream", DROP, forms=(("none", KEEP), ("false", KEEP))),
    *(Parameter(name, DROP, forms=(("none", KEEP),)) for name in ALWAYS_NONE),
)
TRUST = (("true", "_SSL_CONTEXT"), ("none", "_SSL_CONTEXT"), ("false", "False"))
OF_FUNCTION = (*PARAMETERS, Parameter("verify", client=True, forms=TRUST))
OF_METHOD = (*PARAMETERS, Parameter("verify", DROP, forms=(("true", KEEP), ("none", KEEP))))


def _request(call: CallSite) -> Adaptation | Refuse:
    """Puts `params` into the URL, and a body into the verbs that have none in httpx."""
    verb = call.name.rpartition(".")[2]
    given = {a.name: a for a in call.arguments if "none" not in a.shapes}
    if "data" in given and "json" in given:
        return Refuse("requests sends data or json, and httpx refuses to choose")
    to: str | None = None
    first: tuple[str, ...] = ()
    if verb in BODYLESS and ("data" in given or "json" in given):
        to, first = ("request", (f'"{verb.upper()}"',))
    url, params = given.get("url"), given.get("params")
    if url is None or params is None:
        return Adaptation(to=to, first=first)
    if "mapping" in params.shapes and "text" in url.shapes and "?" not in url.text:
        return Adaptation(to=to, first=first)
    low, high = sorted((url.index, params.index))
    passed = [a for a in call.arguments if low < a.index < high or (a is url and url.index == high)]
    if not (params.shapes & SIMPLE or all(a.shapes & SIMPLE for a in passed)):
        return Refuse("the parameters would be evaluated before other arguments")
    made = f"_http_url({{{url.index}}}, {{{params.index}}})"
    return Adaptation(
        (params.index,), values=((url.index, made),), first=first, helpers=("_http_url",), to=to
    )


def _calls(owner: str, method: bool) -> tuple[Call, ...]:
    return tuple(
        Call(
            f"{owner}.{verb}",
            verb,
            client="" if method else "requests",
            signature=tuple(REQUEST.split()) if method and verb == "request" else signature,
            parameters=OF_METHOD if method else OF_FUNCTION,
            last=("follow_redirects=False",) if verb == "head" else (),
            returns=RESPONSE,
            adapt=_request,
        )
        for verb, signature in SIGNATURES.items()
    )


RESPONSES: tuple[Entry, ...] = (
    Resource(
        RESPONSE,
        "httpx.Response",
        enter="plain",
        enter_template="contextlib.nullcontext({0})",  # it is read already: nothing to close
        annotation="httpx.Response",
        fallback="thread",
    ),
    Use(RESPONSE, "test", "not {0}.is_error", opposite="{0}.is_error"),
    *(Attribute(f"{RESPONSE}.{name}") for name in ("content", "elapsed", "json", "links", "status_code", "text")),
    Attribute(f"{RESPONSE}.encoding", store=("any",)),
    Attribute(f"{RESPONSE}.headers", returns=HEADERS),
    Attribute(f"{RESPONSE}.cookies", returns=JAR),
    Attribute(f"{RESPONSE}.ok", "not {0}.is_error", opposite="{0}.is_error"),
    Attribute(f"{RESPONSE}.reason", "{0}.reason_phrase"),
    Attribute(f"{RESPONSE}.url", "str({0}.url)"),
    Attribute(f"{RESPONSE}.is_redirect", "{0}.has_redirect_location"),
    Attribute(f"{RESPONSE}.raise_for_status", call="_raise_for_status({0})", helpers=("_raise_for_status",)),
    Call(f"{RESPONSE}.close", "aclose"),
    Call(
        f"{RESPONSE}.iter_content",
        "iter_bytes",
        awaited=False,
        signature=("chunk_size",),
        parameters=(Parameter("chunk_size", positional=True), Parameter("decode_unicode", DROP, forms=(("false", KEEP),))),
        last=("chunk_size=1",),
    ),
    Refuse("httpx splits lines elsewhere, and gives str", f"{RESPONSE}.iter_lines"),
    Refuse("httpx does not guess encodings", f"{RESPONSE}.apparent_encoding"),
    Refuse("httpx gives no access to the raw stream", f"{RESPONSE}.raw"),
    Refuse("the responses and requests of httpx differ", f"{RESPONSE}.history"),
    Refuse("the responses and requests of httpx differ", f"{RESPONSE}.request"),
    Refuse("the responses and requests of httpx differ", f"{RESPONSE}.next"),
    Refuse("httpx has no such attribute", f"{RESPONSE}.is_permanent_redirect"),
)  # fmt: skip

PREPARING = (
    "get_redirect_target", "merge_environment_settings", "prepare_request", "rebuild_auth",
    "rebuild_method", "rebuild_proxies", "resolve_redirects", "send", "should_strip_auth",
)  # fmt: skip
_OPTION = "httpx takes this when the client is made, and ignores it later"
_PREPARED = "prepared requests have no faithful form in httpx"
_ADAPTER = "httpx has transports in place of adapters"
SESSIONS: tuple[Entry, ...] = (
    Resource(SESSION, "httpx.AsyncClient", enter="async", annotation="httpx.AsyncClient", fallback="thread"),
    *(
        Call(name, "httpx.AsyncClient", awaited=False, parameters=(), returns=SESSION,
             last=("follow_redirects=True", "max_redirects=30", "timeout=None"))
        for name in (SESSION, "requests.sessions.session")
    ),
    Call(f"{SESSION}.close", "aclose"),
    Attribute(f"{SESSION}.headers", store=("mapping",), returns=HEADERS),
    Attribute(f"{SESSION}.cookies", returns=JAR),
    Attribute(f"{SESSION}.auth", store=("tuple", "none")),
    Attribute(f"{SESSION}.max_redirects", store=("any",)),
    *(Refuse(_OPTION, f"{SESSION}.{name}") for name in ("cert", "hooks", "proxies", "stream", "trust_env", "verify")),
    Refuse("httpx drops the query of the URL for it", f"{SESSION}.params"),
    *(Refuse(_PREPARED, f"{SESSION}.{name}") for name in PREPARING),
    *(Refuse(_ADAPTER, f"{SESSION}.{name}") for name in ("adapters", "get_adapter", "mount")),
)  # fmt: skip

PARTS: tuple[Entry, ...] = (
    Resource(HEADERS, "httpx.Headers", roles=("subscripted",), fallback="thread"),
    *(Attribute(f"{HEADERS}.{name}") for name in ("get", "pop", "setdefault", "update")),
    Resource(JAR, "httpx.Cookies", roles=("subscripted",), fallback="thread"),
    *(Attribute(f"{JAR}.{name}") for name in ("clear", "get", "set", "update")),
    Attribute(f"{JAR}.get_dict", call="dict({0})"),
)

_UNREACHABLE = ("httpx.NetworkError", "httpx.ProtocolError", "httpx.ProxyError", "httpx.ConnectTimeout", "httpx.WriteTimeout")  # fmt: skip
_BAD_URL = ("httpx.UnsupportedProtocol", "httpx.InvalidURL")
_NO_RESPONSE = {"response": 'getattr({0}, "response", None)'}
EXCEPTIONS = {
    "RequestException": ("httpx.HTTPError", "httpx.InvalidURL"),  # the root comes first
    "HTTPError": ("httpx.HTTPStatusError",),
    "ConnectionError": _UNREACHABLE,
    "Timeout": ("httpx.TimeoutException",),
    "ConnectTimeout": ("httpx.ConnectTimeout",),
    "ReadTimeout": ("httpx.ReadTimeout",),
    "TooManyRedirects": ("httpx.TooManyRedirects",),
    "SSLError": ("httpx.ConnectError",),
    "ProxyError": ("httpx.ProxyError", "httpx.ConnectError"),
    "ChunkedEncodingError": ("httpx.RemoteProtocolError", "httpx.ReadError"),
    "ContentDecodingError": ("httpx.DecodingError",),
    "MissingSchema": _BAD_URL,
    "InvalidSchema": _BAD_URL,
    "InvalidURL": _BAD_URL,
    "InvalidHeader": ("httpx.LocalProtocolError",),
    "InvalidJSONError": ("json.JSONDecodeError",),
    "JSONDecodeError": ("json.JSONDecodeError",),
}
MADE = {
    "RequestException": "httpx.RequestError({0})",
    "HTTPError": "httpx.HTTPStatusError({0}, request={request}, response={response})",
    "ConnectionError": "httpx.ConnectError({0})",
    "Timeout": "httpx.TimeoutException({0})",
    "ConnectTimeout": "httpx.ConnectTimeout({0})",
    "ReadTimeout": "httpx.ReadTimeout({0})",
    "TooManyRedirects": "httpx.TooManyRedirects({0})",
    "SSLError": "httpx.ConnectError({0})",
    "ProxyError": "httpx.ProxyError({0})",
    "ChunkedEncodingError": "httpx.RemoteProtocolError({0})",
    "ContentDecodingError": "httpx.DecodingError({0})",
    "MissingSchema": "httpx.UnsupportedProtocol({0})",
    "InvalidSchema": "httpx.UnsupportedProtocol({0})",
    "InvalidURL": "httpx.InvalidURL({0})",
}
HOMES = {
    "Session": "sessions",
    "session": "sessions",
    "Response": "models",
    "codes": "status_codes",
}

_ANY = ("from typing import Any",)
HELPERS = (
    Helper("_SSL_CONTEXT", "_SSL_CONTEXT = httpx.create_ssl_context()", ("import httpx",)),
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
    form: dict[Any, list[str]] = {}
    for name, values in data.items() if hasattr(data, "items") else data:
        if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
            values = (values,)
        field = form.setdefault(name, [])
        for value in values:
            if value is not None:
                field.append(value.decode() if isinstance(value, bytes) else str(value))
    return {"data": form}
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
        "_raise_for_status",
        '''\
def _raise_for_status(response: httpx.Response) -> None:
    """Only 4xx and 5xx are errors, as in requests; httpx would also raise for 304."""
    if response.is_error:
        response.raise_for_status()
''',
        ("import httpx",),
    ),
)

library = Library(
    "requests",
    code="ASY310",
    target="httpx",
    requires=("httpx>=0.28",),
    triggers=("requests",),
    interceptors=("responses", "requests_mock", "httpretty", "vcr", "betamax", "pook", "mocket"),
    modules={
        **{f"requests.{verb}": f"requests.api.{verb}" for verb in SIGNATURES},
        **{f"requests.{name}": f"requests.{home}.{name}" for name, home in HOMES.items()},
        **{f"requests.{name}": f"requests.exceptions.{name}" for name in EXCEPTIONS},
    },
    helpers=HELPERS,
    also_raises=("builtins.OSError", "builtins.IOError", "builtins.EnvironmentError"),
    entries=(
        Client(
            "requests",
            "httpx.AsyncClient",
            options=(
                ("verify", "_SSL_CONTEXT"),
                ("follow_redirects", "True"),
                ("max_redirects", "30"),
                ("timeout", "None"),
            ),
            reset="{client}.cookies.clear()",
            helpers=("_SSL_CONTEXT",),
        ),
        *_calls("requests.api", method=False),
        *_calls(SESSION, method=True),
        *SESSIONS,
        *RESPONSES,
        *PARTS,
        *(
            Raises(
                f"requests.exceptions.{name}",
                to,
                ((f"{RESPONSE}.json", "json.JSONDecodeError"),) * (name == "RequestException"),
                {} if name == "HTTPError" else _NO_RESPONSE,
                {"response": RESPONSE},
                MADE.get(name, ""),
            )
            for name, to in EXCEPTIONS.items()
        ),
    ),
)
