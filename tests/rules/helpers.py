"""Gives tests the helpers of a rule as the converted code gets them."""

from collections.abc import Mapping
from typing import Any

from asyncify.rules.registry import load_rules


def helpers(library: str) -> Mapping[str, Any]:
    """Run every helper text of a library in one fresh module."""
    rule = next(rule for rule in load_rules() if rule.name == library)
    module: dict[str, Any] = {}
    for helper in rule.helpers:
        for line in helper.imports:
            exec(line, module)
    for helper in rule.helpers:
        exec(compile(helper.text, f"<{helper.name}>", "exec"), module)
        assert helper.name in module, f"{helper.name} is not what its text defines"
    return module
