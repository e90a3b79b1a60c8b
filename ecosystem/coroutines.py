"""Step d, second half: calls to functions that are async now and that nobody awaits.

The scan knows three certain ways to a call's target (a name of the file, an imported name, a method
of ``self``) and one careful guess (a method name that only such functions of the project bear).
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import collections
import contextlib
import io
import logging
import pathlib
import queue
import re
import socket
import sqlite3
import subprocess
import threading
import unittest.mock
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import requests

from ecosystem.definitions import (
    Function,
    FunctionNode,
    Index,
    Kind,
    Module,
    dotted,
    index,
    own_nodes,
)

RUNNERS = frozenset(
    {"run", "run_until_complete", "run_coroutine_threadsafe", "create_task", "ensure_future"}
    | {"gather", "wait_for", "shield", "as_completed", "wait", "Task", "append", "async_to_sync"}
    | {"enter_async_context", "push_async_exit", "aclosing", "anext", "aiter"}
    | {"iscoroutine", "isawaitable", "isasyncgen"}
)
EXHAUSTERS = frozenset(
    {"list", "tuple", "set", "frozenset", "sorted", "sum", "any", "all", "min", "max", "dict"}
    | {"next", "iter", "enumerate", "zip", "map", "filter", "reversed", "len", "join", "extend"}
    | {"update", "chain", "islice"}
)
_FOREIGN_TYPES = (
    *(str, bytes, bytearray, list, dict, set, int, float, type, object, BaseException),
    *(io.TextIOWrapper, io.BytesIO, io.StringIO, pathlib.Path, socket.socket, queue.Queue),
    *(
        threading.Thread,
        threading.Condition,
        subprocess.Popen,
        logging.Logger,
        contextlib.ExitStack,
    ),
    *(re.Match, re.Pattern, requests.Response),
    *(sqlite3.Connection, sqlite3.Cursor, unittest.mock.Mock, unittest.TestCase),
    *(asyncio.AbstractEventLoop, asyncio.Queue, collections.OrderedDict, collections.deque),
)
FOREIGN = frozenset(name for kind in _FOREIGN_TYPES for name in dir(kind)) | {
    *("delete", "head", "options", "patch", "post", "put", "request", "send"),
    *("execute", "commit", "connect", "invoke", "main"),
}


_COLLECTING = ast.ListComp | ast.SetComp | ast.GeneratorExp


@dataclass(frozen=True, slots=True)
class Lost:
    """One call whose result is not awaited; ``certain`` is false where a person has to look."""

    path: str
    line: int
    name: str
    how: str
    certain: bool


def scan(before: Mapping[str, bytes], after: Mapping[str, bytes], root: str) -> tuple[Lost, ...]:
    """Every un-awaited call to a function that is async in ``after`` and was not in ``before``."""
    now = index(after, root)
    turned = _turned(index(before, root), now)
    if not turned:
        return ()
    guessable = _guessable(now, turned)
    named = now.by_name()
    found: list[Lost] = []
    for module in now.modules.values():
        found.extend(_File(now, module, turned, guessable, named).lost())
    return tuple(sorted(found, key=lambda item: (item.path, item.line, item.name)))


def _turned(before: Index, after: Index) -> dict[tuple[str, str], Kind]:
    turned: dict[tuple[str, str], Kind] = {}
    for module in after.modules.values():
        old = before.modules.get(module.name)
        for qualname, function in module.functions.items():
            was = old.functions.get(qualname) if old else None
            if function.kind is not Kind.PLAIN and (was is None or was.kind is not function.kind):
                turned[module.name, qualname] = function.kind
    return turned


def _guessable(now: Index, turned: Mapping[tuple[str, str], Kind]) -> dict[str, Kind]:
    guesses: dict[str, Kind] = {}
    for name, functions in now.by_name().items():
        kinds = {turned.get((item.module, item.qualname), Kind.PLAIN) for item in functions}
        if len(kinds) == 1 and name not in FOREIGN and any(item.method for item in functions):
            kind = kinds.pop()
            if kind is not Kind.PLAIN:
                guesses[name] = kind
    return guesses


class _File:
    """The scan of one module."""

    def __init__(
        self,
        project: Index,
        module: Module,
        turned: Mapping[tuple[str, str], Kind],
        guessable: Mapping[str, Kind],
        named: Mapping[str, Sequence[Function]],
    ) -> None:
        self.project = project
        self.module = module
        self.turned = turned
        self.guessable = guessable
        self.named = named
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(module.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    def lost(self) -> Iterator[Lost]:
        for node in ast.walk(self.module.tree):
            if not isinstance(node, ast.Call):
                continue
            kind = self.kind(node)
            if kind is Kind.PLAIN:
                continue
            how, certain = self.judge(node, kind)
            if how:
                name = dotted(node.func) or ast.unparse(node.func)[:60]
                yield Lost(self.module.path, node.lineno, name, how, certain)

    # --- who is called --------------------------------------------------------------------

    def kind(self, call: ast.Call) -> Kind:
        """What the call gives, as far as the scan can say."""
        function = call.func
        if isinstance(function, ast.Name):
            return self._kind_of(self._by_bare_name(function))
        if not isinstance(function, ast.Attribute):
            return Kind.PLAIN
        target = self._by_attribute(function)
        if target is not None:
            return self._kind_of(target)
        if self._is_foreign(function.value):
            return Kind.PLAIN
        return self.guessable.get(function.attr, Kind.PLAIN) if self._fits(call) else Kind.PLAIN

    def _fits(self, call: ast.Call) -> bool:
        """Whether one of the methods of a name takes the keywords of a call."""
        given = {each.arg for each in call.keywords if each.arg is not None}
        assert isinstance(call.func, ast.Attribute)
        same = self.named.get(call.func.attr, ())
        return any(each.keywords is None or given <= each.keywords for each in same)

    def _kind_of(self, function: Function | None) -> Kind:
        if function is None:
            return Kind.PLAIN
        return self.turned.get((function.module, function.qualname), Kind.PLAIN)

    def _by_bare_name(self, name: ast.Name) -> Function | None:
        chain = [node for node in self._ancestors(name) if isinstance(node, FunctionNode)]
        for function in chain:
            local = f"{self._qualname(function)}.<locals>.{name.id}"
            if local in self.module.functions:
                return self.module.functions[local]
            if _binds(function, name.id):
                return None
        if name.id in self.module.functions:
            return self.module.functions[name.id]
        target = self.module.imports.get(name.id)
        return self.project.function(target) if target else None

    def _by_attribute(self, function: ast.Attribute) -> Function | None:
        owner = self._class_of(function.value)
        if owner is not None:
            return self.project.method(self.module, owner, function.attr)
        name = dotted(function)
        if name is None:
            return None
        first, _, rest = name.partition(".")
        if first in self.module.classes and "." not in rest:
            return self.project.method(self.module, first, rest)
        if target := self.module.imports.get(first):
            return self.project.function(f"{target}.{rest}")
        return None

    def _class_of(self, receiver: ast.expr) -> str | None:
        """The class around a ``self.m()``, ``cls.m()`` or ``super().m()``."""
        is_super = (
            isinstance(receiver, ast.Call)
            and isinstance(receiver.func, ast.Name)
            and receiver.func.id == "super"
        )
        if not is_super and not (isinstance(receiver, ast.Name) and receiver.id in {"self", "cls"}):
            return None
        for node in self._ancestors(receiver):
            if isinstance(node, ast.ClassDef):
                return self._qualname(node)
        return None

    def _is_foreign(self, receiver: ast.expr) -> bool:
        """Whether the receiver is a module or class that the project does not define."""
        name = dotted(receiver)
        if name is None or name.partition(".")[0] not in self.module.imports:
            return isinstance(receiver, ast.Constant)
        target = self.module.imports[name.partition(".")[0]]
        packages = {module.partition(".")[0] for module in self.project.modules}
        return target.partition(".")[0] not in packages

    def _ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.parents:
            node = self.parents[node]
            yield node

    def _qualname(self, node: FunctionNode | ast.ClassDef) -> str:
        parts = [node.name]
        for parent in self._ancestors(node):
            if isinstance(parent, FunctionNode):
                parts += ["<locals>", parent.name]
            elif isinstance(parent, ast.ClassDef):
                parts.append(parent.name)
        return ".".join(reversed(parts))

    # --- what becomes of the result -------------------------------------------------------

    def judge(self, call: ast.Call, kind: Kind) -> tuple[str, bool]:
        """How the result is lost and whether that is certain; an empty text means it is not."""
        node, parent = self._carrier(call)
        if isinstance(parent, ast.Await):
            return ("", True) if kind is Kind.COROUTINE else (f"{kind.value} awaited", True)
        if isinstance(parent, ast.Expr):
            return "dropped", True
        if isinstance(parent, ast.Call) and node is not parent.func:
            return self._as_argument(parent, kind)
        if isinstance(parent, ast.Return | ast.Lambda | ast.Yield):
            inside = next((n for n in self._ancestors(parent) if isinstance(n, FunctionNode)), None)
            lost = isinstance(parent, ast.Return) and isinstance(inside, ast.AsyncFunctionDef)
            if kind is not Kind.COROUTINE:
                return "", True
            return ("returned from an async function", True) if lost else ("handed on", False)
        if name := _assigned_name(parent):
            return (
                ("", True) if self._used_later(call, name, kind) else ("kept, never awaited", True)
            )
        return self._other(node, parent, kind)

    def _carrier(self, call: ast.Call) -> tuple[ast.AST, ast.AST]:
        """Climb out of what only passes a value on: ``a() if x else b()``, ``[f(u) for u in us]``."""
        node: ast.AST = call
        parent = self.parents[node]
        while True:
            passes = (
                isinstance(parent, ast.BoolOp | ast.Starred | ast.List | ast.Tuple | ast.Set)
                or (isinstance(parent, ast.IfExp) and node is not parent.test)
                or isinstance(parent, ast.keyword)
                or (isinstance(parent, _COLLECTING) and node is parent.elt)
            )
            if not passes:
                return node, parent
            node, parent = parent, self.parents[parent]

    def _as_argument(self, outer: ast.Call, kind: Kind) -> tuple[str, bool]:
        name = dotted(outer.func)
        callee = (name or str(getattr(outer.func, "attr", ""))).rpartition(".")[2]
        if callee in RUNNERS:
            return "", True
        if kind is Kind.GENERATOR and callee in EXHAUSTERS:
            return f"async generator given to {callee}()", True
        certain = kind is Kind.COROUTINE and (callee in EXHAUSTERS or hasattr(builtins, callee))
        return f"argument of {callee or 'a call'}()", certain

    def _other(self, node: ast.AST, parent: ast.AST, kind: Kind) -> tuple[str, bool]:
        if isinstance(parent, ast.AsyncFor):
            right = kind is Kind.GENERATOR and node is parent.iter
        elif isinstance(parent, ast.comprehension):
            right = kind is Kind.GENERATOR and bool(parent.is_async)
        elif isinstance(parent, ast.withitem):
            right = kind is Kind.MANAGER and isinstance(self.parents[parent], ast.AsyncWith)
        elif isinstance(parent, ast.Attribute):
            right = kind is Kind.GENERATOR and parent.attr in {
                "aclose",
                "asend",
                "__anext__",
                "athrow",
            }
        elif isinstance(parent, ast.Dict):
            return "kept", node in parent.keys
        elif isinstance(parent, ast.Assign | ast.AnnAssign):
            return "kept", False
        else:
            right = False
        return ("", True) if right else (f"used in {type(parent).__name__}", True)

    def _used_later(self, call: ast.Call, name: str, kind: Kind) -> bool:
        scope = next((n for n in self._ancestors(call) if isinstance(n, FunctionNode)), None)
        if kind is not Kind.COROUTINE or scope is None:
            return kind is not Kind.COROUTINE
        return any(
            isinstance(node, ast.Name)
            and node.id == name
            and isinstance(node.ctx, ast.Load)
            and isinstance(self._carrier_of_name(node), ast.Await | ast.Call | ast.Return)
            for node in own_nodes(scope)
        )

    def _carrier_of_name(self, node: ast.AST) -> ast.AST:
        parent = self.parents[node]
        while isinstance(parent, ast.Starred | ast.List | ast.Tuple | ast.keyword):
            parent = self.parents[parent]
        return parent


def _assigned_name(parent: ast.AST) -> str | None:
    if isinstance(parent, ast.NamedExpr):
        return parent.target.id
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        target = parent.targets[0]
        return target.id if isinstance(target, ast.Name) else None
    if isinstance(parent, ast.AnnAssign) and isinstance(parent.target, ast.Name):
        return parent.target.id
    return None


def _binds(function: FunctionNode, name: str) -> bool:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [item for item in (arguments.vararg, arguments.kwarg) if item is not None]
    if any(item.arg == name for item in every):
        return True
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in own_nodes(function)
    )
