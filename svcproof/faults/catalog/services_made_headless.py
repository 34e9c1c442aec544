"""Every ClusterIP Service becomes headless."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import given


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "made_headless"}, resource="/v1/services", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    address = given(ground)["clusterIP"]
    return Evidence(address == "None", f"a Service that asks for no address is given {address}")


FAULT = Fault(
    name="services-made-headless",
    stands_for="A service mesh's webhook makes every Service headless: none has an address of its own.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-04-1.1", "al-11"}),
    reason_says="cluster IP|clusterIP|None|address",
    inject=inject,
    in_effect=in_effect,
)
