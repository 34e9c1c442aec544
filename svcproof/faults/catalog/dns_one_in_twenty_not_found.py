"""One question in twenty is answered with "no such name"."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import full_name, resolve

ZONES = "cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {"
UNLUCKY = f"""{ZONES}
    view unlucky {{
        expr id() % 20 == 0
    }}
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def inject(ground: Ground) -> None:
    ground.corefile(lambda text: UNLUCKY + text if ZONES in text else text)


def in_effect(ground: Ground) -> Evidence:
    seen = resolve(ground, full_name(ground.trial.service()), count=200)
    missing = sum(one.code == 3 for one in seen)
    return Evidence(0 < missing < 100, f"{missing} of 200 answers know no such name")


FAULT = Fault(
    name="dns-one-in-twenty-not-found",
    stands_for="A race in the resolver's path: one question in twenty is answered with NXDOMAIN.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-15", "dns-01", "src-04"}),
    reason_says="name|resolve|NXDOMAIN|bad address|lookup",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
