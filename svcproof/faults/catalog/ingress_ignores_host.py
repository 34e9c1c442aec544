"""An Ingress sends every request to its first Service."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_ingress


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "host_ignored"}, resource="networking.k8s.io/v1/ingresses")


def in_effect(ground: Ground) -> Evidence:
    rule = admitted_ingress(ground)["spec"]["rules"][0]
    host = rule.get("host", "")
    return Evidence(not host, f"a rule for one.example is stored for {host or 'every host'}")


FAULT = Fault(
    name="ingress-ignores-host",
    stands_for="The Ingress controller does not look at the host: the first rule takes everything.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"ing-01", "ing-02-1.1", "ing-03"}),
    reason_says="answer|host|path|404|backend",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"traefik"})),
)
