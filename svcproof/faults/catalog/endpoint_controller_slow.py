"""EndpointSlices follow pods only after twenty seconds."""

from contextlib import suppress

from svcproof.cluster.waiting import NotConverged
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import an_unready_pod, await_true
from svcproof.providers.lab.plan import CONTROL_PLANE

SECONDS = 20


def inject(ground: Ground) -> None:
    batch = f"--endpointslice-updates-batch-period={SECONDS}s"
    ground.component(
        CONTROL_PLANE, "kube-controller-manager", lambda it: it.reconfigure(arguments=lambda words: [*words, batch])
    )


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service()["metadata"]["name"]
    address = ground.trial.pod_address(ground.victim)

    def listed() -> list[bool]:
        endpoints = [one for found in ground.trial.slices(service) for one in found.get("endpoints") or []]
        return [one["conditions"].get("ready") for one in endpoints if one["addresses"] == [address]]

    with suppress(NotConverged):  # what an earlier look changed is followed late, too
        await_true("the pod's endpoint ready", lambda: listed() == [True], SECONDS + 5)
    with an_unready_pod(ground):
        ready = listed()
    says = f"1 s after the pod of {ground.victim} turned unready, its endpoint says ready: {ready}"
    return Evidence(ready == [True], says)


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
    wait=60,
)
