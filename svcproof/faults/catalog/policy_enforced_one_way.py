"""The network plug-in enforces ingress policies and forgets egress."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import between_pods, declared_policy
from svcproof.providers.lab.plan import CONTROL_PLANE
from svcproof.providers.lab.policy_guard import NAME


def inject(ground: Ground) -> None:
    one_way = {"directions": ["Ingress"]}
    ground.component(CONTROL_PLANE, NAME, lambda guard: guard.reconfigure(config=lambda said: {**said, **one_way}))


def in_effect(ground: Ground) -> Evidence:
    with declared_policy(ground, "Egress"):
        seen = between_pods(ground)
    return Evidence(seen.answered, f"a call of a pod that a policy denies to call anybody: {seen.end}")


FAULT = Fault(
    name="policy-enforced-one-way",
    stands_for="The network plug-in enforces ingress policies and forgets egress.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"npl-06"}),
    reason_says="answer|policy",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"policies"})),
)
