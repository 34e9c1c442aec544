"""Packets between nodes are late, and out of order."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground


def inject(ground: Ground) -> None:
    late = ["tc", "qdisc", "replace", "dev", "eth0", "root", "netem", "delay", "600ms", "100ms", "reorder", "25%"]
    for node in ground.nodes:
        ground.command(node, late, ["sh", "-c", "tc qdisc delete dev eth0 root 2>/dev/null || true"])


def in_effect(ground: Ground) -> Evidence:
    (seen,) = ground.look(f"pod@{ground.bystander}", {**ground.trial.pod(ground.victim), "limit": 5.0})
    return Evidence(seen.answered and seen.seconds > 1.0, f"an answer across nodes takes {seen.seconds:.2f} s")


FAULT = Fault(
    name="packets-late",
    stands_for="A tunnel's queue holds packets back: each takes 600 ms between nodes, some overtake others.",
    layer=Layer.NETWORK,
    breaks=frozenset({"cip-01", "np-01"}),
    reason_says="timed out|late|lost",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(netem=True),
)
