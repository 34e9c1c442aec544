"""The evidence of a scenario that is not met: what can be had is had, and what cannot says so."""

from __future__ import annotations

import pytest
from memory_cluster import MemoryCluster, pod

from svcproof.cluster import diagnose
from svcproof.cluster.api import Forbidden, Unreachable
from svcproof.cluster.sandbox import Sandbox


class Talkative(MemoryCluster):
    """Has logs, save those of a node that is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def logs(self, namespace: str, name: str, container: str = "", *, lines: int = 100, previous: bool = False) -> str:
        self.asked.append(name)
        if self.get("Pod", name, namespace)["spec"]["nodeName"] == "node-2":
            raise Unreachable("no route to host")
        return f"{name} says hello"


def sandbox_with(*pods: dict) -> tuple[Talkative, Sandbox]:
    cluster = Talkative()
    sandbox = Sandbox(cluster, "r1", "np-01")
    for item in pods:
        item["metadata"]["namespace"] = sandbox.namespace()
        item["spec"]["containers"] = [{"name": "witness"}, {"name": "other"}]
        cluster.put(item)
    return cluster, sandbox


def test_the_kubelet_of_a_node_that_is_gone_is_asked_once() -> None:
    cluster, sandbox = sandbox_with(pod("a"), pod("b", node="node-2"), pod("c", node="node-2"), pod("d"))
    logs = {one.name: one.content for one in diagnose.gather(sandbox) if one.name.startswith("log of")}
    assert cluster.asked == ["a", "a", "b", "d", "d"]
    assert logs["log of b, witness"] == "not to be had: no route to host"
    assert logs["log of d, other"] == "d says hello"


def test_what_may_not_be_read_says_so() -> None:
    cluster, sandbox = sandbox_with(pod("a"))
    listed = cluster.list

    def refusing(kind: str, *words: str, **more: str) -> object:
        if kind == "Event":
            raise Forbidden("events is forbidden")
        return listed(kind, *words, **more)

    cluster.list = refusing  # type: ignore[method-assign]
    found = {one.name.split(" of ")[0]: one.content for one in diagnose.gather(sandbox)}
    assert found["events"] == "not to be had: events is forbidden"
    assert "svcproof-r1-np-01" in found["Pod"]


def test_an_api_server_that_is_silent_is_asked_once() -> None:
    cluster, sandbox = sandbox_with(pod("a"))
    asked: list[str] = []

    def silent(kind: str, *_: str, **__: str) -> object:
        asked.append(kind)
        raise Unreachable("connection refused")

    cluster.list = silent  # type: ignore[method-assign]
    with pytest.raises(Unreachable):
        list(diagnose.gather(sandbox))
    assert len(asked) == 1
