"""The network plug-in accepts policies and enforces none, where a lab has one that can."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs, Unviable
from svcproof.faults.ground import Ground


def inject(_ground: Ground) -> None:
    raise Unviable("no lab has a network plug-in that enforces policies")


def in_effect(_ground: Ground) -> Evidence:
    return Evidence(holds=False, because="nobody enforces policies here")


FAULT = Fault(
    name="policy-not-enforced",
    stands_for="The network plug-in accepts policies and enforces none.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"npl-02", "npl-04"}),
    reason_says="answer|policy",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"policies"})),
)
