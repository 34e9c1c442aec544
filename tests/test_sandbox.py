"""A sandbox owns what it makes, and leaves nothing behind whatever happens."""

from datetime import UTC, datetime, timedelta

import pytest
from memory_cluster import MemoryCluster, pod

from svcproof.cluster.api import Forbidden, Unreachable
from svcproof.cluster.sandbox import LEASE, PRIVILEGED, RUN_LABEL, SCENARIO_LABEL, Sandbox, leftovers, reap
from svcproof.cluster.waiting import Deadline, Sighting, await_state
from svcproof.cluster.watching import Watches


def config_map(name: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def test_everything_made_says_for_which_run_and_scenario() -> None:
    cluster = MemoryCluster()
    sandbox = Sandbox(cluster, "r1", "np-01")
    made = sandbox.create(config_map("a"))
    assert made["metadata"]["labels"] == {RUN_LABEL: "r1", SCENARIO_LABEL: "np-01"}
    assert made["metadata"]["namespace"].startswith("svcproof-r1-np-01-")


def test_namespaces_admit_restricted_pods_only_save_the_nodes_own() -> None:
    cluster = MemoryCluster()
    sandbox = Sandbox(cluster, "r1", "np-01")
    levels = [
        cluster.get("Namespace", sandbox.namespace(role))["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for role in ("", PRIVILEGED)
    ]
    assert levels == ["restricted", "privileged"]


def test_a_namespace_is_made_once_and_only_when_it_is_asked_for() -> None:
    cluster = MemoryCluster()
    sandbox = Sandbox(cluster, "r1", "np-01")
    assert cluster.list("Namespace") == []
    assert sandbox.namespace() == sandbox.namespace()
    assert sandbox.namespace("other") != sandbox.namespace()


def test_deleting_asks_for_namespaces_and_for_objects_outside_them() -> None:
    cluster = MemoryCluster()
    sandbox = Sandbox(cluster, "r1", "ing-01")
    sandbox.create(config_map("a"))
    sandbox.create({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "c"}})
    sandbox.delete()
    assert cluster.list("Namespace") == cluster.list("IngressClass") == []


def test_a_namespace_whose_creation_was_interrupted_is_still_deleted() -> None:
    cluster = MemoryCluster()
    cluster.trouble_on["Namespace"] = Unreachable("cut")
    sandbox = Sandbox(cluster, "r1", "np-01")
    with pytest.raises(Unreachable):
        sandbox.namespace()
    assert len(sandbox.namespaces) == 1


def test_one_trouble_does_not_keep_the_rest_from_being_deleted() -> None:
    cluster = MemoryCluster()
    sandbox = Sandbox(cluster, "r1", "ing-01")
    sandbox.create({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "c"}})
    sandbox.namespace()
    cluster.trouble_on["delete IngressClass"] = Forbidden("no")
    with pytest.raises(Forbidden):
        sandbox.delete()
    assert cluster.list("Namespace") == []


def test_the_pods_of_a_scenario_that_is_over_are_asked_to_hurry_and_no_others() -> None:
    cluster = MemoryCluster()
    cluster.put(pod("a"))
    sandbox = Sandbox(cluster, "r1", "np-01")
    sandbox.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}})
    sandbox.delete()
    assert [item["metadata"]["name"] for item in cluster.list("Pod")] == ["a"]


def test_pods_that_may_not_be_hurried_are_no_trouble() -> None:
    cluster = MemoryCluster()
    cluster.trouble_on["delete pods"] = Forbidden("no")
    sandbox = Sandbox(cluster, "r1", "np-01")
    sandbox.namespace()
    sandbox.delete()
    assert cluster.list("Namespace") == []


def test_what_a_dead_run_left_is_found_and_what_a_live_one_holds_is_not() -> None:
    cluster = MemoryCluster()
    Sandbox(cluster, "alive", "np-01").namespace()
    dead = Sandbox(cluster, "dead", "np-01").namespace()
    past = datetime.now(UTC) - timedelta(minutes=1)
    cluster.get("Namespace", dead)["metadata"]["annotations"][LEASE] = past.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [item.name for item in leftovers(cluster)] == [dead]
    assert [item.name for item in reap(cluster)] == [dead]
    assert [item.run for item in leftovers(cluster, "alive")] == ["alive"]


def test_a_watch_shows_what_is_there_and_what_comes_and_goes() -> None:
    cluster = MemoryCluster()
    cluster.put(pod("a"))
    told: list[tuple[str, bool, bool]] = []
    watches = Watches(cluster, "shop", lambda kind, before, after: told.append((kind, bool(before), bool(after))))
    assert [item["metadata"]["name"] for item in watches.objects("Pod")] == ["a"]
    cluster.put(pod("b"))
    cluster.delete("Pod", "a", "shop")

    def look() -> Sighting[bool]:
        names = [item["metadata"]["name"] for item in watches.objects("Pod")]
        return Sighting(str(names), True if names == ["b"] else None)

    await_state("only b", look, Deadline(5), watches.news)
    watches.close()
    assert told == [("Pod", False, True), ("Pod", False, True), ("Pod", True, False)]
