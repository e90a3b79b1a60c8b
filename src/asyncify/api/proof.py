"""The last gate: the new text is analysed afresh, and must not lose a coroutine.

Planning is not asked: the call graph of the rewritten project is built from its text alone, as if
somebody else had written it. What it finds withdraws the chains of the file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from asyncify.api.stages import Facts, Job, Stages
from asyncify.errors import VerifyError
from asyncify.model.facts import Function
from asyncify.model.source import Source, read_source
from asyncify.verify.holders import unfilled
from asyncify.verify.kept import misused
from asyncify.verify.loops import nested_loops
from asyncify.verify.lost import lost_coroutines


def prove(
    job: Job,
    facts: Facts,
    sources: Mapping[str, Source],
    after: Mapping[str, bytes],
    stages: Stages,
) -> dict[str, str]:
    """The files whose new text loses a coroutine, with the first place of each."""
    if not after:
        return {}
    new = {
        path: read_source(after[path]) if path in after else old for path, old in sources.items()
    }
    with tempfile.TemporaryDirectory(prefix="asyncify-") as directory:
        root = Path(directory).resolve()
        for path, source in new.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.encode(source.text))
        unchanged = {path: module for path, module in facts.read.items() if path not in after}
        again = replace(job, root=root, known=unchanged)
        facts_after = stages.index(again, new)
        if facts_after.errors and not facts.errors:
            raise VerifyError(facts_after.errors[0].path, facts_after.errors[0].message)
        graph = stages.resolve(again, facts_after)
    before = {_name(f) for module in facts.modules.values() for f in module.functions if f.is_async}
    became = {f.id for f in graph.functions.values() if f.is_async and _name(f) not in before}
    found: dict[str, str] = {}
    proofs = (lost_coroutines, misused, unfilled, nested_loops)
    for lost in (lost for proof in proofs for lost in proof(graph, became)):
        found.setdefault(lost.path, f"line {lost.span.line}: {lost.message}")
    return found


def _name(function: Function) -> tuple[str, str]:
    """What a function is recognised by: a nested one stands in the twin of its function as well."""
    nested = function.owner is None and function.parent != f"{function.module}:"
    return function.module, function.name if nested else function.id
