"""A pipeline of a few lines in place of the real one: `time.sleep` in, `asyncio.sleep` out.

Every function of a file that sleeps becomes async; each file is a chain of its own, and a file with
`unsafe` in its name an unsafe one. A file with `broken` in its name gets a text that is not Python.
"""

import ast
import re
from collections.abc import Mapping, Sequence

from asyncify.api.stages import Facts, Job, Stages
from asyncify.errors import VerifyError
from asyncify.model.facts import Module
from asyncify.model.graph import CallGraph
from asyncify.model.plan import AddImport, Chain, Edit, FileError, Finding, Plan, Reason, Safety
from asyncify.model.source import Source
from asyncify.model.span import Span


def fake_stages(texts: Mapping[str, str] | None = None) -> Stages:
    """The stages; `texts` are other files that the plan wants to write."""
    known: dict[str, str] = {}

    def index(job: Job, sources: Mapping[str, Source]) -> Facts:
        modules, errors = {}, []
        for number, (path, source) in enumerate(sources.items()):
            job.progress("reading", number, len(sources))
            try:
                ast.parse(source.text)
            except SyntaxError as error:
                place = (error.lineno or 0, error.offset or 0)
                errors.append(FileError(path, *place, f"cannot parse: {error.msg}"))
                continue
            known[path] = source.text
            name = path.removesuffix(".py").replace("/", ".")
            modules[name] = Module(name, path, is_package=False)
        return Facts(modules, (), tuple(errors))

    def decide(job: Job, graph: CallGraph) -> Plan:
        chains, findings, reasons = [], [], {}
        for number, (name, module) in enumerate(sorted(graph.modules.items())):
            found = list(_findings(module.path, known[module.path], name, number))
            if not found or not job.config.selects("ASY201"):
                continue
            function, safety = f"{name}:work", found[0].safety
            edits: list[tuple[str, Edit]] = [(module.path, AddImport("import asyncio"))]
            chains.append(Chain(number, (function,), tuple(edits), safety))
            findings.extend(found)
            reasons[function] = Reason(module.path, found[0].span, "time.sleep")
        return Plan(tuple(chains), tuple(findings), reasons, ("aiothing>=1",), texts or {})

    return Stages(
        index=index,
        resolve=lambda job, facts: CallGraph(facts.modules, {}, {}),
        decide=decide,
        rewrite=rewrite,
        check=check,
        triggers=lambda config: ("sleep",),
    )


def _findings(path: str, source: str, module: str, chain: int) -> list[Finding]:
    found = []
    lines = re.split("\r\n|\r|\n", source)
    for number, line in enumerate(lines, 1):
        if (column := line.find("time.sleep(")) >= 0:
            manual = "manual" in path
            safety = Safety.UNSAFE if "unsafe" in path else Safety.SAFE
            found.append(
                Finding(
                    "ASY913" if manual else "ASY201",
                    "module-level" if manual else "blocking-sleep",
                    path,
                    Span(number, column, number, len(line)),
                    Safety.MANUAL if manual else safety,
                    "time.sleep stays" if manual else "time.sleep -> asyncio.sleep",
                    "it runs at import" if manual else "work() becomes async",
                    f"{module}:work",
                    chain=None if manual else chain,
                )
            )
    return found if all(each.chain is not None for each in found) else _only(found)


def _only(found: list[Finding]) -> list[Finding]:
    return [each for each in found if each.chain is None]


def rewrite(source: bytes, edits: Sequence[Edit], path: str) -> bytes:
    new = source.replace(b"time.sleep(", b"await asyncio.sleep(")
    new = new.replace(b"def work", b"async def work").replace(b"import time", b"import asyncio")
    return new + b"(" if "broken" in path else new


def check(path: str, before: bytes, after: bytes) -> None:
    try:
        compile(after, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise VerifyError(path, error.msg) from error
