"""Waiting: ends at once when it may, late with the last observation, and blames only what was seen."""

import threading

import pytest

from svcproof.cluster.api import Unreachable
from svcproof.cluster.waiting import Bell, Deadline, NotConverged, Rounds, Sighting, TooLate, await_state
from svcproof.model.verdict import Inconclusive, Violation


def test_a_state_that_is_there_is_returned_at_the_first_look() -> None:
    assert await_state("a thing", lambda: Sighting("there", "thing"), Deadline(0), Bell()) == "thing"


def test_news_wake_the_wait() -> None:
    bell, seen = Bell(), []

    def look() -> Sighting[int]:
        seen.append(1)
        return Sighting(f"{len(seen)}", 3 if len(seen) == 3 else None)

    ring = threading.Timer(0.05, bell.ring)
    again = threading.Timer(0.1, bell.ring)
    ring.start()
    again.start()
    assert await_state("three looks", look, Deadline(10), bell) == 3


def test_a_wait_that_ends_says_what_was_wanted_and_last_seen() -> None:
    with pytest.raises(NotConverged, match=r"wanted 3 pods within 0.05 s; last seen: 2 pods, \d+ observations?"):
        await_state("3 pods", lambda: Sighting("2 pods"), Deadline(0.05), Rounds(0.01))


def test_patience_blames_nobody_and_the_contracts_deadline_blames_the_cluster() -> None:
    assert issubclass(NotConverged, Inconclusive)
    assert issubclass(TooLate, Violation)
    with pytest.raises(TooLate):
        await_state("it", lambda: Sighting("not it"), Deadline(0), Bell(), contract=True)


def test_a_silent_api_server_is_never_blamed_even_by_contract() -> None:
    def look() -> Sighting[int]:
        raise Unreachable("connection refused")

    with pytest.raises(NotConverged, match="the API server was silent: connection refused"):
        await_state("it", look, Deadline(0), Bell(), contract=True)


def test_a_hopeless_wait_ends_at_once() -> None:
    with pytest.raises(NotConverged, match="no such image"):
        await_state("it", lambda: Sighting("waiting", hopeless="no such image"), Deadline(60), Bell())


def test_there_is_always_a_last_look_after_the_deadline() -> None:
    looks = []

    def look() -> Sighting[int]:
        looks.append(1)
        return Sighting("late", 7 if len(looks) == 2 else None)

    bell = Bell()
    threading.Timer(0.0, bell.ring).start()
    assert await_state("it", look, Deadline(0.2), Rounds(0.2)) == 7


def test_a_deadline_never_has_less_than_nothing_left() -> None:
    times = iter([0.0, 5.0, 5.0])
    deadline = Deadline(2, lambda: next(times))
    assert deadline.left == 0
    assert deadline.passed
