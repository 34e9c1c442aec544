"""The proxies know no traffic distribution."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, burst, shares


def inject(ground: Ground) -> None:
    ground.lens({"lie": "hints_unseen"})


def in_effect(ground: Ground) -> Evidence:
    near = ground.trial.service("near", trafficDistribution="PreferClose")
    seen = burst(ground, f"pod@{ground.bystander}", ground.trial.cluster_ip(near), 30)
    return Evidence(
        len(answered_by(seen)) > 1, f"30 calls from {ground.bystander} that prefer its zone: {shares(seen)}"
    )


FAULT = Fault(
    name="topology-hints-ignored",
    stands_for="The proxy ignores the hints of EndpointSlices: calls cross zones although backends are near.",
    layer=Layer.PROXY,
    breaks=frozenset({"to-01"}),
    reason_says="answer|zone|node",
    inject=inject,
    in_effect=in_effect,
)
