"""What belonged to a deleted Service stays."""

from svcproof.cluster.waiting import let_pass
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service
from svcproof.faults.trial import NAMESPACE
from svcproof.providers.lab.plan import CONTROL_PLANE

WITHOUT = "--controllers=*,-garbage-collector-controller"


def inject(ground: Ground) -> None:
    ground.component(
        CONTROL_PLANE, "kube-controller-manager", lambda it: it.reconfigure(arguments=lambda words: [*words, WITHOUT])
    )


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground) as made:
        before = ground.trial.slices(made["metadata"]["name"])
    let_pass(2.0)  # that nothing happens is the finding: there is nothing to wait for
    left = ground.api.list("EndpointSlice", NAMESPACE, labels=f"kubernetes.io/service-name={made['metadata']['name']}")
    says = f"2 s after its Service was deleted, {len(left)} of {len(before)} EndpointSlices are there"
    return Evidence(bool(before) and len(left) == len(before), says)


FAULT = Fault(
    name="garbage-not-collected",
    stands_for="The garbage collector does not run: the EndpointSlices of deleted Services stay.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"es-14"}),
    reason_says="slice|left|still|endpoint",
    inject=inject,
    in_effect=in_effect,
    wait=30,
)
