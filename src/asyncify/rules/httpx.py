"""httpx.Client -> httpx.AsyncClient.

The two clients take the same arguments and give the same responses, read or not. What differs:

- A body that is read piece by piece has to come from an async iterator: `_http_content`. A file is sent
  whole, with its length.
- An `Auth` works with both clients, unless it overrides `sync_auth_flow`: an async client ignores that
  without a word. A project that does keeps its clients in a thread.
- `HTTPTransport` becomes `AsyncHTTPTransport`, `MockTransport` is both. Transports of one's own, mounts
  and event hooks have to be async: those clients stay in a thread.
- A streamed response is entered by `async with` and read by `aiter_bytes` and its like. One that is kept
  for later (`send(stream=True)`) is closed by `aclose`.
- An error may hold a response that is not read yet: `_http_read` reads it from whichever client it came.
"""

from asyncify.rules.spec import (
    Attribute,
    Call,
    Client,
    Entry,
    Helper,
    Library,
    Parameter,
    Refuse,
    Resource,
    Use,
)

CLIENT = "httpx.Client"
REQUEST = "httpx.Request"
RESPONSE = "httpx.Response"
UNREAD = "httpx.streamed response"
FAILED = "httpx.response of an error"
PIECES = "httpx.iterator"
TRANSPORT = "httpx.HTTPTransport"
ERROR = "httpx.HTTPStatusError"
VERBS = ("get", "options", "head", "post", "put", "patch", "delete", "request")
KEEP = "{0}"
AS_IT_IS = tuple((shape, KEEP) for shape in ("none", "str", "bytes", "builtins.bytes"))
AUTH = Parameter("auth", unless_defined="sync_auth_flow")

PARAMETERS = (
    Parameter("method", positional=True),
    Parameter("url", positional=True),
    *(Parameter(name) for name in ("params", "headers", "json", "files", "follow_redirects", "timeout")),
    Parameter("content", forms=AS_IT_IS),
    Parameter("content", forms=(("any", "_http_content({0})"),), helper="_http_content"),
    Parameter("data", forms=(*AS_IT_IS, ("mapping", KEEP), ("builtins.dict", KEEP))),
    Parameter("data", forms=(("any", "_http_content({0})"),), helper="_http_content"),
    AUTH,
)  # fmt: skip
OF_CLIENT = ("cookies", "proxy", "trust_env", "verify")
OF_FUNCTION = (*PARAMETERS, *(Parameter(name, client=True) for name in OF_CLIENT))
OF_METHOD = (
    *PARAMETERS,
    Parameter("cookies"),
    Parameter("extensions"),
    Parameter("**", forms=(("any", "_http_options({0})"),), helper="_http_options"),
)
CONSTRUCTOR = (
    "base_url", "cert", "cookies", "default_encoding", "follow_redirects", "headers", "http1", "http2", "limits",
    "max_redirects", "params", "proxy", "timeout", "trust_env", "verify",
)  # fmt: skip
TRANSPORTS = (TRANSPORT, "httpx.MockTransport")
ATTRIBUTES = (
    "charset_encoding", "content", "cookies", "default_encoding", "elapsed", "encoding", "extensions",
    "has_redirect_location", "headers", "history", "http_version", "is_client_error", "is_closed", "is_error",
    "is_informational", "is_redirect", "is_server_error", "is_stream_consumed", "is_success", "json", "links",
    "next_request", "num_bytes_downloaded", "raise_for_status", "reason_phrase", "request", "status_code", "stream", "text",
    "url",
)  # fmt: skip
READ = ("iter_bytes", "iter_lines", "iter_text", "read")  # of a response that is read already
PIECEWISE = ("iter_bytes", "iter_lines", "iter_raw", "iter_text")
OF_REQUEST = ("content", "extensions", "headers", "method", "read", "stream", "url")
_HOOKS = "the hooks of an async client are async"
_GONE = "the raw bytes of a response that is read already are gone"


def _calls(owner: str, method: bool) -> tuple[Call, ...]:
    table = OF_METHOD if method else OF_FUNCTION
    verbs = tuple(
        Call(
            f"{owner}.{verb}",
            verb,
            client="" if method else "httpx",
            signature=("method", "url") if verb == "request" else ("url",),
            parameters=table,
            returns=RESPONSE,
        )
        for verb in VERBS
    )
    signature = ("method", "url")
    client = "" if method else "httpx"
    stream = Call(
        f"{owner}.stream",
        "stream",
        client=client,
        signature=signature,
        parameters=table,
        returns=UNREAD,
        must_enter=True,
    )
    return (*verbs, stream)


def _attributes(kind: str, names: tuple[str, ...]) -> tuple[Attribute, ...]:
    return tuple(Attribute(f"{kind}.{n}", store=("any",) if n == "encoding" else ()) for n in names)


RESPONSES: tuple[Entry, ...] = (
    Resource(RESPONSE, fallback="thread"),  # whichever client it came from
    *_attributes(RESPONSE, (*ATTRIBUTES, *READ)),
    Refuse(_GONE, f"{RESPONSE}.iter_raw", "ASY940"),
    Call(f"{RESPONSE}.close", "aclose", waits=False),
    Resource(UNREAD, RESPONSE, enter="async", of=RESPONSE),
    *_attributes(UNREAD, ATTRIBUTES),
    *(Call(f"{UNREAD}.{n}", f"a{n}", awaited=False, returns=PIECES) for n in PIECEWISE),
    Call(f"{UNREAD}.read", "aread"),
    Call(f"{UNREAD}.close", "aclose", waits=False),
    Resource(PIECES, "aiter_bytes", iterate="async"),
    Resource(ERROR, fallback="thread"),
    *_attributes(ERROR, ("add_note", "args", "request", "with_traceback")),
    Attribute(f"{ERROR}.response", returns=FAILED),
    Resource(FAILED, of=RESPONSE, fallback="thread"),
    *_attributes(FAILED, (*ATTRIBUTES, *READ[:-1])),
    Call(f"{FAILED}.read", "_http_read", receiver=True, helpers=("_http_read",)),
    Refuse(_GONE, f"{FAILED}.iter_raw", "ASY940"),
    Refuse("it would have to be awaited for some clients only", f"{FAILED}.close", "ASY939"),
)
CLIENTS: tuple[Entry, ...] = (
    Client("httpx", "httpx.AsyncClient", reset="{client}.cookies.clear()"),
    *_calls("httpx", method=False),
    *_calls(CLIENT, method=True),
    Resource(
        CLIENT,
        "httpx.AsyncClient",
        enter="async",
        annotation="httpx.AsyncClient",
        one_loop=True,
        fallback="thread",
    ),
    Call(
        CLIENT,
        "httpx.AsyncClient",
        awaited=False,
        parameters=(
            *(Parameter(name) for name in CONSTRUCTOR),
            AUTH,
            Parameter("transport", forms=tuple((shape, KEEP) for shape in ("none", *TRANSPORTS))),
            *(Parameter(name, forms=(("none", KEEP),)) for name in ("event_hooks", "mounts")),
        ),
        returns=CLIENT,
    ),
    Call(f"{CLIENT}.close", "aclose", waits=False),
    *(
        Attribute(f"{CLIENT}.{name}", store=("any",))
        for name in (
            "base_url",
            "cookies",
            "follow_redirects",
            "headers",
            "max_redirects",
            "params",
            "timeout",
            "trust_env",
        )
    ),
    Attribute(f"{CLIENT}.is_closed"),
    Attribute(f"{CLIENT}.auth", store=("none", "tuple", "httpx.BasicAuth", "httpx.DigestAuth")),
    Refuse(_HOOKS, f"{CLIENT}.event_hooks", "ASY932"),
    Call(f"{CLIENT}.build_request", awaited=False, signature=("method", "url"), parameters=OF_METHOD, returns=REQUEST),
    Call(REQUEST, awaited=False, signature=("method", "url"), parameters=OF_METHOD, returns=REQUEST),
    Call(
        f"{CLIENT}.send",
        signature=("request",),
        parameters=(
            Parameter("request", positional=True),
            *(Parameter(name) for name in ("follow_redirects", "stream")),
            AUTH,
        ),
        returns=RESPONSE,
        variants=(("stream", "False", UNREAD),),
    ),
    Resource(REQUEST, REQUEST, fallback="thread"),
    *_attributes(REQUEST, OF_REQUEST),
    Use(REQUEST, f"{CLIENT}.send:0", plain=True),
    Resource(TRANSPORT, "httpx.AsyncHTTPTransport", annotation="httpx.AsyncHTTPTransport", fallback="thread"),
    Call(TRANSPORT, "httpx.AsyncHTTPTransport", awaited=False, returns=TRANSPORT),
    Call(f"{TRANSPORT}.close", "aclose"),
    Refuse("the transport is called by hand", f"{TRANSPORT}.handle_request", "ASY934"),
    Use(TRANSPORT, f"{CLIENT}:transport", plain=True),
)  # fmt: skip

HELPERS = (
    Helper(
        "_http_content",
        '''\
def _http_content(content):
    """A body for an async client: a file is read, an iterator becomes an async one."""
    if hasattr(content, "read"):
        return content.read()
    if isinstance(content, (str, bytes, Mapping)) or not hasattr(content, "__iter__"):
        return content

    async def parts():
        for part in content:
            yield part

    return parts()
''',
        ("from collections.abc import Mapping",),
    ),
    Helper(
        "_http_options",
        '''\
def _http_options(options):
    """Keyword arguments of a request for an async client: files are read, iterators become async."""

    async def parts(content):
        for part in content:
            yield part

    made = {}
    for name, value in options.items():
        body = name in ("content", "data") and not isinstance(value, (str, bytes, Mapping))
        if body and hasattr(value, "read"):
            made[name] = value.read()
        elif body and hasattr(value, "__iter__"):
            made[name] = parts(value)
        else:
            made[name] = value
    return made
''',
        ("from collections.abc import Mapping",),
    ),
    Helper(
        "_http_read",
        '''\
async def _http_read(response):
    """The body of a response that may come from an async client."""
    if isinstance(response.stream, httpx.AsyncByteStream):
        return await response.aread()
    return httpx.Response.read(response)
''',
        ("import httpx",),
    ),
)

library = Library(
    "httpx",
    code="ASY320",
    target="httpx",
    requires=("httpx>=0.27",),
    triggers=("httpx",),
    helpers=HELPERS,
    data=(f"{RESPONSE}.json",),
    entries=(*CLIENTS, *RESPONSES),
)
