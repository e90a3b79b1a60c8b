"""Locks on files: fcntl, filelock, portalocker. They stay, and are told where they last across an await.

The system gives such a lock to the process. A second task that asks for it waits like a thread would, and
the loop with it; or it gets the lock as well, because the process has it already (fcntl.lockf, and a
FileLock that is taken twice). A lock that keeps other processes out for as long as the program runs is
right as it is.
"""

from asyncify.rules.spec import Hazard, Library

REASON = "it keeps other processes out, but not other tasks, or stops them all"
NAMES = (
    "fcntl.flock",
    "fcntl.lockf",
    "filelock.FileLock",
    "filelock._unix.UnixFileLock",
    "filelock._windows.WindowsFileLock",
    "filelock._soft.SoftFileLock",
    "filelock.SoftFileLock",
    "portalocker.lock",
    "portalocker.Lock",
    "portalocker.utils.Lock",
)

library = Library(
    "filelock",
    code="ASY164",
    target="filelock",
    entries=tuple(Hazard(name, "ASY164", REASON, across=True) for name in NAMES),
)
