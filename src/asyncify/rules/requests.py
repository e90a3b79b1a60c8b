"""requests -> httpx.AsyncClient.

What differs, and what the rule does about it (measured with requests 2.34 and httpx 0.28):

- httpx does not follow redirects, stops after 20 and waits 5 s: the client gets the numbers of requests.
- `requests.get` forgets cookies: where one client serves several calls, they are cleared in between.
- httpx replaces the query of the URL by `params` and writes None and bool differently: `_http_url`.
- What is unpacked from a mapping is sorted at run time: `_http_arguments`, if no keyword is known to be in it
  that httpx has no place for; from a caller that nobody sees, such a one is a TypeError.
- `data` is a form, a text, bytes or a stream; in httpx these are different keywords: `_http_body`.
- A header of None is left out and a text header is Latin-1: `_http_headers`. (None does not take away a
  header of the library itself, nor, where it is not written out, one of the session.)
- `timeout` also limits the wait for a free connection in httpx: `pool=None`.
- Every httpx response is true, and its `raise_for_status` also raises for 1xx and 3xx, with another message:
  `_raise_for_status`.
- The exceptions are others, and none of them is an OSError.

Not hidden: httpx writes JSON without spaces and in UTF-8, reads text without a charset as UTF-8 (requests
guesses), ignores netrc and REQUESTS_CA_BUNDLE, encodes credentials in UTF-8, takes `timeout=0` for a
timeout, and logs every URL at level INFO.

`verify`, `cert`, `proxies`, `cookies` and `trust_env` belong to the client: its call takes their values, where they
are the same there. A proxy that is given wins over NO_PROXY in requests, and not in httpx: `_http_mounts`
gives every host of NO_PROXY a place of its own. Without TLS nobody misses a CA file, but a certificate of the
client: `_http_verify`.

A streamed response is entered by `async with`, and its body comes as it arrives: `_http_chunks`. One that no
`with` statement enters, or that is read at once, stays with requests.

With `http-sessions = "native"` a session may have a wider form; without it, what follows runs in threads. A session
that a module, a class, a property or a thread-local keeps may be used in more than one event loop, and one call of
it may have a `verify`, `cert` or `proxies` of its own: such a client gets a `_HttpTransport`, which has connections
for every loop and finds those options in the `extensions` of a request. For `params` of a session, options that are
set after it was made, `cookies` and `files` of one call, a header that is None, a session that is used after it was
closed, and `mount(HTTPAdapter(...))`, it becomes a `_HttpSession`: an `AsyncClient` whose methods take what those of
requests take. Both need to know who makes the session.

An adapter with retries becomes a `_HttpAdapter`, which asks urllib3's `Retry` when to send again, as requests does
(a transport of httpx with `retries=2` repeats connections only). Where a status has been answered too often, it raises
`httpx.RequestError` in place of `RetryError`.

A form with files is put together as requests does it (httpx gives every part a Content-Type): `_http_form`. A class
that derives from `AuthBase` and only looks at the method and the URL of a request, and changes its headers, becomes
an `_HttpAuth`; one that reads the body, or asks for hooks, stays.

Hooks, prepared requests (and `send`), derived sessions and adapters of one's own have no faithful form: those calls
stay with requests and run in a worker thread; what does not wait (`prepare_request`) stays where it is.
"""

from asyncify.rules._requests_calls import (
    ADAPTED,
    LATE,
    MOUNTED,
    OF_TRANSPORT,
    OPTIONS,
    OPTIONS_OF_SESSION,
    calls,
)
from asyncify.rules._requests_helpers import HELPERS
from asyncify.rules._requests_parts import (
    ADAPTER,
    AUTHS,
    HEADERS,
    JAR,
    LOGINS,
    RESPONSE,
    SENT,
    SESSION,
    SIGNATURES,
    STREAMED,
    STREAMS,
    of_response,
    pieces,
)
from asyncify.rules._requests_wide import WIDE
from asyncify.rules.spec import (
    Attribute,
    Call,
    Client,
    Entry,
    Library,
    Raises,
    Refuse,
    Resource,
    Use,
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
    *of_response(RESPONSE),
    *(Attribute(f"{RESPONSE}.{name}") for name in ("content", "elapsed", "json", "text")),
    *pieces(RESPONSE, "iter_bytes", "_http_lines"),
    Refuse("httpx does not guess encodings", f"{RESPONSE}.apparent_encoding"),
    Refuse("httpx gives no access to the raw stream", f"{RESPONSE}.raw"),
    Refuse("the responses and requests of httpx differ", f"{RESPONSE}.history"),
    Refuse("the responses and requests of httpx differ", f"{RESPONSE}.next"),
)  # fmt: skip

PREPARING = (
    "get_redirect_target", "merge_environment_settings", "prepare_request", "rebuild_auth",
    "rebuild_method", "rebuild_proxies", "should_strip_auth",
)  # fmt: skip
_OPTION = "httpx takes this when the client is made, and ignores it later"
_PREPARED = "prepared requests have no faithful form in httpx"
_ADAPTER = "httpx has transports in place of adapters"
_HELD = Call(ADAPTER, awaited=False, waits=False, adapt=lambda _: Refuse(_ADAPTER))
SESSIONS: tuple[Entry, ...] = (
    Resource(SESSION, "httpx.AsyncClient", enter="async", annotation="httpx.AsyncClient", one_loop=True,
             roles=("tested",), ends=("close",), fallback="thread"),
    *(
        Call(name, "httpx.AsyncClient", awaited=False, parameters=(), returns=SESSION, made=OPTIONS_OF_SESSION,
             helpers=("_SSL_CONTEXT",),
             last=("verify=_SSL_CONTEXT", "follow_redirects=True", "max_redirects=30", "timeout=None"),
             wider=(
                 Call(name, "httpx.AsyncClient", awaited=False, parameters=(), returns=SESSION, made=OF_TRANSPORT,
                      helpers=("_HttpTransport",),
                      last=("transport=_HttpTransport()", "follow_redirects=True", "max_redirects=30", "timeout=None")),
                 Call(name, "_HttpSession", awaited=False, parameters=(), returns=SESSION, helpers=("_HttpSession",)),
             ))
        for name in (SESSION, "requests.sessions.session")
    ),
    Call(f"{SESSION}.close", "aclose", waits=False),
    Attribute(f"{SESSION}.headers", store=("mapping",), returns=HEADERS),
    Attribute(f"{SESSION}.cookies", returns=JAR),
    Attribute(f"{SESSION}.auth", store=("none", *LOGINS)),
    Attribute(f"{SESSION}.max_redirects", store=("any",)),
    *(Refuse(_OPTION, f"{SESSION}.{name}") for name in ("hooks", "stream")),
    *(Attribute(f"{SESSION}.{name}", option=name) for name in LATE),
    Attribute(f"{SESSION}.params", store=("any",), wide="httpx drops the query of the URL for it"),
    Call(f"{SESSION}.mount", awaited=False, waits=False, adapt=lambda _: Refuse(_ADAPTER),
         wider=(_HELD, Call(f"{SESSION}.mount", awaited=False, waits=False, signature=("prefix", "adapter"), parameters=MOUNTED))),
    Call(f"{SESSION}.send", returns=RESPONSE, adapt=lambda _: Refuse(_PREPARED), unread="stream",
         variants=(("stream", "False", STREAMED),)),
    Refuse(_PREPARED, f"{SESSION}.resolve_redirects"),
    *(Refuse(_PREPARED, f"{SESSION}.{name}", "") for name in PREPARING),
    *(Refuse(_ADAPTER, f"{SESSION}.{name}", "") for name in ("adapters", "get_adapter")),
    Resource(ADAPTER, "_HttpAdapter", fallback="thread"),
    Call(ADAPTER, awaited=False, waits=False, returns=ADAPTER, adapt=lambda _: Refuse(_ADAPTER),
         wider=(_HELD, Call(ADAPTER, "_HttpAdapter", awaited=False, waits=False, returns=ADAPTER, parameters=ADAPTED, unless=("requests.exceptions.RetryError",),
                            signature=("pool_connections", "pool_maxsize", "max_retries", "pool_block"),
                            helpers=("_HttpAdapter",)))),
    Use(ADAPTER, f"{SESSION}.mount:1", arguments=2, plain=True),
    Use(ADAPTER, f"{SESSION}.mount:adapter", plain=True),
)  # fmt: skip

PARTS: tuple[Entry, ...] = (
    Resource(SENT, "httpx.Request", fallback="thread"),
    Attribute(f"{SENT}.method"),
    Attribute(f"{SENT}.headers", returns=HEADERS),
    Attribute(f"{SENT}.url", "str({0}.url)"),
    Resource(HEADERS, "httpx.Headers", roles=("subscripted", "tested"), fallback="thread"),
    *(Attribute(f"{HEADERS}.{name}") for name in ("get", "pop", "setdefault", "update")),
    Resource(JAR, "httpx.Cookies", roles=("subscripted",), fallback="thread"),
    *(Attribute(f"{JAR}.{name}") for name in ("clear", "get", "set", "update")),
    Attribute(f"{JAR}.get_dict", call="dict({0})"),
    *(Use(JAR, f"requests.api.{verb}:cookies", plain=True) for verb in SIGNATURES),
)

_UNREACHABLE = ("httpx.NetworkError", "httpx.ProtocolError", "httpx.ProxyError", "httpx.ConnectTimeout", "httpx.WriteTimeout")  # fmt: skip
_BAD_URL = ("httpx.UnsupportedProtocol", "httpx.InvalidURL")
_ERRORS = ("httpx.HTTPError", "httpx.InvalidURL")
_NO_RESPONSE = {"response": 'getattr({0}, "response", None)'}
EXCEPTIONS = {
    "RequestException": _ERRORS,  # the root comes first
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
THROUGH = {
    "RequestException": ((f"{RESPONSE}.json", "json.JSONDecodeError"),),
    # a read that takes too long, once the headers are there
    "ConnectionError": tuple(
        (f"{STREAMED}.{name}", "httpx.ReadTimeout") for name in ("iter_content", "iter_lines")
    ),
}
HOMES = {
    "Session": "sessions",
    "session": "sessions",
    "Response": "models",
    "PreparedRequest": "models",
    "codes": "status_codes",
}

library = Library(
    "requests",
    code="ASY310",
    target="httpx",
    requires=("httpx>=0.28",),
    triggers=("requests",),
    interceptors=(
        "responses",
        "requests_mock",
        "httpretty",
        "vcr",
        "betamax",
        "pook",
        "mocket",
        "requests_cache",
    ),
    modules={
        **{f"requests.{verb}": f"requests.api.{verb}" for verb in SIGNATURES},
        **{f"requests.{name}": f"requests.{home}.{name}" for name, home in HOMES.items()},
        **{f"requests.{name}": f"requests.exceptions.{name}" for name in EXCEPTIONS},
    },
    helpers=(*HELPERS, *WIDE),
    data=(f"{RESPONSE}.json",),
    also_raises={
        **dict.fromkeys(
            ("builtins.OSError", "builtins.IOError", "builtins.EnvironmentError"), _ERRORS
        ),
        "builtins.ValueError": _BAD_URL,
    },
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
            helpers=("_SSL_CONTEXT", "_http_verify", "_http_mounts"),
            made=OPTIONS,
        ),
        *calls("requests.api", method=False),
        *calls(SESSION, method=True),
        *SESSIONS,
        *RESPONSES,
        *STREAMS,
        *AUTHS,
        *PARTS,
        *(
            Raises(
                f"requests.exceptions.{name}",
                to,
                THROUGH.get(name, ()),
                {} if name == "HTTPError" else _NO_RESPONSE,
                {"response": RESPONSE},
                MADE.get(name, ""),
            )
            for name, to in EXCEPTIONS.items()
        ),
    ),
)
