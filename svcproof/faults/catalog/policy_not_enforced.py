"""The network plug-in accepts policies and enforces none."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import between_pods, declared_policy
from svcproof.providers.lab.plan import CONTROL_PLANE
from svcproof.providers.lab.policy_guard import NAME


def inject(ground: Ground) -> None:
    ground.component(
        CONTROL_PLANE, NAME, lambda guard: guard.reconfigure(config=lambda said: {**said, "directions": []})
    )


def in_effect(ground: Ground) -> Evidence:
    with declared_policy(ground, "Ingress", "Egress"):
        seen = between_pods(ground)
    return Evidence(seen.answered, f"a call between pods that a policy denies: {seen.end}")


FAULT = Fault(
    name="policy-not-enforced",
    stands_for="The network plug-in accepts policies and enforces none.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"npl-02", "npl-04", "npl-06", "npl-07", "npl-08"}),
    reason_says="answer|policy",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"policies"})),
)
