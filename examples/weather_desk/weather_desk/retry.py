"""How often to try again, and how long to wait in between."""

import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class RetryPolicy:
    """``tries`` rounds, with a pause before every round but the first."""

    tries: int = 3
    delay: float = 0.05
    factor: float = 2.0

    def rounds(self) -> Iterator[int]:
        """Yield 1, 2, ... and sleep between the rounds.

        The caller leaves the loop when a round succeeds::

            for number in policy.rounds():
                if attempt():
                    break
        """
        pause = self.delay
        for number in range(1, self.tries + 1):
            if number > 1:
                time.sleep(pause)  # nobody waits after the last round
                pause *= self.factor
            yield number
