"""The proxies know no session affinity."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, burst, shares


def inject(ground: Ground) -> None:
    ground.lens({"lie": "affinity_ignored"})


def in_effect(ground: Ground) -> Evidence:
    sticky = ground.trial.service("sticky", sessionAffinity="ClientIP")
    seen = burst(ground, f"pod@{ground.bystander}", ground.trial.cluster_ip(sticky), 30)
    return Evidence(len(answered_by(seen)) > 1, f"30 connections of one caller with affinity: {shares(seen)}")


FAULT = Fault(
    name="affinity-ignored",
    stands_for="The proxy has no session affinity: a caller's connections go to any backend.",
    layer=Layer.PROXY,
    breaks=frozenset({"sa-01-1.1", "sa-04", "sa-05", "sa-06", "sa-07", "sa-09"}),
    reason_says="same|one backend|affinity|answer",
    inject=inject,
    in_effect=in_effect,
)
