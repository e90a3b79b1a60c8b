"""What a project depends on after a run: what is new, what nothing imports any more, and where it is declared."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncify.config import HttpClient
from asyncify.manifests import Change, Updated, update

_NAMES = ("pyproject.toml", "setup.cfg", "setup.py")
_PATTERNS = ("*requirements*.txt", "*requirements*.in", "requirements/*.txt", "requirements/*.in")


@dataclass(frozen=True, slots=True)
class Manifests:
    """The files of a project that declare what it depends on, by their paths."""

    texts: Mapping[str, str]

    @classmethod
    def of(cls, root: Path) -> Manifests:
        """Read them; a file that cannot be read declares nothing."""
        found = [root / name for name in _NAMES]
        found.extend(path for pattern in _PATTERNS for path in sorted(root.glob(pattern)))
        texts = {}
        for path in found:
            try:
                texts[path.relative_to(root).as_posix()] = path.read_bytes().decode()
            except (OSError, UnicodeDecodeError):
                continue
        return cls(texts)

    def declared(self, modules: Iterable[str]) -> tuple[str, ...]:
        """The distributions of these modules, and their stubs, that some file names."""
        texts = "\n".join(self.texts.values()).lower()
        names = [name for module in modules for name in (module, f"types-{module}")]
        return tuple(name for name in names if re.search(rf"(?<![\w.-]){name}(?![\w.-])", texts))

    def changed(self, change: Change, texts: Mapping[str, str]) -> Updated:
        """Carry out a change; `texts` are new texts of some of the files already."""
        return update({**self.texts, **texts}, change)

    def http_client(self, choice: HttpClient) -> HttpClient:
        """The library that HTTP calls move to: the one that is chosen, or that the project depends on."""
        if choice != "auto":
            return choice
        declared = self.declared(("httpx", "httpx2"))
        return "httpx2" if "httpx2" in declared and "httpx" not in declared else "httpx"


def left_modules(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    """Top modules of others that some file imported before, and none does any more.

    Args:
        before: the texts of all files.
        after: the new texts of those that change.
    """
    lost = {
        name
        for path, text in after.items()
        for name in set(_imports(before.get(path, b""))) - set(_imports(text))
        if name not in sys.stdlib_module_names
    }
    homes = {part for path in before for part in (*path.split("/")[:-1], Path(path).stem)}
    return tuple(sorted(name for name in lost - homes if not _is_used(name, before, after)))


def _imports(text: bytes) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _is_used(name: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> bool:
    """Whether a file imports a module, or names it in a string that may be imported or patched."""
    word = re.escape(name).encode()
    found = re.compile(
        rb"^[^#\n]*\b(?:import|from)\b[^#\n]*(?<![\w.])" + word + rb"(?![\w-])"
        rb"|(?:import_module|__import__|importorskip|find_spec)\(\s*[\"']" + word + rb"\b"
        rb"|[\"']" + word + rb"\.\w",
        re.MULTILINE,
    )
    return any(found.search(after.get(path, text)) for path, text in before.items())
