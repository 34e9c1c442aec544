"""What credentials must be allowed to do for the chosen scenarios."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Permission:
    """These verbs on one resource ("pods/exec" is a subresource); *group* is "" for the core group."""

    verbs: tuple[str, ...]
    group: str
    resource: str

    def __str__(self) -> str:
        return f"{', '.join(self.verbs)} {self.resource}{f'.{self.group}' if self.group else ''}"


_CHANGE = ("create", "get", "list", "watch", "patch", "update", "delete")
_LOOK = ("get", "list", "watch")

ALWAYS = (
    Permission(("create", "get", "list", "delete"), "", "namespaces"),
    Permission(_CHANGE, "", "pods"),
    Permission(("get",), "", "pods/log"),
    Permission(_CHANGE, "", "services"),
    Permission(("create", "get", "list", "watch"), "", "configmaps"),
    Permission(("list",), "", "events"),
    Permission(("get", "list"), "", "nodes"),
    Permission(_CHANGE, "apps", "deployments"),
    Permission(("patch",), "apps", "deployments/scale"),
    Permission(_LOOK, "discovery.k8s.io", "endpointslices"),
)

WELCOME = (
    Permission(("deletecollection",), "", "pods"),
    Permission(("list",), "apps", "daemonsets"),
    Permission(("list",), "networking.k8s.io", "ingresses"),
    Permission(("list",), "networking.k8s.io", "ingressclasses"),
    Permission(("list",), "networking.k8s.io", "networkpolicies"),
    Permission(("list",), "networking.k8s.io", "servicecidrs"),
    Permission(("list",), "rbac.authorization.k8s.io", "clusterroles"),
    Permission(("list",), "rbac.authorization.k8s.io", "clusterrolebindings"),
    Permission(("list",), "admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    Permission(("list",), "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    Permission(("list",), "apiextensions.k8s.io", "customresourcedefinitions"),
)
"""What is asked for where it may be, and left out where not: the cluster's facts, evidence, what runs have left."""

_BY_NEED = {
    "exec": (Permission(("create", "get"), "", "pods/exec"),),
    "drain": (Permission(("patch",), "", "nodes"), Permission(("create",), "", "pods/eviction")),
    "ingress": (
        Permission(("list",), "networking.k8s.io", "ingressclasses"),
        Permission(_CHANGE, "networking.k8s.io", "ingresses"),
        Permission(("create",), "", "secrets"),
    ),
    "network-policy": (Permission(_CHANGE, "networking.k8s.io", "networkpolicies"),),
}

_BY_WORD = {
    r"\bStatefulSet\b": Permission(_CHANGE, "apps", "statefulsets"),
    r"\bIngress\b": Permission(_CHANGE, "networking.k8s.io", "ingresses"),
    r"\bNetworkPolicy\b|network policy": Permission(_CHANGE, "networking.k8s.io", "networkpolicies"),
    r"\bServiceCIDR\b|service range": Permission(_CHANGE, "networking.k8s.io", "servicecidrs"),
    r"\bIPAddress\b": Permission(_LOOK, "networking.k8s.io", "ipaddresses"),
    r"\bEndpoints\b": Permission(_CHANGE, "", "endpoints"),
    r"this EndpointSlice|An? EndpointSlice of|EndpointSlice of .* is deleted|an EndpointSlice|lists? the backends": (
        Permission(("create", "update", "patch", "delete"), "discovery.k8s.io", "endpointslices")
    ),
    r"nginx-with-tls|certificate": Permission(("create",), "", "secrets"),
    r"\bgated\b|that no node runs": Permission(("patch",), "", "pods/status"),
    r"the sample \"": Permission(("create", "get", "patch"), "", "configmaps"),
    r"API server's proxy": Permission(("create", "get"), "", "services/proxy"),
    r"backend of .* outside the cluster": Permission(("create",), "discovery.k8s.io", "endpointslices"),
    r"host-network backend": Permission(("patch",), "", "namespaces"),
    r"may be evicted": Permission(("create", "get"), "policy", "poddisruptionbudgets"),
}
"""What a scenario's sentences tell of the objects it touches, beside those that all touch."""


def needed(needs: Iterable[str], sentences: Iterable[str]) -> list[Permission]:
    """Return what scenarios with these needs and sentences must be allowed to do, each permission once."""
    found = dict.fromkeys(ALWAYS)
    for need in sorted(set(needs)):
        found.update(dict.fromkeys(_BY_NEED.get(need, ())))
    text = "\n".join(sentences)
    found.update((permission, None) for word, permission in _BY_WORD.items() if re.search(word, text))
    return list(found)


class Line(Protocol):
    """One step: its sentence, and the table or text below it."""

    @property
    def name(self) -> str: ...
    @property
    def below(self) -> str: ...


class Chosen(Protocol):
    """One scenario that was chosen: the capabilities it needs, and its steps."""

    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def steps(self) -> Sequence[Line]: ...


def of(scenarios: Iterable[Chosen]) -> list[Permission]:
    """Return what these scenarios must be allowed to do."""
    chosen = list(scenarios)
    return needed(
        (need for one in chosen for need in one.needs),
        (f"{line.name} {line.below}" for one in chosen for line in one.steps),
    )


def cluster_role(permissions: Iterable[Permission], name: str = "svcproof") -> dict[str, Any]:
    """Return the ClusterRole that grants exactly these, with the verbs of one resource together."""
    verbs: dict[tuple[str, str], dict[str, None]] = {}
    for one in permissions:
        verbs.setdefault((one.group, one.resource), {}).update(dict.fromkeys(one.verbs))
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {"apiGroups": [group], "resources": [resource], "verbs": sorted(found)}
            for (group, resource), found in sorted(verbs.items())
        ],
    }
