"""Files that declare what a project depends on: pyproject.toml, requirements files, setup.cfg.

They are edited line by line, so that comments and layout stay; every edit is verified by reading the new
text, and dropped (with a note) if it says anything else than it should.
"""

from asyncify.manifests.update import Change, Updated, update

__all__ = ["Change", "Updated", "update"]
