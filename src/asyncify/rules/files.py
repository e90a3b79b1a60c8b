"""open -> aiofiles.open.

aiofiles takes the same arguments and raises the same exceptions, but hands every single operation to a
thread: 0.1 ms each, so that a loop over 10,000 lines takes 0.6 s and not 1 ms. `f.readlines()` is one
operation. `json.load` and `json.dump` work on a text in between: if the object cannot be written, `json.dump`
has already written the beginning, and this has not.
A file that may be something else (`io.StringIO`), is put into a container, is replaced by a test or belongs to
more than one event loop stays what `open` gives. Every operation that waits runs in a thread, one after the
other, and so does what reads or writes it whole (`pickle.load`, `print(file=...)`). Whoever else gets a file
would wait in the event loop (`csv.reader`), and code of the project must not run in a thread (its own `read` or
`__str__`): then all operations are left alone.
A file that is written to and dropped without being closed stays what it is: see `Buffer`.
An open file cannot be entered (measured with 25.1): `_closing_file` closes it. It belongs to the event loop
in which it was opened.
"""

from asyncify.rules.spec import (
    Attribute,
    Buffer,
    Call,
    Helper,
    Library,
    Parameter,
    Refuse,
    Resource,
    Use,
)

FILE = "file"
TYPES = ("TextIOWrapper", "BufferedReader", "BufferedWriter", "BufferedRandom", "FileIO")
AWAITED = (
    "close", "flush", "read", "peek", "read1", "readall", "readinto", "readline", "readlines",
    "truncate", "write",
)  # fmt: skip
QUICK = ("isatty", "seek", "seekable", "tell", "writable")
PLAIN = ("buffer", "closed", "encoding", "errors", "fileno", "line_buffering", "mode", "name", "newlines", "raw")  # fmt: skip
LOAD = ("cls", "object_hook", "parse_float", "parse_int", "parse_constant", "object_pairs_hook")
DUMP = ("skipkeys", "ensure_ascii", "check_circular", "allow_nan", "indent", "separators", "default", "sort_keys")  # fmt: skip

# parsers that read all of the file before they look at it
PARSERS = (
    ("yaml.safe_load", "yaml.safe_load(await {0}.read())", ()),
    ("yaml.full_load", "yaml.full_load(await {0}.read())", ()),
    ("yaml.load", "yaml.load(await {0}.read(){*})", ("Loader",)),
    ("tomllib.load", "tomllib.loads((await {0}.read()).decode(){*})", ("parse_float",)),
    ("tomli.load", "tomli.loads((await {0}.read()).decode(){*})", ("parse_float",)),
    ("toml.load", "toml.loads(await {0}.read())", ()),
)

# whoever reads or writes an object at once, and wants a real file
WHOLE = (
    "builtins.list:0", "configparser.RawConfigParser.read_file:0", "fcntl.flock:0", "fcntl.lockf:0",
    "hashlib.file_digest:0",
    "marshal.dump:1", "marshal.load:0", "os.fsync:0", "pickle.dump:1", "pickle.load:0", "_pickle.dump:1",
    "_pickle.load:0", "plistlib.dump:1", "plistlib.load:0", "shutil.copyfileobj:0", "shutil.copyfileobj:1",
    "xml.etree.ElementTree.parse:0",
)  # fmt: skip

WRITES = (
    "write", "writelines", "builtins.print:file", "json.dump:1", "marshal.dump:1", "pickle.dump:1",
    "_pickle.dump:1", "plistlib.dump:1", "shutil.copyfileobj:1",
)  # fmt: skip

# an iterator would run in the thread
LINES = Parameter(
    "lines",
    positional=True,
    forms=tuple(
        (shape, "{0}") for shape in ("display", "tuple", "builtins.list", "builtins.tuple")
    ),
)

CLOSING = Helper(
    "_closing_file",
    '''\
@contextlib.asynccontextmanager
async def _closing_file(file: Any) -> AsyncIterator[Any]:
    """Close at the end a file that is already open."""
    try:
        yield file
    finally:
        await file.close()
''',
    ("import contextlib", "from collections.abc import AsyncIterator", "from typing import Any"),
)

library = Library(
    "open",
    code="ASY210",
    target="aiofiles",
    requires=("aiofiles>=24.1",),
    threads=True,
    triggers=("open", "fdopen", "makefile", *TYPES),
    interceptors=("pyfakefs",),
    modules={"io.open": "builtins.open", "_io.open": "builtins.open"}
    | {f"{module}.{name}": FILE for module in ("_io", "io") for name in TYPES},
    helpers=(CLOSING,),
    entries=(
        Call("builtins.open", "aiofiles.open", returns=FILE, enters=True),
        Call("pathlib.Path.open", "aiofiles.open", returns=FILE, receiver=True, enters=True),
        Resource(
            FILE,
            "aiofiles",
            enter="async",
            enter_template="_closing_file({0})",
            helpers=("_closing_file",),
            iterate="async",
            one_loop=True,
            fallback="thread",
            always_waits=True,
            buffer=Buffer(WRITES, ("close", "flush")),
        ),
        *(Call(f"{FILE}.{name}") for name in AWAITED),
        *(Call(f"{FILE}.{name}", waits=False) for name in QUICK),
        Call(f"{FILE}.writelines", signature=("lines",), parameters=(LINES,)),
        *(Attribute(f"{FILE}.{name}") for name in PLAIN),
        Refuse("aiofiles has no such method", f"{FILE}.readinto1"),
        Refuse("aiofiles has no such method", f"{FILE}.reconfigure"),
        Refuse("aiofiles answers at once for some modes only", f"{FILE}.readable"),
        Refuse("the new owner of the file would not await it", f"{FILE}.detach"),
        Use(
            FILE,
            "contextlib.closing:0",
            "_closing_file({0})",
            enter=True,
            made="aiofiles.open",
            helpers=("_closing_file",),
        ),
        Use(
            FILE, "json.load:0", "json.loads(await {0}.read(){*})", keywords=LOAD, imports=("json",)
        ),
        Use(FILE, "builtins.print:file", stays=True, texts=True),
        *(
            Use(FILE, f"_io.{name}:0", stays=True, plain=True)
            for name in ("TextIOWrapper", "BufferedReader", "BufferedWriter")
        ),
        *(Use(FILE, name, stays=True, arguments=1 + name.endswith(":1")) for name in WHOLE),
        *(
            Use(FILE, f"{name}:0", template, keywords=keywords, imports=(name.partition(".")[0],))
            for name, template, keywords in PARSERS
        ),
        Use(
            FILE,
            "json.dump:1",
            "{1}.write(json.dumps({0}{*}))",
            arguments=2,
            awaited=True,
            keywords=DUMP,
            imports=("json",),
        ),
    ),
)
