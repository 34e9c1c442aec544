"""The Ingress controller serves every Ingress, whatever its class."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_ingress


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "class_ignored", "instead": "traefik"}, resource="networking.k8s.io/v1/ingresses")


def in_effect(ground: Ground) -> Evidence:
    found = admitted_ingress(ground, "nobodys")["spec"].get("ingressClassName")
    return Evidence(found == "traefik", f"an Ingress of the class nobodys is stored with the class {found}")


FAULT = Fault(
    name="ingress-class-ignored",
    stands_for="The Ingress controller takes every Ingress, also those of a class that is not its own.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"al-28"}),
    reason_says="given|address|class|status",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"traefik"})),
)
