"""Packets between nodes are late, and out of order."""

from svcproof.adapters.shell import CommandFailed
from svcproof.faults.fault import Evidence, Fault, Layer, Unviable
from svcproof.faults.ground import Ground


def inject(ground: Ground) -> None:
    for node in ground.nodes:
        discipline = [
            "tc",
            "qdisc",
            "replace",
            "dev",
            "eth0",
            "root",
            "netem",
            "delay",
            "600ms",
            "100ms",
            "reorder",
            "25%",
        ]
        remove = ["sh", "-c", "tc qdisc delete dev eth0 root 2>/dev/null || true"]
        try:
            ground.command(node, discipline, remove)
        except CommandFailed as problem:
            raise Unviable("this kernel has no netem: packets cannot be held back") from problem


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
)
