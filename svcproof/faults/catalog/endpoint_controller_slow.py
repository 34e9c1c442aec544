"""EndpointSlices follow pods only after twenty seconds."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import an_unready_pod
from svcproof.providers.lab.plan import CONTROL_PLANE

SECONDS = 20


def inject(ground: Ground) -> None:
    batch = f"--endpointslice-updates-batch-period={SECONDS}s"
    ground.component(
        CONTROL_PLANE, "kube-controller-manager", lambda it: it.reconfigure(arguments=lambda words: [*words, batch])
    )


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service()
    ground.trial.slices(service["metadata"]["name"])
    address = ground.trial.pod_address(ground.victim)
    with an_unready_pod(ground):
        ready = [
            endpoint["conditions"].get("ready")
            for found in ground.trial.slices(service["metadata"]["name"])
            for endpoint in found.get("endpoints") or []
            if endpoint["addresses"] == [address]
        ]
    return Evidence(
        ready == [True], f"1 s after the pod of {ground.victim} turned unready, its endpoint says ready: {ready}"
    )


FAULT = Fault(
    name="endpoint-controller-slow",
    stands_for="The EndpointSlice controller is overloaded: endpoints follow their pods only after twenty seconds.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset(
        {
            "es-05",
            "es-06",
            "es-08",
            "es-10",
            "ch-25",
            "cip-09",
            "cip-24",
            "sa-08",
            "pn-05",
            "ti-10",
            "cip-28",
            "cip-29",
            "cip-30",
        }
    ),
    reason_says="within|convergence|still|after|endpoint",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
