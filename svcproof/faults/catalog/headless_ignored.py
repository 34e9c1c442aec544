"""A headless Service gets an address."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import given


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "headless_ignored"}, resource="/v1/services", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    address = given(ground, clusterIP="None")["clusterIP"]
    return Evidence(address != "None", f"a headless Service is given {address}")


FAULT = Fault(
    name="headless-ignored",
    stands_for="A webhook of another maker knows no headless Services: each gets an address.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-13", "al-14"}),
    reason_says="cluster IP|clusterIP|headless|None|address|label",
    inject=inject,
    in_effect=in_effect,
)
