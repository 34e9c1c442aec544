"""What detectors make of a cluster's answers."""

import secrets
import threading

import pytest

from svcproof.cluster.api import Cause, Reply
from svcproof.cluster.detect import DETECTORS, Detection, detect, detect_all, detect_in_turn
from svcproof.cluster.rehearsal import DETECTORS as REHEARSED
from svcproof.model.capability import OFFERS, Capability


class Silent:
    def __getattr__(self, _name):
        def trouble(*_words, **_named):
            from svcproof.cluster.api import Unreachable

            raise Unreachable("the API server is silent")

        return trouble


def no_knock(host, port, limit):
    return False, "nobody"


def test_every_capability_has_one_detector():
    assert sorted([*DETECTORS, *REHEARSED]) == sorted(OFFERS)


def test_a_silent_cluster_offers_nothing_and_the_reason_says_so():
    found = detect_all(DETECTORS, Detection(Silent(), no_knock))
    assert not any(one.present for one in found)
    assert all("silent" in one.because or "no node control" in one.because for one in found)


def test_what_is_found_soon_waits_for_nothing_that_takes_longer(monkeypatch):
    soon_told = threading.Event()

    def slow(_using):
        return Capability("two-zones", present=soon_told.wait(20), because="it took its time")

    monkeypatch.setitem(DETECTORS, "two-zones", slow)
    monkeypatch.setitem(DETECTORS, "two-nodes", lambda _using: Capability("two-nodes", present=True, because="two"))
    found = detect_in_turn(["two-zones", "two-nodes", "two-nodes"], Detection(Silent(), no_knock))
    assert next(found).name == "two-nodes"
    soon_told.set()
    (last,) = found
    assert last.present


def test_a_detector_that_breaks_is_heard_of(monkeypatch):
    def broken(_using):
        raise ZeroDivisionError

    monkeypatch.setitem(DETECTORS, "two-zones", broken)
    with pytest.raises(ZeroDivisionError):
        detect_all(["two-zones"], Detection(Silent(), no_knock))


def test_what_must_be_tried_is_absent_where_nothing_may_be_put_up():
    assert detect("ingress", Detection(Silent(), no_knock)).because == "it cannot be told without putting something up"


def test_an_unknown_name_is_absent():
    assert not detect("teleport", Detection(Silent(), no_knock)).present


class OfOneFamily:
    def ask(self, *_words, **_named):
        cause = Cause("spec.ipFamilyPolicy", "FieldValueInvalid", "the cluster has one family")
        return Reply(422, "Invalid", f'Service "svcproof-{secrets.token_hex(3)}" is invalid: …', (cause,))


def test_the_same_cluster_is_told_of_in_the_same_words():
    both = Detection(OfOneFamily(), no_knock)
    assert detect("single-stack", both).present
    first, second = (detect("dual-stack", both) for _ in range(2))
    assert first == second
    assert not first.present
    assert first.because.endswith("refused with 422, spec.ipFamilyPolicy: the cluster has one family")


def node(name, zone=""):
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": name, "labels": labels}, "spec": {}, "status": ready}


class Nodes:
    def __init__(self, *nodes):
        self.nodes = nodes

    def list(self, kind, *_words, **_named):
        assert kind == "Node"
        return list(self.nodes)


@pytest.mark.parametrize(
    ("zones", "present"),
    [(("a", "b"), True), (("a", "b", "c"), True), (("a", "a"), False), (("a", "b", "a"), False), (("a", ""), False),
     (("a",), False), ((), False)],
)  # fmt: skip
def test_two_zones_are_those_of_the_first_and_the_last_node(zones, present):
    api = Nodes(*(node(f"node-{number}", zone) for number, zone in enumerate(zones)))
    assert detect("two-zones", Detection(api, no_knock)).present is present
