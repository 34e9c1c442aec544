"""A load balancer sends its traffic to a node without backends."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import QUICK, await_true


def inject(ground: Ground) -> None:
    block = ground.lab.plan.blocks[0]
    there = ["via", ground.address(ground.victim), "dev", ground.lab.plan.host_link]
    for part in block.load_balancers.subnets(prefixlen_diff=1):  # longer than the lab's own route, which stays
        undo = ["sh", "-c", f"ip route delete {part} 2>/dev/null || true"]
        ground.command("host", ["ip", "route", "replace", str(part), *there], undo)


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service("balanced", type="LoadBalancer")
    await_true("an address for a LoadBalancer Service", lambda: bool(ground.trial.balanced(service)), 15)
    address = ground.trial.balanced(service)
    seen = ground.look("outside", *[{"to": [address, 80], "protocol": "tcp", "limit": QUICK}] * 12)
    sources = {one.source for one in seen if one.answered and one.node != ground.victim}
    gate = ground.address(ground.victim)
    return Evidence(
        sources == {gate}, f"what {address} answers came in through {', '.join(sorted(sources)) or 'no node'}"
    )


FAULT = Fault(
    name="load-balancer-announced-from-wrong-node",
    stands_for="A load balancer sends all traffic to one node, though its Service is Local and has no backend there.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"lb-07"}),
    reason_says="lost|timed out|refused|answered|never",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"metallb"})),
)
