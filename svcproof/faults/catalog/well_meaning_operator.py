"""An operator makes Services, pods and endpoints that nobody asked for."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service
from svcproof.providers.lab.plan import CONTROL_PLANE


def inject(ground: Ground) -> None:
    values = {"upstream": ground.upstream(), "image": ground.lab.images["pause"]}
    ground.start("meddler", values, CONTROL_PLANE)


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground, selector=None) as made:
        found = ground.trial.slices(made["metadata"]["name"])
    return Evidence(bool(found), f"a Service without a selector is given {len(found)} EndpointSlices")


FAULT = Fault(
    name="well-meaning-operator",
    stands_for="An operator makes what it misses: a Service for a Deployment, a pod or endpoints for a Service.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-07", "al-08", "es-17"}),
    reason_says="pod|Service|endpoint|slice|nothing|made|lists",
    inject=inject,
    in_effect=in_effect,
)
