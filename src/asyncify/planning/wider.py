"""The wider form of an object: one that has more of what the old library has, and works in any event loop.

It is taken where the plain form has no place for what a project does with its objects. Only whoever makes an
object can give it that form, so all of them have to be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from asyncify.model.graph import Reference, SourceKind, Value
from asyncify.planning.groups import Group
from asyncify.planning.options import Options, Problem, late_options
from asyncify.planning.project import Project
from asyncify.rules.spec import Call, Library, Thread


@dataclass(frozen=True, slots=True)
class Form:
    """A wider form of the objects of a group: what its calls are there, and whether it is the widest."""

    calls: dict[Reference, tuple[Library, Call | Thread]]
    widest: bool


def wider_forms(group: Group) -> Iterator[Form]:
    """The wider forms that whoever makes the objects of a group can give them, the narrowest first."""
    makers = {site: call for site, (_, call) in group.calls.items() if _makes(call)}
    if makers and all(_is_made(value, makers.keys()) for value in group.bound):
        last = max(len(call.wider) for _, call in group.calls.values() if isinstance(call, Call))
        for level in range(last):
            calls = {
                site: (library, _at(call, level)) for site, (library, call) in group.calls.items()
            }
            yield Form(calls, level == last - 1)


def taken_options(project: Project, group: Group, form: Form | None) -> Options | Problem:
    """What the calls that make clients take at once, or why a group cannot be translated in a form."""
    widest = form is not None and form.widest  # takes everything where it is
    problems = group.problems if widest else [*group.problems, *group.asks]
    if problems:
        return problems[0]
    return Options() if widest else late_options(project, group)


def _makes(call: Call | Thread) -> bool:
    """Whether a call makes an object that has a wider form."""
    return isinstance(call, Call) and bool(call.wider and call.made)


def _at(call: Call | Thread, level: int) -> Call | Thread:
    if isinstance(call, Call) and call.wider:
        return call.wider[min(level, len(call.wider) - 1)]
    return call


def _is_made(value: Value, makers: Set[Reference]) -> bool:
    """Whether one of these calls made the object, wherever it is seen."""
    known = [
        source
        for source in value.sources
        if source.kind is not SourceKind.CONSTANT or source.name != "None"
    ]
    if not known:
        return any(occurrence in makers for occurrence in value.occurrences)
    return all(source.site in makers for source in known)
