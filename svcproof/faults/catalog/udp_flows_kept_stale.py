"""UDP flows stay with a backend that is gone."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, past_an_unready_pod, shares


def inject(ground: Ground) -> None:
    ground.lens(timing={"EndpointSlice": {"kept": "never", "protocol": "UDP"}})


def in_effect(ground: Ground) -> Evidence:
    asked = ground.trial.cluster_ip(ground.trial.service(), "datagram")
    node, seen = past_an_unready_pod(ground, asked, after=2.0)
    return Evidence(answered_by(seen)[node] > 0, f"2 s after the pod of {node} left, 40 datagrams: {shares(seen)}")


FAULT = Fault(
    name="udp-flows-kept-stale",
    stands_for="Connection tracking is not cleared for UDP: flows stay with a backend that is gone.",
    layer=Layer.PROXY,
    breaks=frozenset({"pr-02"}),
    reason_says="timed out|lost|refused|answer",
    inject=inject,
    in_effect=in_effect,
    link="https://github.com/kubernetes/kubernetes/issues/91236",
)
