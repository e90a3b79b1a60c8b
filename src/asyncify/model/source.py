"""Bytes of a source file and back, without moving one of them.

The text keeps its newlines as they are. A line of a `Span` ends where Python's tokenizer ends it, at
``\\r\\n``, ``\\r`` or ``\\n`` and nowhere else: never use `str.splitlines`, which also splits at form
feeds and at U+2028 inside strings.
"""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass

_FIRST = (None, 1, 1, None)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file and its encoding. A byte order mark is part of the encoding (utf-8-sig)."""

    text: str
    encoding: str

    def encode(self, text: str) -> bytes:
        """The bytes of another text, in the encoding of this one."""
        return text.encode(self.encoding)


def read_source(data: bytes) -> Source:
    """Decode a Python file by its byte order mark or PEP 263 cookie; UTF-8 without either.

    Raises:
        SyntaxError: the encoding is unknown, the bytes do not fit it, or they would not come back
            the same when the text is encoded again.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    try:
        source = Source(data.decode(encoding), encoding)
        if not encoding.startswith("utf-8") and source.encode(source.text) != data:
            raise SyntaxError(f"the encoding {encoding} does not keep every byte", _FIRST)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        where = (None, len(lines), len(lines[-1]) + 1, None)
        raise SyntaxError(f"not valid {encoding}: {error.reason}", where) from error
    except (UnicodeError, LookupError) as error:  # the codecs that are not meant for files
        raise SyntaxError(str(error), _FIRST) from error
    return source
