"""The library: what the command line does, for scripts. Typed, no globals, nothing is printed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from asyncify.api.project import ProjectPlan, make, moved
from asyncify.api.review import Proposal, Review
from asyncify.api.stages import Progress, Stages, silent
from asyncify.api.trial import Trial
from asyncify.api.writing import WriteReport
from asyncify.config import Config
from asyncify.discovery import find_root
from asyncify.model.result import FileResult

__all__ = [
    "Progress",
    "ProjectPlan",
    "Proposal",
    "Review",
    "Stages",
    "Trial",
    "WriteReport",
    "convert_paths",
    "convert_source",
    "plan",
]


def plan(
    root: Path | str,
    *,
    paths: Iterable[Path | str] | None = None,
    config: Config | None = None,
    progress: Progress | None = None,
    force_exclude: bool = False,
    jobs: int = 1,
    proof: bool = True,
    update_dependencies: bool = False,
    review: Review | None = None,
    stages: Stages | None = None,
) -> ProjectPlan:
    """Plan the conversion of the project at `root`; nothing is written.

    Args:
        root: the directory that is analysed.
        paths: what is reported on and edited, all by default. A chain that would have to leave these
            paths is not applied.
        config: `Config.load(root)` by default.
        progress: called with the name of a stage, what is done and what there is (0: unknown).
        force_exclude: excludes also hold for files that `paths` names.
        jobs: processes that parse and rewrite; 0 for one per processor.
        proof: analyse the new text once more, and withdraw what would lose a coroutine.
        update_dependencies: change the files too that declare them (pyproject.toml, requirements files,
            setup.cfg).
        review: gets every chain that would be applied, and answers with the numbers of those that are
            left out.
        stages: replacements for the parts of the pipeline.

    Raises:
        AsyncifyError: the configuration is wrong, no path exists, or the type checker cannot be run.
    """
    base = Path(root).absolute()
    limits = [base] if paths is None else [Path(path) for path in paths]
    return make(
        base,
        limits,
        config or Config.load(base),
        progress=progress or silent,
        stages=stages,
        force_exclude=force_exclude,
        jobs=jobs,
        proof=proof,
        update_dependencies=update_dependencies,
        review=review,
    )


def convert_paths(
    paths: Iterable[Path | str], *, config: Config | None = None, stages: Stages | None = None
) -> Iterator[FileResult]:
    """Convert the files at and below some paths of one project; yields every one of them.

    Raises:
        AsyncifyError: see `plan`.
    """
    places = [Path(path) for path in paths]
    yield from plan(find_root(places), paths=places, config=config, stages=stages).results


def convert_source(
    source: str | bytes,
    *,
    filename: str = "<string>",
    config: Config | None = None,
    stages: Stages | None = None,
) -> FileResult:
    """Convert one text as a project of its own; nothing of the project that it may belong to is read.

    Raises:
        AsyncifyError: see `plan`.
    """
    data = source.encode() if isinstance(source, str) else source
    stem = PurePath(filename).stem
    name = f"{stem}.py" if stem.isidentifier() else "module.py"
    with tempfile.TemporaryDirectory(prefix="asyncify-") as directory:
        root = Path(directory).resolve()
        (root / name).write_bytes(data)
        found = plan(root, paths=[root / name], config=config or Config(), stages=stages)
        result = next(each for each in found.results if each.path == name)
    return moved(result, filename)
