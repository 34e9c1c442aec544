"""Network policies: who may call whom, declared, changed and taken away."""

from __future__ import annotations

from enum import Enum

from svcproof.cluster import services
from svcproof.cluster.api import Object
from svcproof.cluster.transitions import CHANGED
from svcproof.cluster.workloads import PORT
from svcproof.gherkin import parameter
from svcproof.world import World

NAME = "policy"


class Rules(Enum):
    """What a policy says of the pods it selects."""

    DENY = "denies everything to"
    OWN_NAMESPACE = "admits only the own namespace to"
    OTHER_PORTS = "admits only another port to"
    OWN_PORT = "admits only the target port to"
    NOBODY = "admits only addresses that nobody has to"
    NO_EGRESS = "denies egress of"

    @property
    def spec(self) -> dict[str, list[Object]]:
        """The policy's rules by direction."""
        return _SPECS[self]


_SPECS: dict[Rules, dict[str, list[Object]]] = {
    Rules.DENY: {"ingress": []},
    Rules.OWN_NAMESPACE: {"ingress": [{"from": [{"podSelector": {}}]}]},
    Rules.OTHER_PORTS: {"ingress": [{"ports": [{"port": 1, "protocol": "TCP"}]}]},
    Rules.OWN_PORT: {"ingress": [{"ports": [{"port": PORT, "protocol": "TCP"}]}]},
    Rules.NOBODY: {"ingress": [{"from": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.128/25"]}}]}]},
    Rules.NO_EGRESS: {"egress": []},
}


@parameter("PolicyRules", "|".join(rules.value for rules in Rules))
def read_rules(text: str) -> Rules:
    """Read what a policy says of the pods it selects."""
    return Rules(text)


def declare(here: World, rules: Rules, name: str) -> None:
    """Declare a policy for a Deployment's pods."""
    here.traffic.act(f'declares a policy that {rules.value} "{name}"')
    here.sandbox.create(services.network_policy(NAME, {"app": name}, rules.spec))
    here.traffic.mark(CHANGED)


def change(here: World, rules: Rules, name: str) -> None:
    """Replace what the policy says."""
    here.traffic.act(f'changes the policy: it {rules.value} "{name}"')
    spec = services.network_policy(NAME, {"app": name}, rules.spec)["spec"]
    here.api.patch("NetworkPolicy", NAME, here.sandbox.namespace(), {"spec": spec})
    here.traffic.mark(CHANGED)


def delete(here: World) -> None:
    """Take the policy away."""
    here.traffic.act("deletes the policy")
    here.api.delete("NetworkPolicy", NAME, here.sandbox.namespace())
    here.traffic.mark(CHANGED)
