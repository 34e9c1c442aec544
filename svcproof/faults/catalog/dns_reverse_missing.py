"""Cluster DNS has no PTR records."""

from ipaddress import ip_address

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import resolve

NONE = """template IN PTR {
            rcode NXDOMAIN
        }
        loadbalance"""


def inject(ground: Ground) -> None:
    ground.corefile(lambda text: text.replace("loadbalance", NONE, 1))


def in_effect(ground: Ground) -> Evidence:
    name = ip_address(ground.trial.service()["spec"]["clusterIP"]).reverse_pointer
    seen = resolve(ground, name, "PTR", count=10)
    missing = sum(one.answered and not one.found for one in seen)
    return Evidence(missing == len(seen), f"{missing} of {len(seen)} answers about PTR {name} are empty")


FAULT = Fault(
    name="dns-reverse-missing",
    stands_for="Cluster DNS does not serve the reverse zones: addresses have no names.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-10"}),
    reason_says="PTR|record|lookup|name|answer",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
