"""The proxies know no external traffic policy."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, burst, shares


def inject(ground: Ground) -> None:
    ground.lens({"lie": "external_policy_ignored"})


def in_effect(ground: Ground) -> Evidence:
    local = ground.trial.service("local", externalTrafficPolicy="Local")
    seen = burst(ground, "outside", ground.trial.node_port(local, ground.victim), 30)
    return Evidence(len(answered_by(seen)) > 1, f"30 calls to {ground.victim} under the policy Local: {shares(seen)}")


FAULT = Fault(
    name="external-policy-ignored",
    stands_for="The proxy ignores the external traffic policy Local: outside calls go to other nodes' backends.",
    layer=Layer.PROXY,
    breaks=frozenset({"tp-01", "tp-02", "tp-03", "tp-08"}),
    reason_says="answer|address|source|health|coming from",
    inject=inject,
    in_effect=in_effect,
)
