"""Laws about where backends see themselves reached, and where SRV records point."""

from histories import WEB, Making

from svcproof.model.history import Lane, Outcome
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Answer

OWN = {name: [f"10.244.0.{number}:8080"] for number, name in enumerate(WEB)}
SRV = "SRV 0 50 80 echo.shop.svc.cluster.local."


def _reached(address):
    return lambda k, _: {"backend": WEB[k % len(WEB)], "reached": address(k % len(WEB))}


def test_backends_that_are_reached_at_their_own_address_and_port_are_met():
    history = Making().run("out", _reached(lambda k: f"10.244.0.{k}:8080")).history()

    assert LAWS["reached_at_own_address"](history, addresses=OWN).answer is Answer.MET


def test_a_backend_that_sees_the_services_port_violates_and_says_what_was_wanted():
    history = Making().run("out", _reached(lambda k: f"10.244.0.{k}:80")).history()
    verdict = LAWS["reached_at_own_address"](history, addresses=OWN)

    assert verdict.answer is Answer.VIOLATED
    assert "wanted 10.244.0.0:8080" in verdict.because


def test_answers_that_do_not_say_where_they_were_reached_are_unknown():
    history = Making().run("out").history()

    assert LAWS["reached_at_own_address"](history, addresses=OWN).answer is Answer.UNKNOWN


def test_srv_records_point_to_port_and_name_whatever_their_weight():
    looked_up = Making().run("dns", lambda k, _: {"answers": (SRV.replace("50", str(k)),), "detail": "NOERROR"})
    target = "80 echo.shop.svc.cluster.local."

    assert LAWS["points_to_exactly"](looked_up.history(), targets=[target]).answer is Answer.MET
    assert LAWS["points_to_exactly"](looked_up.history(), targets=[target, "80 other."]).answer is Answer.VIOLATED


def test_a_missing_srv_record_violates():
    nothing = Making().run("dns", lambda _k, _t: {"outcome": Outcome.NO_NAME, "detail": "NXDOMAIN"})

    assert LAWS["points_to_exactly"](nothing.history(), targets=["80 echo."]).answer is Answer.VIOLATED


def _over(connections, backend):
    return lambda k, _: {"backend": backend(k), "connection": 1 + k % connections, "stands": None}


def test_a_connection_that_stays_with_its_backend_is_met():
    history = Making().run("kept", _over(3, lambda k: WEB[k % 3]), lane=Lane.KEPT).history()

    assert LAWS["one_backend_per_connection"](history).answer is Answer.MET


def test_a_connection_that_is_answered_by_two_backends_violates():
    history = Making().run("kept", _over(1, lambda k: WEB[k % 2]), lane=Lane.KEPT).history()
    verdict = LAWS["one_backend_per_connection"](history)

    assert verdict.answer is Answer.VIOLATED
    assert f"though {WEB[0]} answered this connection first" in verdict.because


def test_connections_of_one_request_each_tell_nothing():
    history = Making().run("new", lambda k, _: {"connection": k + 1}).history()

    assert LAWS["one_backend_per_connection"](history).answer is Answer.UNKNOWN
