"""No node tells a load balancer whether it has endpoints."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground


def inject(ground: Ground) -> None:
    ground.lens({"lie": "health_check_port_closed"})


def in_effect(ground: Ground) -> Evidence:
    balanced = ground.trial.service("balanced", type="LoadBalancer", externalTrafficPolicy="Local")
    port = balanced["spec"]["healthCheckNodePort"]
    (seen,) = ground.look("outside", {"to": [ground.address(ground.victim), port], "protocol": "tcp", "limit": 0.4})
    return Evidence(seen.end == "refused", f"the health check port of {ground.victim}: {seen.end}")


FAULT = Fault(
    name="health-check-port-closed",
    stands_for="The nodes' health check ports are closed: a load balancer cannot tell where the endpoints are.",
    layer=Layer.PROXY,
    breaks=frozenset({"tp-08", "tp-11"}),
    reason_says="health|refused|503|200|answer",
    inject=inject,
    in_effect=in_effect,
)
