"""How a pod's resolver is set up: what it asks, and how it completes names."""

import pytest

from svcproof.model.resolver import (
    Resolver,
    asks_cluster_dns,
    is_a_dns_service,
    is_as_given,
    one_domain,
    read,
    searches,
)
from svcproof.model.verdict import Answer

TEXT = """\
search shop.svc.cluster.local svc.cluster.local cluster.local example.org
nameserver 10.96.0.10
options ndots:5
"""


def test_servers_and_search_list_are_read_in_order() -> None:
    found = read(TEXT)
    assert found.servers == ("10.96.0.10",)
    assert found.search == ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org")


def test_the_service_of_cluster_dns_is_what_a_pod_asks() -> None:
    assert asks_cluster_dns(read(TEXT), ["10.96.0.10"]).answer is Answer.MET
    assert asks_cluster_dns(read(TEXT), ["10.96.0.11"]).answer is Answer.VIOLATED


def test_a_cache_on_the_node_stands_for_cluster_dns() -> None:
    assert asks_cluster_dns(Resolver(("169.254.20.10",), ()), ["10.96.0.10"]).answer is Answer.MET


def test_a_pod_that_asks_nobody_violates() -> None:
    assert asks_cluster_dns(Resolver((), ()), ["10.96.0.10"]).answer is Answer.VIOLATED


def test_the_search_list_begins_with_the_pods_own_namespace_whatever_the_domain() -> None:
    assert searches(read(TEXT), "shop").answer is Answer.MET
    assert searches(read(TEXT.replace("cluster.local", "k8s.example")), "shop").answer is Answer.MET
    assert searches(read(TEXT), "bank").answer is Answer.VIOLATED


def test_a_search_list_that_skips_all_services_violates() -> None:
    assert searches(Resolver((), ("shop.svc.cluster.local", "cluster.local")), "shop").answer is Answer.VIOLATED


def test_a_dns_service_has_both_ports_and_a_ready_pod() -> None:
    assert is_a_dns_service({"53/UDP", "53/TCP", "9153/TCP"}, ["coredns-1"]).answer is Answer.MET
    assert is_a_dns_service({"53/UDP"}, ["coredns-1"]).answer is Answer.VIOLATED
    assert is_a_dns_service({"53/UDP", "53/TCP"}, []).answer is Answer.VIOLATED


def test_a_resolver_is_as_the_pods_configuration_says_alone_or_after_its_policys() -> None:
    found = Resolver(("10.96.0.10", "192.0.2.1"), ("shop.svc.example", "far.example"))

    assert is_as_given(found, ["192.0.2.1"], ["far.example"], alone=False).answer is Answer.MET
    assert is_as_given(found, found.servers, found.search, alone=True).answer is Answer.MET
    assert is_as_given(found, [], ["far.example"], alone=False).answer is Answer.MET


@pytest.mark.parametrize(
    ("servers", "search", "alone"),
    [
        (["192.0.2.1"], ["far.example"], True),
        (["192.0.2.2"], ["far.example"], False),
        (["192.0.2.1"], ["far.example", "farther.example"], False),
    ],
)
def test_a_resolver_that_is_not_as_given_violates(servers: list[str], search: list[str], alone: bool) -> None:
    found = Resolver(("10.96.0.10", "192.0.2.1"), ("shop.svc.example", "far.example"))

    assert is_as_given(found, servers, search, alone=alone).answer is Answer.VIOLATED


def test_every_pod_searches_the_same_domain() -> None:
    found = {"a on node-1": read(TEXT), "b on node-2": read(TEXT)}
    assert one_domain(found).answer is Answer.MET
    other = one_domain({**found, "c on node-3": read(TEXT.replace("cluster.local", "cluster.lokal"))})
    assert other.answer is Answer.VIOLATED
    assert "cluster.lokal (c on node-3)" in other.because
    assert one_domain({**found, "c on node-3": Resolver((), ())}).answer is Answer.VIOLATED
