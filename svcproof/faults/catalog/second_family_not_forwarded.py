"""The proxies serve the first IP family only."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    ground.lens({"lie": "one_family"})


def in_effect(ground: Ground) -> Evidence:
    both = ground.trial.service("both", ipFamilyPolicy="RequireDualStack")
    first, second = ({"to": [address, 80], "protocol": "tcp"} for address in both["spec"]["clusterIPs"])
    return here_but_not_there(ground, {f"pod@{ground.bystander}": second}, {f"pod@{ground.victim}": first})


FAULT = Fault(
    name="second-family-not-forwarded",
    stands_for="The proxy runs for one IP family: the other address of a dual-stack Service is dead.",
    layer=Layer.PROXY,
    breaks=frozenset({"ds-01", "ds-04"}),
    reason_says="refused|timed out|lost|unreachable|answered",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(dual_stack=True),
)
