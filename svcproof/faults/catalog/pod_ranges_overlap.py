"""Two nodes give their pods the same addresses."""

import json

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import await_true

FIRST = 200
"""Both begin to count here: no pod has got so far."""


def inject(ground: Ground) -> None:
    own = ground.lab.plan.node_plans[0].pod_ranges
    for node in (ground.bystander, ground.victim):
        conf = ground.lab.node(node).component("containerd").folder / "cni" / "10-svcproof.conflist"
        values = json.loads(conf.read_text())
        ranges = [[{"subnet": str(pods), "rangeStart": str(pods[FIRST])}] for pods in own]
        values["plugins"][0]["ipam"]["ranges"] = ranges
        ground.file(conf, json.dumps(values))


def in_effect(ground: Ground) -> Evidence:
    own = ground.lab.plan.node_plans[0].pod_ranges[0]
    container = {"name": "pause", "image": ground.lab.images["pause"], "imagePullPolicy": "Never"}
    spec = {"nodeName": ground.victim, "terminationGracePeriodSeconds": 0, "containers": [container]}
    with ground.trial.fresh("Pod", "v1", spec=spec) as made:
        name, namespace = made["metadata"]["name"], made["metadata"]["namespace"]

        def address() -> str:
            return str(ground.api.get("Pod", name, namespace).get("status", {}).get("podIP", ""))

        await_true("an address for a new pod", lambda: bool(address()), 15)
        given = address()
    inside = given in {str(host) for host in own.hosts()}
    return Evidence(inside, f"a new pod of {ground.victim} gets {given}; {own} is the range of {ground.bystander}")


FAULT = Fault(
    name="pod-ranges-overlap",
    stands_for="Two nodes were given the same pod range: pods of both get the same addresses.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pn-01", "pn-02", "pn-04"}),
    reason_says="address|timed out|lost|refused|unreachable",
    inject=inject,
    in_effect=in_effect,
)
