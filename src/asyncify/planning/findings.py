"""What the plan tells people: conversions, colour changes and leftovers, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from asyncify.codes import find
from asyncify.model.attributes import CONSTRUCTORS, FACTORY
from asyncify.model.facts import FunctionId, short
from asyncify.model.graph import Access, Reference
from asyncify.model.plan import Finding, Reason, Safety
from asyncify.planning.colour import Cause
from asyncify.planning.decided import Decided
from asyncify.planning.hazards import Told
from asyncify.planning.units import Site


class Findings:
    """Collects the findings of a plan."""

    def __init__(
        self, decided: Decided, chain_of: Mapping[FunctionId, int], told: Sequence[Told]
    ) -> None:
        self.decided = decided
        self.told = told
        self.project = decided.project
        self.colouring = decided.colouring
        self.chain_of = chain_of

    def all(self) -> list[Finding]:
        """Every finding, by file and place."""
        found = [*self._applied(), *self._functions(), *self._held(), *self._hazards()]
        if self.decided.reach is not None:  # shared objects have uses that no event loop runs
            found = [each for each in found if each.trace or each.code.startswith("ASY1")]
        return sorted(found, key=lambda finding: (finding.path, finding.span, finding.code))

    def _applied(self) -> Iterable[Finding]:
        for seed in self.decided.applied:
            for site in seed.sites:
                reason = "it would be held across an await"
                if seed.guard is None:
                    reason = self._becoming(site.function)
                if seed.note:
                    reason += f"; kept in a thread: {seed.note}"
                yield self._traced(
                    site,
                    self._finding(
                        site.library.code,
                        site.reference,
                        Safety.SAFE,
                        f"{_shown(site.name)} -> {site.to}",
                        reason,
                        site.function,
                    ),
                )

    def _becoming(self, function: FunctionId) -> str:
        """What happens to the function around a blocking call."""
        if self.project.functions[function].is_async:
            return f"{short(function)}() is async already"
        if function in self.colouring.twins:
            return f"{short(function)}() gets an async twin"
        if function.endswith(":"):
            return "the statements at module level become an async function"
        if self.project.functions[function].name in CONSTRUCTORS:
            return f"{short(function)}() becomes async, and {FACTORY}() makes the objects"
        return f"{short(function)}() becomes async"

    def _functions(self) -> Iterable[Finding]:
        for function, cause in sorted(self.colouring.causes.items()):
            if self.decided.conversions[function].starts_loop:
                message = f"{_runner(function)} runs its body with asyncio.run"
                yield self._finding(
                    "ASY130", cause.site, Safety.SAFE, message, "entry point", function
                )
                continue
            if cause.callee is None or self.project.functions[function].is_async:
                continue
            yield self._finding(
                "ASY101",
                cause.site,
                Safety.SAFE,
                f"await {self._awaited(cause.callee, cause.site)}(...)",
                f"{self._becoming(function)} (uses {cause.callee})",
                function,
                because=cause.callee,
            )
        for function, cause in sorted(self.colouring.twins.items()):
            message = f"{short(function)} gets an async twin"
            reason = f"it stays for callers that cannot await: {self._why_sync(function)}"
            yield self._finding("ASY150", cause.site, Safety.SAFE, message, reason, function)
        reason = "entry point of the program"
        for function in sorted(self.colouring.causes):
            for site in self.decided.conversions[function].bridges:
                message = f"asyncio.run({short(function)}(...))"
                yield self._finding("ASY130", site, Safety.SAFE, message, reason, function)
            for site in self.decided.conversions[function].moved:
                message = f"asyncio.run(...) around what uses {short(function)}"
                yield self._finding("ASY130", site, Safety.SAFE, message, reason, function)

    def _awaited(self, callee: FunctionId, site: Reference) -> str:
        """What is awaited where a function is used: for the constructor of a class its factory."""
        edge = self.project.call_edge(site)
        if edge is not None and edge.access is Access.CONSTRUCT:
            return f"{short(callee).rpartition('.')[0]}.{FACTORY}"
        return short(callee)

    def _why_sync(self, function: FunctionId) -> str:
        limit = self.decided.conversions[function].limit
        return limit.message if limit is not None else "one of them must stay sync"

    def _held(self) -> Iterable[Finding]:
        for seed in self.decided.seeds:
            limit = self.colouring.held.get(seed.unit.name)
            if limit is None:
                continue
            way = self.colouring.ways.get(seed.unit.name, ())
            reason = limit.message
            if way:
                chain = " <- ".join(short(function) for function in way)
                reason = f"{chain}: {limit.message}"
            if limit.site is not None:
                where = self.project.expression(limit.site)
                reason += f" ({self.project.module(limit.site).path}:{where.span.line})"
            safety = Safety.UNSAFE if limit.code == "ASY914" else Safety.MANUAL
            for site in seed.sites:
                message = f"{_shown(site.name)} stays"
                yield self._traced(
                    site,
                    self._finding(
                        limit.code, site.reference, safety, message, reason, site.function
                    ),
                )

    def _traced(self, site: Site, finding: Finding) -> Finding:
        """The finding about a blocking call: whose it is, and the way there if the run is about event loops."""
        finding = replace(finding, library=site.library.name)
        reach = self.decided.reach
        if reach is None or site.function not in reach:
            return finding
        return replace(
            finding,
            message=f"{_shown(site.name)} blocks the event loop",
            reason=f"{finding.message}: {finding.reason}",
            trace=reach.trace(site.reference, _shown(site.name)),
            entries=tuple(reach.entries(site.function)),
        )

    def _hazards(self) -> Iterable[Finding]:
        for told in self.told:
            known = find(told.code)
            yield Finding(
                told.code,
                known.name if known is not None else told.code.lower(),
                self.project.graph.modules[told.module].path,
                told.span,
                Safety.SAFE,
                told.message,
                told.reason,
                told.function,
                chain=self.chain_of.get(told.function),
            )

    def _finding(
        self,
        code: str,
        site: Reference,
        safety: Safety,
        message: str,
        reason: str,
        function: FunctionId,
        because: FunctionId | None = None,
    ) -> Finding:
        known = find(code)
        return Finding(
            code,
            known.name if known is not None else code.lower(),
            self.project.module(site).path,
            self.project.expression(site).span,
            safety,
            message,
            reason,
            function,
            because,
            None if safety is not Safety.SAFE else self.chain_of.get(function),
        )

    def reasons(self) -> dict[FunctionId, Reason]:
        """Why each function becomes async, or gets an async twin."""
        starting = {f for f in self.colouring.causes if self.decided.conversions[f].starts_loop}
        causes = {f: c for f, c in self.colouring.causes.items() if f not in starting}
        return {
            function: self._reason(cause, twin=function not in causes)
            for function, cause in sorted({**self.colouring.twins, **causes}.items())
            if not self.project.functions[function].is_async
        }

    def _reason(self, cause: Cause, *, twin: bool) -> Reason:
        called = ", ".join(self.project.callee_names(cause.site)) or "a blocking call"
        span = self.project.expression(cause.site).span
        path = self.project.module(cause.site).path
        return Reason(path, span, cause.callee or called, twin)


def _shown(name: str) -> str:
    return name.removeprefix("builtins.")


def _runner(function: FunctionId) -> str:
    return "the script" if function.endswith(":") else f"{short(function)}()"
