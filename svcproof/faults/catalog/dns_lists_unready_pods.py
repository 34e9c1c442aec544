"""The name of a headless Service gives unready pods, too."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import await_true, full_name, resolve
from svcproof.faults.trial import NAMESPACE


def inject(ground: Ground) -> None:
    ground.dns_lens({"lie": "unready_published"})


def in_effect(ground: Ground) -> Evidence:
    headless = ground.trial.service("written", type="ClusterIP", clusterIP="None", selector=None)
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "written-by-hand",
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": "written"},
        },
        "addressType": "IPv4",
        "ports": [{"name": "first", "port": 8080, "protocol": "TCP"}],
        "endpoints": [
            {"addresses": [ground.trial.pod_address(ground.bystander)], "conditions": {"ready": True}},
            {"addresses": [ground.trial.pod_address(ground.victim)], "conditions": {"ready": False}},
        ],
    }
    ground.api.apply(body)
    name = full_name(headless)
    try:
        await_true("a name with an address", lambda: all(one.found for one in resolve(ground, name, count=6)), 5)
        (seen,) = resolve(ground, name)
    finally:
        ground.api.delete("EndpointSlice", "written-by-hand", NAMESPACE)
    return Evidence(len(seen.found) == 2, f"of one ready and one unready endpoint the name gives {len(seen.found)}")


FAULT = Fault(
    name="dns-lists-unready-pods",
    stands_for="Cluster DNS does not look at readiness: headless names lead to pods that are not ready.",
    layer=Layer.DNS,
    breaks=frozenset({"hl-06"}),
    reason_says="ready|address|answer|lookup|resolved to",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
