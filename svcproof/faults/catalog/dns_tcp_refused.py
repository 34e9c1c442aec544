"""Cluster DNS answers over UDP only."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import full_name, resolve


def inject(ground: Ground) -> None:
    refuse = each_family(ground.lab.plan, "{ip} daddr {pods} tcp dport 53 reject with tcp reset")
    ground.rules(ground.nodes, [Chain(hook, BEFORE_FILTERS, refuse) for hook in ("forward", "output")])


def in_effect(ground: Ground) -> Evidence:
    name = full_name(ground.trial.service())
    (tcp,), (udp,) = (resolve(ground, name, transport=transport) for transport in ("tcp", "udp"))
    return Evidence(udp.answered and tcp.end == "refused", f"DNS over UDP: {udp.end}; over TCP: {tcp.end}")


FAULT = Fault(
    name="dns-tcp-refused",
    stands_for="A firewall knows of DNS over UDP only: large answers, which come over TCP, cannot be had.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-01-1.4"}),
    reason_says="tcp|refused",
    inject=inject,
    in_effect=in_effect,
)
