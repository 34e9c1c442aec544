"""Nobody writes the legacy Endpoints."""

from svcproof.cluster.api import NotFound
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service
from svcproof.faults.trial import NAMESPACE
from svcproof.providers.lab.plan import CONTROL_PLANE

WITHOUT = "--controllers=*,-endpoints-controller"


def inject(ground: Ground) -> None:
    ground.component(
        CONTROL_PLANE, "kube-controller-manager", lambda it: it.reconfigure(arguments=lambda words: [*words, WITHOUT])
    )


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground) as made:
        slices = ground.trial.slices(made["metadata"]["name"])
        try:
            there = bool(ground.api.get("Endpoints", made["metadata"]["name"], NAMESPACE).get("subsets"))
        except NotFound:
            there = False
    says = f"a new Service has {len(slices)} EndpointSlices, and {'its' if there else 'no'} Endpoints"
    return Evidence(bool(slices) and not there, says)


FAULT = Fault(
    name="legacy-endpoints-stale",
    stands_for="The Endpoints controller does not run: programs that read Endpoints find none.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"es-15"}),
    reason_says="Endpoints|endpoint",
    inject=inject,
    in_effect=in_effect,
    wait=30,
)
