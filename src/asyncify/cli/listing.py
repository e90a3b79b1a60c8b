"""What the installed version knows: codes, libraries and settings."""

from __future__ import annotations

import json

from asyncify.codes import CODES
from asyncify.config import Config


def as_text() -> str:
    """Codes and libraries for reading."""
    from asyncify.rules.registry import load_rules

    width = max(len(code.name) for code in CODES)
    lines = [f"{code.code}  {code.name.ljust(width)}  {code.summary}" for code in CODES]
    lines.append("")
    lines.extend(f"{rule.code}  {rule.name} -> {rule.target}" for rule in load_rules())
    return "\n".join(lines) + "\n"


def as_json() -> str:
    """Codes and libraries for programs."""
    from asyncify.rules.registry import load_rules

    content = {
        "codes": [
            {
                "code": code.code,
                "name": code.name,
                "summary": code.summary,
                "advice": code.advice,
                "url": code.url,
            }
            for code in CODES
        ],
        "libraries": [
            {
                "name": rule.name,
                "code": rule.code,
                "target": rule.target,
                "requires": list(rule.requires),
            }
            for rule in load_rules()
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def settings(config: Config) -> str:
    """The settings in force, as the table of a pyproject.toml."""
    lines = [f"# {config.file or 'defaults'}", "[tool.asyncify]"]
    lines.extend(f"{key} = {_toml(value)}" for key, value in config.items())
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        pairs = (f"{_toml(key)} = {_toml(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    return json.dumps(value, ensure_ascii=False)
