"""urllib.request -> the same call in a worker thread.

`urlopen` raises for every status outside 200-299, opens `file:`, `data:` and `ftp:` addresses, does not
decode gzip and follows 10 redirects: no call of httpx does all of that, so the call is kept, with its
openers, handlers and errors. What reads from the response waits for the network too and goes to a thread
as well (see `http.client`); so does reading the body of an `HTTPError`, which is a response.
Handlers of one's own run in the thread of the call that they belong to.
"""

from asyncify.rules.spec import READERS, Attribute, Library, Refuse, Resource, Thread, Use

RESPONSE = "http.client.HTTPResponse"
OPENER = "urllib.request.OpenerDirector"
ERROR = "urllib.error.HTTPError"
READS = ("read", "readline", "readlines")
PLAIN = (
    "add_note", "args", "close", "code", "errno", "filename", "fp", "getcode", "geturl", "hdrs", "headers", "info",
    "msg", "reason", "status", "strerror", "url", "with_traceback",
)  # fmt: skip

library = Library(
    "urllib",
    code="ASY230",
    target="thread",
    triggers=("urllib",),
    modules={"six.moves.urllib.request.urlopen": "urllib.request.urlopen"},
    entries=(
        Thread("urllib.request.urlopen", returns=RESPONSE),
        Thread("urllib.request.urlretrieve"),
        Thread(f"{OPENER}.open", returns=RESPONSE),
        *(Thread(f"urllib.request.URLopener.{name}") for name in ("open", "retrieve")),
        Thread("urllib.request.AbstractHTTPHandler.do_open", returns=RESPONSE),
        Refuse(
            "an FTP connection keeps its state between calls", "urllib.request.ftpwrapper", "ASY951"
        ),
        Resource(ERROR, enter="plain", iterate="thread", roles=("raised",), fallback="thread"),
        *(Thread(f"{ERROR}.{name}") for name in READS),
        *(Attribute(f"{ERROR}.{name}", store=("any",)) for name in PLAIN),
        *(Use(ERROR, f"{name}:0") for name in READERS),
    ),
)
