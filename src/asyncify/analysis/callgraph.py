"""The merged call graph: what the type checker resolves, and what the flow of values adds."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from asyncify.analysis.byname import ByName
from asyncify.analysis.collector import no_collection
from asyncify.analysis.edges import Edges
from asyncify.analysis.flow import Flow
from asyncify.analysis.hierarchy import Hierarchy
from asyncify.analysis.motion import Known
from asyncify.analysis.names import Names
from asyncify.analysis.replacing import Replacing
from asyncify.analysis.resolver import Resolution, resolve
from asyncify.analysis.standing import standing_for
from asyncify.analysis.stores import Stores
from asyncify.analysis.values import Values
from asyncify.model.facts import Module
from asyncify.model.graph import CallGraph

_CURRENT = f"{sys.version_info.major}.{sys.version_info.minor}"


def build(
    root: Path,
    modules: Mapping[str, Module],
    *,
    search_roots: Sequence[Path],
    homes: Mapping[str, Path] | None = None,
    lent_roots: Sequence[Path] = (),
    followed: Collection[str] = (),
    python_version: str = _CURRENT,
    jobs: int = 0,
) -> CallGraph:
    """The call graph of all modules of a project.

    Methods of other packages that are `followed` are functions where they are taken from an object: the type
    checker does not know them of an object that has no annotation.

    Raises:
        CheckerError: the type checker is missing, fails, or writes a format that was not tested.
    """
    with no_collection():
        resolution = resolve(
            root,
            modules,
            search_roots=search_roots,
            homes=homes,
            lent_roots=lent_roots,
            python_version=python_version,
            jobs=jobs,
        )
        return _merge(modules, resolution, followed)


def merge(
    modules: Mapping[str, Module], resolution: Resolution, followed: Collection[str] = ()
) -> CallGraph:
    """The call graph, given what the type checker knows."""
    with no_collection():
        return _merge(modules, resolution, followed)


def _merge(
    modules: Mapping[str, Module], resolution: Resolution, followed: Collection[str]
) -> CallGraph:
    modules = dict(sorted(modules.items()))
    names = Names(modules)
    hierarchy = Hierarchy(modules, names, resolution.bases)
    flow = Flow(
        modules,
        names,
        hierarchy,
        Known(resolution.edges, resolution.types, resolution.classes, resolution.functions_used),
        frozenset(followed),
    )
    _external_methods(hierarchy, resolution)
    flow.run()
    by_name = ByName(flow)
    by_name.settle()
    values = Values(flow)
    edges = Edges(flow, by_name)
    found = tuple(values.values())
    together = [*standing_for(flow), *flow.library.overridden(), *flow.implementations]
    stores = Stores(flow)
    stores.give_lookups()
    families = hierarchy.families(together)
    graph = CallGraph(
        modules=modules,
        functions=hierarchy.functions,
        classes=hierarchy.classes,
        edges=tuple(edges.edges()),
        values=found,
        families=tuple(frozenset(group) for group in families.groups().values() if len(group) > 1),
        outside=hierarchy.outside(resolution.overridden),
        replaced={
            **stores.replaced(),
            **flow.library.replaced(),
            **Replacing(flow).replaced(),
        },
        bases={cls: hierarchy.order(cls)[1:] for cls in hierarchy.classes},
        asked=flow.members.asked(),
        lookups=flow.looked_up(),
        names=flow.motion.external_names,
        types=values.types(resolution.types),
        scalars=resolution.scalars,
        wrappers={**flow.wrappers, **flow.managers},
    )
    flow.slots.clear()  # whoever listens holds on to everything: nobody else would break that circle
    return graph


def _external_methods(hierarchy: Hierarchy, resolution: Resolution) -> None:
    """Learn from the checker which class defines a method of an external class."""
    for edge in resolution.edges:
        for target in edge.targets:
            if target.external and target.receiver:
                method = target.external.rpartition(".")[2]
                hierarchy.methods.setdefault((target.receiver, method), target.external)
