"""A Service without endpoints is answered by somebody else."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import DEFAULT_BACKEND_PORT, Ground
from svcproof.faults.rules import AFTER_SERVICES, Chain, each_family
from svcproof.faults.sights import without_endpoints


def inject(ground: Ground) -> None:
    for node in ground.nodes:
        ground.start("default_backend", {"port": DEFAULT_BACKEND_PORT}, node)
    taken = each_family(
        ground.lab.plan,
        f"{{ip}} daddr {{services}} meta l4proto tcp redirect to :{DEFAULT_BACKEND_PORT}",
        f"{{ip}} daddr {{nodes}} tcp dport {{port_range}} redirect to :{DEFAULT_BACKEND_PORT}",
    )
    ground.rules(ground.nodes, [Chain("prerouting", AFTER_SERVICES, taken, kind="nat")])


def in_effect(ground: Ground) -> Evidence:
    end = without_endpoints(ground)
    told = "answered by somebody who is no pod" if end == "wrong" else end
    return Evidence(end == "wrong", f"a call to a Service without endpoints is {told}")


FAULT = Fault(
    name="empty-services-answered",
    stands_for="A mesh's default backend answers for Services without endpoints: its page looks like success.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-18", "cip-20", "cip-27", "cip-33", "ti-08", "ti-19"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
)
