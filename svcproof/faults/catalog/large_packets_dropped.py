"""Packets of more than 1,300 bytes do not cross between nodes."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain

LARGEST = 1300


def inject(ground: Ground) -> None:
    drop = [f'iifname "eth0" ip length > {LARGEST} drop', f'iifname "eth0" ip6 length > {LARGEST - 40} drop']
    ground.rules(ground.nodes, [Chain("forward", BEFORE_FILTERS, drop)])


def in_effect(ground: Ground) -> Evidence:
    called = {**ground.trial.pod(ground.victim), "limit": 0.6}
    small, large = ground.look(f"pod@{ground.bystander}", called, {**called, "size": 3000})
    says = f"across nodes a small answer is {small.end}, one of 3,000 bytes {large.end}"
    return Evidence(small.answered and not large.answered, says)


FAULT = Fault(
    name="large-packets-dropped",
    stands_for="The overlay's MTU is too big for the network below it: large packets between nodes vanish.",
    layer=Layer.NETWORK,
    breaks=frozenset({"po-07", "po-10"}),
    reason_says="timed out|lost|bytes|whole|size",
    inject=inject,
    in_effect=in_effect,
)
