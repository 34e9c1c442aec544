"""Services that are deleted go on answering."""

from svcproof.cluster.waiting import let_pass
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import QUICK, await_true, fresh_service


def inject(ground: Ground) -> None:
    ground.lens(timing={"Service": {"undying": True}, "EndpointSlice": {"undying": True}})


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground) as made:
        asked = {**ground.trial.node_port(made, ground.victim), "limit": QUICK}
        await_true("a new Service answers", lambda: ground.look("outside", asked)[0].answered, 10)
    let_pass(1.5)  # an unchanged answer is the finding: there is nothing to wait for
    (seen,) = ground.look("outside", asked)
    return Evidence(seen.answered, f"1.5 s after its Service was deleted, the node port: {seen.end}")


FAULT = Fault(
    name="deleted-services-kept",
    stands_for="The proxy misses deletions: the addresses and node ports of deleted Services go on answering.",
    layer=Layer.PROXY,
    breaks=frozenset({"np-06", "cip-12", "lb-10"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
)
