"""Which chains of a plan are applied: a chain goes through whole, or is withdrawn with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
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

    def touches_tests(self) -> bool:
        """Whether tests change, so that what configures them has to change too."""
        names = (path.rpartition("/")[2] for path in self.paths())
        return any(
            name == "conftest.py" or name.startswith("test") or name.endswith("_test.py")
            for name in names
        )

    def functions(self) -> tuple[str, ...]:
        """The functions that become async."""
        return tuple(sorted({function for chain in self.chains for function in chain.functions}))

    def dependencies(self) -> tuple[str, ...]:
        """What the new texts need; not what only withdrawn chains would have needed."""
        applied = _needs(self.chains)
        withdrawn = _needs([chain for chain in self.plan.chains if chain not in self.chains])
        newest: dict[str, str] = {}
        for each in self.plan.dependencies:
            if self.chains and (_mentions(applied, each) or not _mentions(withdrawn, each)):
                newest[_module(each)] = max(newest.get(_module(each), each), each, key=_version)
        return tuple(sorted(newest.values()))

    def only_in_tests(self, is_test: Callable[[str], bool]) -> frozenset[str]:
        """Those of the dependencies that no text outside the tests needs."""
        needs = _needs(self.chains, lambda path: not is_test(path))
        return frozenset(each for each in self.dependencies() if not _mentions(needs, each))


def select(
    plan: Plan,
    config: Config,
    *,
    scope: Collection[str] | None,
    broken: Mapping[str, str],
    declined: Collection[int] = (),
) -> Selection:
    """Decide about every chain.

    Args:
        plan: all chains.
        config: whether unsafe chains are wanted, and which findings.
        scope: the files that may be edited and reported on; None for all.
        broken: files whose new text failed verification, with what is wrong.
        declined: the numbers of chains that somebody does not want; they are told, and not applied.
    """
    by_chain: dict[int | None, list[Finding]] = {}
    homes = {function: chain.id for chain in plan.chains for function in chain.functions}
    for finding in plan.findings:
        home = finding.chain
        if home is None and finding.safety is not Safety.MANUAL:
            home = homes.get(finding.function or "")
        by_chain.setdefault(home, []).append(finding)
    chains, findings = [], by_chain.pop(None, [])
    for chain in plan.chains:
        told = by_chain.get(chain.id, [])
        refusal = _refusal(chain, scope, broken)
        if refusal is not None:
            findings.extend(_withdrawn(told, *refusal))
            continue
        findings.extend(replace(each, chain=chain.id) for each in told)
        if chain.id in declined:
            continue
        if chain.safety is Safety.SAFE or (config.unsafe and chain.safety is Safety.UNSAFE):
            chains.append(chain)
    kept = (each for each in findings if _is_told(each, config, scope))
    return Selection(tuple(chains), tuple(kept), plan)


def _refusal(
    chain: Chain, scope: Collection[str] | None, broken: Mapping[str, str]
) -> tuple[str, str] | None:
    """The code and the reason why a chain is not applied."""
    paths = sorted({path for path, _ in chain.edits})
    for path in paths:
        if path in broken:
            members = f" (chain: {_some(chain.functions)})" if chain.functions else ""
            return "ASY980", f"the new text of {path} would not be valid: {broken[path]}{members}"
    outside = [path for path in paths if scope is not None and path not in scope]
    if outside:
        more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
        return "ASY905", f"the chain also changes {outside[0]}{more}, outside the given paths"
    return None


def _some(functions: Sequence[str], shown: int = 5) -> str:
    more = len(functions) - shown
    return ", ".join(functions[:shown]) + (f" and {more} more" if more > 0 else "")


def _withdrawn(told: list[Finding], code: str, reason: str) -> list[Finding]:
    """One finding per blocking call that stays; for the rest there is nothing to tell."""
    known = codes.find(code)
    name = known.name if known else ""
    manual = Safety.MANUAL
    return [
        replace(each, code=code, name=name, safety=manual, reason=reason, chain=None)
        for each in told
        if not each.code.startswith("ASY1")
    ]


def _is_told(finding: Finding, config: Config, scope: Collection[str] | None) -> bool:
    """What follows from a blocking call is told unless it is ignored; the rest must be selected."""
    places = (finding.path, *(hop.path for hop in finding.trace))
    if scope is not None and not any(path in scope for path in places):
        return False
    if finding.code.startswith("ASY1"):
        return not config.ignores(finding.code)
    return config.selects(finding.code)


def _needs(chains: Collection[Chain], is_wanted: Callable[[str], bool] = lambda path: True) -> str:
    """Every text that could name a library, in the files that are wanted."""
    texts = (
        edit.text
        for chain in chains
        for path, edit in chain.edits
        if isinstance(edit, AddImport | Define) and is_wanted(path)
    )
    return "\n".join(texts)


def _mentions(texts: str, requirement: str) -> bool:
    return _module(requirement) in texts


def _module(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].replace("-", "_")


def _version(requirement: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", requirement)]
