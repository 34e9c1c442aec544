"""The name of a headless Service gives addresses that are not its pods'."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import full_name, resolve


def inject(ground: Ground) -> None:
    ground.dns_lens({"lie": "address_shifted"})


def in_effect(ground: Ground) -> Evidence:
    headless = ground.trial.service("headless", type="ClusterIP", clusterIP="None")
    pods = {ground.trial.pod_address(node) for node in ground.nodes}
    (seen,) = resolve(ground, full_name(headless))
    wrong = bool(seen.found) and not set(seen.found) & pods
    return Evidence(
        wrong, f"the pods are at {', '.join(sorted(pods))}; the name gives {', '.join(seen.found) or seen.end}"
    )


FAULT = Fault(
    name="dns-wrong-address-for-headless",
    stands_for="Cluster DNS gives addresses of a headless Service that no pod of it has.",
    layer=Layer.DNS,
    breaks=frozenset({"hl-01", "hl-02", "hl-03", "hl-04", "hl-10"}),
    reason_says="address|resolve|answer|name|lookup|timed out|no way",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
