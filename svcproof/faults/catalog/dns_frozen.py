"""Cluster DNS hears of nothing new."""

from svcproof.cluster.waiting import let_pass
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service, full_name, resolve


def inject(ground: Ground) -> None:
    ground.trial.service()  # what was there before is known
    ground.dns_lens(timing={"Service": {"lag": "never"}, "EndpointSlice": {"lag": "never"}})


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground) as made:
        let_pass(1.0)  # an unchanged answer is the finding: there is nothing to wait for
        new = resolve(ground, full_name(made), count=6)
    missing = sum(one.code == 3 for one in new)
    return Evidence(missing == len(new), f"{missing} of {len(new)} answers know no name of a Service made 1 s ago")


FAULT = Fault(
    name="dns-frozen",
    stands_for="Cluster DNS lost its watch and does not notice: names of new Services are not there.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-05", "dns-16", "en-02", "npl-01"}),
    reason_says="name|resolve|lookup|answer|no such",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
