"""What a Service is given lies in range, is different for each, and belongs to nobody else."""

from ipaddress import ip_network

import pytest

from svcproof.model.allocation import (
    Kept,
    addresses_in,
    addresses_of,
    held_by_nobody_else,
    kept,
    node_ports_of,
    nothing_given,
    ports_in,
    stored_alike,
)
from svcproof.model.verdict import Answer

RANGES = [ip_network("10.96.0.0/16"), ip_network("fd00:96::/112")]


def service(uid: str, **spec: object) -> dict[str, object]:
    return {"metadata": {"uid": uid, "name": uid, "namespace": "shop"}, "spec": spec}


def test_a_headless_service_has_no_address() -> None:
    assert addresses_of({"clusterIP": "None", "clusterIPs": ["None"]}) == []
    assert node_ports_of({"ports": [{"port": 80}, {"port": 81, "nodePort": 30001}]}) == [30001]


@pytest.mark.parametrize(
    ("addresses", "families", "answer"),
    [
        (["10.96.0.9"], 1, Answer.MET),
        (["10.96.0.9", "fd00:96::9"], 2, Answer.MET),
        (["10.97.0.9"], 1, Answer.VIOLATED),
        (["10.96.0.9"], 2, Answer.VIOLATED),
        (["10.96.0.9", "10.96.0.10"], 2, Answer.VIOLATED),
        ([], 1, Answer.VIOLATED),
    ],
)
def test_cluster_ips_are_one_of_each_family_in_the_ranges(addresses: list[str], families: int, answer: Answer) -> None:
    assert addresses_in(addresses, RANGES, families=families).answer is answer


@pytest.mark.parametrize(
    ("ports", "answer"),
    [
        ([30000, 32767], Answer.MET),
        ([30000, 30000], Answer.VIOLATED),
        ([30000], Answer.VIOLATED),
        ([30000, 32768], Answer.VIOLATED),
    ],
)
def test_node_ports_are_different_and_in_the_range(ports: list[int], answer: Answer) -> None:
    assert ports_in(ports, 30000, 32767, count=2).answer is answer


def test_what_another_service_holds_as_well_is_named_with_its_holder() -> None:
    mine = service("web", clusterIPs=["10.96.0.9"], ports=[{"port": 80, "nodePort": 30009}])
    other = service("db", clusterIPs=["10.96.0.10"], ports=[{"port": 80, "nodePort": 30009}])

    assert held_by_nobody_else(mine, [mine]).answer is Answer.MET
    assert 'Service "db" of shop holds 30009' in held_by_nobody_else(mine, [mine, other]).because


def test_what_is_kept_is_compared_with_what_was() -> None:
    before = {"clusterIP": "10.96.0.9", "ports": [{"port": 80, "nodePort": 30009}]}

    assert kept(Kept.ADDRESS, before, {**before, "type": "NodePort"}).answer is Answer.MET
    assert kept(Kept.PORTS, before, {"clusterIP": "10.96.0.9", "ports": [{"port": 80}]}).answer is Answer.VIOLATED


def test_a_gift_nobody_asked_for_is_a_violation() -> None:
    assert nothing_given("node port", [30001]).answer is Answer.VIOLATED
    assert nothing_given("node port", []).answer is Answer.MET


def test_two_specs_are_alike_but_for_their_addresses() -> None:
    one = {"type": "ClusterIP", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"]}

    assert stored_alike(one, {**one, "clusterIP": "10.96.0.10"}).answer is Answer.MET
    assert "spec.type" in stored_alike(one, {**one, "type": "NodePort"}).because
