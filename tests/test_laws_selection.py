"""Laws about who answers, how often, from which source and with what, on histories of a few lines."""

from histories import CLUSTER_IP, LOOK_UP, WEB, Making, answered, between

from svcproof.model.history import Lane, Outcome
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Answer


def _ask(law, making, **arguments):
    return LAWS[law](making.history(), **arguments)


def _kept(*backends):
    """Answer over kept connections, each of ten requests."""
    return lambda k, _: {
        "backend": backends[k // 10 % len(backends)],
        "connection": k // 10,
        "stands": 0.001 if k % 10 == 0 else None,
    }


def test_a_stranger_that_answers_violates():
    verdict = _ask("only_these_answered", Making().run("out", answered(*WEB)), backends=WEB[:2])

    assert verdict.answer is Answer.VIOLATED
    assert "answered by web-3, which is not one of web-1 and web-2" in verdict.because


def test_nobody_but_these_is_met_also_when_some_are_lost():
    making = Making().run("out", between(0.3, 0.5, Outcome.RESET, answered(*WEB)))

    assert _ask("only_these_answered", making, backends=WEB).answer is Answer.MET


def test_answers_that_are_not_signed_are_unknown():
    assert _ask("only_these_answered", Making().run("out", answered("")), backends=WEB).answer is Answer.UNKNOWN


def test_a_connection_that_stood_before_may_stay_with_its_backend():
    making = Making().run("kept", _kept("web-9", *WEB), until=0.8, lane=Lane.KEPT)

    assert _ask("only_these_answered", making, backends=WEB).answer is Answer.VIOLATED
    assert LAWS["only_these_answered"](making.history().between(0.1), backends=WEB).answer is Answer.MET


def test_a_silent_backend_violates_when_the_sample_is_large_enough():
    two = answered("web-1", "web-2")

    assert _ask("every_backend_answered", Making().run("out", two), backends=WEB).answer is Answer.VIOLATED
    assert _ask("every_backend_answered", Making().run("out", two, until=0.6), backends=WEB).answer is Answer.UNKNOWN


def test_requests_on_one_connection_are_one_choice():
    making = Making().run("kept", _kept("web-1", "web-2"), until=2, lane=Lane.KEPT)
    verdict = _ask("every_backend_answered", making, backends=WEB)

    assert verdict.answer is Answer.UNKNOWN
    assert verdict.figures["choices"] == 10


def test_all_that_answered_have_answered_whatever_else_is_in_doubt():
    making = Making().run("out", between(0.3, 0.5, Outcome.NOT_SENT, answered(*WEB)))

    assert LAWS["every_backend_answered"](making.history(complete=False), backends=WEB).answer is Answer.MET


def test_affinity_makes_spread_unknown():
    making = Making().run("out", answered("web-1"), until=9)

    assert _ask("spread_over_backends", making, backends=WEB, affinity=True).answer is Answer.UNKNOWN
    assert _ask("spread_over_backends", making, backends=WEB).answer is Answer.VIOLATED


def test_spread_quotes_sample_size_and_p_value():
    verdict = _ask("spread_over_backends", Making().run("out", answered(*WEB), until=2), backends=WEB)

    assert verdict.answer is Answer.MET
    assert "n = 100" in verdict.because
    assert "p = " in verdict.because
    assert verdict.figures["p_value"] > 0.9


def test_one_source_that_changes_its_backend_violates_affinity():
    making = Making().run("pod", answered(*["web-1"] * 30, "web-2"), **CLUSTER_IP)
    verdict = _ask("same_backend_for_one_source", making, backend_count=3)

    assert verdict.answer is Answer.VIOLATED
    assert "answered by web-2, though web-1 answered this source first" in verdict.because


def test_each_source_may_have_its_own_backend():
    making = Making().run("pod", **CLUSTER_IP).run("out", answered("web-2"), address="10.96.0.7:80")

    assert _ask("same_backend_for_one_source", making, backend_count=3).answer is Answer.MET


def test_few_connections_to_one_backend_may_be_luck():
    making = Making().run("pod", until=0.2)

    assert _ask("same_backend_for_one_source", making).answer is Answer.UNKNOWN
    assert _ask("not_the_same_backend_for_ever", making).answer is Answer.UNKNOWN


def test_one_backend_alone_shows_no_affinity():
    assert _ask("same_backend_for_one_source", Making().run("pod"), backend_count=1).answer is Answer.UNKNOWN


def test_without_affinity_a_source_does_not_keep_its_backend_for_ever():
    law = "not_the_same_backend_for_ever"

    assert _ask(law, Making().run("pod", answered(*WEB)), backend_count=3).answer is Answer.MET
    assert _ask(law, Making().run("pod"), backend_count=3).answer is Answer.VIOLATED


def test_a_source_that_a_node_rewrote_violates():
    making = Making().run("pod", answered("web-1", source="198.18.0.11:5021"))

    assert _ask("source_address_preserved", making, addresses=["10.244.1.7"]).answer is Answer.VIOLATED
    assert _ask("source_address_is_a_nodes", making, addresses=["198.18.0.11"]).answer is Answer.MET


def test_a_source_is_its_own_vantages_alone():
    making = Making().run("a", answered("web-1", source="10.0.0.1:5"), vantage="pod a")
    making.run("b", answered("web-1", source="10.0.0.1:6"), vantage="pod b")
    own = {"pod a": ["10.0.0.1"], "pod b": ["10.0.0.2"]}

    verdict = _ask("source_address_preserved", making, addresses=own)

    assert verdict.answer is Answer.VIOLATED
    assert "from pod b" in verdict.because
    assert "from pod a" not in verdict.because


def test_addresses_are_compared_as_addresses():
    making = Making().run("a", answered("web-1", source="[::ffff:10.0.0.1]:5"))
    making.run("b", answered("web-1", source="fd00:0:0::1"))

    assert _ask("source_address_preserved", making, addresses=["10.0.0.1", "fd00::1"]).answer is Answer.MET


def test_answers_that_do_not_say_their_source_are_unknown():
    assert _ask("source_address_preserved", Making().run("a"), addresses=["10.0.0.1"]).answer is Answer.UNKNOWN


def _resolving(*answers, outcome=Outcome.ANSWERED, detail="NOERROR"):
    said = {"answers": answers, "outcome": outcome, "detail": detail}
    return Making().run("dns", lambda *_: said, **LOOK_UP)


def test_names_resolve_to_exactly_this_in_any_order():
    making = _resolving("A 10.0.0.2", "A 10.0.0.1")

    assert _ask("resolves_to_exactly", making, records=["10.0.0.1", "10.0.0.2"]).answer is Answer.MET
    assert _ask("resolves_to_exactly", making, records=["A 10.0.0.1", "A 10.0.0.2"]).answer is Answer.MET


def test_one_address_too_many_or_too_few_violates():
    making = _resolving("A 10.0.0.1", "A 10.0.0.2")

    assert _ask("resolves_to_exactly", making, records=["10.0.0.1"]).answer is Answer.VIOLATED
    assert _ask("resolves_to_exactly", making, records=["10.0.0.1", "10.0.0.2", "10.0.0.3"]).answer is Answer.VIOLATED


def test_records_of_other_types_can_be_left_out():
    making = _resolving("A 10.0.0.1", "CNAME web.example.")

    assert _ask("resolves_to_exactly", making, records=["web.example."], type="CNAME").answer is Answer.MET


def test_service_records_are_compared_whole():
    record = "SRV 0 50 80 web.shop.svc.cluster.local."

    assert _ask("resolves_to_exactly", _resolving(record), records=[record]).answer is Answer.MET


def test_a_query_without_an_answer_does_not_resolve():
    gone = _resolving(outcome=Outcome.NO_NAME, detail="NXDOMAIN")

    assert _ask("resolves_to_exactly", gone, records=["10.0.0.1"]).answer is Answer.VIOLATED


def test_no_such_name_needs_a_definite_word():
    gone = _resolving(outcome=Outcome.NO_NAME, detail="NXDOMAIN; started 30 ms late")
    silent = _resolving(outcome=Outcome.TIMED_OUT, detail="no answer")

    assert _ask("no_such_name", gone).answer is Answer.MET
    assert _ask("no_such_name", silent).answer is Answer.UNKNOWN
    assert _ask("no_such_name", _resolving("A 10.0.0.1")).answer is Answer.VIOLATED


def test_a_name_that_is_denied_is_not_a_record_that_is_missing():
    denied = _resolving(outcome=Outcome.NO_NAME, detail="NXDOMAIN")
    missing = _resolving(outcome=Outcome.NO_NAME, detail="NOERROR: no AAAA record")

    assert _ask("no_such_name", denied, codes=["NOERROR"]).answer is Answer.VIOLATED
    assert "NXDOMAIN" in _ask("no_such_name", denied, codes=["NOERROR"]).because
    assert _ask("no_such_name", missing, codes=["NOERROR"]).answer is Answer.MET


def test_a_name_is_never_denied_and_silence_is_no_denial():
    assert _ask("name_never_denied", _resolving("A 10.0.0.1")).answer is Answer.MET
    assert _ask("name_never_denied", _resolving(outcome=Outcome.NO_NAME, detail="NXDOMAIN")).answer is Answer.VIOLATED
    silent = _resolving(outcome=Outcome.TIMED_OUT, detail="no answer")
    assert _ask("name_never_denied", silent).answer is Answer.MET


def test_a_body_that_comes_short_or_stalls_violates():
    def bodies(**end):
        return Making().run("out", lambda *_: end)

    assert _ask("body_arrives_whole", bodies(size=1000), size=1000).answer is Answer.MET
    assert _ask("body_arrives_whole", bodies(size=999), size=1000).answer is Answer.VIOLATED
    assert _ask("body_arrives_whole", bodies(size=9, outcome=Outcome.TIMED_OUT), size=1000).answer is Answer.VIOLATED


def test_a_body_with_another_digest_violates_and_without_one_is_unknown():
    def bodies(detail):
        return Making().run("out", lambda *_: {"size": 5, "detail": detail})

    assert _ask("body_arrives_whole", bodies("sha256:abc"), size=5, digest="abc").answer is Answer.MET
    assert _ask("body_arrives_whole", bodies("sha256:123"), size=5, digest="abc").answer is Answer.VIOLATED
    assert _ask("body_arrives_whole", bodies(""), size=5, digest="abc").answer is Answer.UNKNOWN


def test_a_controller_that_answers_for_nobody_reaches_no_backend():
    told = Making().run("out", lambda *_: {"outcome": Outcome.WRONG, "detail": "status 404, wanted 200"})
    reached = Making().run("out", lambda *_: {"outcome": Outcome.ANSWERED, "backend": "web-1"})
    silent = Making().run("out", lambda *_: {"outcome": Outcome.TIMED_OUT})

    assert _ask("none_of_these_answered", told, backends=["web-1"]).answer is Answer.MET
    assert _ask("none_of_these_answered", reached, backends=["web-1"]).answer is Answer.VIOLATED
    assert _ask("none_of_these_answered", silent, backends=["web-1"]).answer is Answer.UNKNOWN


def test_who_is_cut_off_by_a_policy_is_not_answered_and_its_prober_is_still_heard():
    def caller(end):
        return Making().control("a pod").run("echo", end, vantage="a pod", frontend="echo", limit=1.0)

    cut = caller(lambda *_: {"outcome": Outcome.TIMED_OUT, "takes": 0.5})
    open_still = caller(lambda *_: {"backend": "echo-1"})
    deaf = Making().run("echo", lambda *_: {"outcome": Outcome.TIMED_OUT, "takes": 0.5}, vantage="a pod")

    assert _ask("no_exchange_answered", cut).answer is Answer.MET
    assert _ask("no_exchange_answered", open_still).answer is Answer.VIOLATED
    assert _ask("no_exchange_answered", deaf).answer is Answer.UNKNOWN


def _at_port(ports):
    return lambda k, _: {"backend": WEB[k % len(WEB)], "reached": f"10.244.0.1:{8080 + k % ports}"}


def test_every_address_that_is_listed_was_reached():
    history = Making().run("pod", _at_port(2), until=4.0).history()
    listed = ["10.244.0.1:8080", "10.244.0.1:8081"]

    assert LAWS["every_address_reached"](history, addresses=listed).answer is Answer.MET


def test_an_address_that_is_never_reached_violates_where_luck_is_no_excuse():
    listed = [f"10.244.0.1:{8080 + number}" for number in range(3)]
    many, few = (Making().run("pod", _at_port(2), until=until).history() for until in (4.0, 0.2))
    verdict = LAWS["every_address_reached"](many, addresses=listed)

    assert verdict.answer is Answer.VIOLATED
    assert "10.244.0.1:8082" in verdict.because
    assert LAWS["every_address_reached"](few, addresses=listed).answer is Answer.UNKNOWN
