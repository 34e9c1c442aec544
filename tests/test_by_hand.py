"""Endpoints that are listed by hand, and many of them."""

from typing import Any

import pytest

from svcproof.cluster.listings import listed_at, written
from svcproof.cluster.services import gate_patch, is_behind_gate
from svcproof.cluster.workloads import GATE
from svcproof.model.service import Listing

POD: dict[str, Any] = {
    "metadata": {"name": "a", "namespace": "shop", "uid": "1"},
    "spec": {"nodeName": "node-1"},
    "status": {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]},
}


@pytest.mark.parametrize(("family", "address"), [("IPv4", "10.0.0.1"), ("IPv6", "fd00::1")])
def test_a_slice_lists_each_pod_at_its_address_of_the_family(family: str, address: str) -> None:
    item = written(Listing("web", "by-hand"), family, [POD], 8081)

    assert item["addressType"] == family
    assert item["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert item["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] == "svcproof.dev"
    assert [entry["addresses"] for entry in item["endpoints"]] == [[address]]
    assert listed_at([item]) == {"a": [f"[{address}]:8081" if ":" in address else f"{address}:8081"]}


def test_an_endpoints_object_is_called_as_its_service() -> None:
    item = written(Listing("web"), "IPv4", [POD], 8080)

    assert (item["kind"], item["metadata"]["name"]) == ("Endpoints", "web")
    assert item["subsets"][0]["addresses"][0]["ip"] == "10.0.0.1"
    assert item["subsets"][0]["ports"] == [{"port": 8080, "protocol": "TCP"}]


def test_a_pod_is_listed_wherever_a_slice_lists_it() -> None:
    one, other = (written(Listing("web", f"s{port}"), "IPv4", [POD], port) for port in (80, 81))

    assert listed_at([one, other]) == {"a": ["10.0.0.1:80", "10.0.0.1:81"]}


def test_a_pod_behind_its_gate_has_ready_containers_and_is_not_ready() -> None:
    conditions = [{"type": "ContainersReady", "status": "True"}, {"type": "Ready", "status": "False"}]

    assert is_behind_gate({"metadata": {}, "status": {"conditions": conditions}})
    conditions[1]["status"] = "True"
    assert not is_behind_gate({"metadata": {}, "status": {"conditions": conditions}})


def test_a_gate_that_was_never_set_is_added_beside_the_kubelet_s_conditions() -> None:
    assert gate_patch([{"type": "Ready"}], opened=True) == [
        {"op": "add", "path": "/status/conditions/-", "value": {"type": GATE, "status": "True"}}
    ]


def test_a_gate_is_shut_where_it_stands_and_nowhere_else() -> None:
    patch = gate_patch([{"type": "Ready"}, {"type": GATE}], opened=False)

    assert [step["op"] for step in patch] == ["test", "replace"]
    assert patch[1] == {"op": "replace", "path": "/status/conditions/1/status", "value": "False"}
