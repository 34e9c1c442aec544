"""What NetworkPolicies say, as the text of an nftables table: the same on every node, whoever is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

Object = dict[str, Any]

TABLE = "svcproof_policies"
DIRECTIONS = ("Ingress", "Egress")

AFTER_SERVICES = -10
"""Addresses are the endpoints' by now, and a caller's source is still its own."""

REMOVAL = f"add table inet {TABLE}\ndelete table inet {TABLE}\n"
"""Deletes the table, whether it is there or not."""


@dataclass(frozen=True)
class Cluster:
    """What policies select from: the pods and the namespaces, as the API has them."""

    pods: Sequence[Object]
    namespaces: Sequence[Object]

    def selected(self, selector: Object, namespaces: Iterable[str]) -> list[Object]:
        """Return the pods that a selector selects in these namespaces; a pod on its node's network is none."""
        wanted = set(namespaces)
        return [pod for pod in self.pods if pod["metadata"]["namespace"] in wanted and _is_pod(pod, selector)]

    def named(self, selector: Object) -> list[str]:
        """Return the names of the namespaces that a selector selects."""
        return [one["metadata"]["name"] for one in self.namespaces if _matches(selector, _labels(one))]


def table(policies: Sequence[Object], cluster: Cluster, directions: Sequence[str] = DIRECTIONS) -> str:
    """Return the text that makes the table anew, so that it says what the policies say; none leave no table.

    A pod that some policy selects for a direction is isolated in it: what no such policy admits is dropped. Answers are
    let through, and so is what a pod sends itself. Kubernetes' own words: NetworkPolicy, networking.k8s.io/v1.
    """
    chains: list[str] = []
    jumps: list[str] = []
    for number, (pod, direction, selecting) in enumerate(_isolated(policies, cluster, directions)):
        rules = [rule for policy in selecting for rule in _admitted(policy, direction, pod, cluster)]
        own = [line for address in _addresses(pod) for line in _side(direction, [address])]
        lines = "".join(f"  {line}\n" for line in [*(f"{one} return" for one in own), *rules, "drop"])
        chains.append(f" chain pod_{number} {{\n{lines} }}\n")
        towards = "daddr" if direction == "Ingress" else "saddr"
        jumps += [f"{_family(address)} {towards} {address} jump pod_{number}" for address in _addresses(pod)]
    if not jumps:
        return REMOVAL
    hook = f"type filter hook forward priority {AFTER_SERVICES}; policy accept;"
    lines = "".join(f"  {line}\n" for line in [hook, "ct state established,related accept", *jumps])
    return f"{REMOVAL}table inet {TABLE} {{\n{''.join(chains)} chain forward {{\n{lines} }}\n}}\n"


def _isolated(
    policies: Sequence[Object], cluster: Cluster, directions: Sequence[str]
) -> Iterable[tuple[Object, str, list[Object]]]:
    """Yield every pod that is isolated in a direction, with the policies that select it there."""
    for pod in cluster.pods:
        for direction in directions:
            selecting = [one for one in policies if direction in _types(one["spec"]) and _selects(one, pod)]
            if selecting and _addresses(pod):
                yield pod, direction, selecting


def _types(spec: Object) -> list[str]:
    return spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]


def _selects(policy: Object, pod: Object) -> bool:
    same = policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return same and _is_pod(pod, policy["spec"].get("podSelector") or {})


def _admitted(policy: Object, direction: str, pod: Object, cluster: Cluster) -> Iterable[str]:
    """Yield a rule for all that a policy admits to, or from, a pod."""
    spec, key = policy["spec"], "from" if direction == "Ingress" else "to"
    for rule in spec.get(direction.lower()) or []:
        ports = list(_ports(rule.get("ports") or [], pod)) or ([] if rule.get("ports") else [""])
        peers = rule.get(key) or []
        sides = [side for peer in peers for side in _peer(peer, direction, policy, cluster)] if peers else [""]
        yield from (" ".join(filter(None, (side, port, "return"))) for side in sides for port in ports)


def _peer(peer: Object, direction: str, policy: Object, cluster: Cluster) -> Iterable[str]:
    """Yield what of a packet's other end shows that it is this peer, for each family that the peer has."""
    if block := peer.get("ipBlock"):
        way = "saddr" if direction == "Ingress" else "daddr"
        family = "ip" if ip_network(block["cidr"]).version == 4 else "ip6"
        spared = ", ".join(block.get("except") or [])
        yield f"{family} {way} {block['cidr']}" + (f" {family} {way} != {{ {spared} }}" if spared else "")
        return
    among = peer.get("namespaceSelector")
    names = [policy["metadata"]["namespace"]] if among is None else cluster.named(among)
    pods = cluster.selected(peer.get("podSelector") or {}, names)
    yield from _side(direction, [address for pod in pods for address in _addresses(pod)])


def _side(direction: str, addresses: Sequence[str]) -> Iterable[str]:
    way = "saddr" if direction == "Ingress" else "daddr"
    for family in ("ip", "ip6"):
        if mine := sorted({address for address in addresses if _family(address) == family}):
            yield f"{family} {way} {{ {', '.join(mine)} }}"


def _ports(ports: Sequence[Object], pod: Object) -> Iterable[str]:
    """Yield a match for each port; a name that no container of the pod has admits nothing."""
    for port in ports:
        protocol = port.get("protocol", "TCP").lower()
        number = port.get("port")
        if isinstance(number, str):
            number = _number(pod, number)
            if number is None:
                continue
        if number is None:
            yield f"meta l4proto {protocol}"
        else:
            yield f"{protocol} dport {number}" + (f"-{port['endPort']}" if port.get("endPort") else "")


def _number(pod: Object, name: str) -> int | None:
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports") or []]
    return next((port["containerPort"] for port in ports if port.get("name") == name), None)


def _is_pod(pod: Object, selector: Object) -> bool:
    return not pod["spec"].get("hostNetwork") and _matches(selector, _labels(pod))


def _labels(item: Object) -> Mapping[str, str]:
    labels: Mapping[str, str] = item["metadata"].get("labels") or {}
    return labels


def _matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy a selector; an empty one is satisfied by all."""
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(
        _holds(one, labels) for one in selector.get("matchExpressions") or []
    )


def _holds(wanted: Object, labels: Mapping[str, str]) -> bool:
    key, values = wanted["key"], wanted.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[str(wanted["operator"])]


def _addresses(pod: Object) -> list[str]:
    return [entry["ip"] for entry in pod.get("status", {}).get("podIPs") or []]


def _family(address: str) -> str:
    return "ip" if ip_address(address).version == 4 else "ip6"
