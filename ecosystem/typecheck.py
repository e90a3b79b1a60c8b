"""Step d, first half: what a type checker says after minus what it said before."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ecosystem import process
from ecosystem.store import environment_variables, site_packages

CONFIG = """\
python-version = "{version}"
search-path = [{roots}]
site-package-path = [{packages}]
skip-interpreter-query = true
check-unannotated-defs = true
infer-return-types = "checked"
use-ignore-files = false
"""
COROUTINE_WORDS = re.compile(r"\b(Coroutine|CoroutineType|AsyncGenerator)\b")
_WRAPPED = re.compile(r"\bCoroutine(?:Type)?\[\w+, \w+, ((?:[^\[\]]|\[[^\[\]]*\])*)\]")
_ASYNC = re.compile(
    r"\bAsync ?(?=[A-Za-z])"
)  # of a generator function, and of the types of its kind
_CONSTRUCTOR = re.compile(r"`\w+\._init_async`")
_TWIN = re.compile(r"_async\b")
# Kinds in which a declared type meets another one: the declaration may be what is wrong.
DECLARED_KINDS = re.compile(
    r"^(bad-(argument|assignment|return|override|param|typed-dict)|not-async)"
)


class TypeCheckError(RuntimeError):
    """The type checker itself failed, so nothing can be said."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message of the type checker."""

    path: str
    line: int
    kind: str
    message: str

    @property
    def problem(self) -> str | None:
        """The promise it is about: a lost coroutine, or an annotation that did not follow."""
        certain = self.kind in {"not-async", "unused-coroutine"}
        headline = self.message.partition("\n")[0]  # of overloads, the rest is what there is
        if self.kind == "bad-override" and _CONSTRUCTOR.search(headline):
            return None  # nobody compares the arguments of constructors, and this is one
        said = headline if self.kind == "no-matching-overload" else self.message
        if not certain and not COROUTINE_WORDS.search(said):
            return None
        return "annotation" if DECLARED_KINDS.match(self.kind) else "lost-coroutine"


def check(
    top: Path, root: str, files: Iterable[str], environment: Path | None, logs: Path
) -> tuple[Diagnostic, ...]:
    """Check ``files`` of the copy at ``top`` under a fixed configuration."""
    logs.mkdir(parents=True, exist_ok=True)
    config, output = logs / "pyrefly.toml", logs / "pyrefly.json"
    packages = [str(site_packages(environment))] if environment else []
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    roots = dict.fromkeys([str((top / root).resolve()), str(top.resolve())])
    config.write_text(
        CONFIG.format(version=version, roots=_quoted(roots), packages=_quoted(packages)),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pyrefly", "check", "--config", str(config.resolve())]
    command += ["--output-format", "json", "--summary=none", "--color", "never"]
    usage = process.run(
        [*command, f"--relative-to={top.resolve()}", *files],
        cwd=top,
        env=environment_variables(None),
        timeout=1800,
        stdout=output,
        stderr=logs / "pyrefly.err",
    )
    try:
        errors = json.loads(output.read_text(encoding="utf-8"))["errors"]
    except (ValueError, KeyError) as error:
        raise TypeCheckError(f"pyrefly ended with {usage.exit_code}: {error}") from error
    return tuple(
        Diagnostic(
            str(item["path"]), int(item["line"]), str(item["name"]), str(item["description"])
        )
        for item in errors
    )


def new(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What is said after and was not said before.

    Lines move, so they do not count. Nor do the types in the details: what was wrong before is wrong in
    other words where the functions are async now, and once more in the twin of a function.
    """
    known = Counter(_key(item) for item in before)
    said = frozenset(known)
    fresh = []
    for item in after:
        key = _key(item)
        if known[key]:
            known[key] -= 1
        elif not _TWIN.search(key[2]) or (*key[:2], _TWIN.sub("", key[2])) not in said:
            fresh.append(item)
    return tuple(fresh)


def _key(item: Diagnostic) -> tuple[str, str, str]:
    headline = item.message.partition("\n")[0]
    return item.path, item.kind, _ASYNC.sub("", _WRAPPED.sub(r"\1", headline)).lower()


def _quoted(paths: Iterable[str]) -> str:
    return ", ".join(json.dumps(path) for path in paths)
