"""A load balancer lets everybody in."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import QUICK, await_true


def inject(ground: Ground) -> None:
    ground.lens({"lie": "source_ranges_ignored"})


def in_effect(ground: Ground) -> Evidence:
    closed = ground.trial.service("closed", type="LoadBalancer", loadBalancerSourceRanges=["192.0.2.0/24"])
    await_true("an address for a LoadBalancer Service", lambda: bool(ground.trial.balanced(closed)), 15)
    (seen,) = ground.look("outside", {"to": [ground.trial.balanced(closed), 80], "protocol": "tcp", "limit": QUICK})
    return Evidence(
        seen.answered, f"a load balancer for 192.0.2.0/24 only, called from {ground.lab.host_address}: {seen.end}"
    )


FAULT = Fault(
    name="source-ranges-ignored",
    stands_for="The source ranges of a LoadBalancer Service are not enforced: everybody is let in.",
    layer=Layer.PROXY,
    breaks=frozenset({"lb-05"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"metallb"})),
)
