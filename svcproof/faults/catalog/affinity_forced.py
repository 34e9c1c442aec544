"""Every Service has session affinity."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, burst, shares


def inject(ground: Ground) -> None:
    ground.lens({"lie": "affinity_forced"})


def in_effect(ground: Ground) -> Evidence:
    seen = burst(ground, f"pod@{ground.bystander}", ground.trial.cluster_ip(ground.trial.service()), 40)
    return Evidence(len(answered_by(seen)) == 1, f"40 connections of one caller without affinity: {shares(seen)}")


FAULT = Fault(
    name="affinity-forced",
    stands_for="The proxy hashes by source address only: every caller stays with one backend, affinity or not.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-02", "np-02", "sa-01-1.2", "sa-10"}),
    reason_says="never answered|not answer|one backend|several|same|spread|luck",
    inject=inject,
    in_effect=in_effect,
)
