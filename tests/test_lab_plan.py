"""A lab's plan decides every address, and no two labs share one."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import combinations

import pytest

from svcproof.problems import SetupProblem
from svcproof.providers.lab.plan import CONTROL_PLANE, LAB_NETWORK, LABS, LabPlan, block_4, block_6, require_name


def a_plan(**changes):
    return LabPlan(**{"name": "one", "index": 0, **changes})


@pytest.mark.parametrize("make", [block_4, block_6])
def test_no_two_labs_share_an_address(make):
    blocks = [make(index).everything for index in range(LABS)]
    assert not any(one.overlaps(two) for one, two in combinations(blocks, 2))


def test_every_lab_stays_inside_the_network_for_isolated_labs():
    assert all(block_4(index).everything.subnet_of(LAB_NETWORK) for index in range(LABS))


@pytest.mark.parametrize("make", [block_4, block_6])
def test_the_ranges_of_a_lab_are_apart_and_inside_its_block(make):
    for index in range(LABS):
        block = make(index)
        ranges = (block.nodes, block.load_balancers, block.services, block.pods)
        assert all(one.subnet_of(block.everything) for one in ranges)
        assert not any(one.overlaps(two) for one, two in combinations(ranges, 2))


@pytest.mark.parametrize("make", [block_4, block_6])
def test_each_node_has_a_pod_range_of_its_own(make):
    block = make(3)
    pods = [block.pod_range(number) for number in range(1, 6)]
    assert all(one.subnet_of(block.pods) for one in pods)
    assert not any(one.overlaps(two) for one, two in combinations(pods, 2))


def test_the_places_on_the_bridge_have_addresses_of_their_own():
    block = block_4(1)
    taken = [block.host, block.control_plane, block.void, *(block.node(number) for number in range(1, 6))]
    assert len(set(taken)) == len(taken)
    assert block.host == ip_address("198.18.32.1")
    assert block.node(1) == ip_address("198.18.32.11")


def test_a_dual_stack_lab_has_two_addresses_for_each_node_and_ipv4_first():
    node = a_plan(ip_family="dual").node_plans[0]
    assert [address.version for address in node.addresses] == [4, 6]
    assert [pods.version for pods in node.pod_ranges] == [4, 6]


def test_nodes_are_numbered_and_each_has_its_zone():
    plan = a_plan(nodes=3)
    assert [(node.name, node.zone) for node in plan.node_plans] == [
        ("node-1", "zone-a"),
        ("node-2", "zone-b"),
        ("node-3", "zone-c"),
    ]
    assert plan.places == (CONTROL_PLANE, "node-1", "node-2", "node-3")


def test_a_plan_survives_its_way_through_json():
    plan = a_plan(add_ons=("metallb",), ip_family="dual", nodes=5)
    assert LabPlan.from_dict(plan.as_dict()) == plan


def test_the_address_block_does_not_make_two_plans_differ():
    assert a_plan(index=2).asks_the_same_as(a_plan(index=7))
    assert not a_plan(nodes=3).asks_the_same_as(a_plan())


@pytest.mark.parametrize("name", ["a", "lab", "lab-2", "a" * 20])
def test_a_good_name_is_taken(name):
    require_name(name)


@pytest.mark.parametrize("name", ["", "Lab", "2lab", "lab-", "a/b", "..", "a" * 21, "lab\n"])
def test_a_bad_name_is_refused(name):
    with pytest.raises(SetupProblem, match="cannot be named"):
        require_name(name)


@pytest.mark.parametrize(
    "changes",
    [{"nodes": 0}, {"nodes": 6}, {"kubernetes": "1.20"}, {"proxy_mode": "ipvs"}, {"ip_family": "ipv6"}, {"index": 16}],
)
def test_what_a_lab_cannot_be_is_refused_with_what_it_can(changes):
    with pytest.raises(SetupProblem) as refused:
        a_plan(**changes)
    assert "take one of" in refused.value.cure


def test_an_unknown_add_on_is_refused():
    with pytest.raises(SetupProblem, match="add-on"):
        a_plan(add_ons=("istio",))


def test_link_names_fit_the_kernel():
    assert all(len(a_plan(index=index).host_link) <= 15 for index in range(LABS))


def test_the_load_balancers_are_on_the_nodes_bridge_but_outside_their_network():
    block = block_4(0)
    assert block.load_balancers == ip_network("198.18.1.0/24")
    assert not block.load_balancers.overlaps(block.nodes)
