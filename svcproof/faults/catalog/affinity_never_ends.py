"""Session affinity lasts a day, whatever its time-out."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import rules_say


def inject(ground: Ground) -> None:
    ground.lens({"lie": "affinity_never_ends"})


def in_effect(ground: Ground) -> Evidence:
    config = {"clientIP": {"timeoutSeconds": 5}}
    ground.trial.service("brief", sessionAffinity="ClientIP", sessionAffinityConfig=config)
    return rules_say(ground, {"iptables": "--seconds 86400", "nftables": "timeout 1d"})


FAULT = Fault(
    name="affinity-never-ends",
    stands_for="The proxy ignores the time-out of session affinity: a caller stays with its first backend all day.",
    layer=Layer.PROXY,
    breaks=frozenset({"sa-03"}),
    reason_says="same|idle|forgot|affinity|answer|backend",
    inject=inject,
    in_effect=in_effect,
    link="https://github.com/kubernetes/kubernetes/issues/94967",
)
