"""The network plug-in enforces a policy as it was first, even when it is gone."""

from svcproof.cluster.waiting import let_pass
from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.sights import between_pods, declared_policy
from svcproof.providers.lab.plan import CONTROL_PLANE
from svcproof.providers.lab.policy_guard import NAME


def inject(ground: Ground) -> None:
    stale = {"stale": "policy"}
    ground.component(CONTROL_PLANE, NAME, lambda guard: guard.reconfigure(config=lambda said: {**said, **stale}))


def in_effect(ground: Ground) -> Evidence:
    with declared_policy(ground, "Ingress"):
        pass
    let_pass(1.0)  # an unchanged end is the finding: there is nothing to wait for
    seen = between_pods(ground)
    return Evidence(
        seen.end == "lost", f"a call between pods 1 s after the policy that denied it was deleted: {seen.end}"
    )


FAULT = Fault(
    name="policies-never-change",
    stands_for="The network plug-in misses changes: a policy goes on as it was first, even when it is deleted.",
    layer=Layer.ADD_ON,
    breaks=frozenset({"npl-05", "npl-09"}),
    reason_says="answer|timed out|lost|policy",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(add_ons=frozenset({"policies"})),
)
