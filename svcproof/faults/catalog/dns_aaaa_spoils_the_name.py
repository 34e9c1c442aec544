"""A question for the address of the other family is answered with "no such name"."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import full_name, resolve

NEVER = """template IN AAAA cluster.local {
            rcode NXDOMAIN
        }
        loadbalance"""


def inject(ground: Ground) -> None:
    ground.corefile(lambda text: text.replace("loadbalance", NEVER, 1))


def in_effect(ground: Ground) -> Evidence:
    name = full_name(ground.trial.service())
    seen = resolve(ground, name, "AAAA", count=10)
    spoilt = sum(one.code == 3 for one in seen)
    return Evidence(
        spoilt == len(seen), f"{spoilt} of {len(seen)} answers about AAAA {name} say that the name does not exist"
    )


FAULT = Fault(
    name="dns-aaaa-spoils-the-name",
    stands_for="The absence of an IPv6 address is answered as if the name did not exist: some resolvers then give up.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-11"}),
    reason_says="AAAA|name|NXDOMAIN|no such|lookup",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
