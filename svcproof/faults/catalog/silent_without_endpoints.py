"""A Service without endpoints is silent, where it should refuse."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import without_endpoints


def inject(ground: Ground) -> None:
    passing = each_family(ground.lab.plan, "{ip} daddr {services} drop")
    arriving = each_family(ground.lab.plan, "{ip} daddr {nodes} tcp dport {port_range} drop")
    chains = [Chain(hook, BEFORE_FILTERS, passing) for hook in ("forward", "output")]
    ground.rules(ground.nodes, [*chains, Chain("input", BEFORE_FILTERS, arriving)])


def in_effect(ground: Ground) -> Evidence:
    end = without_endpoints(ground)
    return Evidence(end == "lost", f"a call to a Service without endpoints is {end}")


FAULT = Fault(
    name="silent-without-endpoints",
    stands_for="A firewall swallows what has no endpoint: callers wait in vain, where they should be refused at once.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-18", "cip-19", "cip-20", "ch-03", "ti-22", "cip-33"}),
    reason_says="timed out|lost|refused",
    inject=inject,
    in_effect=in_effect,
)
