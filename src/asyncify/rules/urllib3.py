"""urllib3: the same calls, each in a worker thread.

A pool retries three times and waits in between, follows three redirects and then raises `MaxRetryError`,
writes `fields` as multipart and hands out connections that are given back by reading: no client of httpx
does that. Pools may be used from several threads. The body of a response is there when the call returns,
unless `preload_content=False` asks for a stream: then every read waits, and goes to a thread as well.
"""

from asyncify.rules.spec import READERS, Attribute, Call, Library, Refuse, Resource, Thread, Use

RESPONSE = "urllib3.response.BaseHTTPResponse"
STREAM = "urllib3.stream"  # what that method gives
OPEN = "urllib3.response that is not read"
METHODS = "urllib3.poolmanager.RequestMethods"
POOL = "urllib3.connectionpool.HTTPConnectionPool"
CONNECTION = "urllib3.connection.HTTPConnection"
REQUESTS = (
    *(f"{METHODS}.{name}" for name in ("request", "request_encode_body", "request_encode_url")),
    "urllib3.poolmanager.PoolManager.urlopen",
    f"{POOL}.urlopen",
    "urllib3.request",
)
READS = ("drain_conn", "read", "read1", "readinto", "readline", "readlines")
LOADED = ("data", "json")
PLAIN = (
    "CONTENT_DECODERS", "DECODER_ERROR_CLASSES", "REDIRECT_STATUSES", "close", "closed", "connection", "decode_content",
    "enforce_content_length", "fileno", "flush", "get_redirect_location", "getheader", "getheaders", "geturl",
    "headers", "info", "isatty", "isclosed", "length_remaining", "msg", "readable", "reason", "release_conn",
    "retries", "seekable", "shutdown", "status", "supports_chunked_reads", "tell", "url", "version",
    "version_string", "writable",
)  # fmt: skip
NEVER = ("seek", "truncate", "writelines")
_UNREAD = "the body of the response is not there yet, so reading it here would wait"


def _response(
    kind: str, of: str = ""
) -> tuple[Resource | Thread | Call | Attribute | Refuse | Use, ...]:
    return (
        Resource(kind, enter="plain", iterate="thread", of=of, fallback="" if of else "thread"),
        *(Thread(f"{kind}.{name}") for name in READS),
        *(
            Call(f"{kind}.{name}", awaited=False, returns=STREAM)
            for name in ("stream", "read_chunked")
        ),
        *(Attribute(f"{kind}.{name}") for name in PLAIN),
        *(Refuse("a response cannot do this", f"{kind}.{name}") for name in NEVER),
        *(Use(kind, f"{name}:0") for name in READERS),
        Use(kind, "contextlib.closing:0", plain=True),
    )


library = Library(
    "urllib3",
    code="ASY321",
    target="thread",
    triggers=("urllib3",),
    modules={
        "urllib3.response.HTTPResponse": RESPONSE,
        "urllib3.HTTPResponse": RESPONSE,
        "urllib3.BaseHTTPResponse": RESPONSE,
    },
    data=(f"{RESPONSE}.json",),
    entries=(
        *(
            Thread(name, returns=RESPONSE, variants=(("preload_content", "True", OPEN),))
            for name in REQUESTS
        ),
        *(Thread(f"{CONNECTION}.{name}") for name in ("connect", "request", "request_chunked")),
        Thread(f"{CONNECTION}.getresponse", returns=OPEN),
        Thread("urllib3.util.retry.Retry.sleep"),
        *_response(RESPONSE),
        *(Attribute(f"{RESPONSE}.{name}") for name in LOADED),
        *_response(OPEN, of=RESPONSE),
        *(Refuse(_UNREAD, f"{OPEN}.{name}") for name in LOADED),
        Resource(STREAM, iterate="thread"),
        *(Use(STREAM, f"{name}:0") for name in ("builtins.list", "builtins.bytes.join")),
        Attribute(f"{STREAM}.close"),
    ),
)
