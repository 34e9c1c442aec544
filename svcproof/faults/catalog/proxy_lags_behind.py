"""The service proxies follow a change only after twenty seconds."""

from typing import Any

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service_reaches

SECONDS = 20


def inject(ground: Ground) -> None:
    def rarely(config: dict[str, Any]) -> dict[str, Any]:
        mode = ground.lab.plan.proxy_mode
        return {**config, mode: {**config.get(mode, {}), "minSyncPeriod": f"{SECONDS}s"}}

    ground.components(ground.nodes, "kube-proxy", lambda proxy: proxy.reconfigure(config=rarely))


def in_effect(ground: Ground) -> Evidence:
    fresh_service_reaches(ground)  # the first change after a quiet time is followed at once
    _, silent = fresh_service_reaches(ground)
    return Evidence(silent == set(ground.nodes), f"2.5 s after a second change {len(silent)} nodes do not know of it")


FAULT = Fault(
    name="proxy-lags-behind",
    stands_for="Synchronising takes so long in a big cluster that rules follow a change only after twenty seconds.",
    layer=Layer.PROXY,
    breaks=frozenset(
        {
            "ch-25",
            "ch-03",
            "cip-09",
            "np-06",
            "np-05",
            "cip-12",
            "cip-20",
            "cip-26",
            "es-20",
            "es-23",
            "scale-02",
            "ch-36",
        }
    ),
    reason_says="convergence|within|still|after",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
