"""Addresses and ports are chosen where nobody else holds them."""

from ipaddress import ip_address, ip_network
from itertools import islice

from svcproof.cluster.ranges import PortRange, free_addresses, free_node_ports, outside

HELD = [{"spec": {"clusterIPs": ["198.18.0.1"], "ports": [{"nodePort": 30050}], "healthCheckNodePort": 30051}}]


def test_a_free_node_port_is_held_by_nobody_and_leaves_the_low_ones_to_those_who_choose() -> None:
    free = list(free_node_ports(PortRange(30000, 30060), HELD))

    assert set(free) == set(range(30016, 30061)) - {30050, 30051}
    assert len(free) == len(set(free))


def test_a_free_address_lies_in_the_range_and_is_held_by_nobody() -> None:
    network = ip_network("198.18.0.0/29")

    assert {*free_addresses(network, HELD)} == {f"198.18.0.{number}" for number in range(2, 7)}


def test_a_large_range_is_not_walked_through() -> None:
    network = ip_network("2001:db8::/64")

    assert all(ip_address(one) in network for one in islice(free_addresses(network, HELD), 5))


def test_an_address_outside_is_in_none_of_the_ranges() -> None:
    assert outside([ip_network("203.0.113.0/24"), ip_network("10.96.0.0/16")]) == "198.51.100.7"
