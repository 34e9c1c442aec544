"""What runs in a scenario's pods: each application as its scenarios need it."""

from __future__ import annotations

import pytest

from svcproof.cluster import workloads
from svcproof.cluster.routing import target_number
from svcproof.cluster.workloads import PORT, SECOND_PORT, Images
from svcproof.model.service import Application
from svcproof.model.verdict import Inconclusive

IMAGES = Images("nginx:1", "busybox:1", "python:3")


def template(application):
    return workloads.deployment("echo", 2, application, IMAGES)["spec"]["template"]


def pod(application):
    made = template(application)
    return {"metadata": {"name": "echo-1", **made["metadata"]}, "spec": made["spec"]}


@pytest.mark.parametrize("application", list(Application))
def test_every_pod_is_found_by_its_name_and_as_a_backend(application):
    assert template(application)["metadata"]["labels"] == {"app": "echo", "kind": "backend"}
    selector = workloads.deployment("echo", 2, application, IMAGES)["spec"]["selector"]
    assert selector == {"matchLabels": {"app": "echo"}}


def test_a_host_network_backend_is_on_its_nodes_network_and_still_asks_cluster_dns():
    spec = template(Application.HOST_NETWORK)["spec"]
    assert spec["hostNetwork"] is True
    assert spec["dnsPolicy"] == "ClusterFirstWithHostNet"
    assert "hostNetwork" not in template(Application.WITNESS)["spec"]


def test_a_port_swapping_backend_calls_its_two_ports_the_other_way_round():
    names = {name: target_number(pod(Application.PORT_SWAPPING), name) for name in ("main", "second")}
    assert names == {"main": SECOND_PORT, "second": PORT}
    assert target_number(pod(Application.WITNESS), "main") == PORT


def test_a_sidecar_backend_answers_beside_a_container_that_listens_nowhere():
    spec = template(Application.SIDECAR)["spec"]
    (sidecar,) = spec["initContainers"]
    assert sidecar["restartPolicy"] == "Always"
    assert not any(container.get("ports") for container in spec["containers"])
    assert target_number(pod(Application.SIDECAR), "main") == PORT


def test_a_port_that_no_container_names_cannot_be_told():
    with pytest.raises(Inconclusive, match="names no port 'strange'"):
        target_number(pod(Application.SIDECAR), "strange")
