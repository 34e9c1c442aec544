"""Every service proxy hangs with old rules."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import unaware


def inject(ground: Ground) -> None:
    ground.components(ground.nodes, "kube-proxy", lambda proxy: proxy.freeze())


def in_effect(ground: Ground) -> Evidence:
    return unaware(ground, ground.nodes)


FAULT = Fault(
    name="proxy-frozen-everywhere",
    stands_for="Every service proxy hangs: its process lives, its rules are those of an hour ago.",
    layer=Layer.PROXY,
    breaks=frozenset(
        {
            "src-01",
            "src-02",
            "cip-01",
            "cip-10",
            "lb-04",
            "lb-09",
            "np-04",
            "np-12",
            "dns-08",
            "dns-14",
            "ti-05",
            "ti-09",
            "cip-31",
            "ti-12",
            "ti-13",
            "ti-18",
            "ti-20",
        }
    ),
    reason_says="refused|timed out|never|unreachable|lost|answer",
    inject=inject,
    in_effect=in_effect,
)
