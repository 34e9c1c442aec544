"""Under the external traffic policy Local the backend sees its node's address."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import Chain, each_family


def inject(ground: Ground) -> None:
    rewrite = each_family(ground.lab.plan, "{ip} saddr {host} {ip} daddr {pods} masquerade")
    ground.rules(ground.nodes, [Chain("postrouting", 90, rewrite, "nat")])


def in_effect(ground: Ground) -> Evidence:
    local = ground.trial.service("local", externalTrafficPolicy="Local")
    (seen,) = ground.look("outside", ground.trial.node_port(local, ground.victim))
    outside = ground.lab.host_address
    return Evidence(seen.answered and seen.source != outside, f"{outside} is seen as {seen.source or seen.end}")


FAULT = Fault(
    name="outside-source-rewritten",
    stands_for="The source of outside traffic is rewritten although the external traffic policy is Local.",
    layer=Layer.PROXY,
    breaks=frozenset({"tp-01", "lb-07"}),
    reason_says="address|source|saw|seen",
    inject=inject,
    in_effect=in_effect,
)
