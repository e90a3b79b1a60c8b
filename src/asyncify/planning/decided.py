"""What planning decided, before it becomes edits and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asyncify.model.facts import FunctionId
from asyncify.planning.colour import Colouring
from asyncify.planning.drafts import Interception
from asyncify.planning.functions import Conversion
from asyncify.planning.project import Project
from asyncify.planning.reach import Reach
from asyncify.planning.style import Style
from asyncify.planning.units import Seed, Site
from asyncify.rules.registry import Rules


@dataclass(frozen=True, slots=True)
class Decided:
    """Which blocking calls are converted, and which functions become async for them.

    `sites` are all blocking calls of the run, whatever became of them.
    """

    project: Project
    rules: Rules
    sites: Sequence[Site]
    seeds: Sequence[Seed]
    colouring: Colouring
    conversions: Mapping[FunctionId, Conversion]
    interceptions: Mapping[str, Interception]  # by library
    reach: Reach | None = None  # where the run is about what blocks an event loop
    style: Style = Style.AUTO  # of the tests

    @property
    def applied(self) -> list[Seed]:
        """The seeds that are converted."""
        return [seed for seed in self.seeds if seed.unit.name not in self.colouring.held]
