"""New pods have the variables of Services that are gone."""

from svcproof.cluster.waiting import let_pass
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_pod, fresh_service


def inject(ground: Ground) -> None:
    lie = {"lie": "foreign_variables", "upstream": ground.upstream(), "remembered": True}
    ground.webhook(lie, resource="/v1/pods", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground) as made:
        let_pass(0.3)  # who remembers must have seen it
    environment = admitted_pod(ground)["spec"]["containers"][0].get("env", [])
    wanted = f"{made['metadata']['name'].upper().replace('-', '_')}_SERVICE_HOST"
    there = wanted in [entry["name"] for entry in environment]
    return Evidence(there, f"a new pod has {'a' if there else 'no'} variable of a Service that was just deleted")


FAULT = Fault(
    name="variables-of-deleted-services",
    stands_for="A kubelet misses deletions: new pods are told of Services that are gone.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"env-05"}),
    reason_says="variable|environment|SERVICE|_PORT|_HOST",
    inject=inject,
    in_effect=in_effect,
)
