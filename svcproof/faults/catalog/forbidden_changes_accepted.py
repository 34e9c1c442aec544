"""What may not be changed is changed back in silence, where the change must be refused."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import changed

FIELDS = ["clusterIP", "clusterIPs", "ipFamilies", "loadBalancerClass", "healthCheckNodePort"]


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "changes_reverted", "fields": FIELDS}, resource="/v1/services", operations=["UPDATE"])


def in_effect(ground: Ground) -> Evidence:
    reply = changed(ground, {"spec": {"clusterIP": "192.0.2.1", "clusterIPs": None}})
    return Evidence(reply.accepted, f"a change of the cluster IP is {'accepted' if reply.accepted else 'refused'}")


FAULT = Fault(
    name="forbidden-changes-accepted",
    stands_for="A webhook reverts changes of what may not change: the caller is told that they were made.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"va-16", "va-19", "va-26"}),
    reason_says="refus|accept|wanted|Invalid|change",
    inject=inject,
    in_effect=in_effect,
)
