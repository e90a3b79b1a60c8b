"""The plan of a project, and how it comes about."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from asyncify.analysis.collector import no_collection
from asyncify.api.dependencies import Manifests, left_modules
from asyncify.api.proof import prove
from asyncify.api.review import Review, proposals
from asyncify.api.selection import Selection, select
from asyncify.api.stages import Facts, Job, Progress, Stages, silent
from asyncify.api.trial import Trial, put_on_trial
from asyncify.api.writing import NewText, WriteReport, write
from asyncify.config import Config
from asyncify.discovery import Discovery, discover
from asyncify.errors import ParseError, VerifyError
from asyncify.manifests import Change
from asyncify.model.plan import Edit, FileError, Finding, Plan
from asyncify.model.result import FileResult
from asyncify.model.source import Source, read_source
from asyncify.report.diff import render
from asyncify.report.run import Run


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """Everything that asyncify would do to a project, and everything that it leaves.

    `results` has one entry per file that the run was about, changed or not, and one per other file
    that changes with them (the configuration of tests), sorted by path; paths are relative to `root`.
    `checked` counts the Python files. `dependencies` are to be added, `removable` ones are imported nowhere
    any more; if the run updates them, `notes` say what is left to a person. Nothing is written before `write`.
    """

    root: Path
    results: tuple[FileResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    errors: tuple[FileError, ...] = ()
    async_functions: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    checked: int = 0
    created: frozenset[str] = frozenset()
    applied: frozenset[int] = frozenset()  # chains
    plan: Plan = field(default_factory=Plan)
    removable: tuple[str, ...] = ()
    notes: tuple[str, ...] | None = None  # None: nobody has asked for it

    def why(self, qualname: str) -> str:
        """The chain of calls that makes a function async, one line per step.

        Raises:
            KeyError: asyncify has nothing to say about a function of this name.
        """
        from asyncify.api.why import explain

        return explain(self.plan, self.findings, self.async_functions, qualname)

    def patch(self) -> bytes:
        """The unified diff of all files, with paths relative to the root: input for `git apply`."""
        return render(self.run())

    def diff(self) -> str:
        """The same for reading. Bytes that are not UTF-8 become surrogates, see `os.fsdecode`."""
        return self.patch().decode("utf-8", errors="surrogateescape")

    def verify(
        self,
        command: str,
        *,
        respect_gitignore: bool = True,
        runtime: bool = False,
        progress: Progress = silent,
    ) -> Trial:
        """Run the project's tests in a copy of it, before and after the changes; nothing is written.

        Args:
            command: what runs the tests; with pytest they are compared test by test.
            respect_gitignore: the copy has no files that git ignores.
            runtime: see what blocks an event loop in the tests, with blockbuster.
            progress: called before each run.

        Raises:
            SuiteError: the command cannot be run, fails before already, or proves nothing.
        """
        texts = {each.path: each.after for each in self.results if each.changed}
        found = put_on_trial(
            self.root,
            texts,
            command,
            respect_gitignore=respect_gitignore,
            runtime=runtime,
            progress=progress,
        )
        own = {each.path for each in self.results}
        return replace(found, blocked=tuple(each for each in found.blocked if each.path in own))

    def write(self, *, allow_dirty: bool = False) -> WriteReport:
        """Replace the files that change: all of them or none.

        Raises:
            WriteError: a file has uncommitted changes, changed since it was read, or cannot be written.
        """
        texts = [
            NewText(each.path, None if each.path in self.created else each.before, each.after)
            for each in self.results
            if each.changed
        ]
        return write(self.root, texts, allow_dirty=allow_dirty)

    def run(self, *, shown: Mapping[str, str] | None = None, written: bool = False) -> Run:
        """What a report needs; `shown` maps paths to how they are printed."""
        return Run(
            self.root,
            self.results,
            self.findings,
            self.errors,
            self.async_functions,
            self.dependencies,
            self.checked,
            self.created,
            self.applied,
            written,
            shown or {},
            self.removable,
            self.notes,
        )


@no_collection()
def make(
    root: Path,
    paths: Sequence[Path],
    config: Config,
    *,
    progress: Progress = silent,
    stages: Stages | None = None,
    force_exclude: bool = False,
    jobs: int = 1,
    proof: bool = True,
    update_dependencies: bool = False,
    review: Review | None = None,
) -> ProjectPlan:
    """Analyse the whole project and decide what happens to the files at and below the paths.

    With `proof` the new text is analysed once more; a report that shows no new text can do without.
    With `update_dependencies` the files change too that declare them. A `review` is asked once, about
    chains that have passed the proof; without those that it leaves out the rest is proved again.
    """
    stages = stages or Stages()
    manifests = Manifests.of(root)
    config = replace(config, http_client=manifests.http_client(config.http_client))
    scope = discover(paths, root=root, config=config, force_exclude=force_exclude)
    everything = scope
    if [os.path.abspath(path) for path in paths] != [str(root)]:
        everything = discover([root], root=root, config=config)
    whole = set(everything.files) <= set(scope.files)
    beside = [path for path in everything.stubs if path.removesuffix("i") in scope.files]
    job = Job(root, config, None if whole else frozenset((*scope.files, *beside)), progress, jobs)
    reading = _Reading.of(root, scope, everything)
    plan, facts = _plan(job, reading, stages)
    prover = partial(prove, job, facts, reading.sources, stages=stages) if proof else None
    selection, after = _carried_out(job, plan, reading.data, stages, prover, review)
    others = _other_files(root, plan) if selection.touches_tests() else {}
    manifests = manifests if after else Manifests({})  # nothing to update
    removable = manifests.declared(left_modules(reading.data, after))
    notes = None
    if update_dependencies:
        notes = _update(root, manifests, selection, removable, others)
    errors = _errors(scope, (*reading.errors, *facts.errors))
    return ProjectPlan(
        root,
        _results(scope, reading.data, after, selection, errors, others),
        selection.findings,
        errors,
        selection.functions(),
        selection.dependencies(),
        len(scope.files),
        frozenset(path for path, (before, _) in others.items() if before is None),
        frozenset(chain.id for chain in selection.chains),
        plan,
        removable,
        notes,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    data: Mapping[str, bytes]
    sources: Mapping[str, Source]
    errors: tuple[FileError, ...]

    @classmethod
    def of(cls, root: Path, *found: Discovery) -> _Reading:
        data, sources, errors = {}, {}, []
        files = {path for each in found for path in each.files}
        stubs = {path for each in found for path in each.stubs if path.removesuffix("i") in files}
        for path in sorted(files | stubs):
            try:
                data[path] = (root / path).read_bytes()
                sources[path] = read_source(data[path])
            except OSError as error:
                errors.append(FileError(path, 0, 0, f"cannot read: {error.strerror}"))
            except SyntaxError as error:
                place = (error.lineno or _bad_line(data[path]), error.offset or 0)
                errors.append(FileError(path, *place, f"cannot decode: {error.msg}"))
        return cls(data, sources, tuple(errors))


def _bad_line(data: bytes) -> int:
    """The first line that is not UTF-8, for errors that do not name one."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    return 1


def _whole_words(words: Sequence[str]) -> re.Pattern[bytes]:
    """Finds the words, but not inside of longer ones; without words it finds nothing."""
    ends = ((word, r"(?!\w)" if re.search(r"\w$", word) else "") for word in words)
    found = "|".join(f"{re.escape(word)}{end}" for word, end in ends)
    return re.compile(rf"(?<!\w)(?:{found})".encode() if found else rb"(?!)")


def _plan(job: Job, reading: _Reading, stages: Stages) -> tuple[Plan, Facts]:
    words = _whole_words(stages.triggers(job.config))
    if not any(words.search(each) for each in reading.data.values()):
        return Plan(), stages.parse(job, reading.sources)
    facts = stages.index(job, reading.sources)
    job.progress("resolving calls", 0, 0)
    graph = stages.resolve(job, facts)
    job.progress("planning", 0, 0)
    return stages.decide(job, graph), facts


def _carried_out(
    job: Job,
    plan: Plan,
    data: Mapping[str, bytes],
    stages: Stages,
    prover: Callable[[Mapping[str, bytes]], dict[str, str]] | None,
    review: Review | None,
) -> tuple[Selection, dict[str, bytes]]:
    """The chains that hold, and that are wanted; the new texts."""
    broken: dict[str, str] = {}
    declined: frozenset[int] = frozenset()
    done: dict[tuple[str, tuple[Edit, ...]], bytes] = (
        {}
    )  # most files stay as they are when chains are withdrawn
    while True:
        selection, after = _rewrite(job, plan, data, stages, broken, declined, done)
        job.progress("verifying", 0, 0)
        found = prover(after) if prover is not None else {}
        if set(found) - set(broken):
            broken.update(found)
            continue
        if review is None:
            return selection, after
        declined = frozenset(review(proposals(selection, data, stages)))
        review = None  # a person is asked once
        if not declined:
            return selection, after


def _rewrite(
    job: Job,
    plan: Plan,
    data: Mapping[str, bytes],
    stages: Stages,
    broken: dict[str, str],
    declined: Collection[int],
    done: dict[tuple[str, tuple[Edit, ...]], bytes],
) -> tuple[Selection, dict[str, bytes]]:
    """Rewrite until every new text is good: the chains of a bad one are withdrawn whole.

    `done` keeps the good texts, by file and edits.
    """
    while True:
        selection = select(plan, job.config, scope=job.editable, broken=broken, declined=declined)
        edits = selection.edits()
        after = {}
        for number, (path, own) in enumerate(edits.items()):
            job.progress("rewriting", number, len(edits))
            key = (path, own)
            try:
                if key not in done:
                    text = stages.rewrite(data[path], own, path)
                    stages.check(path, data[path], text)
                    done[key] = text
                after[path] = done[key]
            except (VerifyError, ParseError) as error:
                broken[path] = error.message
        if not set(edits) & set(broken):
            return selection, after


def _other_files(root: Path, plan: Plan) -> dict[str, tuple[bytes | None, bytes]]:
    found = {}
    for path, text in plan.texts.items():
        file = root / path
        before = file.read_bytes() if file.is_file() else None
        found[path] = (before, text.encode())
    return found


def _update(
    root: Path,
    manifests: Manifests,
    selection: Selection,
    removable: tuple[str, ...],
    others: dict[str, tuple[bytes | None, bytes]],
) -> tuple[str, ...]:
    """Puts the new texts of the files that declare dependencies among the others; what is left to do."""
    from asyncify.planning.hooks import in_test_file

    tests = selection.only_in_tests(in_test_file)
    change = Change(selection.dependencies(), tests, removable)
    known = {path: text.decode() for path, (_, text) in others.items() if path in manifests.texts}
    found = manifests.changed(change, known)
    for path, new in found.texts.items():
        others[path] = (manifests.texts[path].encode(), new.encode())
    return found.notes


def _results(
    scope: Discovery,
    data: Mapping[str, bytes],
    after: Mapping[str, bytes],
    selection: Selection,
    errors: Sequence[FileError],
    others: Mapping[str, tuple[bytes | None, bytes]],
) -> tuple[FileResult, ...]:
    told: dict[str, list[Finding]] = {}
    for finding in selection.findings:
        told.setdefault(finding.path, []).append(finding)
    failed = {error.path: error for error in errors}
    results = [
        FileResult(
            path,
            data.get(path, b""),
            after.get(path, data.get(path, b"")),
            tuple(told.get(path, ())),
            failed.get(path),
        )
        for path in scope.files
    ]
    results.extend(FileResult(path, old or b"", new) for path, (old, new) in others.items())
    stubs = [path for path in after if path.endswith(".pyi")]
    results.extend(FileResult(path, data[path], after[path]) for path in stubs)
    return tuple(sorted(results, key=lambda result: result.path))


def _errors(scope: Discovery, errors: Sequence[FileError]) -> tuple[FileError, ...]:
    """What went wrong with the files that the run is about."""
    own = [error for error in errors if error.path in scope.files]
    return tuple(
        sorted((*scope.errors, *own), key=lambda error: (error.path, error.line, error.column))
    )


def moved(result: FileResult, path: str) -> FileResult:
    """The same result for a file of another name."""
    return replace(
        result,
        path=path,
        findings=tuple(replace(finding, path=path) for finding in result.findings),
        error=replace(result.error, path=path) if result.error else None,
    )
