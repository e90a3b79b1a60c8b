"""Packages that live inside of another one and are imported under their own name.

A vendored package keeps saying ``import its_name``; an import hook, or a directory that is put on
the path, makes that the copy. Nobody can see the hook do it, so the imports have to prove it: the
package says its own name to itself, nothing else in the project has that name, and every single thing
that the project imports under it, outside a ``try``, is there. (An integration package that is called like the library
it wraps fails that: what it imports from the library is not in itself.)
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from asyncify.model.facts import Import, Kind, Module, Role


def vendored(modules: Mapping[str, Module]) -> dict[str, str]:
    """The packages that are meant by a shorter name: from that name to their own."""
    homes: dict[str, list[str]] = defaultdict(list)
    for name, module in modules.items():
        if module.is_package and "." in name:
            homes[name.rpartition(".")[2]].append(name)
    taken = {name.partition(".")[0] for name in modules} | sys.stdlib_module_names
    wanted = {top: found[0] for top, found in homes.items() if len(found) == 1} | dict.fromkeys(
        taken, ""
    )
    imports: dict[str, list[tuple[Module, Import]]] = defaultdict(list)
    for module in modules.values():
        for one in module.imports:
            top = one.module.partition(".")[0]
            if wanted.get(top):
                imports[top].append((module, one))
    return {
        top: wanted[top]
        for top, found in sorted(imports.items())
        if _is_meant(modules, top, wanted[top], found)
    }


def _is_meant(
    modules: Mapping[str, Module], top: str, home: str, imports: Sequence[tuple[Module, Import]]
) -> bool:
    telling = [each for each in imports if _tells(*each)]
    itself = any(f"{module.name}.".startswith(f"{home}.") for module, _ in telling)
    return itself and all(_is_there(modules, top, home, *each) for each in telling)


def _tells(module: Module, one: Import) -> bool:
    """Whether an import says something about the package: it needs a part of it, that must be there."""
    statement = module.statements[one.statement]
    while statement.kind != "Try" and statement.parent >= 0:
        statement = module.statements[statement.parent]
    return statement.kind != "Try" and bool(one.attribute or "." in one.dotted)


def _is_there(modules: Mapping[str, Module], top: str, home: str, by: Module, one: Import) -> bool:
    """Whether the package has what is imported from it."""
    asked = home + (one.dotted or one.module).removeprefix(top)
    module = modules.get(asked)
    if module is None or one.attribute in (None, "*"):
        return module is not None
    return f"{asked}.{one.attribute}" in modules or _binds(module, one, by is module)


def _binds(module: Module, wanted: Import, own: bool) -> bool:
    """Whether a module has the name that is imported from it, in its `own` text or another's."""
    name, scope = wanted.attribute, f"{module.name}:"
    return (
        any(each.name == name and each.parent == scope for each in module.functions)
        or any(each.name == name and each.parent == scope for each in module.classes)
        or any(
            each.name in (name, "*")
            and each.scope == scope
            and not (own and each.module == wanted.module)  # it cannot get it from itself
            for each in module.imports
        )
        or any(
            each.kind is Kind.NAME and each.role is Role.TARGET and each.variable == (scope, name)
            for each in module.expressions
        )
    )


def meant(module: Module, names: Mapping[str, str]) -> Module:
    """The facts of a file, its imports being those of the modules that are meant.

    `names` has, by the first part of a name as it is written, the module that it stands for.
    """

    def named(found: Import) -> Import:
        first, dot, rest = found.module.partition(".")
        known = names.get(first)
        return replace(found, module=f"{known}{dot}{rest}") if known else found

    return replace(module, imports=tuple(map(named, module.imports)))


def lent_roots(names: Mapping[str, str], modules: Mapping[str, Module]) -> list[str]:
    """The directories from where packages can be imported by their short names, for the type checker.

    A directory is left out if a file in it would hide a module of the standard library from everybody.
    """
    found = {}
    for name in names.values():
        parent = name.rpartition(".")[0]
        beside = {each.rpartition(".")[2] for each in modules if each.rpartition(".")[0] == parent}
        if not beside & sys.stdlib_module_names:
            path = modules[name].path.removesuffix("/__init__.py")
            found[path.rpartition("/")[0] or "."] = True
    return list(found)
