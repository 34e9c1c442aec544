"""Load-balancer addresses are given, and nobody announces them."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import QUICK, await_true


def inject(ground: Ground) -> None:
    ground.change(
        "DaemonSet",
        "speaker",
        "metallb-system",
        lambda _: {"spec": {"template": {"spec": {"nodeSelector": {"svcproof.dev/nowhere": "yes"}}}}},
    )


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service("balanced", type="LoadBalancer")
    await_true("an address for a LoadBalancer Service", lambda: bool(ground.trial.balanced(service)), 15)
    address = ground.trial.balanced(service)
    (seen,) = ground.look("outside", {"to": [address, 80], "protocol": "tcp", "limit": 2 * QUICK})
    return Evidence(not seen.answered, f"the load balancer's address {address}: {seen.end}")


FAULT = Fault(
    name="load-balancer-silent",
    stands_for="The load balancer's speakers are gone: addresses are given, and nobody answers for them.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"lb-01"}),
    reason_says="lost|timed out|unreachable|answered|never",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"metallb"})),
    wait=40,
)
