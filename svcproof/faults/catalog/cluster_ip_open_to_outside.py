"""The machines outside reach cluster IPs."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import QUICK


def inject(ground: Ground) -> None:
    block = ground.lab.plan.blocks[0]
    way = ["ip", "route", "replace"]
    there = ["via", ground.address(ground.bystander), "dev", ground.lab.plan.host_link]
    for part in block.services.subnets(prefixlen_diff=1):  # longer than the route that leads nowhere, which stays
        ground.command("host", [*way, str(part), *there], ["sh", "-c", f"ip route delete {part} 2>/dev/null || true"])


def in_effect(ground: Ground) -> Evidence:
    (seen,) = ground.look("outside", {**ground.trial.cluster_ip(ground.trial.service()), "limit": QUICK})
    return Evidence(seen.answered, f"a cluster IP called from outside: {seen.end}")


FAULT = Fault(
    name="cluster-ip-open-to-outside",
    stands_for="A router outside has a route for the service range: cluster IPs are reached from anywhere.",
    layer=Layer.NETWORK,
    breaks=frozenset({"cip-05", "lb-02", "ing-04"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
)
