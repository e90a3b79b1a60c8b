"""Which chains of a plan are applied: a chain goes through whole, or is withdrawn with a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from asyncify import codes
from asyncify.config import Config
from asyncify.model.plan import AddImport, Chain, Define, Edit, Finding, Plan, Safety


@dataclass(frozen=True, slots=True)
class Selection:
    """The plan as it is carried out: chains that are applied, and findings as they are told."""

    chains: tuple[Chain, ...]
    findings: tuple[Finding, ...]
    plan: Plan

    def edits(self) -> dict[str, tuple[Edit, ...]]:
        """The edits of every applied chain, by path."""
        return replace(self.plan, chains=self.chains).edits(unsafe=True)

    def paths(self) -> frozenset[str]:
        """The Python files that change."""
        return frozenset(path for chain in self.chains for path, _ in chain.edits)

    def functions(self) -> tuple[str, ...]:
        """The functions that become async."""
        return tuple(sorted({function for chain in self.chains for function in chain.functions}))

    def dependencies(self) -> tuple[str, ...]:
        """What the new texts need; not what only withdrawn chains would have needed."""
        applied = _needs(self.chains)
        withdrawn = _needs([chain for chain in self.plan.chains if chain not in self.chains])
        return tuple(
            each
            for each in self.plan.dependencies
            if self.chains and (_mentions(applied, each) or not _mentions(withdrawn, each))
        )


def select(
    plan: Plan, config: Config, *, scope: Collection[str] | None, broken: Mapping[str, str]
) -> Selection:
    """Decide about every chain.

    Args:
        plan: all chains.
        config: unsafe, select and ignore.
        scope: the files that may be edited and reported on; None for all.
        broken: files whose new text failed verification, with what is wrong.
    """
    by_chain: dict[int, list[Finding]] = {}
    for finding in plan.findings:
        if finding.chain is not None:
            by_chain.setdefault(finding.chain, []).append(finding)
    chains, findings = [], [each for each in plan.findings if each.chain is None]
    for chain in plan.chains:
        told = by_chain.get(chain.id, [])
        refusal = _refusal(chain, told, config, scope, broken)
        if refusal is None:
            findings.extend(told)
            if chain.safety is Safety.SAFE or (config.unsafe and chain.safety is Safety.UNSAFE):
                chains.append(chain)
        else:
            findings.extend(_withdrawn(told, *refusal))
    known = {chain.id for chain in plan.chains}
    findings.extend(each for each in plan.findings if each.chain not in (known | {None}))
    kept = (each for each in findings if _is_told(each, config, scope))
    return Selection(tuple(chains), tuple(kept), plan)


def _refusal(
    chain: Chain,
    told: list[Finding],
    config: Config,
    scope: Collection[str] | None,
    broken: Mapping[str, str],
) -> tuple[str, str] | None:
    """The code and the reason why a chain is not applied."""
    paths = sorted({path for path, _ in chain.edits})
    for path in paths:
        if path in broken:
            return "ASY980", f"the new text of {path} would not be valid: {broken[path]}"
    for finding in told:
        if _is_off(finding.code, config):
            return "ASY916", f"{finding.code} belongs to the chain and is not selected"
    outside = [path for path in paths if scope is not None and path not in scope]
    if outside:
        more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
        return "ASY905", f"the chain also changes {outside[0]}{more}, outside the given paths"
    return None


def _is_off(code: str, config: Config) -> bool:
    """A blocking call has to be selected; what follows from it must only not be ignored."""
    return not config.selects(code) if _is_seed(code) else config.ignores(code)


def _is_seed(code: str) -> bool:
    return not code.startswith(("ASY1", "ASY9"))


def _withdrawn(told: list[Finding], code: str, reason: str) -> list[Finding]:
    """One finding per blocking call that stays; for the rest there is nothing to tell."""
    known = codes.find(code)
    name = known.name if known else ""
    return [
        replace(
            finding,
            code=code if code != "ASY916" else finding.code,
            name=name if code != "ASY916" else finding.name,
            safety=Safety.MANUAL,
            reason=reason,
            chain=None,
        )
        for finding in told
        if _is_seed(finding.code)
    ]


def _is_told(finding: Finding, config: Config, scope: Collection[str] | None) -> bool:
    if scope is not None and finding.path not in scope:
        return False
    if finding.code.startswith("ASY1"):
        return not config.ignores(finding.code)
    return config.selects(finding.code)


def _needs(chains: Collection[Chain]) -> str:
    """Every text that could name a library."""
    texts = (
        edit.text
        for chain in chains
        for _, edit in chain.edits
        if isinstance(edit, AddImport | Define)
    )
    return "\n".join(texts)


def _mentions(texts: str, requirement: str) -> bool:
    name = requirement
    for mark in "[<>=!~; ":
        name = name.partition(mark)[0]
    return name.replace("-", "_") in texts
