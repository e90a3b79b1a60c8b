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
- Every httpx response is true, and its `raise_for_status` also raises for 1xx and 3xx: `_raise_for_status`.
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

Files, hooks, adapters and prepared requests have no faithful form: those calls (and `send`) stay with
requests and run in a worker thread; what does not wait (`mount`, `prepare_request`) stays where it is.
(`HTTPAdapter(max_retries=2)` sends a GET that nobody answers three times and a POST once, a transport of httpx
with `retries=2` each once: it repeats connections only.)
"""

from asyncify.rules._requests_helpers import HELPERS
from asyncify.rules._requests_parts import (
    AUTHS,
    BASIC,
    DIGEST,
    DROP,
    HEADERS,
    JAR,
    KEEP,
    RESPONSE,
    SENT,
    SESSION,
    SIGNATURES,
    STREAMED,
    STREAMS,
    of_response,
    pieces,
)
from asyncify.rules.spec import (
    Adaptation,
    Attribute,
    Call,
    CallSite,
    Client,
    Entry,
    Library,
    Option,
    Parameter,
    Raises,
    Refuse,
    Resource,
    Use,
)

REQUEST = (
    "method url params data headers cookies files auth timeout allow_redirects proxies hooks stream "
    "verify cert json"
)
BODYLESS = ("get", "options", "head", "delete")  # httpx sends a body with these by `request` only
SIMPLE = {"constant", "name"}  # expressions that may be evaluated earlier or later
UNPACKED = (
    "method",
    "url",
    "params",
    "data",
    "json",
    "headers",
    "auth",
    "timeout",
    "allow_redirects",
)
ALWAYS_NONE = ("files", "hooks")
OF_CLIENT = ("cert", "cookies", "proxies")

PARAMETERS = (
    Parameter("method", positional=True),
    Parameter("url", positional=True),
    Parameter("params", forms=(("none", KEEP), ("mapping", KEEP))),
    Parameter("data", forms=(("none", KEEP), ("mapping", KEEP))),
    Parameter("data", "content", forms=(("str", KEEP), ("bytes", KEEP))),
    Parameter("data", "**", forms=(("any", "_http_body({0})"),), helper="_http_body"),
    Parameter("json"),
    Parameter("headers", forms=(("none", KEEP), ("ascii", KEEP))),
    Parameter("headers", forms=(("any", "_http_headers({0})"),), helper="_http_headers"),
    Parameter("auth", DROP, forms=(("none", KEEP),)),
    Parameter("auth", forms=tuple((shape, KEEP) for shape in ("tuple", BASIC, DIGEST))),
    Parameter("timeout", forms=(("none", KEEP), ("tuple", KEEP))),
    Parameter("timeout", forms=(("number", "httpx.Timeout({0}, pool=None)"),)),
    Parameter("timeout", forms=(("any", "_http_timeout({0})"),), helper="_http_timeout"),
    Parameter("allow_redirects", "follow_redirects"),
    Parameter("stream", DROP, forms=tuple((shape, KEEP) for shape in ("none", "false", "true"))),
    *(Parameter(name, DROP, forms=(("none", KEEP),)) for name in ALWAYS_NONE),
)
OF_FUNCTION = (
    *PARAMETERS,
    *(Parameter(name, DROP, forms=(("none", KEEP),)) for name in OF_CLIENT),
    *(Parameter(name, client=True) for name in ("verify", *OF_CLIENT)),
)
OF_METHOD = (
    *PARAMETERS,
    *(Parameter(name, DROP, forms=(("none", KEEP),)) for name in OF_CLIENT),
    Parameter("verify", DROP, forms=(("true", KEEP), ("none", KEEP))),
)
_VERIFY = Option(
    "verify",
    ("verify", "cert"),
    "_http_verify({verify}, {cert})",
    (("True", "_SSL_CONTEXT"), ("None", "_SSL_CONTEXT"), ("False", "False")),
    "_http_verify",
)
OPTIONS = (
    _VERIFY,
    Option(
        "mounts",
        ("proxies",),
        "_http_mounts({proxies}, {verify}, {cert})",
        (("{}", "None"),),
        "_http_mounts",
    ),
)
OPTIONS_OF_SESSION = (
    _VERIFY,
    Option(
        "mounts",
        ("proxies",),
        "_http_mounts({proxies}, {verify}, {cert}, {trust_env})",
        (("{}", "None"),),
        "_http_mounts",
    ),
)
LATE = ("cert", "proxies", "trust_env", "verify")


def _request(call: CallSite) -> Adaptation | Refuse:
    """Puts `params` into the URL, and a body into the verbs that have none in httpx."""
    verb = call.name.rpartition(".")[2]
    if call.argument("**") is not None:
        return _unpacked(call, verb)
    headers = call.argument("headers")
    if headers is not None and "holding none" in headers.shapes and SESSION in call.name:
        return Refuse("httpx cannot leave out a header of the client")
    given = {a.name: a for a in call.arguments if "none" not in a.shapes}
    if "data" in given and "json" in given:
        return Refuse("requests sends data or json, and httpx refuses to choose")
    to: str | None = None
    first: tuple[str, ...] = ()
    if "stream" in given and "true" in given["stream"].shapes:
        to, first = ("stream", () if verb == "request" else (f'"{verb.upper()}"',))
    elif verb in BODYLESS and ("data" in given or "json" in given):
        to, first = ("request", (f'"{verb.upper()}"',))
    url, params = given.get("url"), given.get("params")
    if url is None or params is None:
        return Adaptation(to=to, first=first)
    if "mapping" in params.shapes and "text" in url.shapes and "query" not in url.shapes:
        return Adaptation(to=to, first=first)
    low, high = sorted((url.index, params.index))
    passed = [a for a in call.arguments if low < a.index < high or (a is url and url.index == high)]
    if not (params.shapes & SIMPLE or all(a.shapes & SIMPLE for a in passed)):
        return Refuse("the parameters would be evaluated before other arguments")
    made = f"_http_url({{{url.index}}}, {{{params.index}}})"
    return Adaptation(
        (params.index,), values=((url.index, made),), first=first, helpers=("_http_url",), to=to
    )


def _unpacked(call: CallSite, verb: str) -> Adaptation | Refuse:
    """Leaves the arguments to a helper at run time, if none is known to have no place in httpx."""
    stars = [a for a in call.arguments if a.name in ("*", "**")]
    rest = [a for a in call.arguments if a not in stars and a.name != "method"]
    keys = {a.name for a in rest} | {
        shape.removeprefix("key ") for a in stars for shape in a.shapes
    }
    for name in REQUEST.split():
        if name in keys and name not in UNPACKED:
            return Refuse(f"argument {name!r} has no faithful form")
    if verb == "head" or [a.name for a in stars] != ["**"] or call.argument("url") is None:
        return Refuse("what is unpacked here has no faithful form")
    (star,) = stars
    texts = [f"{{{a.index}}}" if a.name == "url" else f"{a.name}={{{a.index}}}" for a in rest]
    made = f"_http_arguments({', '.join([*texts, f'**{{{star.index}}}'])})"
    first = () if verb == "request" else (f'"{verb.upper()}"',)
    helpers = ("_http_arguments", "_http_url", "_http_body", "_http_headers", "_http_timeout")
    drop = tuple(a.index for a in rest)
    return Adaptation(
        drop, values=((star.index, made),), first=first, helpers=helpers, to="request"
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
            unread="stream",
            variants=(("stream", "False", STREAMED),),
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
SESSIONS: tuple[Entry, ...] = (
    Resource(SESSION, "httpx.AsyncClient", enter="async", annotation="httpx.AsyncClient", one_loop=True,
             roles=("tested",), fallback="thread"),
    *(
        Call(name, "httpx.AsyncClient", awaited=False, parameters=(), returns=SESSION, made=OPTIONS_OF_SESSION,
             helpers=("_SSL_CONTEXT",),
             last=("verify=_SSL_CONTEXT", "follow_redirects=True", "max_redirects=30", "timeout=None"))
        for name in (SESSION, "requests.sessions.session")
    ),
    Call(f"{SESSION}.close", "aclose", waits=False),
    Attribute(f"{SESSION}.headers", store=("mapping",), returns=HEADERS),
    Attribute(f"{SESSION}.cookies", returns=JAR),
    Attribute(f"{SESSION}.auth", store=("tuple", "none", BASIC, DIGEST)),
    Attribute(f"{SESSION}.max_redirects", store=("any",)),
    *(Refuse(_OPTION, f"{SESSION}.{name}") for name in ("hooks", "stream")),
    *(Attribute(f"{SESSION}.{name}", option=name) for name in LATE),
    Refuse("httpx drops the query of the URL for it", f"{SESSION}.params"),
    Call(f"{SESSION}.send", returns=RESPONSE, adapt=lambda _: Refuse(_PREPARED), unread="stream",
         variants=(("stream", "False", STREAMED),)),
    Refuse(_PREPARED, f"{SESSION}.resolve_redirects"),
    *(Refuse(_PREPARED, f"{SESSION}.{name}", "") for name in PREPARING),
    *(Refuse(_ADAPTER, f"{SESSION}.{name}", "") for name in ("adapters", "get_adapter", "mount")),
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
    helpers=HELPERS,
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
        *_calls("requests.api", method=False),
        *_calls(SESSION, method=True),
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
