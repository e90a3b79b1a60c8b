"""http.client: the same calls, each in a worker thread.

A connection is a conversation: what is sent, and what is read, has an order that no call of httpx keeps.
Every call that waits for the network goes to a thread by itself, in the same order; closing does not wait.
A loop over a response fetches every line in a thread, 0.1 ms each. What reads a response piece by piece
later (`io.TextIOWrapper`, `gzip.open`, `csv.reader`) would block where nobody sees it: those chains stay.
"""

from asyncify.rules.spec import READERS, Attribute, Library, Refuse, Resource, Thread, Use

RESPONSE = "http.client.HTTPResponse"
CONNECTION = "http.client.HTTPConnection"
READS = ("read", "read1", "readinto", "readline", "readlines", "readinto1", "peek")
PLAIN = (
    "status", "code", "reason", "msg", "headers", "url", "version", "length", "closed", "close",
    "getheader", "getheaders", "getcode", "geturl", "info", "isclosed", "fileno", "readable", "flush", "isatty",
    "seekable", "writable", "tell",
)  # fmt: skip
NEVER = ("begin", "detach", "seek", "truncate", "write", "writelines")

library = Library(
    "http.client",
    code="ASY231",
    target="thread",
    triggers=("HTTPConnection", "HTTPSConnection"),
    entries=(
        *(Thread(f"{CONNECTION}.{name}") for name in ("connect", "endheaders", "request", "send")),
        Thread(f"{CONNECTION}.getresponse", returns=RESPONSE),
        Resource(
            RESPONSE,
            enter="plain",
            iterate="thread",
            fallback="thread",
            always_waits=True,
            lendable=True,
        ),
        *(Thread(f"{RESPONSE}.{name}") for name in READS),
        *(Attribute(f"{RESPONSE}.{name}") for name in PLAIN),
        *(Refuse("a response cannot do this", f"{RESPONSE}.{name}") for name in NEVER),
        *(Use(RESPONSE, f"{name}:0") for name in READERS),
        Use(RESPONSE, "contextlib.closing:0", plain=True),
    ),
)
