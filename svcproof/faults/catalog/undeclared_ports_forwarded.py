"""A Service forwards ports that it does not declare."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground

PORTS = (8080, 8081, 8443, 9090)


def inject(ground: Ground) -> None:
    lies = [{"lie": lie, "port": port} for port in PORTS for lie in ("undeclared_port_open", "undeclared_port_listed")]
    ground.lens(*lies)


def in_effect(ground: Ground) -> Evidence:
    address = ground.trial.service()["spec"]["clusterIP"]
    (seen,) = ground.look(f"pod@{ground.bystander}", {"to": [address, 8080], "protocol": "tcp", "limit": 0.4})
    return Evidence(seen.answered, f"port 8080 of a Service that declares 80 and 81: {seen.end}")


FAULT = Fault(
    name="undeclared-ports-forwarded",
    stands_for="The address of a Service is mapped whole: every port that a backend listens on can be reached.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-07"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
)
