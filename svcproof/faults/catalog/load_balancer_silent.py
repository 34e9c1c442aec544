"""Load-balancer addresses are given, and nobody announces them."""

from contextlib import suppress

from svcproof.cluster.api import Object
from svcproof.cluster.waiting import NotConverged
from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import QUICK, await_true, fresh_service


def inject(ground: Ground) -> None:
    ground.change(
        "DaemonSet",
        "speaker",
        "metallb-system",
        lambda _: {"spec": {"template": {"spec": {"nodeSelector": {"svcproof.dev/nowhere": "yes"}}}}},
    )
    await_true("the speakers gone", lambda: not _speakers(ground), 30)
    for block in ground.lab.plan.blocks:  # whom the outside knows already it would go on calling for minutes
        ground.command("host", ["ip", "neighbour", "flush", "to", str(block.load_balancers)], ["true"])


def _speakers(ground: Ground) -> list[Object]:
    return ground.api.list("Pod", "metallb-system", labels="component=speaker")


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground, type="LoadBalancer") as service:
        await_true("an address for a LoadBalancer Service", lambda: bool(ground.trial.balanced(service)), 15)
        address = ground.trial.balanced(service)
        called = {"to": [address, 80], "protocol": "tcp", "limit": QUICK}
        answered = False
        with suppress(NotConverged):  # that nobody answers in time is the finding
            await_true("an answer", lambda: ground.look("outside", called)[0].answered, 4)
            answered = True
    return Evidence(not answered, f"{address}, just given to a Service, {'answers' if answered else 'does not answer'}")


FAULT = Fault(
    name="load-balancer-silent",
    stands_for="The load balancer's speakers are gone: addresses are given, and nobody answers for them.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"lb-01"}),
    reason_says="lost|timed out|unreachable|no way|answered|never",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"metallb"})),
    wait=40,
)
