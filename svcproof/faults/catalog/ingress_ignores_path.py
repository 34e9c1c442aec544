"""An Ingress sends every request to its first Service."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_ingress


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "path_ignored"}, resource="networking.k8s.io/v1/ingresses")


def in_effect(ground: Ground) -> Evidence:
    rule = admitted_ingress(ground)["spec"]["rules"][0]
    paths = [path["path"] for path in rule["http"]["paths"]]
    return Evidence(paths == ["/"], f"a rule for the paths /one and /two is stored for {paths}")


FAULT = Fault(
    name="ingress-ignores-path",
    stands_for="The Ingress controller does not look at the path: the first one takes everything.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"ing-01-1.2", "ing-02-1.2"}),
    reason_says="answer|host|path|404|backend",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"traefik"})),
)
