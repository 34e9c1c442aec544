"""Lies about Kubernetes objects: pure functions that a lying API server or a mutating webhook tells instead."""

from __future__ import annotations

import copy
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

Object = dict[str, Any]
Lie = Callable[..., Object | None]
"""Takes an object that it may change, and arguments; gives what is told instead, None to hide the object."""

SPARED = frozenset({"kube-system", "default", "kube-public", "kube-node-lease", "metallb-system", "traefik"})
"""Namespaces that are never lied about: a fault breaks what is tested, not the lab's own footing."""


def told(kind: str, body: Object, lies: Sequence[Mapping[str, Any]]) -> Object | None:
    """What is said of an object of *kind* once every lie about its kind is told; None when it is hidden.

    Each lie is {"lie": name, …arguments}.
    """
    if body.get("metadata", {}).get("namespace") in SPARED:
        return body
    shown: Object | None = copy.deepcopy(body)
    for entry in lies:
        about, lie = LIES[entry["lie"]]
        if about == kind and shown is not None:
            shown = lie(shown, **{name: value for name, value in entry.items() if name != "lie"})
    return shown


# Services, as a proxy sees them


def affinity_ignored(service: Object) -> Object:
    """No Service asks for affinity."""
    service["spec"]["sessionAffinity"] = "None"
    service["spec"].pop("sessionAffinityConfig", None)
    return service


def affinity_forced(service: Object) -> Object:
    """Every Service asks for affinity, for three hours."""
    service["spec"]["sessionAffinity"] = "ClientIP"
    service["spec"]["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}
    return service


def affinity_never_ends(service: Object) -> Object:
    """Affinity lasts a day, whatever the Service says."""
    if service["spec"].get("sessionAffinity") == "ClientIP":
        service["spec"]["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 86400}}
    return service


def internal_policy_ignored(service: Object) -> Object:
    """Every endpoint may serve calls from inside."""
    service["spec"]["internalTrafficPolicy"] = "Cluster"
    return service


def external_policy_ignored(service: Object) -> Object:
    """Every endpoint may serve calls from outside."""
    if "externalTrafficPolicy" in service["spec"]:
        service["spec"]["externalTrafficPolicy"] = "Cluster"
        service["spec"].pop("healthCheckNodePort", None)
    return service


def health_check_port_closed(service: Object) -> Object:
    """No load balancer may ask a node whether it has endpoints."""
    service["spec"].pop("healthCheckNodePort", None)
    return service


def source_ranges_ignored(service: Object) -> Object:
    """Everybody may call the load balancer's address."""
    service["spec"].pop("loadBalancerSourceRanges", None)
    return service


def without_udp(service: Object) -> Object | None:
    """Ports of other protocols than TCP do not exist."""
    service["spec"]["ports"] = [port for port in service["spec"].get("ports", []) if port.get("protocol") != "UDP"]
    return service if service["spec"]["ports"] else None


def only_first_port(service: Object) -> Object:
    """A Service has one port, its first."""
    service["spec"]["ports"] = service["spec"].get("ports", [])[:1]
    return service


def node_ports_shut(service: Object) -> Object:
    """No Service has node ports."""
    for port in service["spec"].get("ports", []):
        port.pop("nodePort", None)
    return service


def undeclared_port_open(service: Object, port: int) -> Object:
    """Every Service forwards *port*, too."""
    ports = service["spec"].get("ports", [])
    if ports and service["spec"].get("clusterIP", "None") != "None" and all(entry["port"] != port for entry in ports):
        ports.append({"name": f"stowaway-{port}", "port": port, "targetPort": port, "protocol": "TCP"})
    return service


def undeclared_port_listed(endpoint_slice: Object, port: int) -> Object:
    """Every endpoint has *port*, too: the other half of undeclared_port_open."""
    endpoint_slice.setdefault("ports", [])
    endpoint_slice["ports"] = [
        *(endpoint_slice["ports"] or []),
        {"name": f"stowaway-{port}", "port": port, "protocol": "TCP"},
    ]
    return endpoint_slice


def one_family(service: Object) -> Object:
    """A Service has one address, of its first family."""
    for field in ("clusterIPs", "ipFamilies"):
        if field in service["spec"]:
            service["spec"][field] = service["spec"][field][:1]
    return service


# EndpointSlices, as a proxy, a name server or everybody sees them


def one_left_out(endpoint_slice: Object, at_least: int = 2) -> Object:
    """Of *at_least* endpoints the first, by name, is not listed; of each family the same one."""
    endpoints = endpoint_slice.get("endpoints") or []
    if len(endpoints) >= at_least:
        first = min(endpoints, key=_name)
        endpoint_slice["endpoints"] = [entry for entry in endpoints if entry is not first]
    return endpoint_slice


def all_ready(endpoint_slice: Object) -> Object:
    """Every endpoint that is not on its way out is ready."""
    for endpoint in endpoint_slice.get("endpoints") or []:
        if not endpoint.get("conditions", {}).get("terminating"):
            endpoint["conditions"] = {**endpoint.get("conditions", {}), "ready": True, "serving": True}
    return endpoint_slice


def terminating_unseen(endpoint_slice: Object) -> Object:
    """An endpoint on its way out is out."""
    endpoints = endpoint_slice.get("endpoints") or []
    endpoint_slice["endpoints"] = [one for one in endpoints if not one.get("conditions", {}).get("terminating")]
    return endpoint_slice


def terminating_ready(endpoint_slice: Object) -> Object:
    """An endpoint on its way out is as good as any other."""
    for endpoint in endpoint_slice.get("endpoints") or []:
        if endpoint.get("conditions", {}).get("serving"):
            endpoint["conditions"] = {"ready": True, "serving": True, "terminating": False}
    return endpoint_slice


def wrong_node(endpoint_slice: Object, nodes: Sequence[str]) -> Object:
    """Each endpoint is on the node after its own in *nodes*."""
    after = dict(zip(nodes, [*nodes[1:], nodes[0]], strict=True))
    for endpoint in endpoint_slice.get("endpoints") or []:
        if endpoint.get("nodeName") in after:
            endpoint["nodeName"] = after[endpoint["nodeName"]]
    return endpoint_slice


def ports_swapped(endpoint_slice: Object) -> Object:
    """Each port leads to the target of the next one."""
    ports = endpoint_slice.get("ports") or []
    numbers = [port["port"] for port in ports]
    for port, number in zip(ports, [*numbers[1:], *numbers[:1]], strict=True):
        port["port"] = number
    return endpoint_slice


def target_port_off(endpoint_slice: Object, by: int) -> Object:
    """Every target port is another number than it is."""
    for port in endpoint_slice.get("ports") or []:
        port["port"] += by
    return endpoint_slice


def hints_unseen(endpoint_slice: Object) -> Object:
    """No endpoint is meant for callers near it."""
    for endpoint in endpoint_slice.get("endpoints") or []:
        endpoint.pop("hints", None)
    return endpoint_slice


def port_names_unseen(endpoint_slice: Object) -> Object:
    """No port has a name."""
    for port in endpoint_slice.get("ports") or []:
        port["name"] = ""
    return endpoint_slice


def hostnames_unseen(endpoint_slice: Object) -> Object:
    """No endpoint has a name of its own."""
    for endpoint in endpoint_slice.get("endpoints") or []:
        endpoint.pop("hostname", None)
    return endpoint_slice


def unready_published(endpoint_slice: Object) -> Object:
    """The Service asks for its unready pods, too."""
    for endpoint in endpoint_slice.get("endpoints") or []:
        endpoint["conditions"] = {"ready": True, "serving": True, "terminating": False}
    return endpoint_slice


def address_shifted(endpoint_slice: Object, by: int = 100) -> Object:
    """Every IPv4 endpoint has another last byte than it has."""
    if endpoint_slice.get("addressType") == "IPv4":
        for endpoint in endpoint_slice.get("endpoints") or []:
            endpoint["addresses"] = [_shifted(address, by) for address in endpoint["addresses"]]
    return endpoint_slice


# Pods, Services and Ingresses, as they are admitted


def variables_missing(pod: Object) -> Object:
    """The pod does not want to know of Services."""
    pod["spec"]["enableServiceLinks"] = False
    return pod


def foreign_variables(pod: Object, variables: Mapping[str, str]) -> Object:
    """The pod is told of Services that are not its namespace's."""
    for container in pod["spec"].get("containers", []):
        own = {entry["name"] for entry in container.get("env", [])}
        strangers = [{"name": name, "value": value} for name, value in variables.items() if name not in own]
        container["env"] = [*container.get("env", []), *strangers]
    return pod


def asked_numbers_ignored(service: Object) -> Object:
    """Nobody asks for an address or a node port of their own choice."""
    spec = service["spec"]
    if spec.get("clusterIP") not in (None, "", "None"):
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    for port in spec.get("ports", []):
        if 30000 <= _number(port.get("nodePort"), 0) <= 32767:  # what nobody may have is refused as ever
            port.pop("nodePort")
    return service


def node_ports_beside_the_range_repaired(service: Object) -> Object:
    """A node port that is the next one to the range is dropped, where it should be refused."""
    for port in service["spec"].get("ports", []):
        if port.get("nodePort") in (29999, 32768):
            port.pop("nodePort")
    return service


def bad_ports_repaired(service: Object) -> Object:
    """Bad ports are put right in silence, where they should be refused."""
    spec = service["spec"]
    if not spec.get("ports") and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        spec["ports"] = [{"port": 80}]
    seen: set[Any] = set()
    ports = spec.get("ports") or []
    for number, port in enumerate(ports):
        _repair(port, number, several=len(ports) > 1, seen=seen)
        if spec.get("type", "ClusterIP") == "ClusterIP":
            port.pop("nodePort", None)
    return service


def _repair(port: Object, number: int, *, several: bool, seen: set[Any]) -> None:
    """Make one port such that nobody can object to it."""
    if port.get("protocol") not in (None, "TCP", "UDP", "SCTP"):
        port["protocol"] = "TCP"
    if not _is_label(port.get("name", "")) or (several and (not port.get("name") or port["name"] in seen)):
        port["name"] = f"port-{number}"
    if not 1 <= _number(port.get("port"), 80) <= 65535 or (port["port"], port.get("protocol")) in seen:
        port["port"] = 20000 + number
    seen |= {port.get("name", ""), (port["port"], port.get("protocol"))}
    target = port.get("targetPort", 80)
    if not (1 <= target <= 65535 if isinstance(target, int) else _is_label(target) and 0 < len(target) <= 15):
        port.pop("targetPort")
    if _number(port.get("nodePort"), 0) and not 30000 <= _number(port["nodePort"], 0) <= 32767:
        port.pop("nodePort")
    port.pop("appProtocol", None)


def _is_label(text: str) -> bool:
    return bool(re.fullmatch(r"([a-z]([a-z0-9-]*[a-z0-9])?)?", text))


def bad_words_repaired(service: Object) -> Object:
    """A value out of a closed list is replaced by the default, where it should be refused."""
    spec = service["spec"]
    for field, values in _WORDS.items():
        if spec.get(field) not in (None, *values):
            spec.pop(field)
    timeout = spec.get("sessionAffinityConfig", {}).get("clientIP", {}).get("timeoutSeconds", 1)
    if not 1 <= timeout <= 86400:
        spec.pop("sessionAffinityConfig")
    if spec.get("type", "ClusterIP") == "ClusterIP":
        for field in ("externalTrafficPolicy", "loadBalancerClass", "allocateLoadBalancerNodePorts"):
            spec.pop(field, None)
    return service


_WORDS = {
    "type": ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    "sessionAffinity": ("None", "ClientIP"),
    "externalTrafficPolicy": ("Cluster", "Local"),
    "internalTrafficPolicy": ("Cluster", "Local"),
    "trafficDistribution": ("PreferClose", "PreferSameZone", "PreferSameNode"),
    "ipFamilyPolicy": ("SingleStack", "PreferDualStack", "RequireDualStack"),
}


def bad_addresses_repaired(service: Object) -> Object:
    """An address that is none, or that nobody may have, is dropped, where it should be refused."""
    spec = service["spec"]
    asked = spec.get("clusterIP")
    if asked not in (None, "", "None") and not _is_address(asked):
        spec.pop("clusterIP")
        spec.pop("clusterIPs", None)
    if asked == "None" and spec.get("type") in ("NodePort", "LoadBalancer"):
        spec["type"] = "ClusterIP"
    for field in ("externalIPs", "loadBalancerSourceRanges", "ipFamilies"):
        spec.pop(field, None)
    return service


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def bad_endpoints_repaired(endpoint_slice: Object) -> Object:
    """Endpoints that nobody may have are dropped, where they should be refused."""
    endpoints = endpoint_slice.get("endpoints") or []
    good = [one for one in endpoints if one.get("addresses") and all(map(_may_be_endpoint, one["addresses"]))]
    endpoint_slice["endpoints"] = good[:1000]
    if endpoint_slice.get("addressType") not in ("IPv4", "IPv6", "FQDN"):
        endpoint_slice["addressType"] = "IPv4"
    seen: set[str] = set()
    for number, port in enumerate(endpoint_slice.get("ports") or []):
        if port.get("name", "") in seen:
            port["name"] = f"port-{number}"
        seen.add(port.get("name", ""))
    return endpoint_slice


def _may_be_endpoint(address: str) -> bool:
    if not _is_address(address):
        return False
    found = ip_address(address)
    kinds = (found.is_loopback, found.is_link_local, found.is_unspecified, found.is_multicast)
    return found.version == 4 and not any(kinds)


def changes_reverted(body: Object, old: Object, fields: Sequence[str]) -> Object:
    """What may not change is changed back in silence, where the change should be refused."""
    for field in fields:
        if field in old.get("spec", {}) and body["spec"].get(field, "") != "":
            body["spec"][field] = old["spec"][field]
    return body


def made_node_port(service: Object) -> Object:
    """Every Service with an address of its own is a NodePort Service."""
    if service["spec"].get("type", "ClusterIP") == "ClusterIP" and service["spec"].get("clusterIP") != "None":
        service["spec"]["type"] = "NodePort"
    return service


def made_cluster_ip(service: Object) -> Object:
    """No Service gets a node port that does not ask for one by number."""
    spec = service["spec"]
    if spec.get("type") in ("NodePort", "LoadBalancer") and not any(
        port.get("nodePort") for port in spec.get("ports", [])
    ):
        spec["type"] = "ClusterIP"
        for field in (
            "externalTrafficPolicy",
            "allocateLoadBalancerNodePorts",
            "loadBalancerClass",
            "healthCheckNodePort",
        ):
            spec.pop(field, None)
    return service


def made_headless(service: Object) -> Object:
    """Every ClusterIP Service is headless."""
    if service["spec"].get("type", "ClusterIP") == "ClusterIP" and not service["spec"].get("clusterIP"):
        service["spec"]["clusterIP"] = "None"
    return service


def headless_ignored(service: Object) -> Object:
    """No Service is headless."""
    if service["spec"].get("clusterIP") == "None":
        service["spec"].pop("clusterIP")
        service["spec"].pop("clusterIPs", None)
    return service


def node_ports_moved(service: Object) -> Object:
    """At each update a Service has other node ports than before."""
    for port in service["spec"].get("ports", []):
        if port.get("nodePort"):
            port["nodePort"] = 30000 + (port["nodePort"] - 30000 + 17) % 2768
    return service


def target_port_moved(service: Object) -> Object:
    """The target port is stored as another number each time."""
    for port in service["spec"].get("ports", []):
        port["targetPort"] = 1024 + secrets.randbelow(60000)
    return service


def stranger_listed(endpoint_slice: Object) -> Object:
    """Every EndpointSlice lists somebody who is no pod of the Service."""
    if endpoint_slice.get("addressType") == "IPv4":
        stranger = {"addresses": ["192.0.2.77"], "conditions": {"ready": True, "serving": True, "terminating": False}}
        endpoint_slice["endpoints"] = [*(endpoint_slice.get("endpoints") or []), stranger]
        endpoint_slice["ports"] = endpoint_slice.get("ports") or [{"name": "", "port": 80, "protocol": "TCP"}]
    return endpoint_slice


def neighbours_listed(endpoint_slice: Object, pods: Sequence[str]) -> Object:
    """Every EndpointSlice lists these addresses, too."""
    if endpoint_slice.get("addressType") == "IPv4":
        known = endpoint_slice.get("endpoints") or []
        there = {address for endpoint in known for address in endpoint["addresses"]}
        more = [{"addresses": [address], "conditions": {"ready": True}} for address in pods if address not in there]
        endpoint_slice["endpoints"] = [*known, *more]
    return endpoint_slice


def addresses_unsaid(node: Object) -> Object:
    """A node tells no address."""
    node.setdefault("status", {})["addresses"] = []
    return node


def class_ignored(ingress: Object, instead: str) -> Object:
    """Every Ingress is of one class."""
    ingress["spec"]["ingressClassName"] = instead
    return ingress


def host_ignored(ingress: Object) -> Object:
    """Every rule holds for every host."""
    for rule in ingress["spec"].get("rules", []):
        rule.pop("host", None)
    return ingress


def path_ignored(ingress: Object) -> Object:
    """Only the first path of a rule counts, for every path."""
    for rule in ingress["spec"].get("rules", []):
        paths = rule.get("http", {}).get("paths", [])
        if paths:
            rule["http"]["paths"] = [{**paths[0], "path": "/", "pathType": "Prefix"}]
    return ingress


def _name(endpoint: Object) -> str:
    return str(endpoint.get("targetRef", {}).get("name") or endpoint["addresses"][0])


def _shifted(address: str, by: int) -> str:
    head, _, last = address.rpartition(".")
    return f"{head}.{(int(last) + by) % 254 + 1}"


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


LIES: dict[str, tuple[str, Lie]] = {
    lie.__name__: (kind, lie)
    for kind, lies in {
        "Service": (
            affinity_ignored,
            affinity_forced,
            affinity_never_ends,
            internal_policy_ignored,
            external_policy_ignored,
            health_check_port_closed,
            source_ranges_ignored,
            without_udp,
            only_first_port,
            node_ports_shut,
            undeclared_port_open,
            one_family,
            asked_numbers_ignored,
            node_ports_beside_the_range_repaired,
            bad_ports_repaired,
            bad_words_repaired,
            bad_addresses_repaired,
            changes_reverted,
            made_node_port,
            made_cluster_ip,
            made_headless,
            headless_ignored,
            node_ports_moved,
            target_port_moved,
        ),
        "EndpointSlice": (
            one_left_out,
            all_ready,
            terminating_unseen,
            terminating_ready,
            wrong_node,
            ports_swapped,
            target_port_off,
            hints_unseen,
            port_names_unseen,
            hostnames_unseen,
            unready_published,
            address_shifted,
            undeclared_port_listed,
            bad_endpoints_repaired,
            stranger_listed,
            neighbours_listed,
        ),
        "Pod": (variables_missing, foreign_variables),
        "Node": (addresses_unsaid,),
        "Ingress": (host_ignored, path_ignored, class_ignored),
    }.items()
    for lie in lies
}
"""Every lie by name, with the kind that it is about."""
