"""A loss blames the cluster only while the backends do their part."""

from svcproof.model.assumptions import gave_up, unless_backends_gave_up
from svcproof.model.history import Event, History, Kind
from svcproof.model.verdict import Answer, met, violated


def pod(at: float, name: str, says: str) -> Event:
    return Event(at, Kind.POD, name, says)


def test_a_backend_that_turns_unready_by_itself_leaves_a_loss_unexplained() -> None:
    history = History(events=(pod(4, "web-1", "is not ready"),))
    verdict = unless_backends_gave_up(violated("3 of 9 lost"), history, (), since=1)
    assert verdict.answer is Answer.UNKNOWN
    assert "web-1 is not ready at 4.00 s" in verdict.because
    assert "3 of 9 lost" in verdict.because


def test_a_backend_that_was_told_to_is_no_excuse() -> None:
    history = History(events=(pod(4, "web-1", "is not ready"), pod(5, "web-2", "is terminating")))
    assert unless_backends_gave_up(violated("lost"), history, ["web-1"], since=1).answer is Answer.VIOLATED


def test_what_came_before_the_traffic_is_no_excuse() -> None:
    assert gave_up(History(events=(pod(0.5, "web-1", "is not ready"),)), (), since=1) == []


def test_what_is_met_stays_met() -> None:
    history = History(events=(pod(4, "web-1", "restarted (1)"),))
    assert unless_backends_gave_up(met("all answered"), history, (), since=1).answer is Answer.MET
