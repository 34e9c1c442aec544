"""What NetworkPolicies come to as rules of a packet filter."""

from __future__ import annotations

import os
import subprocess  # noqa: TID251 - nft reads the rules as it would on a node

import pytest

from svcproof.cluster import services
from svcproof.network_policies import Rules
from svcproof.providers.lab.policy_rules import REMOVAL, Cluster, table


def pod(name, address, *more, namespace="mine", labels=None, **spec):
    meta = {"name": name, "namespace": namespace, "labels": {"app": name} if labels is None else labels}
    container = {"ports": [{"name": "main", "containerPort": 8080}]}
    return {
        "metadata": meta,
        "spec": {"containers": [container], **spec},
        "status": {"podIPs": [{"ip": one} for one in (address, *more)]},
    }


def namespace(name, **labels):
    return {"metadata": {"name": name, "labels": labels}}


CLUSTER = Cluster(
    [
        pod("echo", "10.1.0.2"),
        pod("caller", "10.1.0.3"),
        pod("stranger", "10.1.1.2", namespace="theirs"),
        pod("proxy", "10.0.0.1", hostNetwork=True),
    ],
    [namespace("mine"), namespace("theirs", team="blue")],
)


def policy(rules, app="echo", where="mine"):
    body = services.network_policy("policy", {"app": app} if app else {}, rules)
    body["metadata"]["namespace"] = where
    return body


def chain(text, number=0):
    """The rules of one pod's chain."""
    inside = text.split(f"chain pod_{number} {{\n")[1].split(" }\n")[0]
    return [line.strip() for line in inside.splitlines()]


def jumps(text):
    return [line.strip() for line in text.splitlines() if " jump " in line]


def test_no_policy_leaves_no_table():
    assert table([], CLUSTER) == REMOVAL


def test_a_policy_that_selects_nobody_leaves_no_table():
    assert table([policy({"ingress": []}, app="nobody")], CLUSTER) == REMOVAL


def test_a_denied_pod_is_reached_by_itself_alone():
    text = table([policy({"ingress": []})], CLUSTER)
    assert jumps(text) == ["ip daddr 10.1.0.2 jump pod_0"]
    assert chain(text) == ["ip saddr { 10.1.0.2 } return", "drop"]


def test_a_pod_without_egress_reaches_itself_alone():
    text = table([policy({"egress": []}, app="caller")], CLUSTER)
    assert jumps(text) == ["ip saddr 10.1.0.3 jump pod_0"]
    assert chain(text) == ["ip daddr { 10.1.0.3 } return", "drop"]


def test_the_own_namespace_is_admitted_without_pods_on_their_nodes_network():
    text = table([policy(Rules.OWN_NAMESPACE.spec)], CLUSTER)
    assert "ip saddr { 10.1.0.2, 10.1.0.3 } return" in chain(text)


def test_other_namespaces_are_admitted_by_their_labels():
    text = table([policy({"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": "blue"}}}]}]})], CLUSTER)
    assert chain(text)[1:] == ["ip saddr { 10.1.1.2 } return", "drop"]


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ({"port": 8080}, "tcp dport 8080 return"),
        ({"port": "main"}, "tcp dport 8080 return"),
        ({"port": 8080, "endPort": 8090, "protocol": "UDP"}, "udp dport 8080-8090 return"),
        ({"protocol": "UDP"}, "meta l4proto udp return"),
    ],
)
def test_ports_are_admitted_by_number_name_range_and_protocol(port, said):
    assert said in chain(table([policy({"ingress": [{"ports": [port]}]})], CLUSTER))


def test_a_port_name_that_no_container_has_admits_nothing():
    assert chain(table([policy({"ingress": [{"ports": [{"port": "none"}]}]})], CLUSTER))[1:] == ["drop"]


def test_a_block_is_admitted_but_for_what_it_excepts():
    rule = "ip saddr 192.0.2.0/24 ip saddr != { 192.0.2.128/25 } return"
    assert rule in chain(table([policy(Rules.NOBODY.spec)], CLUSTER))


def test_what_one_of_several_policies_admits_is_admitted():
    text = table([policy({"ingress": []}), policy(Rules.OWN_PORT.spec)], CLUSTER)
    assert chain(text)[1:] == ["tcp dport 8080 return", "drop"]


def test_policies_bind_pods_of_their_own_namespace():
    assert jumps(table([policy({"ingress": []}, app="", where="theirs")], CLUSTER)) == ["ip daddr 10.1.1.2 jump pod_0"]


def test_both_families_of_a_pod_are_bound():
    both = Cluster([pod("echo", "10.1.0.2", "fd00::2")], [namespace("mine")])
    text = table([policy({"ingress": []})], both)
    assert jumps(text) == ["ip daddr 10.1.0.2 jump pod_0", "ip6 daddr fd00::2 jump pod_0"]
    assert chain(text)[:2] == ["ip saddr { 10.1.0.2 } return", "ip6 saddr { fd00::2 } return"]


def test_a_direction_that_nobody_heeds_binds_nobody():
    assert table([policy({"egress": []})], CLUSTER, ["Ingress"]) == REMOVAL


@pytest.mark.parametrize(
    ("expression", "addresses"),
    [
        ({"operator": "In", "values": ["echo", "x"]}, {"10.1.0.2"}),
        ({"operator": "NotIn", "values": ["echo"]}, {"10.1.0.3"}),
        ({"operator": "Exists"}, {"10.1.0.2", "10.1.0.3"}),
        ({"operator": "DoesNotExist"}, set()),
    ],
)
def test_expressions_select_as_the_api_says(expression, addresses):
    selected = CLUSTER.selected({"matchExpressions": [{"key": "app", **expression}]}, ["mine"])
    assert {one["status"]["podIPs"][0]["ip"] for one in selected} == addresses


@pytest.mark.skipif(os.geteuid() != 0, reason="nft checks rules for root alone")
@pytest.mark.parametrize("rules", list(Rules), ids=lambda rules: rules.name)
def test_nft_understands_the_rules(rules):
    both = Cluster([*CLUSTER.pods, pod("six", "10.1.0.9", "fd00::9")], CLUSTER.namespaces)
    text = table([policy(rules.spec, app="")], both)
    argv = ["unshare", "--net", "nft", "--check", "-f", "-"]
    said = subprocess.run(argv, input=text, text=True, capture_output=True, check=False)
    assert said.returncode == 0, said.stderr
