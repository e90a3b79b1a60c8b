"""What a file is called when it is imported, and where imports start.

A package (a directory with ``__init__.py``) is importable from the parent of the topmost package
around it. Everything else is convention: a file outside of packages is named from its own directory,
as a script sees its neighbours, unless the project imports it by a longer name, as a member of a
namespace package. Paths are relative to the project, with ``/``; the project itself is ``"."``.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

ROOT = "."

# Where the same name stands twice, the code that is shipped keeps it.
_SOURCES = ("src", "lib", "python")
_ASIDE = re.compile(r"(^|[/_])(tests?|testing|examples?|docs?|benchmarks?|scripts?|tools?)([/_]|$)")

_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*(?:[ \t]*,[ \t]*[A-Za-z_][\w.]*)*)", re.M
)
_FROM = re.compile(
    rb"^[ \t]*from[ \t]+([A-Za-z_][\w.]*)[ \t]+import[ \t]+\(?[ \t]*(\w+(?:[ \t]*,[ \t]*\w+)*)",
    re.M,
)


def imported_names(data: bytes) -> set[str]:
    """Every absolute dotted name that a file seems to import, by a glance at its bytes.

    It only helps to choose between several possible names, so that a line inside a string does no harm.
    """
    names = {
        name.strip().decode() for found in _IMPORT.finditer(data) for name in found[1].split(b",")
    }
    for found in _FROM.finditer(data):
        module = found[1].decode()
        names.update(f"{module}.{name.strip().decode()}" for name in found[2].split(b","))
    return names


class ModuleName(NamedTuple):
    """The dotted name of a file."""

    name: str
    is_package: bool


def module_name(path: str, root: str) -> ModuleName:
    """The dotted name of a file seen from a directory above it, and whether it is a package."""
    parts = path.removeprefix(f"{root}/").removesuffix(".py").split("/")
    is_package = parts[-1] == "__init__" and len(parts) > 1
    if is_package:
        parts.pop()
    return ModuleName(".".join(re.sub(r"[^\w-]", "_", part) for part in parts), is_package)


def name_modules(
    paths: Sequence[str],
    packages: Collection[str] | None = None,
    imported: Collection[str] = frozenset(),
    source: Collection[str] = (),
) -> dict[str, ModuleName]:
    """The name of every file, and whether it is a package. No name is given twice.

    Args:
        paths: the files, in any order.
        packages: the directories that have an ``__init__.py``, if `paths` are not the whole project.
        imported: the union of `imported_names` over the project.
        source: directories that imports are known to start from, such as ``src``.
    """
    named: dict[str, ModuleName] = {}
    used: set[str] = set()
    for entry in _entries(paths, packages, imported, source):
        name, is_package = module_name(entry.path, ROOT if entry.hidden else entry.root)
        unique, count = name, 1
        while unique in used:
            count += 1
            unique = f"{name}_{count}"
        used.add(unique)
        named[entry.path] = ModuleName(unique, is_package)
    return {path: named[path] for path in paths}


class OwnNames(NamedTuple):
    """What a file means by names that stand twice in the project."""

    root: str  # the directory that its imports start from
    modules: Mapping[str, str]  # by the name as written, the module that is meant


def own_names(
    named: Mapping[str, ModuleName],
    imports: Mapping[str, Collection[str]],
    source: Collection[str] = (),
) -> dict[str, OwnNames]:
    """The files that import a name which stands twice: that of their own directory goes first.

    Args:
        named: what `name_modules` found for the whole project.
        imports: the `imported_names` of every file.
        source: directories that imports are known to start from.
    """
    everything = frozenset[str]().union(*imports.values())
    entries = list(_entries(tuple(named), None, everything, source))
    hidden: dict[str, dict[str, str]] = defaultdict(dict)
    for entry in entries:
        if entry.hidden:
            whole = named.get(f"{entry.top}/__init__.py", named[entry.path])
            hidden[entry.root][entry.name] = whole.name
    asking = {
        entry.root
        for entry in entries
        if any(name.partition(".")[0] in hidden[entry.root] for name in imports[entry.path])
    }
    return {
        entry.path: OwnNames(entry.root, hidden[entry.root])
        for entry in entries
        if entry.root in asking
    }


class _Entry(NamedTuple):
    """A file, and the name in a directory under which it is imported."""

    path: str
    top: str  # its topmost package, or ""
    root: str
    name: str
    hidden: bool  # another directory has this name already


def _entries(
    paths: Iterable[str],
    packages: Collection[str] | None,
    imported: Collection[str],
    source: Collection[str],
) -> Iterator[_Entry]:
    """Every file, those first whose names count."""
    taken: dict[str, tuple[str, str]] = {}
    homes = _homes(paths, packages, imported, source)
    for path in sorted(homes, key=lambda path: _precedence(path, homes[path][1])):
        top, root = homes[path]
        name = module_name(f"{top}/__init__.py" if top else path, root).name
        hidden = taken.setdefault(name, (root, top)) != (root, top)
        yield _Entry(path, top, root, name, hidden)


def search_roots(
    paths: Sequence[str],
    packages: Collection[str] | None = None,
    imported: Collection[str] = frozenset(),
    source: Collection[str] = (),
) -> list[str]:
    """The directories that imports start from, the likeliest first; for the type checker.

    A directory other than the project and its ``src`` is left out when a file in it would hide a
    module of the standard library from everybody.
    """
    modules: dict[str, set[str]] = defaultdict(set)
    for path, (_, root) in _homes(paths, packages, imported, source).items():
        modules[root].add(module_name(path, root).name.partition(".")[0])
    return [
        root
        for root in sorted(modules, key=_rank)
        if root == ROOT or root in _SOURCES or not modules[root] & sys.stdlib_module_names
    ]


def _precedence(path: str, root: str) -> tuple[object, ...]:
    """The order in which files get their names: as for Python, a package hides a module."""
    return *_rank(root), not path.endswith("/__init__.py"), path


def _rank(root: str) -> tuple[bool, int, int, str]:
    depth = root.count("/") + 1 if root not in (ROOT, *_SOURCES) else 0
    first = [*_SOURCES, ROOT].index(root) if not depth else 0
    return bool(_ASIDE.search(root)), depth, first, root


def _homes(
    paths: Iterable[str],
    packages: Collection[str] | None,
    imported: Collection[str],
    source: Collection[str],
) -> dict[str, tuple[str, str]]:
    """For each file its topmost package (or "") and the directory that its imports start from."""
    if packages is None:
        packages = {_parent(path) for path in paths if path.rpartition("/")[2] == "__init__.py"}
    packages = frozenset(packages) - {ROOT}
    known = _prefixes(imported)
    tops = {path: _topmost(path, packages) for path in sorted(paths)}
    entries: dict[str, set[str]] = defaultdict(set)  # directory -> what is importable from it
    for path, top in tops.items():
        entries[_parent(top or path)].add(top or path.removesuffix(".py"))
    roots = {
        directory: _configured(directory, source) or _root(directory, found, known)
        for directory, found in entries.items()
    }
    return {path: (top, roots[_parent(top or path)]) for path, top in tops.items()}


def _prefixes(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        while name and name not in found:
            found.add(name)
            name = name.rpartition(".")[0]
    return found


def _topmost(path: str, packages: frozenset[str]) -> str:
    """The topmost package around a file; a plain directory inside of a package belongs to it."""
    top, directory = "", _parent(path)
    while directory != ROOT and _is_name(directory):
        if directory in packages:
            top = directory
        elif top:
            break
        directory = _parent(directory)
    return top


def _configured(directory: str, source: Collection[str]) -> str:
    """The innermost of the configured source directories around a directory."""
    above = [name for name in source if f"{directory}/".startswith(f"{name}/") or name == ROOT]
    return max(above, key=len, default="")


def _root(directory: str, entries: set[str], known: set[str]) -> str:
    """The directory itself, or the one above it from where most of what is in it is imported."""
    candidates = [directory]
    while candidates[-1] != ROOT and _is_name(candidates[-1]):
        candidates.append(_parent(candidates[-1]))
    if len(candidates) == 1 or not known:
        return directory
    votes = [
        sum(module_name(entry, above).name in known for entry in entries) for above in candidates
    ]
    return candidates[votes.index(max(votes))]


def _is_name(directory: str) -> bool:
    return directory.rpartition("/")[2].isidentifier()


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or ROOT
