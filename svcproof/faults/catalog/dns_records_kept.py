"""The names of deleted Services go on resolving."""

from svcproof.cluster.waiting import let_pass
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import await_true, fresh_service, full_name, resolve


def inject(ground: Ground) -> None:
    ground.dns_lens(timing={"Service": {"undying": True}, "EndpointSlice": {"undying": True}})


def in_effect(ground: Ground) -> Evidence:
    with fresh_service(ground) as made:
        name = full_name(made)
        await_true("a new name resolves", lambda: all(one.found for one in resolve(ground, name, count=6)), 10)
    let_pass(1.0)  # an unchanged answer is the finding: there is nothing to wait for
    (seen,) = resolve(ground, name)
    return Evidence(
        bool(seen.found), f"1 s after its Service was deleted, the name gives {', '.join(seen.found) or 'nothing'}"
    )


FAULT = Fault(
    name="dns-records-kept",
    stands_for="Cluster DNS misses deletions: the names of deleted Services go on resolving.",
    layer=Layer.DNS,
    breaks=frozenset({"dns-04"}),
    reason_says="name|resolve|still|lookup|answer",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
