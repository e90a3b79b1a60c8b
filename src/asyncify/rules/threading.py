"""Locks of threading -> those of asyncio, where one would be held across an await.

With two tasks in one loop that would be the end: the second one waits for the lock, and the loop with it.
A lock without an await inside stays as it is: nobody else runs before it is given back, and threads may
share it. What differs: asyncio has no timeouts and no `blocking=False`; it has no reentrant lock, so that
RLock (and Condition, which makes one) are translated only if nobody takes them twice; and a lock that
tasks of two event loops wait for raises RuntimeError.
"""

from asyncify.rules.spec import Attribute, Call, Hazard, Hold, Library, Parameter, Resource

LOCK, RLOCK, CONDITION = "threading.Lock", "threading.RLock", "threading.Condition"
SEMAPHORES = ("threading.Semaphore", "threading.BoundedSemaphore")
PROCESSES = ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition")
VALUE = (Parameter("value", positional=True),)


def _locks(
    name: str, to: str, hold: Hold, parameters: tuple[Parameter, ...] = ()
) -> tuple[Call | Resource, ...]:
    only = ("lock" if name == CONDITION else "value",)
    return (
        Call(name, to, awaited=False, signature=only, parameters=parameters, returns=name),
        Resource(name, to, enter="async", annotation=to, one_loop=True, hold=hold),
        Call(f"{name}.acquire", parameters=()),
        Call(f"{name}.release", awaited=False, parameters=()),
    )  # fmt: skip


library = Library(
    "threading",
    code="ASY251",
    target="asyncio",
    modules={
        "_thread.LockType": LOCK,
        "_thread.lock": LOCK,
        "_thread.allocate_lock": LOCK,
        "_thread.RLock": RLOCK,
        "threading._RLock": RLOCK,
        "_thread._local": "threading.local",
        "_threading_local.local": "threading.local",
    },
    entries=(
        *_locks(LOCK, "asyncio.Lock", Hold("ASY924")),
        *_locks(RLOCK, "asyncio.Lock", Hold("ASY925", reenters=True)),
        *_locks(CONDITION, "asyncio.Condition", Hold("ASY924", reenters=True)),
        *(row for name in SEMAPHORES for row in _locks(name, f"asyncio.{name[10:]}", Hold("ASY924"), VALUE)),
        Hazard("threading.local", "ASY160", "all tasks of a loop run in one thread and share it"),
        Attribute(f"{LOCK}.locked"),
        Attribute(f"{CONDITION}.notify"),
        Attribute(f"{CONDITION}.notify_all"),
        Call(f"{CONDITION}.wait", parameters=()),
        *(
            Resource(
                f"multiprocessing.synchronize.{name}",
                hold=Hold("ASY924", why="processes share it, and asyncio has no such lock"),
            )
            for name in PROCESSES
        ),
    ),
)  # fmt: skip
