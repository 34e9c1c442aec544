"""Waiting for a state: always with a deadline, woken by news, and the last observation is said when time runs out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from svcproof.cluster.api import Unreachable
from svcproof.model.verdict import Inconclusive, Violation

T = TypeVar("T")


class Deadline:
    """A moment on the monotonic clock, *seconds* from now."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._began = clock()

    @property
    def spent(self) -> float:
        """Seconds since it was set."""
        return self._clock() - self._began

    @property
    def left(self) -> float:
        """Seconds until it passes; never negative."""
        return max(0.0, self.seconds - self.spent)

    @property
    def passed(self) -> bool:
        """Whether it has passed."""
        return self.spent >= self.seconds


class News(Protocol):
    """Something that changes: each change has a number, and one may wait for the next."""

    @property
    def number(self) -> int:
        """The number of the latest change."""

    def wait(self, after: int, timeout: float) -> None:
        """Return when a change later than *after* has come, or after *timeout* seconds."""


class Bell:
    """News that any thread may ring."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0

    @property
    def number(self) -> int:
        """The number of the latest change."""
        with self._changed:
            return self._number

    def ring(self) -> None:
        """Say that something has changed."""
        with self._changed:
            self._number += 1
            self._changed.notify_all()

    def wait(self, after: int, timeout: float) -> None:
        """Return when a change later than *after* has come, or after *timeout* seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > after, timeout)


class Rounds:
    """News for what can only be asked again: a change every *seconds*."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._round = threading.Event()
        self.number = 0

    def wait(self, after: int, timeout: float) -> None:
        """Let one round pass."""
        self._round.wait(min(self._seconds, timeout))
        self.number = after + 1


@dataclass(frozen=True)
class Sighting(Generic[T]):
    """One observation: *value* once the wanted state is there, else None; *says* what was seen, for people.

    *hopeless* says why the state cannot be reached any more; waiting then ends at once.
    """

    says: str
    value: T | None = None
    hopeless: str = ""


class NotConverged(Inconclusive):
    """The wanted state did not come while we were willing to look: says nothing about the contract."""


class TooLate(Violation):
    """The wanted state did not come within the contract's own deadline."""


@dataclass
class _Observations:
    count: int = 0
    last: str = "nothing yet"
    unreachable: str = field(default="")


def await_state(
    wanted: str,
    look: Callable[[], Sighting[T]],
    within: Deadline,
    news: News,
    *,
    contract: bool = False,
    catch_up: Callable[[], None] = lambda: None,
) -> T:
    """Return the wanted state's value as soon as *look* sees it.

    Looks at once, then after each piece of *news*. Raises NotConverged when the deadline passes or the state has become
    hopeless; TooLate (a violation) instead when *contract* is true, the deadline is the contract's, and the last look
    did see the cluster. A cluster that cannot be asked is never blamed. *catch_up* is called before the last look: it
    makes sure that what is looked at is no older than the deadline.
    """
    seen = _Observations()
    while True:
        number = news.number
        last_chance = within.passed
        try:
            if last_chance:
                catch_up()
            sighting = look()
        except Unreachable as trouble:
            seen.unreachable = str(trouble)
        else:
            seen.count += 1
            seen.last, seen.unreachable = sighting.says, ""
            if sighting.value is not None:
                return sighting.value
            if sighting.hopeless:
                raise NotConverged(f"wanted {wanted}; {sighting.hopeless}; last seen: {seen.last}")
        if last_chance:
            raise _out_of_time(wanted, within, seen, contract=contract)
        news.wait(number, within.left)


def _out_of_time(wanted: str, within: Deadline, seen: _Observations, *, contract: bool) -> Exception:
    times = f"{seen.count} observation{'s' * (seen.count != 1)}"
    said = f"wanted {wanted} within {within.seconds:g} s; last seen: {seen.last}, {times}"
    if seen.unreachable:
        return NotConverged(f"{said}; then the API server was silent: {seen.unreachable}")
    return (TooLate if contract else NotConverged)(said)


def let_pass(seconds: float) -> None:
    """Let time pass where time itself is the state: traffic that is to run so long, an idle connection."""
    threading.Event().wait(seconds)
