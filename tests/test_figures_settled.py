"""From when on traffic was answered at once: what was held up was not forwarded when it began."""

from typing import Any

from histories import Making

from svcproof.model.figures import settled
from svcproof.model.history import Outcome


def until_forwarded(_: int, t: float) -> dict[str, Any]:
    """Refuse until 1.0, be dropped once until 1.5 and answered a second later, and be answered at once from then on."""
    if t < 1.0:
        return {"outcome": Outcome.REFUSED, "takes": 0.001}
    return {"backend": "web-1", "stands": 1.001, "takes": 1.004} if t < 1.5 else {"backend": "web-1"}


def test_what_was_held_up_counts_as_not_forwarded() -> None:
    history = Making().run("one", until_forwarded, until=4.0, rate=10.0).history()
    assert settled(history, ["one"], 0.5, 4.0) == 1.5


def test_the_slowest_stream_counts() -> None:
    history = Making().run("one", until_forwarded, until=4.0, rate=10.0).run("two", until=4.0, rate=10.0).history()
    assert settled(history, ["two"], 0.5, 4.0) == 0.5
    assert settled(history, ["two", "one"], 0.5, 4.0) == 1.5


def test_what_began_after_the_end_is_not_looked_at() -> None:
    history = Making().run("one", until_forwarded, until=4.0, rate=10.0).history()
    assert settled(history, ["one"], 0.5, 0.9) == 1.5
    assert settled(history, ["one"], 2.0, 4.0) == 2.0
