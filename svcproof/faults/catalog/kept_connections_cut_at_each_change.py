"""At each endpoint change, standing connections through a Service are cut."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import during_a_change, ends

MILLISECONDS = 200


def inject(ground: Ground) -> None:
    standing = "meta l4proto tcp ct state established ct direction original meta l4proto @moment"
    cut = each_family(ground.lab.plan, f"{standing} ct original {{ip}} daddr {{services}} reject with tcp reset")
    cut += each_family(ground.lab.plan, f"{standing} ct original proto-dst {{port_range}} reject with tcp reset")
    chains = [Chain(hook, BEFORE_FILTERS, cut) for hook in ("forward", "output")]
    ground.rules_at_each_change(chains, MILLISECONDS)


def in_effect(ground: Ground) -> Evidence:
    called = ground.trial.cluster_ip(ground.trial.service())
    talk = {**called, "turns": 60, "pause": 0.025, "limit": 1.0}
    seen = during_a_change(ground, f"pod@{ground.bystander}", [talk] * 3)
    return Evidence(
        any(one.end == "reset" for one in seen), f"three connections that stood through a change: {ends(seen)}"
    )


FAULT = Fault(
    name="kept-connections-cut-at-each-change",
    stands_for="The proxy forgets its connections whenever it synchronises: standing ones through a Service are cut.",
    layer=Layer.PROXY,
    breaks=frozenset({"ch-01", "te-05", "po-09"}),
    reason_says="reset|kept|connection",
    inject=inject,
    in_effect=in_effect,
)
