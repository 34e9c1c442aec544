"""Pods of a StatefulSet have no names of their own."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import await_true, full_name, resolve
from svcproof.faults.trial import NAMESPACE


def inject(ground: Ground) -> None:
    ground.dns_lens({"lie": "hostnames_unseen"})


def in_effect(ground: Ground) -> Evidence:
    headless = ground.trial.service("written", type="ClusterIP", clusterIP="None", selector=None)
    labels = {"kubernetes.io/service-name": "written"}
    endpoint = {
        "addresses": [ground.trial.pod_address(ground.victim)],
        "hostname": "one",
        "conditions": {"ready": True},
    }
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "written-by-hand", "namespace": NAMESPACE, "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "first", "port": 8080, "protocol": "TCP"}],
        "endpoints": [endpoint],
    }
    ground.api.apply(body)
    name = full_name(headless)
    try:
        await_true("a name with an address", lambda: all(one.found for one in resolve(ground, name, count=6)), 5)
        (seen,) = resolve(ground, f"one.{name}")
    finally:
        ground.api.delete("EndpointSlice", "written-by-hand", NAMESPACE)
    return Evidence(seen.code == 3, f"one.{name}: {', '.join(seen.found) or 'no such name'}")


FAULT = Fault(
    name="dns-pod-names-missing",
    stands_for="Cluster DNS has no records for hostnames: the pods of a StatefulSet cannot be told apart by name.",
    layer=Layer.DNS,
    breaks=frozenset({"hl-04", "hl-05", "hl-07"}),
    reason_says="name|resolve|lookup|answer",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
