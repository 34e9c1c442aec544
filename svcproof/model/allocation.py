"""What the API server gives a Service, held to what it may give: addresses and ports in range, and nobody else's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from svcproof.model.verdict import Verdict, met, violated


class Given(Enum):
    """What a Service is given, or spared."""

    ADDRESS = "a cluster IP of the service ranges"
    ADDRESSES = "a cluster IP of each family"
    NOBODY_ELSES = "nothing that another Service holds"
    RECORDED = "an address that is recorded as its own"
    NO_ADDRESS = "no cluster IP"
    PORTS = "a node port of the range for each port"
    NO_PORTS = "no node port"
    HEALTH_PORT = "a health check port of the range"
    NO_HEALTH_PORT = "no health check port"


class Kept(Enum):
    """What of a Service stays when something else of it is changed."""

    ADDRESS = "cluster IP"
    PORTS = "node ports"
    HEALTH_PORT = "health check port"


_FIELDS = {Kept.ADDRESS: "clusterIP", Kept.HEALTH_PORT: "healthCheckNodePort"}


def addresses_of(spec: Mapping[str, Any]) -> list[str]:
    """Return the cluster IPs of a Service's spec; none when it is headless."""
    return [address for address in spec.get("clusterIPs") or [] if address != "None"]


def node_ports_of(spec: Mapping[str, Any]) -> list[int]:
    """Return the node ports of a Service's spec."""
    return [port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort")]


def addresses_in(addresses: Sequence[str], ranges: Iterable[IPv4Network | IPv6Network], *, families: int) -> Verdict:
    """A Service has so many cluster IPs, one of each family, and each lies in a service range."""
    known = list(ranges)
    versions = {ip_address(one).version for one in addresses}
    if len(addresses) != families or len(versions) != families:
        return violated(
            f"wanted {families} cluster IP{'s of different families' * (families > 1)}; given {_list(addresses)}"
        )
    strange = [one for one in addresses if not any(ip_address(one) in network for network in known)]
    if strange:
        return violated(f"{_list(strange)} lies outside the service ranges {_list(known)}")
    return met(f"given {_list(addresses)} of {_list(known)}")


def ports_in(ports: Sequence[int], first: int, last: int, *, count: int) -> Verdict:
    """So many node ports were given, no two alike, all in the range."""
    if len(ports) != count or len(set(ports)) != count:
        return violated(f"wanted {count} different ports; given {_list(ports)}")
    strange = [port for port in ports if not first <= port <= last]
    if strange:
        return violated(f"{_list(strange)} lies outside the range {first}-{last}")
    return met(f"given {_list(ports)} of {first}-{last}")


def nothing_given(what: str, found: Collection[Any]) -> Verdict:
    """A Service was given none of these."""
    return violated(f"wanted no {what}; given {_list(found)}") if found else met(f"no {what} was given")


def held_by_nobody_else(service: Mapping[str, Any], services: Iterable[Mapping[str, Any]]) -> Verdict:
    """No other Service of the cluster has an address or node port of this one."""
    mine = {*addresses_of(service["spec"]), *map(str, node_ports_of(service["spec"]))}
    for other in services:
        if other["metadata"]["uid"] == service["metadata"]["uid"]:
            continue
        shared = mine & {*addresses_of(other["spec"]), *map(str, node_ports_of(other["spec"]))}
        if shared:
            meta = other["metadata"]
            return violated(f'Service "{meta["name"]}" of {meta["namespace"]} holds {_list(sorted(shared))} as well')
    return met(f"nobody else holds {_list(sorted(mine)) or 'anything of it'}")


def kept(what: Kept, before: Mapping[str, Any], after: Mapping[str, Any]) -> Verdict:
    """A part of a Service's spec is what it was."""
    if what is Kept.PORTS:
        was: Any = node_ports_of(before)
        now: Any = node_ports_of(after)
    else:
        was, now = before.get(_FIELDS[what]), after.get(_FIELDS[what])
    return met(f"the {what.value} stayed {was}") if was == now else violated(f"the {what.value} was {was} and is {now}")


def stored_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> Verdict:
    """Two specs say the same but for the addresses that each was given."""
    given = {"clusterIP", "clusterIPs"}
    wrong = [name for name in sorted({*one, *other} - given) if one.get(name) != other.get(name)]
    if wrong:
        said = "; ".join(
            f"spec.{name} is {one.get(name)!r} in one and {other.get(name)!r} in the other" for name in wrong
        )
        return violated(said)
    return met(f"both say the same: {', '.join(sorted({*one, *other} - given))}")


def _list(things: Iterable[Any]) -> str:
    return ", ".join(map(str, things)) or "nothing"
