"""Finds out what a cluster offers while scenarios run that need nothing of what is not known yet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from multiprocessing import Pipe

from svcproof.run.entries import Entry

END_SECONDS = 5.0
"""So long its clean-up may take once no scenario is left; what it leaves is reaped with the run."""


class Rehearsal:
    """Settles capabilities in a thread of its own; *found* yields each one's name once workers can read of it.

    What goes wrong is said to *say*; workers then find out by themselves.
    """

    def __init__(self, found: Iterator[str], say: Callable[[str], None]) -> None:
        self.news, self._bell = Pipe(duplex=False)
        self._found = found
        self._say = say
        self._settled: set[str] = set()
        self._over = False
        self._thread = threading.Thread(target=self._find_out, name="rehearsal", daemon=True)
        self._thread.start()

    def holds(self, entry: Entry) -> bool:
        """Whether a scenario has to wait: something that it needs is not settled yet."""
        return not self._over and not self._settled.issuperset(entry.needs)

    def hear(self) -> None:
        """Take what `news` had to tell, so that it is readable again when more is settled."""
        while self.news.poll():
            self.news.recv_bytes()

    def end(self) -> None:
        """Wait for its clean-up, for a while."""
        self._thread.join(END_SECONDS)

    def _find_out(self) -> None:
        try:
            for name in self._found:
                self._settled.add(name)
                self._bell.send_bytes(b"settled")
        except Exception as trouble:  # noqa: BLE001 - whatever it is, scenarios wait for it no longer
            self._say(f"what the cluster offers was not found out beforehand: {trouble}")
        finally:
            self._over = True
            self._bell.send_bytes(b"over")
