"""What may be an async iterable or a plain one: `rows = cached or fetched()`, `return []` beside a generator.

Who iterates over it in the end asks which of both it is. That keeps order and laziness, and lists stay lists.
"""

from __future__ import annotations

from dataclasses import replace

from asyncify.model.facts import Role
from asyncify.model.graph import Reference, Value
from asyncify.planning.annotated import Annotated
from asyncify.planning.project import Project
from asyncify.planning.steps import Items
from asyncify.planning.terms import members, read

EACH = "each"  # the helper that asks
_OF_CONTAINERS = frozenset(
    name for cls in (list, tuple, set, dict, str) for name in dir(cls) if not name.startswith("_")
)
_MOCKS = ("unittest.mock.", "mock.")  # they have every method


def either(project: Project, items: Items, site: Reference) -> Items:
    """An iterable that may be a plain one where it stands."""
    span = project.expression(site).span
    whole = f"_{EACH}({{0}})"
    inside = f"item async for item in {whole}"
    return replace(items, inside=inside, holes=(span,), remade=True, either=whole, closable=False)


def is_for_lists(project: Project, site: Reference) -> bool:
    """Whether a place does what only the plain one can do: a generator, of whatever kind, raises the same there."""
    role, outer = project.expression(site).role, project.parent(site)
    if role in (Role.SUBSCRIPTED, Role.OPERAND):
        return True
    if role is Role.RECEIVER and outer is not None:
        return outer[1].text in _OF_CONTAINERS and outer[1].role is Role.CALLEE
    return outer is not None and project.callee_names(outer[0]) == ("builtins.len",)


def either_problem(project: Project, value: Value) -> str | None:
    """Why nobody may ask what a value is that is iterated over."""
    if any(source.name.startswith(_MOCKS) for source in value.sources):
        return "a mock says that it is both"
    annotated = project.memory("annotated", Annotated)
    for place in value.occurrences:
        for slot, _ in annotated.describing(place):
            for root in annotated.annotations.get(slot, ()):
                parts = [part for part in members(read(project, root)) if part.short != "None"]
                if len(parts) < 2:
                    return "an annotation has one word for both"
    return None
