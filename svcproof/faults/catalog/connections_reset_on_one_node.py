"""One in twenty connections to the pods of one node is reset."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import burst, ends


def inject(ground: Ground) -> None:
    asking = "{ip} daddr {pods} ct direction original tcp flags & (psh | rst) == psh"
    reset = each_family(ground.lab.plan, f"{asking} numgen random mod 100 < 5 reject with tcp reset")
    ground.rules([ground.victim], [Chain("forward", BEFORE_FILTERS, reset)])


def in_effect(ground: Ground) -> Evidence:
    seen = burst(ground, f"pod@{ground.bystander}", ground.trial.pod(ground.victim), 150)
    return Evidence(
        any(one.end == "reset" for one in seen), f"150 connections to the pod of {ground.victim}: {ends(seen)}"
    )


FAULT = Fault(
    name="connections-reset-on-one-node",
    stands_for="A failing device in front of one node resets one in twenty connections to its pods.",
    layer=Layer.NETWORK,
    breaks=frozenset({"src-05", "src-06", "ch-01"}),
    reason_says="reset",
    inject=inject,
    in_effect=in_effect,
)
