"""The law about backends that answer before they are ready."""

from histories import Making

from svcproof.model.history import Event, Kind
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Answer


def _ready(at, pod="new"):
    return Event(at, Kind.POD, pod, "is ready")


def _judge(since, *events, backends=("new",)):
    making = Making().run("pod", lambda _k, at: {"backend": "new" if at >= since else "old"}, until=10.0)
    making.events += events
    return LAWS["none_answered_before_ready"](making.history(), backends=backends)


def test_a_backend_that_answers_once_it_is_ready_is_met():
    assert _judge(5.0, _ready(5.2)).answer is Answer.MET


def test_a_backend_that_answers_long_before_violates_and_says_how_long():
    verdict = _judge(2.0, _ready(8.0))

    assert verdict.answer is Answer.VIOLATED
    assert "before it was ready" in verdict.because


def test_readiness_is_told_once_a_backend_first_had_it():
    assert _judge(5.0, _ready(5.2), _ready(9.0)).answer is Answer.MET


def test_a_backend_whose_readiness_nobody_saw_is_unknown():
    assert _judge(5.0).answer is Answer.UNKNOWN


def test_a_backend_that_never_answered_has_shown_nothing():
    assert _judge(5.0, _ready(5.2), _ready(5.2, "silent"), backends=("new", "silent")).answer is Answer.UNKNOWN
