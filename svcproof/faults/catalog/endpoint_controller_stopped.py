"""Nobody writes EndpointSlices."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service
from svcproof.providers.lab.plan import CONTROL_PLANE

WITHOUT = "--controllers=*,-endpointslice-controller,-endpointslice-mirroring-controller"


def inject(ground: Ground) -> None:
    ground.component(
        CONTROL_PLANE, "kube-controller-manager", lambda it: it.reconfigure(arguments=lambda words: [*words, WITHOUT])
    )


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground) as made:
        found = ground.trial.slices(made["metadata"]["name"])
    return Evidence(not found, f"2 s after a Service was made it has {len(found)} EndpointSlices")


FAULT = Fault(
    name="endpoint-controller-stopped",
    stands_for="The EndpointSlice controllers do not run: no change of pods or Services reaches anybody.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"es-01", "es-18", "es-22"}),
    reason_says="endpoint|slice|within|never|ready",
    inject=inject,
    in_effect=in_effect,
    wait=30,
)
