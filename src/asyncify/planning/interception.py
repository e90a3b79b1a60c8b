"""Tests that answer requests: the library that intercepts the old calls becomes one that intercepts the new ones.

All or nothing: a single use that has no faithful form, or a single call that stays with the old library,
leaves every use as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from asyncify.model.facts import Expression, Kind, Role
from asyncify.model.graph import Reference
from asyncify.planning.drafts import Draft, Interception, Unfaithful
from asyncify.planning.hooks import in_test_file
from asyncify.planning.interceptors import intercepted_by, replaced_whole
from asyncify.planning.patched import Patched
from asyncify.planning.project import Project
from asyncify.planning.routers import Translator
from asyncify.planning.units import Seed, import_text
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Library


def interception(
    project: Project, rules: Rules, library: Library, seeds: Sequence[Seed]
) -> Interception:
    """How everything with which tests answer the calls of a library follows them."""
    if place := replaced_whole(project, library.name):
        return Interception(problem=place)
    draft = Draft(project, rules)
    try:
        known = set()
        for owner, interceptor in rules.interceptors(library.name):
            known.add(interceptor.module)
            Translator(draft, owner, interceptor).translate()
        for name in library.interceptors:
            if name not in known and (place := intercepted_by(project, name)):
                return Interception(problem=place)
        Patched(draft, library, seeds).translate()
        made_exceptions(draft, library)
    except Unfaithful as problem:
        return Interception(problem=str(problem))
    return draft.done()


def made_exceptions(draft: Draft, library: Library) -> None:
    """Exceptions of the old library that tests make become those of the new one.

    Raises:
        Unfaithful: one has no counterpart, or is used in another way.
    """
    project, rules = draft.project, draft.rules
    for reference, name in project.graph.names.items():
        found = rules.exception(name)
        if found is None or found[0].name != library.name:
            continue
        if not in_test_file(project.module(reference).path):
            continue
        expression = project.expression(reference)
        outer = project.parent(reference)
        if expression.role is Role.CALLEE and outer is not None:
            _made(draft, reference, outer[0], found[1].made)
        elif _is_effect(project, reference, expression):
            _made(draft, reference, None, found[1].made)


def _is_effect(project: Project, reference: Reference, expression: Expression) -> bool:
    """Whether an exception type is what a mock raises (and not what somebody catches)."""
    if expression.role is Role.KEYWORD:
        return expression.detail in ("side_effect", "body", "exc")
    return expression.role in (Role.ASSIGNED, Role.RAISED)


def _made(draft: Draft, name: Reference, call: Reference | None, template: str) -> None:
    project = draft.project
    if not template:
        raise draft.refuse(name, "the exception has no counterpart")
    arguments = project.arguments(call) if call is not None else []
    positional = [r for r, e in arguments if e.role is Role.ARGUMENT and e.kind is not Kind.STARRED]
    keywords = {e.detail: r for r, e in arguments if e.role is Role.KEYWORD}
    if len(positional) > 1 or len(positional) + len(keywords) != len(arguments):
        raise draft.refuse(name, "the exception is made with other arguments than a message")
    holes: list[Reference] = []
    if positional:
        holes.append(positional[0])
    text = template.replace("{0}", "{0}" if positional else '""')
    for keyword, value in keywords.items():
        if f"{{{keyword}}}" not in text:
            raise draft.refuse(name, f"the exception is made with {keyword!r}")
        text = text.replace(f"{{{keyword}}}", f"{{{len(holes)}}}")
        holes.append(value)
    for optional in ("request", "response"):
        text = text.replace(f"{{{optional}}}", "None")
    draft.exceptions.add(name)
    module = template.partition("(")[0]
    draft.replace(call if call is not None else name, text, holes, import_text(module))
