"""What goes into every Python process of the tests that `--verify` runs, as its `sitecustomize`.

This file is copied out of the package and runs where asyncify is not installed, perhaps in an older Python:
it imports nothing of ours. What it has seen goes line by line into the file `ASYNCIFY_PROBE_OUTPUT`.

- A module that is found in the project itself (`ASYNCIFY_PROBE_ORIGIN`), because the project is installed in
  place, is taken from the copy (`ASYNCIFY_PROBE_COPY`).
- With `ASYNCIFY_PROBE_BLOCKING`, every place of the copy is noted from which a blocking call is made while an
  event loop runs. `blockbuster` says what blocks.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import FrameType, ModuleType

    from blockbuster.blockbuster import BlockBusterFunction

_COPY = os.environ.get("ASYNCIFY_PROBE_COPY", "")
_ORIGIN = os.environ.get("ASYNCIFY_PROBE_ORIGIN", "")
_OUTPUT = os.environ.get("ASYNCIFY_PROBE_OUTPUT", "")
_BLOCKING = bool(os.environ.get("ASYNCIFY_PROBE_BLOCKING"))
# these only look at what they are given, or ask the kernel for what it has at hand
_QUICK = ("os.getcwd", "os.path.abspath", "os.path.samestat")
_open, _write, _close = os.open, os.write, os.close  # as they were before anything is replaced


class _Copies:
    """Finds modules as the other finders do, but the copy of each file of the project."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The place of a module, see `importlib.abc.MetaPathFinder`."""
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec = find(name, path, target)
            if spec is not None:
                return self._moved(name, spec)
        return None

    @staticmethod
    def _moved(name: str, spec: ModuleSpec) -> ModuleSpec | None:
        place = _copied(spec.origin) if spec.has_location and spec.origin else None
        if place is None:
            return spec
        inner = spec.submodule_search_locations
        if inner is not None:
            inner = [_copied(each) or each for each in inner]
        return importlib.util.spec_from_file_location(name, place, submodule_search_locations=inner)


def _copied(path: str) -> str | None:
    """Where the copy has a file or directory of the project; None for everything else."""
    real = os.path.realpath(path)
    if not real.startswith(os.path.join(_ORIGIN, "")):
        return None
    place = os.path.join(_COPY, os.path.relpath(real, _ORIGIN))
    return place if os.path.exists(place) else None


def _tell(**what: object) -> None:
    line = json.dumps(what) + "\n"
    file = _open(_OUTPUT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        _write(file, line.encode())
    finally:
        _close(file)


class _Blocking:
    """Notes the places that block the event loop, each once."""

    def __init__(self) -> None:
        self.seen: set[tuple[tuple[str, int, str], str]] = set()

    def watch(self, function: BlockBusterFunction) -> None:
        """Let a function of blockbuster note where it would raise, and go on."""
        may_block = function.can_block_predicate

        def predicate(*args: object, **kwargs: object) -> bool:
            if not may_block(*args, **kwargs):
                self.note(function, sys._getframe(2))
            return True

        function.can_block_predicate = predicate

    def note(self, function: BlockBusterFunction, start: FrameType) -> None:
        """Note the line of the copy that makes a blocking call, unless blockbuster allows the call there."""
        through = ""
        place: tuple[str, int, str] | None = None
        frame: FrameType | None = start
        while frame is not None:
            code = frame.f_code
            file = code.co_filename.replace("\\", "/")
            for ending, names in function.can_block_functions:
                if file.endswith(ending) and code.co_name in names:
                    return
            if place is None:
                if code.co_filename.startswith(os.path.join(_COPY, "")):
                    place = (
                        os.path.relpath(code.co_filename, _COPY),
                        frame.f_lineno,
                        getattr(code, "co_qualname", code.co_name),
                    )
                elif file.endswith("asyncio/base_events.py") and code.co_name == "_run_once":
                    return  # somebody else's task, or what the loop does by itself
                else:
                    through = frame.f_globals.get("__name__", "")
            frame = frame.f_back
        if place is None or (place, function.full_name) in self.seen:
            return
        self.seen.add((place, function.full_name))
        path, line, name = place
        _tell(
            path=path.replace("\\", "/"),
            line=line,
            function=name,
            call=function.full_name,
            through=through,
            test=os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0],
        )


def _watch() -> None:
    try:
        import blockbuster
    except ImportError:
        _tell(missing="blockbuster")
        return
    watching, buster = _Blocking(), blockbuster.BlockBuster()
    for name in _QUICK:
        buster.functions.pop(name, None)
    for function in buster.functions.values():
        watching.watch(function)
    buster.activate()
    _tell(watching=True)


def _next() -> None:
    """Run the `sitecustomize` that this one hides."""
    here = os.path.realpath(os.path.dirname(os.path.abspath(__file__)))
    others = [path for path in sys.path if os.path.realpath(path) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    if _COPY and _ORIGIN:
        sys.meta_path.insert(0, _Copies())
    _next()
    if _BLOCKING and _OUTPUT:
        _watch()
