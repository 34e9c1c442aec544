"""Laws about arrival, on histories of a few lines."""

import pytest
from histories import NODE_2, Making, answered, between

from svcproof.model.history import Kind, Lane, Outcome
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Answer

GOOD = answered("web-1")
BAD = [Outcome.REFUSED, Outcome.RESET, Outcome.TIMED_OUT, Outcome.UNREACHABLE, Outcome.NO_NAME]


def _ask(law, making, **arguments):
    return LAWS[law](making.history(), **arguments)


def _with(outcome, **about):
    return Making().run("out", between(0.5, 0.52, outcome, GOOD), **about)


@pytest.mark.parametrize("law", sorted(set(LAWS) - {"kept_connections_not_cut"}))
def test_an_empty_history_is_unknown_to_every_law_never_a_pass(law):
    arguments = {
        "only_these_answered": {"backends": ["a"]},
        "every_backend_answered": {"backends": ["a"]},
        "every_address_reached": {"addresses": ["10.0.0.1:8080"]},
        "none_answered_before_ready": {"backends": ["a"]},
        "spread_over_backends": {"backends": ["a", "b"]},
        "source_address_preserved": {"addresses": ["10.0.0.1"]},
        "source_address_is_a_nodes": {"addresses": ["10.0.0.1"]},
        "converged_within": {"after": 0.0, "budget": 1.0},
        "new_backends_answer_within": {"backends": ["a"], "after": 0.0, "budget": 1.0},
        "unavailable_for_at_most": {"seconds": 1.0},
        "resolves_to_exactly": {"records": ["10.0.0.1"]},
        "body_arrives_whole": {"size": 1},
        "none_of_these_answered": {"backends": ["a"]},
        "points_to_exactly": {"targets": ["8080 a.example"]},
        "reached_at_own_address": {"addresses": {"a": ["10.0.0.1:8080"]}},
    }

    assert _ask(law, Making(), **arguments.get(law, {})).answer is Answer.UNKNOWN
    assert _ask(law, Making().control(), **arguments.get(law, {})).answer is Answer.UNKNOWN


@pytest.mark.parametrize("outcome", [*BAD, Outcome.WRONG])
def test_one_exchange_without_its_answer_violates(outcome):
    verdict = _ask("every_exchange_answered", _with(outcome))

    assert verdict.answer is Answer.VIOLATED
    assert "1 of 50 connections" in verdict.because
    assert "See exchange 25 of stream out" in verdict.because


@pytest.mark.parametrize("outcome", BAD)
def test_a_refusal_is_a_loss_too(outcome):
    assert _ask("none_lost", _with(outcome)).answer is Answer.VIOLATED


def test_a_wrong_answer_is_no_loss():
    assert _ask("none_lost", _with(Outcome.WRONG)).answer is Answer.MET


def test_what_is_allowed_is_no_loss():
    assert _ask("none_lost", _with(Outcome.REFUSED), allow=["refused"]).answer is Answer.MET


def test_an_exchange_that_was_never_sent_makes_unknown_and_never_violated():
    assert _ask("none_lost", _with(Outcome.NOT_SENT)).answer is Answer.UNKNOWN


def test_an_exchange_that_was_never_sent_excuses_no_loss():
    making = _with(Outcome.NOT_SENT).run("other", between(0.1, 0.2, Outcome.RESET, GOOD))

    assert _ask("none_lost", making).answer is Answer.VIOLATED


def test_a_met_verdict_quotes_how_many_were_sent_answered_refused_and_lost():
    verdict = _ask("none_lost", Making().run("out"))

    assert verdict.because == "50 connections sent from outside to web: 50 answered, 0 refused, 0 lost"
    assert (verdict.figures["sent"], verdict.figures["answered"], verdict.figures["lost"]) == (50, 50, 0)


def test_a_violation_reads_like_a_colleagues_sentence():
    end = between(12.31, 12.66, Outcome.REFUSED, GOOD)
    making = Making().run("out-np-node2", end, until=32.14, rate=100.0, **NODE_2)
    making.event(12.19, Kind.ENDPOINTS, "web-x7k2p", "dropped web-5d9-abcde (node2)")

    assert _ask("none_lost", making).because == (
        "node2 198.18.0.12:31704 from outside: 35 of 3,214 connections refused between 12.31 s and 12.65 s, "
        "0.12 s after EndpointSlice web-x7k2p dropped web-5d9-abcde (node2); all others answered. "
        "First: exchange 1231 of stream out-np-node2; last: 1265."
    )


def test_what_went_wrong_is_told_stream_by_stream_the_worst_first():
    making = Making()
    for k in range(6):
        making.run(f"s{k}", between(0.0, 0.1 * (k + 1), Outcome.RESET, GOOD), frontend=f"web-{k}")
    because = _ask("none_lost", making).because

    assert because.index("web-5") < because.index("web-4")
    assert "And 15 more on 2 other streams." in because


def test_an_event_long_ago_or_later_is_not_told_as_what_came_before():
    making = _with(Outcome.RESET).event(0.6, Kind.POD, "web-1", "is gone").event(-90.0, Kind.NODE, "node1", "is new")

    assert "after" not in _ask("none_lost", making).because


def test_a_loss_while_the_control_is_silent_is_no_evidence():
    cut = between(0.3, 0.7, Outcome.UNREACHABLE, GOOD)
    verdict = _ask("none_lost", Making().run("out", cut).control(end=cut))

    assert verdict.answer is Answer.UNKNOWN
    assert "control" in verdict.because


def test_a_loss_just_before_the_control_falls_silent_is_no_evidence():
    making = _with(Outcome.UNREACHABLE).control(end=between(0.55, 0.75, Outcome.UNREACHABLE, GOOD))

    assert _ask("none_lost", making).answer is Answer.UNKNOWN


def test_a_loss_while_the_control_answers_is_evidence():
    making = _with(Outcome.TIMED_OUT).control(end=between(0.0, 0.25, Outcome.TIMED_OUT, GOOD))

    assert _ask("none_lost", making).answer is Answer.VIOLATED


def test_a_loss_long_after_the_control_ended_is_no_evidence():
    making = Making().run("out", between(2.5, 2.6, Outcome.REFUSED, GOOD), until=3).control(until=1)

    assert _ask("none_lost", making).answer is Answer.UNKNOWN


def test_the_control_of_another_vantage_says_nothing():
    silent = between(0, 9, Outcome.TIMED_OUT, GOOD)

    assert _ask("none_lost", _with(Outcome.RESET).control("pod", silent)).answer is Answer.VIOLATED


def test_of_two_controls_one_that_answers_is_enough():
    making = _with(Outcome.REFUSED).control(end=between(0, 9, Outcome.REFUSED, GOOD))
    making.run("control-2", rate=10.0, control=True, frontend="loopback")

    assert _ask("none_lost", making).answer is Answer.VIOLATED


def test_losses_that_are_evidence_count_beside_those_that_are_not():
    making = Making().run("out", between(0.1, 0.9, Outcome.REFUSED, GOOD))
    verdict = _ask("none_lost", making.control(end=between(0.6, 0.8, Outcome.REFUSED, GOOD)))

    assert verdict.answer is Answer.VIOLATED
    assert "are no evidence" in verdict.because


@pytest.mark.parametrize("silence", [Outcome.TIMED_OUT, Outcome.NO_NAME])
def test_a_loss_while_the_prober_stood_still_is_no_evidence(silence):
    making = _with(silence).control()
    making.event(0.45, Kind.PROBER, "outside", "stood still", what="stalled", seconds=0.2, streams=["out"])

    assert _ask("none_lost", making).answer is Answer.UNKNOWN


def test_a_refusal_is_evidence_though_the_prober_stood_still():
    making = _with(Outcome.REFUSED).control()
    making.event(0.45, Kind.PROBER, "outside", "stood still", what="stalled", seconds=0.2, streams=["out"])

    assert _ask("none_lost", making).answer is Answer.VIOLATED


def test_standing_still_for_a_moment_explains_no_long_wait():
    making = Making().run("out", between(0.5, 0.52, Outcome.TIMED_OUT, GOOD, takes=1.0)).control(until=2)
    making.event(0.9, Kind.PROBER, "outside", "stood still", what="stalled", seconds=0.1, streams=["out"])

    assert _ask("none_lost", making).answer is Answer.VIOLATED


def test_a_silence_that_came_and_went_during_a_wait_explains_nothing():
    making = Making().run("out", between(0.5, 0.52, Outcome.TIMED_OUT, GOOD, takes=2.0), limit=2.0)
    making.control(end=between(1.4, 1.7, Outcome.TIMED_OUT, GOOD), until=3)

    assert _ask("none_lost", making).answer is Answer.VIOLATED


def test_a_control_exchange_that_was_never_sent_is_no_silence():
    making = _with(Outcome.REFUSED).control(end=between(0.4, 0.6, Outcome.NOT_SENT, GOOD))

    assert _ask("none_lost", making).answer is Answer.VIOLATED


def test_a_share_that_was_never_sent_may_be_allowed():
    making = Making().run("out", between(0.5, 0.6, Outcome.NOT_SENT, GOOD))

    assert _ask("none_lost", making, unsent=0.1).answer is Answer.MET
    assert "5 more were never sent" in _ask("none_lost", making, unsent=0.1).because
    assert _ask("none_lost", making, unsent=0.09).answer is Answer.UNKNOWN


def test_a_stream_that_had_ended_before_its_prober_was_lost_is_whole():
    making = Making().run("out").event(1.5, Kind.PROBER, "outside", "exec was cut", what="lost", streams=[])

    assert _ask("none_lost", making).answer is Answer.MET


def test_a_prober_that_was_lost_makes_unknown():
    making = Making().run("out").event(1.0, Kind.PROBER, "outside", "exec was cut", what="lost", streams=["out"])

    assert _ask("none_lost", making).answer is Answer.UNKNOWN


def test_a_prober_that_was_lost_elsewhere_does_not_matter():
    making = Making().run("out").event(1.0, Kind.PROBER, "pod", "exec was cut", what="lost")

    assert _ask("none_lost", making).answer is Answer.MET


def test_a_history_cut_short_is_unknown_where_it_looked_fine_and_violated_where_it_did_not():
    assert LAWS["none_lost"](Making().run("out").history(complete=False)).answer is Answer.UNKNOWN
    assert LAWS["none_lost"](_with(Outcome.RESET).history(complete=False)).answer is Answer.VIOLATED


def test_a_stream_that_never_spoke_makes_unknown():
    assert _ask("none_lost", Making().run("out").run("mute", until=0.0)).answer is Answer.UNKNOWN


def test_an_exchange_that_never_reported_makes_unknown():
    making = Making().run("out", until=4)
    del making.exchanges[60:63]
    verdict = _ask("none_lost", making)

    assert verdict.answer is Answer.UNKNOWN
    assert "3 exchanges of stream out never reported, from 60 on" in verdict.because


def test_an_exchange_that_is_still_under_way_is_not_missed():
    making = Making().run("out", until=4)
    del making.exchanges[190:192]

    assert _ask("none_lost", making).answer is Answer.MET


def test_a_loss_at_an_edge_that_the_clock_cannot_place_is_no_evidence():
    making = Making().run("out", between(0.5, 0.52, Outcome.RESET, GOOD), uncertainty=0.05)

    assert LAWS["none_lost"](making.history().between(0.48)).answer is Answer.UNKNOWN
    assert LAWS["none_lost"](making.history().between(0.4)).answer is Answer.VIOLATED


def test_no_endpoints_are_refused():
    making = Making().run("out", between(0, 9, Outcome.REFUSED, GOOD))

    assert _ask("refused_not_lost", making).answer is Answer.MET


@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.ANSWERED, Outcome.RESET, Outcome.UNREACHABLE])
def test_what_is_not_refused_violates_refusal(outcome):
    making = Making().run("out", between(0.5, 0.6, outcome, between(0, 9, Outcome.REFUSED, GOOD)))

    assert _ask("refused_not_lost", making).answer is Answer.VIOLATED


def test_a_slow_refusal_violates_refusal():
    making = Making().run("out", between(0, 9, Outcome.REFUSED, GOOD, takes=0.7))

    assert _ask("refused_not_lost", making, within=0.5).answer is Answer.VIOLATED
    assert _ask("refused_not_lost", making, within=1.0).answer is Answer.MET


def test_silence_with_a_witness_is_met_and_without_one_unknown():
    silence = between(0, 9, Outcome.TIMED_OUT, GOOD)

    assert _ask("no_exchange_answered", Making().run("out", silence).control()).answer is Answer.MET
    assert _ask("no_exchange_answered", Making().run("out", silence)).answer is Answer.UNKNOWN
    assert _ask("no_exchange_answered", Making().run("out", silence).control(end=silence)).answer is Answer.UNKNOWN


def test_a_stream_may_be_named_as_witness():
    making = Making().run("out", between(0, 9, Outcome.TIMED_OUT, GOOD)).run("allowed", frontend="other")

    assert _ask("no_exchange_answered", making, witness=["allowed"]).answer is Answer.MET


def test_one_answer_breaks_silence_even_while_the_control_is_silent():
    silence = between(0, 0.9, Outcome.TIMED_OUT, GOOD)
    verdict = _ask("no_exchange_answered", Making().run("out", silence).control(end=between(0, 9, Outcome.RESET, GOOD)))

    assert verdict.answer is Answer.VIOLATED
    assert "answered by web-1" in verdict.because


def test_who_was_given_an_address_may_answer_where_others_are_to_be_silent():
    making = Making().run("out", lambda k, t: {"backend": "stranger-1"}).control()

    assert _ask("no_exchange_answered", making).answer is Answer.VIOLATED
    verdict = _ask("no_exchange_answered", making, backends=["web-1"])
    assert verdict.answer is Answer.MET
    assert "the address is another's by now" in verdict.because


def test_one_answer_by_whom_is_to_be_silent_counts_among_a_strangers():
    making = Making().run("out", lambda k, t: {"backend": "web-1" if k == 9 else "stranger-1"}).control()
    verdict = _ask("no_exchange_answered", making, backends=["web-1"])

    assert verdict.answer is Answer.VIOLATED
    assert "answered by web-1" in verdict.because


def test_an_answer_that_does_not_say_who_gave_it_leaves_silence_unknown():
    making = Making().run("out", between(0.5, 0.52, Outcome.WRONG, between(0, 9, Outcome.TIMED_OUT, GOOD))).control()

    assert _ask("no_exchange_answered", making).answer is Answer.VIOLATED
    verdict = _ask("no_exchange_answered", making, backends=["web-1"])
    assert verdict.answer is Answer.UNKNOWN
    assert "do not say who gave them" in verdict.because


def test_silence_beside_a_strangers_answers_still_wants_a_witness():
    silence = between(0, 0.5, Outcome.TIMED_OUT, lambda k, t: {"backend": "stranger-1"})

    assert _ask("no_exchange_answered", Making().run("out", silence), backends=["web-1"]).answer is Answer.UNKNOWN
    assert _ask("no_exchange_answered", Making().run("out", silence).control(), backends=["web-1"]).answer is Answer.MET


def test_a_connection_that_stands_late_lost_its_first_packet():
    late = {"backend": "web-1", "stands": 1.01, "takes": 1.02}
    making = Making().run("out", lambda k, t: late if k == 7 else GOOD(k, t)).control(until=3)

    assert _ask("every_exchange_answered", making).answer is Answer.MET
    assert _ask("no_connection_held_up", making).answer is Answer.VIOLATED
    assert _ask("no_connection_held_up", making, tolerated=1).answer is Answer.MET


def test_connections_held_up_along_with_the_control_are_no_evidence():
    def late(k, t):
        return {"backend": "web-1", "stands": 1.01, "takes": 1.02} if 0.4 <= t < 0.6 else GOOD(k, t)

    making = Making().run("out", late, limit=3.0).control(end=late)

    assert _ask("no_connection_held_up", making).answer is Answer.UNKNOWN


def test_only_kept_connections_can_be_cut():
    making = Making().run("new", between(0.5, 0.6, Outcome.RESET, GOOD))

    assert _ask("kept_connections_not_cut", making).answer is Answer.UNKNOWN
    making.run("kept", lane=Lane.KEPT)
    assert _ask("kept_connections_not_cut", making).answer is Answer.MET
    making.run("kept-2", between(0.5, 0.52, Outcome.RESET, GOOD), lane=Lane.KEPT)
    assert _ask("kept_connections_not_cut", making).answer is Answer.VIOLATED


def test_a_connection_that_fell_while_idle_counts_where_that_is_forbidden():
    making = Making().run("kept", lane=Lane.KEPT)
    making.event(0.5, Kind.PROBER, "outside", "fell while idle", what="connection", streams=["kept"])

    assert _ask("kept_connections_not_cut", making).figures["idle_falls"] == 1
    assert _ask("kept_connections_not_cut", making).answer is Answer.MET
    assert _ask("kept_connections_not_cut", making, idle_falls_allowed=False).answer is Answer.VIOLATED


def test_a_prober_behind_its_schedule_makes_unknown():
    making = Making().run("out", until=2)
    assert _ask("prober_kept_schedule", making).answer is Answer.MET
    making.run("out", since=2.3, until=3)
    verdict = _ask("prober_kept_schedule", making)

    assert verdict.answer is Answer.UNKNOWN
    assert verdict.figures["late_ms"] == pytest.approx(300, abs=1)
