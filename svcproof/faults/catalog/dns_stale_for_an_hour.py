"""DNS answers are cached for an hour."""

import os

from svcproof.cluster.waiting import let_pass
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import full_name, resolve
from svcproof.faults.trial import NAMESPACE

CACHE = """cache 3600 {
            success 9984 3600 3600
            denial 9984 3600 3600
        }
        loadbalance"""


def inject(ground: Ground) -> None:
    ground.corefile(lambda text: text.replace("loadbalance", CACHE, 1))


def in_effect(ground: Ground) -> Evidence:
    name = f"late-{os.urandom(3).hex()}"
    asked = full_name({"metadata": {"name": name}})
    resolve(ground, asked, count=12)  # both replicas have said by now that there is no such name
    ground.trial.service(name, type="ClusterIP")
    let_pass(1.5)  # an unchanged answer is the finding: there is nothing to wait for
    seen = resolve(ground, asked, count=12)
    ground.api.delete("Service", name, NAMESPACE)
    stale = sum(one.code == 3 for one in seen)
    return Evidence(
        stale == len(seen), f"1.5 s after its Service was made, {stale} of {len(seen)} answers know no such name"
    )


FAULT = Fault(
    name="dns-stale-for-an-hour",
    stands_for="A cache keeps the answers of cluster DNS, good and bad, for an hour.",
    layer=Layer.DNS,
    breaks=frozenset({"hl-02", "hl-10", "dns-04"}),
    reason_says="name|resolve|answer|lookup|still|within|convergence",
    inject=inject,
    in_effect=in_effect,
    wait=40,
)
