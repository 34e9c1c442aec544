"""Terminating backends get their share while others are ready."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, shares, written_endpoints


def inject(ground: Ground) -> None:
    ground.lens({"lie": "terminating_ready"})


def in_effect(ground: Ground) -> Evidence:
    conditions = {
        ground.bystander: {"ready": True, "serving": True, "terminating": False},
        ground.victim: {"ready": False, "serving": True, "terminating": True},
    }
    seen = written_endpoints(ground, conditions)
    says = f"20 connections to one ready endpoint and one that terminates on {ground.victim}: {shares(seen)}"
    return Evidence(answered_by(seen)[ground.victim] > 0, says)


FAULT = Fault(
    name="terminating-backends-used",
    stands_for="The proxy does not tell terminating endpoints from ready ones: new connections go to pods that end.",
    layer=Layer.PROXY,
    breaks=frozenset({"te-02", "ch-02", "ch-05"}),
    reason_says="terminat|answer",
    inject=inject,
    in_effect=in_effect,
)
