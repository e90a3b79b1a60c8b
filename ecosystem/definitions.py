"""Which functions a project defines, read from its syntax trees alone.

This is on purpose not asyncify's own analysis: a checker that shares the code under test shares its
mistakes. It resolves little, and only what it is sure of.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Kind(Enum):
    """What a call of a function gives back."""

    PLAIN = "plain"
    COROUTINE = "coroutine"
    GENERATOR = "async generator"
    MANAGER = "async context manager"


@dataclass(frozen=True, slots=True)
class Function:
    """One definition; ``owner`` is the qualified name of what it stands in.

    ``keywords`` are the names that a call may give its arguments by, or None if it may use any.
    """

    module: str
    qualname: str
    name: str
    kind: Kind
    method: bool
    keywords: frozenset[str] | None = None


@dataclass(slots=True)
class Module:
    """One parsed file: its tree, its definitions, and what its imported names mean."""

    path: str
    name: str
    tree: ast.Module
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Index:
    """All modules of a project, and the lookups that the scan needs."""

    modules: Mapping[str, Module]

    def function(self, dotted: str) -> Function | None:
        """The function that a dotted name means, following one re-export."""
        for _ in range(4):
            module_name, _, name = dotted.rpartition(".")
            owner = self.modules.get(module_name)
            if owner is None:
                return self._method(module_name, name)
            if name in owner.functions:
                return owner.functions[name]
            if name not in owner.imports:
                return None
            dotted = owner.imports[name]
        return None

    def _method(self, class_path: str, name: str) -> Function | None:
        module_name, _, class_name = class_path.rpartition(".")
        module = self.modules.get(module_name)
        if module is None or class_name not in module.classes:
            return None
        return self.method(module, class_name, name)

    def method(self, module: Module, class_name: str, name: str) -> Function | None:
        """The method ``name`` of a class, looked up through the bases that the project defines."""
        seen: set[tuple[str, str]] = set()
        queue = [(module, class_name)]
        while queue:
            where, current = queue.pop(0)
            if (where.name, current) in seen:
                continue
            seen.add((where.name, current))
            if method := where.functions.get(f"{current}.{name}"):
                return method
            bases = where.classes.get(current, ())
            queue.extend(found for base in bases if (found := self.class_named(where, base)))
        return None

    def class_named(self, module: Module, name: str) -> tuple[Module, str] | None:
        """The project class that a name means inside a module."""
        for _ in range(4):
            if name in module.classes:
                return module, name
            target = module.imports.get(name.partition(".")[0])
            if target is None:
                return None
            dotted = target + name[len(name.partition(".")[0]) :]
            module_name, _, rest = dotted.rpartition(".")
            found = self.modules.get(module_name)
            if found is None:
                return None
            module, name = found, rest
        return None

    def by_name(self) -> dict[str, list[Function]]:
        """Every method and function of the project, grouped by its bare name."""
        grouped: dict[str, list[Function]] = {}
        for module in self.modules.values():
            for function in module.functions.values():
                grouped.setdefault(function.name, []).append(function)
        return grouped


def index(sources: Mapping[str, bytes], root: str) -> Index:
    """Parse every file that parses; ``root`` is the folder that imports start from."""
    modules: dict[str, Module] = {}
    for path, source in sources.items():
        try:
            tree = ast.parse(source, path)
        except (SyntaxError, ValueError):
            continue
        module = Module(path, module_name(path, root), tree)
        _collect(module)
        modules[module.name] = module
    return Index(modules)


def module_name(path: str, root: str) -> str:
    """The dotted name of a file."""
    pure = PurePosixPath(path)
    if root != "." and pure.is_relative_to(root):
        pure = pure.relative_to(root)
    parts = list(pure.with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def kind_of(node: FunctionNode) -> Kind:
    """What calling the function gives, decorators included."""
    names = {_last_name(decorator) for decorator in node.decorator_list}
    if "asynccontextmanager" in names:
        return Kind.MANAGER
    if not isinstance(node, ast.AsyncFunctionDef):
        return Kind.PLAIN
    return Kind.GENERATOR if any(_own_yields(node)) else Kind.COROUTINE


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's own body: not those of functions, lambdas and classes in it."""
    stack = list(ast.iter_child_nodes(function))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))


def dotted(node: ast.expr) -> str | None:
    """``a.b.c`` as text, or nothing when the expression is anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def _own_yields(node: FunctionNode) -> Iterator[ast.AST]:
    for statement in node.body:
        if isinstance(statement, ast.Yield):
            yield statement
        if not isinstance(statement, FunctionNode | ast.ClassDef):
            yield from (inner for inner in own_nodes(statement) if isinstance(inner, ast.Yield))


def _last_name(decorator: ast.expr) -> str:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (dotted(target) or "").rpartition(".")[2]


def _collect(module: Module) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                module.imports[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            for alias in node.names:
                module.imports[alias.asname or alias.name] = f"{base}.{alias.name}"
    _definitions(module, module.tree, "", in_class=False)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    is_package = module.path.endswith("__init__.py")
    keep = len(package) - node.level + (1 if is_package else 0)
    return ".".join([*package[: max(keep, 0)], *([node.module] if node.module else [])])


def _keywords(node: FunctionNode) -> frozenset[str] | None:
    if node.args.kwarg is not None or node.decorator_list:
        return None
    return frozenset(each.arg for each in (*node.args.args, *node.args.kwonlyargs))


def _definitions(module: Module, parent: ast.AST, prefix: str, *, in_class: bool) -> None:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, FunctionNode):
            qualname = prefix + node.name
            module.functions[qualname] = Function(
                module.name, qualname, node.name, kind_of(node), in_class, _keywords(node)
            )
            _definitions(module, node, f"{qualname}.<locals>.", in_class=False)
        elif isinstance(node, ast.ClassDef):
            qualname = prefix + node.name
            bases = tuple(name for base in node.bases if (name := dotted(base)))
            module.classes[qualname] = bases
            _definitions(module, node, f"{qualname}.", in_class=True)
        elif not isinstance(node, ast.expr):
            _definitions(module, node, prefix, in_class=in_class)
