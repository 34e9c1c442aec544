"""One of two DNS replicas does not answer."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain
from svcproof.faults.sights import ends, full_name, resolve


def inject(ground: Ground) -> None:
    pods = ground.api.list("Pod", "kube-system", labels="k8s-app=kube-dns")
    ready = sorted(pod["status"]["podIP"] for pod in pods if "deletionTimestamp" not in pod["metadata"])
    family = "ip6" if ":" in ready[0] else "ip"
    drop = f"{family} daddr {ready[0]} meta l4proto {{ tcp, udp }} th dport 53 drop"
    ground.rules(ground.nodes, [Chain(hook, BEFORE_FILTERS, [drop]) for hook in ("forward", "output")])


def in_effect(ground: Ground) -> Evidence:
    seen = resolve(ground, full_name(ground.trial.service()), count=40)
    lost = sum(one.end == "lost" for one in seen)
    return Evidence(0 < lost < 40, f"40 questions to cluster DNS: {ends(seen)}")


FAULT = Fault(
    name="dns-replica-silent",
    stands_for="One of two DNS replicas hangs while its health check answers: half the questions are lost.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-01", "dns-15"}),
    reason_says="name|resolve|timed out|lost|lookup|dns",
    inject=inject,
    in_effect=in_effect,
)
