"""What detectors make of a cluster's answers."""

import pytest

from svcproof.cluster.detect import DETECTORS, Detection, detect, detect_all
from svcproof.cluster.rehearsal import DETECTORS as REHEARSED
from svcproof.model.capability import OFFERS


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


def test_what_must_be_tried_is_absent_where_nothing_may_be_put_up():
    assert detect("ingress", Detection(Silent(), no_knock)).because == "it cannot be told without putting something up"


def test_an_unknown_name_is_absent():
    assert not detect("teleport", Detection(Silent(), no_knock)).present


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
