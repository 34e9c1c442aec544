"""The cluster's first objects, and what counts as ready."""

from __future__ import annotations

import pytest

from svcproof.providers.lab.objects import collection_path, is_rolled_out, node_is_ready, node_object
from svcproof.providers.lab.plan import LabPlan


@pytest.mark.parametrize(
    ("group", "kind", "namespace", "path"),
    [
        ("v1", "Node", None, "/api/v1/nodes"),
        ("v1", "Service", "one", "/api/v1/namespaces/one/services"),
        ("apps/v1", "DaemonSet", "one", "/apis/apps/v1/namespaces/one/daemonsets"),
        ("networking.k8s.io/v1", "IngressClass", None, "/apis/networking.k8s.io/v1/ingressclasses"),
        ("metallb.io/v1beta1", "IPAddressPool", "one", "/apis/metallb.io/v1beta1/namespaces/one/ipaddresspools"),
    ],
)
def test_an_object_is_created_where_its_kind_lives(group, kind, namespace, path):
    metadata = {"name": "x"} | ({"namespace": namespace} if namespace else {})
    assert collection_path({"apiVersion": group, "kind": kind, "metadata": metadata}) == path


def test_a_node_is_ready_when_it_says_so_and_nothing_keeps_pods_away():
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    assert node_is_ready({"spec": {}, "status": ready})
    assert not node_is_ready({"spec": {"taints": [{"key": "node.kubernetes.io/not-ready"}]}, "status": ready})
    assert not node_is_ready({"spec": {}, "status": {}})


@pytest.mark.parametrize(
    ("spec", "status", "rolled_out"),
    [
        ({"replicas": 2}, {"readyReplicas": 2}, True),
        ({"replicas": 2}, {"readyReplicas": 1}, False),
        ({"replicas": 2}, {}, False),
        ({}, {"desiredNumberScheduled": 3, "numberReady": 3}, True),
        ({}, {"desiredNumberScheduled": 0, "numberReady": 0}, False),
    ],
)
def test_a_workload_is_rolled_out_when_all_of_it_is_ready(spec, status, rolled_out):
    assert is_rolled_out({"spec": spec, "status": status}) is rolled_out


def test_a_node_object_carries_the_range_that_the_routes_lead_to():
    node = LabPlan("one", 0, ip_family="dual").node_plans[1]
    assert node_object(node)["spec"]["podCIDRs"] == [str(pods) for pods in node.pod_ranges]
    assert node_object(node)["metadata"]["labels"]["topology.kubernetes.io/zone"] == "zone-b"
