"""Every code that asyncify reports: its number, its name and what a person can do about it.

Pure data, imported by everybody and importing nothing of ours. ASY1xx is the language, 2xx the
standard library, 3xx libraries of others, 9xx what stays as it is. A code is never given away twice.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

REFERENCE = "https://github.com/asyncify-refactor/asyncify/blob/main/docs/reference/codes.md"


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding. `name` is the flagged pattern, `advice` what to do about it."""

    code: str
    name: str
    summary: str
    advice: str

    @property
    def url(self) -> str:
        """Where it is documented."""
        return f"{REFERENCE}#{self.code.lower()}"

    @property
    def hazard(self) -> bool:
        """Whether it says what a person has to think about beside a conversion."""
        return self.code.startswith("ASY16")

    @property
    def leftover(self) -> bool:
        """Whether it says that something stays as it is."""
        return self.code.startswith("ASY9")


# One line each: there are many, and they are read as a table.
_Row = tuple[str, str, str, str]

_LANGUAGE: tuple[_Row, ...] = (
    ("ASY101", "unawaited-call", "A call of a function that becomes async is awaited.", "Nothing to do: the call follows its function. `asyncify --why NAME` prints the chain."),
    ("ASY102", "blocking-function", "A function that blocks, or calls one that does, becomes `async def`.", "To keep it synchronous put `# asyncify: skip` on its `def` line or its name in `keep-sync`."),
    ("ASY103", "blocking-with", "A `with` statement over something that becomes async becomes `async with`.", "Nothing to do: entering and leaving are awaited at the same places as before."),
    ("ASY104", "blocking-for", "A `for` loop over something that becomes async becomes `async for`.", "Nothing to do: items still arrive one at a time and in the same order."),
    ("ASY105", "blocking-comprehension", "A comprehension over something that becomes async becomes an async comprehension.", "Nothing to do."),
    ("ASY106", "blocking-generator", "A generator becomes an async generator; it stays lazy.", "Callers outside the project have to use `async for`."),
    ("ASY107", "blocking-context-manager", "`@contextmanager` over a function that becomes async becomes `@asynccontextmanager`.", "Callers outside the project have to use `async with`."),
    ("ASY108", "blocking-context-protocol", "`__enter__` and `__exit__` become `__aenter__` and `__aexit__`.", "Callers outside the project have to use `async with`."),
    ("ASY109", "blocking-iterator-protocol", "`__iter__` and `__next__` become `__aiter__` and `__anext__`.", "Callers outside the project have to use `async for`."),
    ("ASY110", "blocking-builtin-argument", "`map`, `filter`, `any` and their like over an async function become a comprehension.", "Nothing to do."),
    ("ASY111", "blocking-property", "A read-only property becomes async; every read is awaited.", "Callers outside the project have to write `await obj.name`."),
    ("ASY120", "blocking-annotation", "An annotation follows what it describes (`Iterator` becomes `AsyncIterator`).", "Nothing to do."),
    ("ASY130", "blocking-entry-point", "An entry point starts the event loop with `asyncio.run`.", "Check that nothing above it runs a loop already."),
    ("ASY140", "blocking-test", "A test that calls converted code becomes an async test.", "pytest needs `pytest-asyncio` (or anyio) and its mode in the configuration; asyncify writes it."),
    ("ASY141", "blocking-fixture", "A pytest fixture that calls converted code becomes an async fixture.", "See ASY140."),
    ("ASY142", "blocking-test-case", "`unittest.TestCase` with async tests becomes `IsolatedAsyncioTestCase`.", "Nothing to do. In a plain TestCase an async test passes without being run."),
    ("ASY143", "blocking-mock", "A mock of a function that becomes async becomes an `AsyncMock`.", "Nothing to do."),
    ("ASY150", "blocking-shared-function", "A function that also has callers which cannot await gets an async twin beside it.", "Move the synchronous callers over, then delete the synchronous function. `frontier = \"hold\"` makes no twins."),
    ("ASY160", "thread-local-state", "A function that becomes async uses state that belongs to its thread.", "All tasks of an event loop run in one thread and share it: use a `contextvars.ContextVar`."),
    ("ASY161", "state-across-await", "State is read before a new await and written behind it.", "Another task may change it in between: read it again, or hold an `asyncio.Lock` over both."),
    ("ASY162", "cancellation-caught", "A handler around a new await also catches the cancellation of the task.", "Catch `Exception`, or raise again at its end."),
    ("ASY163", "await-in-finally", "A new await stands in a `finally` block.", "It runs when a task is cancelled, too. Where it must come to its end, use `asyncio.shield`."),
    ("ASY164", "file-lock-across-await", "A lock on a file lasts across a new await.", "It keeps other processes out, not other tasks: hold an `asyncio.Lock` as well."),
)  # fmt: skip

_STDLIB: tuple[_Row, ...] = (
    ("ASY201", "blocking-sleep", "`time.sleep` stops the whole event loop.", "It becomes `await asyncio.sleep(...)`."),
    ("ASY210", "blocking-open", "`open` and reading or writing the file stop the event loop.", 'It becomes `aiofiles.open`. To leave files alone: `libraries = { open = "keep" }`.'),
    ("ASY211", "blocking-path-method", "Methods of `pathlib.Path` that touch the disk stop the event loop.", "They run in a thread: `await asyncio.to_thread(...)`."),
    ("ASY212", "blocking-os-call", "Functions of `os` and `shutil` that touch the disk stop the event loop.", "They run in a thread: `await asyncio.to_thread(...)`."),
    ("ASY213", "blocking-file-parser", "`json.load`, `csv.reader` and their like read from a file while they work.", "The text is read first, then parsed."),
    ("ASY220", "blocking-subprocess", "`subprocess.run`, `Popen.wait` and their like wait for a process, or for what it writes.", "They run in a thread with the same arguments, results and exceptions."),
    ("ASY230", "blocking-urlopen", "`urllib.request.urlopen` waits for the network.", "It runs in a thread, or becomes an httpx call where that means the same."),
    ("ASY231", "blocking-http-client", "`http.client` waits for the network.", "Move to httpx, or run it in a thread."),
    ("ASY232", "blocking-socket", "A blocking socket waits for the network.", "Move to asyncio streams."),
    ("ASY240", "blocking-sqlite", "`sqlite3` works on the disk while the event loop waits.", "It becomes `aiosqlite`, with the same transactions."),
    ("ASY250", "blocking-thread", "A thread is waited for.", "It becomes a task, or the wait moves into a thread."),
    ("ASY251", "blocking-lock", "A lock of `threading` stops the event loop while it is taken.", "It becomes a lock of asyncio where an await would come while it is held, and stays where none does."),
    ("ASY252", "blocking-queue", "`queue.Queue` waits without giving way to the event loop.", "It becomes `asyncio.Queue` if only one loop uses it."),
    ("ASY253", "blocking-executor", "An executor of `concurrent.futures` is waited for.", "It becomes `asyncio.gather` or tasks, with the same bound and order."),
    ("ASY260", "blocking-protocol-client", "`smtplib`, `ftplib`, `imaplib` and their like wait for the network.", "They run in a thread."),
    ("ASY270", "blocking-input", "`input` waits for a person.", "It runs in a thread."),
    ("ASY299", "blocking-configured-call", "A call that `blocking` in the configuration names.", "It runs in a thread: `await asyncio.to_thread(...)`."),
)  # fmt: skip

_LIBRARIES: tuple[_Row, ...] = (
    ("ASY310", "blocking-requests-call", "`requests.get` and its like wait for the network.", "They become calls of one `httpx.AsyncClient` per function."),
    ("ASY311", "blocking-requests-session", "A `requests.Session` waits for the network.", "It becomes an `httpx.AsyncClient` with the lifetime of the session."),
    ("ASY312", "requests-exception", "An exception of requests is caught or raised where httpx raises its own.", "It becomes the matching exception of httpx."),
    ("ASY313", "requests-response", "An attribute of a response has another name or meaning in httpx.", "It becomes what means the same."),
    ("ASY314", "requests-interceptor", "A test answers requests with `responses` or `requests_mock`.", "It answers with `respx`."),
    ("ASY320", "blocking-httpx-client", "The synchronous client of httpx waits for the network.", "It becomes `httpx.AsyncClient`."),
    ("ASY321", "blocking-urllib3", "urllib3 waits for the network.", "It becomes `httpx.AsyncClient`, or runs in a thread."),
    ("ASY330", "blocking-postgres", "A synchronous PostgreSQL driver waits for the server.", "It becomes the async connection of psycopg 3."),
    ("ASY331", "blocking-mysql", "A synchronous MySQL driver waits for the server.", "It becomes its async sibling."),
    ("ASY332", "blocking-redis", "The synchronous client of redis waits for the server.", "It becomes `redis.asyncio`."),
    ("ASY333", "blocking-mongo", "The synchronous client of pymongo waits for the server.", "It becomes `pymongo.AsyncMongoClient`."),
    ("ASY334", "blocking-orm", "An ORM waits for the database.", "It becomes the async session of the same library."),
    ("ASY340", "blocking-cloud-client", "The client of a cloud service waits for the network.", "It becomes its async sibling, or runs in a thread."),
    ("ASY350", "blocking-websocket", "A synchronous websocket waits for the network.", "It becomes its async sibling."),
)  # fmt: skip

_FACTORY = "Move the blocking work out of it, into an async function that its users call first."
_THREAD = "Call the function with `asyncio.run` in there, or keep a synchronous version for it."
_HTTP = "Rewrite it by hand with httpx, or run this call in a thread with `asyncio.to_thread`."
_ONE_LOOP = "Create it inside the running loop and hand it on, then run asyncify again."
_TO_THREAD = "Run it in a thread with `asyncio.to_thread`, or rewrite it by hand."

_LEFT: tuple[_Row, ...] = (
    ("ASY901", "await-context", "`await` is not legal here (lambda, class body, default, decorator).", "Move the call into a function of its own."),
    ("ASY902", "dunder", "A special method cannot be async.", _FACTORY),
    ("ASY903", "property", "A property is read where it cannot be awaited, or setting it would have to be.", "Make it a method, then run asyncify again."),
    ("ASY904", "override", "It overrides or implements something outside the project that is not async.", "Derive from the async form of the base, or keep this method synchronous."),
    ("ASY905", "outside-paths", "The chain leaves the paths that were given.", "Give the other paths too, or none: asyncify then works on the whole project."),
    ("ASY906", "decorator", "A decorator calls the function, or does not know async functions.", "Make the decorator async-aware, or keep the function synchronous."),
    ("ASY907", "callback", "The function is handed to code that calls it without awaiting it.", _THREAD),
    ("ASY908", "thread-target", "The function is the target of a thread or a process.", _THREAD),
    ("ASY909", "framework", "A framework calls the function and does not await it.", _THREAD),
    ("ASY910", "cache", "The cache would store a coroutine, which can be awaited only once.", "Use a cache for async functions, for example `async_lru.alru_cache`."),
    ("ASY911", "generator-return", "A generator that returns a value cannot become an async generator.", "Hand the value back in another way."),
    ("ASY912", "generator-escape", "The generator is handed to code that iterates synchronously.", "Collect its items first where laziness does not matter."),
    ("ASY913", "module-level", "The call runs while the module is imported.", "Move it into a function that the entry point calls; `--wrap-scripts` does that for scripts."),
    ("ASY914", "by-name", "Only the name of the method says where the call goes.", "Annotate the receiver, then run asyncify again."),
    ("ASY915", "escapes", "The object leaves what asyncify can see.", "Keep it in one function, or annotate where it goes."),
    ("ASY916", "kept-sync", "The configuration, a comment or the public interface keeps the function synchronous.", "Remove the `# asyncify: skip` or the entry in `keep-sync`."),
    ("ASY917", "test-class-setup", "A class-level hook of a test case cannot be async.", "Move the work into `asyncSetUp`, or into a fixture."),
    ("ASY918", "mock", "A test replaces or counts what would change, in a way that asyncify cannot follow.", "Change the test by hand together with the code."),
    ("ASY919", "unknown-use", "The function or object is used in a way that asyncify does not know.", "Rewrite that use in a plainer form, or convert by hand."),
    ("ASY920", "already-running-loop", "An event loop may run here already, so `asyncio.run` would fail.", "Await the function here, or call it from code that runs no loop."),
    ("ASY921", "block-flow", "`break`, `continue` or `return` cannot be moved with the block.", "Restructure the block."),
    ("ASY922", "pruned-walk", "The loop changes the list of directories that `os.walk` visits next.", _TO_THREAD),
    ("ASY923", "loop-bound-object", "The object belongs to one event loop but lives longer than it.", _ONE_LOOP),
    ("ASY924", "shared-lock", "A lock would be held across an await, and cannot become a lock of asyncio.", "Take the lock around plain code only, or make it in the one loop that uses it."),
    ("ASY925", "reentrant-lock", "A reentrant lock would be held across an await, and asyncio has none.", "Take the lock once, outside."),
    ("ASY926", "shared-queue", "The queue is shared between threads.", "Keep `queue.Queue` and wait in a thread."),
    ("ASY927", "subscription-thread", "The subscription runs in a thread of its own.", "Read from the subscription in a task."),
    ("ASY928", "doctest", "A doctest calls the function without awaiting it.", "Skip the example, or let it call `asyncio.run`."),
    ("ASY929", "outside-scope", "No async function calls it, and `scope` is `async-only`.", "Run asyncify with `scope = \"project\"` to convert synchronous code too."),
    ("ASY930", "http-argument", "The argument has no faithful form in httpx.", _HTTP),
    ("ASY931", "http-auth", "The authentication has no faithful form in httpx.", "Write an `httpx.Auth` for it."),
    ("ASY932", "http-hook", "The hook has no faithful form in httpx.", "Use the event hooks of `httpx.AsyncClient`."),
    ("ASY933", "http-retry", "The retry policy has no faithful form in httpx.", "Write the retry around the call."),
    ("ASY934", "http-adapter", "A transport adapter is mounted.", "Write an `httpx.AsyncBaseTransport` for it."),
    ("ASY935", "http-prepared-request", "A prepared request is changed before it is sent.", _HTTP),
    ("ASY936", "http-session-reuse", "The session is used after it was closed, or by several threads.", _ONE_LOOP),
    ("ASY937", "http-session-subclass", "A class derives from `requests.Session`.", "Derive from `httpx.AsyncClient` by hand."),
    ("ASY938", "http-client-option", "An option of the session changes between calls.", _HTTP),
    ("ASY939", "http-response", "The response is used in a way that httpx does not offer.", _HTTP),
    ("ASY940", "http-raw", "The raw response is read.", "Use `client.stream` and `aiter_raw`."),
    ("ASY941", "http-stream-escapes", "A streamed response leaves the function that opened it.", "Read the stream where it is opened."),
    ("ASY942", "http-exception", "The exception has no counterpart in httpx.", _HTTP),
    ("ASY943", "http-mock", "A test intercepts requests in a way that does not reach httpx.", "Move the test to `respx` or `httpx.MockTransport`."),
    ("ASY950", "popen", "The process is used in ways that the async one lacks.", _TO_THREAD),
    ("ASY951", "stateful-protocol", "The protocol object keeps state between calls and has no async form.", _TO_THREAD),
    ("ASY952", "file-object", "The file is used in a way that the async one lacks.", _TO_THREAD),
    ("ASY960", "database-gap", "The async driver lacks what is used here.", _TO_THREAD),
    ("ASY961", "sql-text", "The placeholders of the statement cannot be translated.", "Write the statement for the async driver."),
    ("ASY962", "database-url", "The database address is not known before it runs.", "Name the async driver in the address."),
    ("ASY963", "lazy-attribute", "Reading the attribute may query the database.", "Load it eagerly."),
    ("ASY964", "cloud-resource", "The resource interface has no async form.", "Use the client interface."),
    ("ASY965", "library-gap", "The async library has no faithful form of this call.", _TO_THREAD),
    ("ASY970", "public-function", "`public-api = \"keep\"` or `frontier = \"twin\"` keeps public functions as they are.", "Call its async twin, or leave the setting out to convert the function itself."),
    ("ASY971", "interrupt", "Ctrl-C, a signal handler that raises, or a fork would not do the same in an event loop.", "Keep it outside of the loop, around `asyncio.run`."),
    ("ASY980", "unverified", "The new text broke a promise and was thrown away.", "Please report it with the file that it names."),
    ("ASY981", "blocked-at-runtime", "The tests saw a call that blocks a running event loop (`--verify-runtime`).", "See what else is reported for this line; a call that asyncify does not know can be named in `blocking`."),
    ("ASY990", "unused-suppression", "An `# asyncify:` comment suppresses nothing.", "Remove the comment."),
)  # fmt: skip

CODES: tuple[Code, ...] = tuple(Code(*row) for row in (*_LANGUAGE, *_STDLIB, *_LIBRARIES, *_LEFT))
_BY_KEY = {key: code for code in CODES for key in (code.code, code.name)}


def find(key: str) -> Code | None:
    """The code with this number or name, however it is written."""
    return _BY_KEY.get(key) or _BY_KEY.get(key.upper()) or _BY_KEY.get(key.lower())


def is_selector(text: str) -> bool:
    """Whether a text selects codes: `ALL`, a code, the start of one, a name, or a code of another vendor."""
    if text == "ALL" or text in _BY_KEY:
        return True
    if not text.startswith("ASY"):
        return text.isupper() and text.isascii() and text.isalnum()
    return any(code.code.startswith(text) for code in CODES)


def closest(key: str) -> str:
    """The known code or name that looks most like this text, or nothing."""
    return next(iter(difflib.get_close_matches(key, _BY_KEY, n=1)), "")
