"""Names that nobody has get an address."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import full_name, resolve

PORT = 5300


KNOWS_ALL = f"""
.:{PORT} {{{{
    template IN A {{{{
        answer "{{{{{{{{ .Name }}}}}}}} 30 IN A {{outside}}"
    }}}}
    template ANY ANY {{{{
        rcode NOERROR
    }}}}
}}}}
"""


def _answering(ground: Ground, text: str) -> str:
    """Hand on what the cluster does not know to a server block that knows everything."""
    asked = text.replace("ttl 30", "ttl 30\n            fallthrough", 1)
    asked = asked.replace("loadbalance\n", f"loadbalance\n        forward . 127.0.0.1:{PORT}\n", 1)
    return asked + KNOWS_ALL.format(outside=ground.lab.host_address)


def inject(ground: Ground) -> None:
    ground.corefile(lambda text: _answering(ground, text))


def in_effect(ground: Ground) -> Evidence:
    nobody = full_name({"metadata": {"name": "nobody-has-this-name"}})
    seen = resolve(ground, nobody, count=10)
    found = sum(bool(one.found) for one in seen)
    return Evidence(found == len(seen), f"{found} of {len(seen)} answers give {nobody} an address")


FAULT = Fault(
    name="dns-foreign-name-answered",
    stands_for="A provider's DNS answers for names that do not exist with the address of its search page.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-02", "dns-03", "dns-04", "dns-07"}),
    reason_says="name|resolve|answer|lookup|no such",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
