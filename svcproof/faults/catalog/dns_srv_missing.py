"""Cluster DNS has no SRV records."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import full_name, resolve

NONE = """template IN SRV {
            rcode NOERROR
        }
        loadbalance"""


def inject(ground: Ground) -> None:
    ground.corefile(lambda text: text.replace("loadbalance", NONE, 1))


def in_effect(ground: Ground) -> Evidence:
    name = f"_first._tcp.{full_name(ground.trial.service())}"
    seen = resolve(ground, name, "SRV", count=10)
    missing = sum(one.answered and not one.found for one in seen)
    return Evidence(missing == len(seen), f"{missing} of {len(seen)} answers about SRV {name} are empty")


FAULT = Fault(
    name="dns-srv-missing",
    stands_for="Cluster DNS gives no SRV records: ports cannot be found by name.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-09", "hl-08"}),
    reason_says="SRV|record|lookup|name|answer",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
