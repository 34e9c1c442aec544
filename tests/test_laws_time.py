"""Laws about time: convergence and outages, on histories of a few lines."""

from histories import WEB, Making, answered, between

from svcproof.model.history import Kind, Lane, Outcome
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Answer

GOOD = answered("web-1")


def _ask(law, making, **arguments):
    return LAWS[law](making.history(), **arguments)


def _stale_until(moment, **about):
    def end(k, t):
        return answered("web-1", "web-2")(k, t) if t < moment else GOOD(k, t)

    return Making().run("out", end, until=5, **about).mark(1.0, "scaled")


def _converged(making, **arguments):
    return _ask("converged_within", making, **{"after": "scaled", "budget": 2.0, "backends": ["web-1"], **arguments})


def test_convergence_is_the_end_of_the_last_wrong_exchange():
    verdict = _converged(_stale_until(2.0))

    assert verdict.answer is Answer.MET
    assert verdict.figures["convergence_ms"] == 984.0
    assert "exchange 99 of stream out" in verdict.because


def test_wrong_before_the_mark_is_not_wrong():
    assert _converged(_stale_until(1.0)).figures["convergence_ms"] == 0


def test_an_exchange_that_begins_wrong_after_the_budget_violates():
    verdict = _converged(_stale_until(3.5))

    assert verdict.answer is Answer.VIOLATED
    assert "answered by web-2" in verdict.because


def test_late_after_the_api_server_was_away_is_unknown():
    away = "could not be reached"

    verdict = _converged(_stale_until(3.5).event(2.0, Kind.API, "the API server", away))
    assert verdict.answer is Answer.UNKNOWN
    assert "nobody could connect to the API server at 2" in verdict.because
    before = _converged(_stale_until(3.5).event(-20.0, Kind.API, "the API server", away))
    assert before.answer is Answer.UNKNOWN
    after = _converged(_stale_until(3.5).event(4.0, Kind.API, "the API server", away))
    assert after.answer is Answer.VIOLATED
    long_ago = _converged(_stale_until(3.5).event(-60.0, Kind.API, "the API server", away))
    assert long_ago.answer is Answer.VIOLATED


def test_a_loss_is_wrong_where_answers_are_wanted():
    making = Making().run("out", between(1, 3.5, Outcome.REFUSED, GOOD), until=5).mark(1.0, "scaled")

    assert _converged(making).answer is Answer.VIOLATED


def test_losses_while_the_control_is_silent_are_no_evidence():
    cut = between(1, 3.5, Outcome.UNREACHABLE, GOOD)
    making = Making().run("out", cut, until=5).mark(1.0, "scaled").control(end=cut, until=5)

    assert _converged(making).answer is Answer.UNKNOWN


def test_an_exchange_that_straddles_the_budget_cannot_be_told():
    making = Making().run("out", between(2.9, 2.95, Outcome.RESET, GOOD, takes=1.0), until=6).mark(1.0, "scaled")

    assert _converged(making).answer is Answer.UNKNOWN


def test_an_exchange_that_timed_out_was_decided_when_it_began():
    making = Making().run("out", between(2.9, 2.95, Outcome.TIMED_OUT, GOOD, takes=1.0), until=6).mark(1.0, "scaled")

    verdict = _converged(making)

    assert verdict.answer is Answer.MET
    assert 1900 <= verdict.figures["convergence_ms"] <= 1950


def test_connections_answered_at_another_port_have_not_converged():
    def end(k, t):
        return {**GOOD(k, t), "reached": f"10.1.0.7:{8080 if t < 2.0 else 8081}"}

    making = Making().run("out", end, until=6).mark(1.0, "scaled")

    assert _converged(making, port=8081).answer is Answer.MET
    assert _converged(making, port=8080).answer is Answer.VIOLATED


def test_a_clock_less_sure_than_the_margin_makes_unknown():
    assert _converged(_stale_until(2.95, uncertainty=0.1)).answer is Answer.UNKNOWN
    assert _converged(_stale_until(3.03, uncertainty=0.1)).answer is Answer.UNKNOWN
    assert _converged(_stale_until(2.5, uncertainty=0.1)).answer is Answer.MET
    assert _converged(_stale_until(3.5, uncertainty=0.1)).answer is Answer.VIOLATED


def test_one_must_watch_until_the_budget_is_over():
    assert _converged(_stale_until(1.5), budget=4.5).answer is Answer.UNKNOWN


def test_a_stated_quiet_time_is_enough_to_watch():
    assert _converged(_stale_until(1.5), budget=4.5, quiet=1.0).answer is Answer.MET
    assert _converged(_stale_until(4.5), budget=4.5, quiet=1.0).answer is Answer.UNKNOWN


def test_a_mark_that_is_not_there_makes_unknown():
    assert _converged(_stale_until(1.5), after="healed").answer is Answer.UNKNOWN


def test_every_vantage_and_node_has_its_own_figure():
    making = _stale_until(1.5).run("pod", until=5, vantage="pod", frontend="10.96.0.7:80")
    figures = _converged(making).figures

    assert figures["convergence_ms[outside to web]"] == 464.0
    assert figures["convergence_ms[pod to 10.96.0.7:80]"] == 0


def test_refusal_can_be_what_is_wanted():
    making = Making().run("out", between(1.5, 9, Outcome.REFUSED, GOOD), until=5).mark(1.0, "scaled")

    assert _converged(making, wanted="refused", backends=None).answer is Answer.MET
    assert _converged(making, wanted="refused", backends=None, budget=0.3).answer is Answer.VIOLATED


def test_silence_needs_a_witness_also_here():
    making = Making().run("out", between(1.5, 9, Outcome.TIMED_OUT, GOOD), until=5).mark(1.0, "scaled")

    assert _converged(making, wanted="unanswered", backends=None).answer is Answer.UNKNOWN
    making.control(until=6)
    assert _converged(making, wanted="unanswered", backends=None).answer is Answer.MET


def test_who_was_given_an_address_may_answer_where_others_come_to_be_silent():
    def given(k, t):
        return {"backend": "web-1" if t < 1.5 else "stranger-1"}

    making = Making().run("out", given, until=5).mark(1.0, "scaled").control(until=6)

    assert _converged(making, wanted="unanswered", backends=None).answer is Answer.VIOLATED
    assert _converged(making, wanted="unanswered", backends=["web-1"]).answer is Answer.MET
    assert _converged(making, wanted="unanswered", backends=["web-1"], budget=0.3).answer is Answer.VIOLATED
    assert _converged(making, wanted="unanswered", backends=["web-1", "stranger-1"]).answer is Answer.VIOLATED


def test_an_answer_at_a_former_address_that_does_not_say_who_gave_it_makes_unknown():
    making = Making().run("out", between(1.5, 9, Outcome.WRONG, GOOD), until=5).mark(1.0, "scaled").control(until=6)

    assert _converged(making, wanted="unanswered", backends=["web-1"]).answer is Answer.UNKNOWN


def test_requests_on_connections_that_stood_are_not_looked_at():
    def kept(k, _):
        return {"backend": "web-2", "connection": 1, "stands": 0.001 if k == 0 else None}

    making = _stale_until(1.5).run("kept", kept, until=5, lane=Lane.KEPT)

    assert _converged(making).answer is Answer.MET


def test_names_converge_too():
    def end(_, t):
        return {"answers": ("A 10.0.0.1",) if t < 1.5 else ("A 10.0.0.2",)}

    making = Making().run("dns", end, until=5, protocol="dns").mark(1.0, "scaled")

    assert _converged(making, backends=None, records=["10.0.0.2"]).figures["convergence_ms"] == 484.0


def test_a_few_that_were_not_sent_do_not_hide_convergence():
    making = Making().run("out", between(2.0, 2.02, Outcome.NOT_SENT, GOOD), until=5).mark(1.0, "scaled")
    assert _converged(making).answer is Answer.MET
    making.run("more", between(1.0, 2.02, Outcome.NOT_SENT, GOOD), until=5)
    assert _converged(making).answer is Answer.UNKNOWN


def _joining(moment, until=5):
    def end(k, t):
        return answered(*WEB)(k, t) if t >= moment else GOOD(k, t)

    return Making().run("out", end, until=until).mark(1.0, "scaled")


def _joined(making):
    return _ask("new_backends_answer_within", making, backends=["web-2", "web-3"], after="scaled", budget=1.0)


def test_new_backends_that_answer_soon_are_met():
    assert _joined(_joining(1.5)).answer is Answer.MET


def test_new_backends_that_are_passed_over_too_often_violate():
    verdict = _joined(_joining(4.0))

    assert verdict.answer is Answer.VIOLATED
    assert "web-2: came after 3.0" in verdict.because


def test_new_backends_that_never_come_violate():
    assert _joined(_joining(9.0)).answer is Answer.VIOLATED


def test_new_backends_that_are_late_after_the_api_server_was_away_are_unknown():
    making = _joining(4.0).event(0.5, Kind.API, "the API server", "could not be reached")

    assert _joined(making).answer is Answer.UNKNOWN


def test_new_backends_that_are_a_little_late_may_have_been_unlucky():
    assert _joined(_joining(2.1)).answer is Answer.UNKNOWN


def _down(since, until, **about):
    return Making().run("out", between(since, until, Outcome.TIMED_OUT, GOOD), until=5, **about).control(until=6)


def _outage(making, seconds):
    return _ask("unavailable_for_at_most", making, seconds=seconds)


def test_an_outage_is_known_between_two_looks():
    verdict = _outage(_down(2.0, 2.5), 1.0)

    assert verdict.answer is Answer.MET
    assert verdict.figures["longest_gap_ms"] == 500.0
    assert verdict.figures["resolution_ms"] == 20.0


def test_an_outage_longer_than_allowed_violates_and_one_within_the_resolution_cannot_be_told():
    assert _outage(_down(2.0, 2.5), 0.4).answer is Answer.VIOLATED
    assert _outage(_down(2.0, 2.5), 0.5).answer is Answer.UNKNOWN


def test_an_outage_shorter_than_the_period_cannot_be_excluded():
    assert _outage(Making().run("out"), 0.005).answer is Answer.UNKNOWN


def test_an_outage_whose_end_was_not_seen_cannot_be_called_short():
    assert _outage(_down(4.5, 9.0), 1.0).answer is Answer.UNKNOWN
    assert _outage(_down(3.5, 9.0), 1.0).answer is Answer.VIOLATED


def test_connections_that_were_held_up_are_part_of_an_outage():
    late = {"backend": "web-1", "stands": 1.01, "takes": 1.02}
    making = Making().run("out", lambda k, t: late if 2 <= t < 3 else GOOD(k, t), until=5)

    assert _outage(making, 0.5).answer is Answer.VIOLATED


def test_a_time_when_nobody_looked_cannot_be_called_available():
    assert _outage(Making().run("out").run("out", since=3.0, until=5.0), 1.0).answer is Answer.UNKNOWN


def test_the_longest_outage_counts_in_each_stream_alone():
    making = Making().run("a", between(1.0, 1.5, Outcome.RESET, GOOD), until=5)
    making.run("b", between(1.4, 1.9, Outcome.RESET, GOOD), until=5)

    assert _outage(making, 0.6).answer is Answer.MET
