"""One library in place of another that has the same interface: every text of the rules names the new one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from asyncify.rules.spec import Library

_SUCCESSORS = {"httpx2": ("httpx", "httpx2>=2.0")}


def retarget(library: Library, target: str) -> Library:
    """A library whose calls move to `target`, if that stands for the target it has."""
    old, requirement = _SUCCESSORS.get(target, ("", ""))
    if library.target != old or library.name == old:
        return library
    made: Library = _renamed(library, re.compile(rf"\b{old}\b"), target)
    return replace(made, requires=(requirement,))


def _renamed(value: Any, word: re.Pattern[str], new: str) -> Any:
    if isinstance(value, str):
        return word.sub(new, value)
    if isinstance(value, tuple):
        return tuple(_renamed(each, word, new) for each in value)
    if isinstance(value, Mapping):
        return {key: _renamed(each, word, new) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        found = {
            f.name: _renamed(getattr(value, f.name), word, new) for f in fields(value) if f.init
        }
        return replace(value, **found)
    return value
