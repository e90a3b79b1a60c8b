"""Blocking calls that a comment leaves alone: ``# asyncify: skip`` and ``# asyncify: ignore[CODE]``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from asyncify.codes import find
from asyncify.planning.colour import Limit
from asyncify.planning.project import Project
from asyncify.planning.units import Seed, Site


def without_kept(project: Project, seeds: Iterable[Seed]) -> list[Seed]:
    """The seeds without the calls that a comment keeps: nobody is told about those.

    Calls of one object change together: where one of them is kept, the others go to threads, or stay.
    """
    found: list[Seed] = []
    for seed in seeds:
        kept = [site for site in seed.sites if _kept(project, site)]
        if not kept:
            found.append(seed)
        elif seed.fallback:
            found.extend(without_kept(project, seed.fallback))
        elif len(kept) < len(seed.sites):
            sites = tuple(site for site in seed.sites if site not in kept)
            where = project.expression(kept[0].reference).span.line
            limit = Limit("ASY916", f"a comment keeps another use of it (line {where})")
            found.append(replace(seed, unit=replace(seed.unit, sites=(), limit=limit), sites=sites))
    return found


def kept_sites(project: Project, seeds: Iterable[Seed]) -> Iterator[Site]:
    """The calls that `without_kept` leaves out: they go on to block."""
    for seed in seeds:
        yield from (site for site in seed.sites if _kept(project, site))


def _kept(project: Project, site: Site) -> bool:
    module = project.module(site.reference)
    comments = [each for each in module.directives if each.kind in ("skip", "ignore")]
    if not comments:
        return False
    expression, statement = project.expression(site.reference), project.statement(site.reference)
    lines = {*range(expression.span.line, expression.span.end_line + 1), statement.span.line}
    if not any(other.parent == statement.id for other in module.statements):
        lines.add(statement.span.end_line)
    known = find(site.library.code)
    codes = {site.library.code, known.name if known else ""}
    return any(
        each.line in lines and (each.kind == "skip" or codes & set(each.codes)) for each in comments
    )
