"""New pods have the variables of every namespace's Services."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_pod


def inject(ground: Ground) -> None:
    lie = {"lie": "foreign_variables", "upstream": ground.upstream()}
    ground.webhook(lie, resource="/v1/pods", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    environment = admitted_pod(ground)["spec"]["containers"][0].get("env", [])
    names = [entry["name"] for entry in environment if entry["name"].endswith("_SERVICE_HOST")]
    return Evidence("KUBE_DNS_SERVICE_HOST" in names, f"a new pod is told of {', '.join(names) or 'no other Service'}")


FAULT = Fault(
    name="variables-of-other-namespaces",
    stands_for="New pods are told of the Services of every namespace, not only of their own.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"env-02"}),
    reason_says="variable|environment|SERVICE|namespace|_PORT|_HOST",
    inject=inject,
    in_effect=in_effect,
)
