"""The proxies take Services that are labelled for another proxy."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import QUICK
from svcproof.faults.trial import LABELS


def inject(ground: Ground) -> None:
    ground.lens(unselective=True)


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service("other", labels={**LABELS, "service.kubernetes.io/service-proxy-name": "another"})
    (seen,) = ground.look(f"pod@{ground.bystander}", {**ground.trial.cluster_ip(service), "limit": QUICK})
    return Evidence(seen.answered, f"a Service labelled for another proxy: {seen.end}")


FAULT = Fault(
    name="other-proxies-services-taken",
    stands_for="The proxy does not heed the label that gives a Service to another proxy.",
    layer=Layer.PROXY,
    breaks=frozenset({"hl-09"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
)
