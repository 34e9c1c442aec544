"""New pods have no variables of Services."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_pod


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "variables_missing"}, resource="/v1/pods", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    links = admitted_pod(ground)["spec"].get("enableServiceLinks")
    return Evidence(links is False, f"a new pod is stored with enableServiceLinks: {links}")


FAULT = Fault(
    name="variables-missing",
    stands_for="A policy switches service links off for every pod: no variables of Services are there.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"src-03", "env-01", "env-02", "env-03", "env-04"}),
    reason_says="variable|environment|SERVICE|missing|wanted|_PORT|_HOST",
    inject=inject,
    in_effect=in_effect,
)
