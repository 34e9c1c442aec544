"""Two nodes give their pods the same addresses."""

import json

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import await_true
from svcproof.faults.trial import NAMESPACE

FIRST = 200
"""Both begin to count here: no pod has got so far."""


PODS = 8
"""So many pods of the one node stand where the other begins to count: each look, and each scenario, takes some."""


def inject(ground: Ground) -> None:
    _count_from_first(ground, ground.bystander)
    names = [f"neighbour-{number}" for number in range(PODS)]
    for name in names:
        metadata = {"name": name, "namespace": NAMESPACE}
        ground.create(
            {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _idle(ground, ground.bystander)}
        )
    await_true("addresses for the pods of one node", lambda: all(_address(ground, name) for name in names), 30)
    _count_from_first(ground, ground.victim)


def _count_from_first(ground: Ground, node: str) -> None:
    """Have the pods of a node get the addresses of the first node's range from FIRST on."""
    own = ground.lab.plan.node_plans[0].pod_ranges
    conf = ground.lab.node(node).component("containerd").folder / "cni" / "10-svcproof.conflist"
    values = json.loads(conf.read_text())
    ranges = [[{"subnet": str(pods), "rangeStart": str(pods[FIRST])}] for pods in own]
    values["plugins"][0]["ipam"]["ranges"] = ranges
    ground.file(conf, json.dumps(values))


def _idle(ground: Ground, node: str) -> dict[str, object]:
    container = {"name": "pause", "image": ground.lab.images["pause"], "imagePullPolicy": "Never"}
    return {"nodeName": node, "terminationGracePeriodSeconds": 0, "containers": [container]}


def _address(ground: Ground, name: str) -> str:
    return str(ground.api.get("Pod", name, NAMESPACE).get("status", {}).get("podIP", ""))


def in_effect(ground: Ground) -> Evidence:
    own = ground.lab.plan.node_plans[0].pod_ranges[0]
    with ground.trial.fresh("Pod", "v1", spec=_idle(ground, ground.victim)) as made:
        name = made["metadata"]["name"]
        await_true("an address for a new pod", lambda: bool(_address(ground, name)), 15)
        given = _address(ground, name)
    inside = given in {str(host) for host in own.hosts()}
    return Evidence(inside, f"a new pod of {ground.victim} gets {given}; {own} is the range of {ground.bystander}")


FAULT = Fault(
    name="pod-ranges-overlap",
    stands_for="Two nodes were given the same pod range: pods of both get the same addresses.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pn-01", "pn-02", "pn-04"}),
    reason_says="address|also that of|timed out|lost|refused|unreachable",
    inject=inject,
    in_effect=in_effect,
)
