"""What a converted program needs around it: the packages that it imports, and how its tests run."""

from __future__ import annotations

from collections.abc import Mapping

from asyncify.model.facts import FunctionId
from asyncify.model.plan import Define
from asyncify.planning import testing
from asyncify.planning.decided import Decided
from asyncify.planning.decorators import CACHE_REQUIREMENT, is_cached
from asyncify.planning.frameworks import completed_calls, hooks_of
from asyncify.planning.style import Style, backend


def dependencies(decided: Decided) -> tuple[str, ...]:
    """The requirements of the new text."""
    project, coloured = decided.project, decided.colouring.causes
    needed = {
        requirement
        for seed in decided.applied
        if not any(site.to == "asyncio.to_thread" for site in seed.sites)
        for site in seed.sites
        for requirement in site.library.requires
    }
    edits = (edit for seed in decided.applied for _, edit in seed.edits)
    defined = {edit.name for edit in edits if isinstance(edit, Define)}
    helpers = (each for library in decided.rules.libraries for each in library.helpers)
    needed.update(one for each in helpers if each.name in defined for one in each.requires)
    if any(is_cached(project, project.functions[f]) for f in coloured):
        needed.add(CACHE_REQUIREMENT)
    if _async_tests(decided):
        needed.add("anyio" if decided.style is Style.ANYIO else testing.PLUGIN)
    for _, hook, _ in completed_calls(project, coloured):
        needed.update(hook.requires)
    for found in decided.interceptions.values():
        needed.update(found.requires)
    for function in coloured:
        for _, hook in hooks_of(project, project.functions[function]):
            needed.update(hook.requires)
    return tuple(sorted(needed))


def test_configuration(decided: Decided, texts: Mapping[str, str]) -> dict[str, str]:
    """The files that tell the test runner to run async tests, by path, with their new texts."""
    project, tests = decided.project, _async_tests(decided)
    if not tests:
        return {}
    wide = any(testing.wide_fixture(project, project.functions[f]) for f in tests)
    if decided.style is Style.ANYIO:
        return backend(project)
    if decided.style is Style.MARKER and not wide:
        return {}
    return testing.configuration(texts, wide=wide, mode=decided.style is Style.AUTO)


def _async_tests(decided: Decided) -> list[FunctionId]:
    project = decided.project
    return [f for f in decided.colouring.causes if testing.is_pytest(project, project.functions[f])]
