"""subprocess -> the same call in a worker thread.

`asyncio.create_subprocess_exec` has no text mode, no `check`, no `timeout` and leaves the child running
when the caller is cancelled; `asyncio.to_thread` gives the same result for every argument, at the
same cost per process.
"""

from asyncify.rules.spec import Library, Refuse, Thread

_STATEFUL = "a Popen object has no faithful async form; run the whole function in a thread"

library = Library(
    "subprocess",
    code="ASY220",
    target="thread",
    triggers=("subprocess", "system", "popen"),
    entries=(
        Thread("subprocess.run"),
        Thread("subprocess.call"),
        Thread("subprocess.check_call"),
        Thread("subprocess.check_output"),
        Thread("subprocess.getoutput"),
        Thread("subprocess.getstatusoutput"),
        Thread("os.system"),
        Refuse(_STATEFUL, "subprocess.Popen"),
        Refuse(_STATEFUL, "subprocess.Popen.wait"),
        Refuse(_STATEFUL, "subprocess.Popen.communicate"),
        Refuse(_STATEFUL, "os.popen"),
    ),
)
