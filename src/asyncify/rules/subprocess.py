"""subprocess -> the same call in a worker thread.

`asyncio.create_subprocess_exec` has no text mode, no `check`, no `timeout` and leaves the child running
when the caller is cancelled; `asyncio.to_thread` gives the same result for every argument, at the
same cost per process.

A `Popen` stays one. It is made where it was made: asyncio starts its own processes in the event loop too, with
the same class. Waiting for it goes to a thread, and so does every read of its pipes, in the same order: 0.1 ms for
each line. Whoever else gets a pipe (`csv.reader`) would wait in the event loop: then its reads are left alone.
Leaving a `with` statement waits as before, mostly for a process that has come to its end.
"""

from asyncify.rules.spec import READERS, Attribute, Call, Library, Resource, Thread, Use

POPEN = "subprocess.Popen"
INPUT, OUTPUT = "subprocess.stdin", "subprocess.stdout"
SHELL = "os._wrap_close"  # of os.popen
READS = ("read", "read1", "readinto", "readline", "readlines", "peek")
QUICK = (
    "closed", "encoding", "errors", "fileno", "isatty", "mode", "name", "newlines", "readable", "seekable", "writable",
)  # fmt: skip
PLAIN = (
    "args", "encoding", "errors", "kill", "pid", "pipesize", "poll", "returncode", "send_signal", "terminate",
    "text_mode", "universal_newlines",
)  # fmt: skip
WRITERS = (
    "json.dump:1",
    "pickle.dump:1",
    "_pickle.dump:1",
    "plistlib.dump:1",
    "shutil.copyfileobj:1",
)


def _source(
    kind: str, waiting: tuple[str, ...], quick: tuple[str, ...]
) -> tuple[Resource | Thread | Attribute | Use, ...]:
    """What can be read from."""
    return (
        Resource(kind, enter="plain", iterate="thread", fallback="thread", always_waits=True),
        *(Thread(f"{kind}.{name}") for name in waiting),
        *(Attribute(f"{kind}.{name}") for name in quick),
        *(Use(kind, f"{name}:0", stays=True) for name in READERS),
    )


library = Library(
    "subprocess",
    code="ASY220",
    target="thread",
    triggers=("subprocess", "system", "popen"),
    entries=(
        Thread("subprocess.run"),
        Thread("subprocess.call"),
        Thread("subprocess.check_call"),
        Thread("subprocess.check_output"),
        Thread("subprocess.getoutput"),
        Thread("subprocess.getstatusoutput"),
        Thread("os.system"),
        Resource(POPEN, enter="plain", fallback="thread"),
        Thread(f"{POPEN}.wait"),
        Thread(f"{POPEN}.communicate"),
        *(Attribute(f"{POPEN}.{name}") for name in PLAIN),
        Attribute(f"{POPEN}.stdin", returns=INPUT),
        Attribute(f"{POPEN}.stdout", returns=OUTPUT),
        Attribute(f"{POPEN}.stderr", returns=OUTPUT),
        Resource(INPUT, enter="plain", fallback="thread", always_waits=True),
        *(Thread(f"{INPUT}.{name}") for name in ("write", "writelines", "flush", "close")),
        *(Attribute(f"{INPUT}.{name}") for name in QUICK),
        Use(INPUT, "builtins.print:file", stays=True, texts=True),
        *(Use(INPUT, name, stays=True, arguments=2) for name in WRITERS),
        *_source(OUTPUT, READS, (*QUICK, "close")),
        Call("os.popen", returns=SHELL, awaited=False),
        *_source(SHELL, (*READS, "write", "flush", "close"), QUICK),
    ),
)
