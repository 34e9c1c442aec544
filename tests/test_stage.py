"""What a scenario has put up is called when it can be."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from memory_cluster import MemoryCluster, endpoint, endpoint_slice, pod

from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.settings import Settings
from svcproof.cluster.stage import Stage
from svcproof.cluster.traffic import Clock, Traffic
from svcproof.cluster.transitions import Transitions
from svcproof.cluster.waiting import NotConverged
from svcproof.model.change import Some, Transition


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster()


@pytest.fixture
def sandbox(cluster: MemoryCluster) -> Iterator[Sandbox]:
    made = Sandbox(cluster, "run", "pn-04")
    yield made
    made.delete()


def put(cluster: MemoryCluster, namespace: str, *, ready: bool) -> None:
    item = pod("web-1", ready=ready)
    item["metadata"]["namespace"] = namespace
    cluster.put(item)


def put_service(cluster: MemoryCluster, namespace: str) -> None:
    meta = {"name": "web", "namespace": namespace}
    cluster.put({"kind": "Service", "metadata": meta, "spec": {"selector": {"app": "web"}}})


def put_slice(cluster: MemoryCluster, namespace: str, *, ready: bool) -> None:
    item = endpoint_slice(endpoint("web-1", "10.0.0.1", ready=ready))
    item["metadata"]["namespace"] = namespace
    cluster.put(item)


def test_a_pod_whose_readiness_was_taken_back_is_called_when_it_is_ready_again(
    cluster: MemoryCluster, sandbox: Sandbox
) -> None:
    namespace = sandbox.namespace()
    put(cluster, namespace, ready=False)
    stage = Stage(sandbox, Settings())
    assert stage.ready_pods("web") == []
    threading.Timer(0.1, put, (cluster, namespace), {"ready": True}).start()
    assert [item["metadata"]["name"] for item in stage.some_ready_pods("web")] == ["web-1"]


def test_a_pod_whose_readiness_was_taken_back_changes_when_it_is_ready_again(
    cluster: MemoryCluster, sandbox: Sandbox
) -> None:
    namespace = sandbox.namespace()
    put(cluster, namespace, ready=False)
    transitions = Transitions(Stage(sandbox, Settings()), Traffic(cluster, Clock()))
    threading.Timer(0.1, put, (cluster, namespace), {"ready": True}).start()
    assert transitions.bring_about(Some.ONE, "web", Transition.DELETED) == ["web-1"]


def test_a_slice_that_lists_a_ready_pod_late_is_waited_for(cluster: MemoryCluster, sandbox: Sandbox) -> None:
    namespace = sandbox.namespace()
    put(cluster, namespace, ready=True)
    put_service(cluster, namespace)
    put_slice(cluster, namespace, ready=False)
    stage = Stage(sandbox, Settings())
    threading.Timer(0.1, put_slice, (cluster, namespace), {"ready": True}).start()
    stage.let_slices_follow("web")
    assert [one.ready for one in stage.endpoints("web")] == [True]


def test_a_pod_whose_readiness_was_taken_back_is_listed_again_before_it_is_called(
    cluster: MemoryCluster, sandbox: Sandbox
) -> None:
    namespace = sandbox.namespace()
    put(cluster, namespace, ready=True)
    put_service(cluster, namespace)
    stage = Stage(sandbox, Settings())
    stage.await_ready("web", 1)
    put(cluster, namespace, ready=False)
    put_slice(cluster, namespace, ready=False)
    threading.Timer(0.1, put, (cluster, namespace), {"ready": True}).start()
    threading.Timer(0.2, put_slice, (cluster, namespace), {"ready": True}).start()
    stage.let_slices_follow("web")
    assert [one.ready for one in stage.endpoints("web")] == [True]


def test_a_pod_that_a_transition_made_unready_is_not_waited_for(cluster: MemoryCluster, sandbox: Sandbox) -> None:
    namespace = sandbox.namespace()
    put(cluster, namespace, ready=True)
    put_service(cluster, namespace)
    stage = Stage(sandbox, Settings(budget=60.0))
    stage.await_ready("web", 1)
    stage.changed["web"] = ["web-1"]
    put(cluster, namespace, ready=False)
    began = time.monotonic()
    stage.let_slices_follow("web")
    assert time.monotonic() - began < 30.0


def test_a_slice_that_never_lists_a_ready_pod_is_waited_for_until_the_budget_is_over(
    cluster: MemoryCluster, sandbox: Sandbox
) -> None:
    namespace = sandbox.namespace()
    put(cluster, namespace, ready=True)
    put_service(cluster, namespace)
    Stage(sandbox, Settings(budget=0.01)).let_slices_follow("web")


def test_where_no_pod_becomes_ready_nobody_can_be_called(cluster: MemoryCluster, sandbox: Sandbox) -> None:
    put(cluster, sandbox.namespace(), ready=False)
    with pytest.raises(NotConverged, match='a ready pod of "web"'):
        Stage(sandbox, Settings(patience=0.001)).some_ready_pods("web")
