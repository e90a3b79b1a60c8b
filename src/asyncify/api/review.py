"""A plan that a person goes through: chain by chain, each taken whole or left whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from asyncify.api.selection import Selection
from asyncify.api.stages import Stages
from asyncify.errors import ParseError, VerifyError
from asyncify.model.plan import Chain, Edit, Finding, Plan
from asyncify.model.result import FileResult


@dataclass(frozen=True, slots=True)
class Proposal:
    """One chain that would be applied, as it is alone.

    `results` are the files that it changes, `findings` what is told about it; `plan` is the whole plan,
    which says why.
    """

    chain: Chain
    findings: tuple[Finding, ...]
    results: tuple[FileResult, ...]
    plan: Plan


# Gets the proposals in the order of their places, and answers with the numbers of those that stay out.
Review = Callable[[tuple[Proposal, ...]], Collection[int]]


def proposals(
    selection: Selection, data: Mapping[str, bytes], stages: Stages
) -> tuple[Proposal, ...]:
    """What there is to decide about, in the order of the places."""
    found = [
        Proposal(
            chain,
            tuple(each for each in selection.findings if each.chain == chain.id),
            tuple(_alone(chain, data, stages)),
            selection.plan,
        )
        for chain in selection.chains
    ]
    return tuple(sorted(found, key=_place))


def _place(proposal: Proposal) -> tuple[str, int, int]:
    first = min(((each.path, each.span.line) for each in proposal.findings), default=("", 0))
    return (*first, proposal.chain.id)


def _alone(chain: Chain, data: Mapping[str, bytes], stages: Stages) -> Iterator[FileResult]:
    edits: dict[str, list[Edit]] = {}
    for path, edit in chain.edits:
        edits.setdefault(path, []).append(edit)
    for path, own in sorted(edits.items()):
        try:
            yield FileResult(path, data[path], stages.rewrite(data[path], tuple(own), path))
        except (VerifyError, ParseError):
            continue  # shown by its findings only; the gate decides about the whole
