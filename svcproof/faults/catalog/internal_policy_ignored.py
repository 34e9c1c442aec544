"""The proxies know no internal traffic policy."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, burst, shares


def inject(ground: Ground) -> None:
    ground.lens({"lie": "internal_policy_ignored"})


def in_effect(ground: Ground) -> Evidence:
    inside = ground.trial.service("inside", internalTrafficPolicy="Local")
    seen = burst(ground, f"pod@{ground.bystander}", ground.trial.cluster_ip(inside), 30)
    return Evidence(
        len(answered_by(seen)) > 1, f"30 calls on {ground.bystander} under the policy Local: {shares(seen)}"
    )


FAULT = Fault(
    name="internal-policy-ignored",
    stands_for="The proxy ignores the internal traffic policy Local: calls leave their node.",
    layer=Layer.PROXY,
    breaks=frozenset({"tp-07", "tp-12"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
)
