"""A load balancer sends its traffic to a node without backends."""

from svcproof.adapters import shell
from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground


def inject(ground: Ground) -> None:
    block = ground.lab.plan.blocks[0]
    there = ["via", ground.address(ground.victim), "dev", ground.lab.plan.host_link]
    for part in block.load_balancers.subnets(prefixlen_diff=1):  # longer than the lab's own route, which stays
        undo = ["sh", "-c", f"ip route delete {part} 2>/dev/null || true"]
        ground.command("host", ["ip", "route", "replace", str(part), *there], undo)


def in_effect(ground: Ground) -> Evidence:
    address = str(ground.lab.plan.blocks[0].load_balancers[9])
    route = shell.run(["ip", "route", "get", address], timeout=5).stdout.strip().partition("\n")[0]
    return Evidence(f"via {ground.address(ground.victim)} " in route, f"from outside, {route}")


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
