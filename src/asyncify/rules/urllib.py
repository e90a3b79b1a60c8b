"""urllib.request -> the same call in a worker thread.

`urlopen` raises for every status outside 200-299, opens `file:`, `data:` and `ftp:` addresses, does not
decode gzip and follows 10 redirects: no call of httpx does all of that, so the call is kept. What reads
from the response waits for the network too and goes to a thread as well; closing it does not.
A loop over the lines of a response waits at every line: it is left alone, and so is its chain.
"""

from asyncify.rules.spec import Attribute, Library, Refuse, Resource, Thread, Use

RESPONSE = "http.client.HTTPResponse"
OPENER = "urllib.request.OpenerDirector"
READS = ("read", "read1", "readinto", "readline", "readlines", "readinto1", "peek")
PLAIN = (
    "status", "code", "reason", "msg", "headers", "url", "version", "length", "closed", "close",
    "getheader", "getheaders", "getcode", "geturl", "info", "isclosed", "fileno", "readable", "flush", "isatty",
    "seekable", "writable", "tell",
)  # fmt: skip
NEVER = ("begin", "detach", "seek", "truncate", "write", "writelines")
CONNECTION = ("connect", "endheaders", "getresponse", "request", "send")
_STATEFUL = "a connection of http.client has no faithful async form"
LOADERS = ("json.load", "xml.etree.ElementTree.parse", "plistlib.load", "tomllib.load")

library = Library(
    "urllib",
    code="ASY230",
    target="thread",
    triggers=("urllib", "HTTPConnection", "HTTPSConnection"),
    entries=(
        Thread("urllib.request.urlopen", returns=RESPONSE),
        Thread("urllib.request.urlretrieve"),
        Thread(f"{OPENER}.open", returns=RESPONSE),
        Resource(RESPONSE, enter="plain"),
        *(Thread(f"{RESPONSE}.{name}") for name in READS),
        *(Attribute(f"{RESPONSE}.{name}") for name in PLAIN),
        *(Refuse("a response cannot do this", f"{RESPONSE}.{name}") for name in NEVER),
        *(Use(RESPONSE, f"{name}:0") for name in LOADERS),
        *(Refuse(_STATEFUL, f"http.client.HTTPConnection.{name}") for name in CONNECTION),
    ),
)
