"""`--interactive`: the dialogue on a terminal. What is shown and asked goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncify.api.review import Proposal
from asyncify.cli.options import UsageError
from asyncify.cli.streams import complain
from asyncify.report import diff, text
from asyncify.report.run import Run, shown_paths

_WORDS = {"yes": "y", "no": "n", "all": "a", "why": "w", "quit": "q"}
_HELP = """\
y  take this chain
n  leave it
a  take this one and all that follow
w  say why: the calls that make each function async
q  leave this one and all that follow; what was taken is written
?  this list
Ctrl-C ends the run, and nothing is written.
"""


def require_terminal() -> None:
    """Refuse to ask where nobody can answer.

    Raises:
        UsageError: stdin or stderr is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("--interactive needs a terminal; use --diff to look and --write to apply")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Asks a person about one proposal after the other.

    Args:
        root: the project.
        colours: whether the terminal shows colours.
    """

    root: Path
    colours: bool = False

    def __call__(self, proposals: tuple[Proposal, ...]) -> frozenset[int]:
        """The numbers of the chains that are left out."""
        left: set[int] = set()
        for number, proposal in enumerate(proposals, 1):
            self._show(proposal, f"chain {number} of {len(proposals)}")
            answer = self._answer(proposal)
            if answer == "a":
                break
            if answer == "q":
                left.update(each.chain.id for each in proposals[number - 1 :])
                break
            if answer == "n":
                left.add(proposal.chain.id)
        return frozenset(left)

    def _show(self, proposal: Proposal, title: str) -> None:
        run = self._run(proposal)
        patch = diff.render(run, colour=self.colours).decode("utf-8", errors="replace")
        complain(f"\n{title}\n{text.render(run, colour=self.colours)}\n{patch}")

    def _answer(self, proposal: Proposal) -> str:
        while True:
            sys.stderr.write("Take this chain? [y,n,a,w,q,?] ")
            sys.stderr.flush()
            line = sys.stdin.readline()
            if not line:
                return "q"  # nobody is there any more
            answer = line.strip().lower()
            answer = _WORDS.get(answer, answer)
            if answer in ("y", "n", "a", "q"):
                return answer
            complain(_why(proposal) if answer == "w" else _HELP)

    def _run(self, proposal: Proposal) -> Run:
        paths = {each.path for each in proposal.results} | {e.path for e in proposal.findings}
        shown: Mapping[str, str] = shown_paths(self.root, tuple(sorted(paths)), Path.cwd())
        return Run(self.root, proposal.results, proposal.findings, shown=shown)


def _why(proposal: Proposal) -> str:
    """What makes the functions of a chain async, or the blocking calls where there are none."""
    from asyncify.api.why import explain

    functions = proposal.chain.functions
    told = [
        explain(proposal.plan, proposal.findings, functions, each)
        for each in functions
        if each in proposal.plan.reasons
    ]
    reasons = [f"{each.message}: {each.reason}\n" for each in proposal.findings]
    return "".join(told or reasons)
