"""Which node ports and cluster IPs a cluster gives out, found by asking it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from svcproof.cluster.api import ClusterApi, NotFound, Object
from svcproof.model.verdict import Inconclusive

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_PORTS = re.compile(r"valid ports is (\d+)-(\d+)")
_NETWORK = re.compile(r"[0-9a-fA-F.:]+/\d+")
_OUTSIDE = ("203.0.113.7", "198.51.100.7", "192.0.2.7", "1.1.1.1")
"""Addresses for documentation (RFC 5737), the least likely to be in a service range, and one that nobody could use."""

RETURNED_TO_NOBODY = 16
"""The lowest part of the node-port range is left to those who choose: a random choice avoids it (KEP-3668)."""


@dataclass(frozen=True)
class PortRange:
    """The node ports that a cluster gives out."""

    first: int
    last: int

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and self.first <= port <= self.last


def node_port_range(api: ClusterApi, namespace: str) -> PortRange:
    """Return the node-port range in the server's own words: it names it when it refuses a port outside.

    Asks in earnest, in *namespace*, for a dry run does not consult the allocator; where the odd port is inside the
    range after all, the Service stays until its namespace goes. Raises Inconclusive when the server does not say.
    """
    reply = api.ask("POST", _services(namespace), _asking(nodePort=1))
    said = " ".join([reply.message, *(cause.message for cause in reply.causes)])
    found = _PORTS.search(said)
    if not found:
        raise Inconclusive(f"the server does not tell its node-port range; it answered {reply.status} {said}")
    return PortRange(int(found.group(1)), int(found.group(2)))


def service_ranges(api: ClusterApi, namespace: str) -> list[Network]:
    """Return the service ranges: from the ServiceCIDRs, or from what the server says when it refuses an address.

    Raises Inconclusive when neither tells.
    """
    try:
        items = api.list("ServiceCIDR")
    except NotFound:
        items = []
    ranges = [ip_network(cidr) for item in items for cidr in item["spec"].get("cidrs") or []]
    if ranges:
        return ranges
    reply = api.ask("POST", _services(namespace), _asking(address=_OUTSIDE[0]))
    said = " ".join([reply.message, *(cause.message for cause in reply.causes)])
    found = [ip_network(text) for text in _NETWORK.findall(said)]
    if not found:
        raise Inconclusive(f"the cluster does not tell its service ranges; it answered {reply.status} {said}")
    return found


def outside(ranges: Collection[Network]) -> str:
    """Return an address outside all of these ranges."""
    return next(text for text in _OUTSIDE if not any(ip_address(text) in network for network in ranges))


def free_node_ports(allowed: PortRange, services: Collection[Object]) -> Iterator[int]:
    """Yield node ports that no Service holds, in random order: others may take them meanwhile."""
    taken = {port.get("nodePort") for item in services for port in item["spec"].get("ports") or []}
    taken |= {item["spec"].get("healthCheckNodePort") for item in services}
    first = min(allowed.first + RETURNED_TO_NOBODY, allowed.last)
    free = [port for port in range(first, allowed.last + 1) if port not in taken]
    secrets.SystemRandom().shuffle(free)
    yield from free


def free_addresses(network: Network, services: Collection[Object]) -> Iterator[str]:
    """Yield addresses of a range that no Service holds, in random order: others may take them meanwhile."""
    taken = {address for item in services for address in item["spec"].get("clusterIPs") or []}
    size = min(network.num_addresses - 2, 2**16)
    tried: set[int] = set()
    while len(tried) < size:
        number = 1 + secrets.randbelow(size)
        if number in tried:
            continue
        tried.add(number)
        address = str(network.network_address + number)
        if address not in taken:
            yield address


def _services(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/services"


def _asking(**asked: int | str) -> Object:
    port: Object = {"port": 80} | ({"nodePort": asked["nodePort"]} if "nodePort" in asked else {})
    spec: Object = {"type": "NodePort", "ports": [port]} | (
        {"clusterIP": asked["address"]} if "address" in asked else {}
    )
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "range-of-values"}, "spec": spec}
