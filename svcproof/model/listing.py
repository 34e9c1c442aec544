"""Whether EndpointSlices tell a Service's pods as they are: each once, with its address, port, node and state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from svcproof.model.verdict import Verdict, met, violated

Form = Mapping[str, Any]

MOST = 100
"""The most endpoints that a cluster puts into one EndpointSlice (Kubernetes docs, EndpointSlices, "Distribution")."""


@dataclass(frozen=True)
class Entry:
    """One endpoint of one EndpointSlice, as far as it can be compared with a pod."""

    address: str
    uid: str
    node: str
    zone: str
    ready: bool
    serving: bool
    terminating: bool
    ports: tuple[tuple[str, str, int, str], ...]  # name, protocol, number, application protocol

    def __str__(self) -> str:
        ports = ", ".join(f"{name or 'unnamed'} {number}/{protocol}" for name, protocol, number, _ in self.ports)
        state = ", ".join(word for word, so in (("ready", self.ready), ("serving", self.serving),
                                                ("terminating", self.terminating)) if so)  # fmt: skip
        return f"{self.address} ({state or 'neither ready nor serving'}; {ports or 'no ports'})"


def tells_pods_as_they_are(
    service: Form, pods: Iterable[Form], slices: Sequence[Form], zones: Mapping[str, str]
) -> Verdict:
    """Each pod that the Service selects, that has an address and has not ended, is listed once, as it is; no other is.

    As it is: its address, its UID, its node and that node's zone, the target port of each port, *ready* and *serving*
    by its Ready condition, *terminating* by its deletion; a terminating pod is never *ready*, unless unready addresses
    are published. No slice lists more than a hundred (discovery.k8s.io/v1; Kubernetes docs, EndpointSlices). *zones* is
    node → zone.
    """
    listed = [pod for pod in pods if _listed(service, pod)]
    wanted = [_wanted(service, pod, address, zones) for pod in listed for address in _addresses(service, pod)]
    found = entries(slices)
    missing = [one for one in wanted if one not in found]
    surplus = [one for one in found if one not in wanted]
    twice = sorted({str(one) for one in found if found.count(one) > 1})
    problems = [f"{one} is wanted and not listed" for one in missing]
    problems += [f"{one} is listed and not wanted{_difference(one, wanted)}" for one in surplus]
    problems += [f"{one} is listed twice" for one in twice]
    problems += _too_large(slices)
    if problems:
        return violated("; ".join(problems))
    return met(f"listed: {', '.join(sorted(map(str, found))) or 'nothing'}", endpoints=len(found))


class State(Enum):
    """What an endpoint may be, in the words of its conditions."""

    READY = "ready and serving"
    UNREADY = "neither ready nor serving"
    DRAINING = "terminating and serving, but not ready"
    ENDING = "terminating and not serving"


def state_of(entry: Entry) -> State | None:
    """Return what an endpoint is; None for what the conditions should never say together."""
    return {
        (True, True, False): State.READY,
        (False, False, False): State.UNREADY,
        (False, True, True): State.DRAINING,
        (False, False, True): State.ENDING,
    }.get((entry.ready, entry.serving, entry.terminating))


def lists_one_that_is(state: State, slices: Iterable[Form]) -> Verdict:
    """One endpoint at least is in this state."""
    found = entries(slices)
    those = [one for one in found if state_of(one) is state]
    if those:
        return met(f"{', '.join(map(str, those))} is {state.value}")
    return violated(f"no endpoint is {state.value}; listed: {', '.join(map(str, found)) or 'nothing'}")


def entries(slices: Iterable[Form]) -> list[Entry]:
    """Return every endpoint of these slices; an absent *ready* counts as ready, an absent *serving* as *ready* does."""
    found = []
    for item in slices:
        ports = tuple(sorted((port.get("name") or "", port.get("protocol") or "TCP", port.get("port") or 0,
                              port.get("appProtocol") or "") for port in item.get("ports") or []))  # fmt: skip
        for endpoint in item.get("endpoints") or []:
            conditions = endpoint.get("conditions") or {}
            ready = conditions.get("ready") is not False
            serving = conditions.get("serving")
            found += [
                Entry(
                    address,
                    (endpoint.get("targetRef") or {}).get("uid", ""),
                    endpoint.get("nodeName") or "",
                    endpoint.get("zone") or "",
                    ready,
                    ready if serving is None else bool(serving),
                    bool(conditions.get("terminating")),
                    ports,
                )
                for address in endpoint.get("addresses") or []
            ]
    return found


def _too_large(slices: Iterable[Form]) -> Iterable[str]:
    for item in slices:
        if (size := len(item.get("endpoints") or [])) > MOST:
            yield f"EndpointSlice {item['metadata'].get('name', '')} lists {size} endpoints, more than {MOST}"


def _listed(service: Form, pod: Form) -> bool:
    selector = (service["spec"].get("selector") or {}).items()
    labels = (pod["metadata"].get("labels") or {}).items()
    status = pod.get("status", {})
    ended = status.get("phase") in ("Succeeded", "Failed")
    return bool(selector) and selector <= labels and bool(status.get("podIP")) and not ended


def _addresses(service: Form, pod: Form) -> list[str]:
    """Return the pod's addresses of the Service's families; the only one it has where neither tells families."""
    families = service["spec"].get("ipFamilies") or []
    every = [entry["ip"] for entry in pod["status"].get("podIPs") or []]
    return [one for one in every if ("IPv6" if ":" in one else "IPv4") in families] or [pod["status"]["podIP"]]


def _wanted(service: Form, pod: Form, address: str, zones: Mapping[str, str]) -> Entry:
    status = pod["status"]
    serving = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions") or [])
    terminating = "deletionTimestamp" in pod["metadata"]
    published = bool(service["spec"].get("publishNotReadyAddresses"))
    node = pod["spec"].get("nodeName", "")
    return Entry(
        address,
        pod["metadata"]["uid"],
        node,
        zones.get(node, ""),
        published or (serving and not terminating),
        serving,
        terminating,
        tuple(sorted(_ports(service, pod))),
    )


def _ports(service: Form, pod: Form) -> Iterable[tuple[str, str, int, str]]:
    for port in service["spec"].get("ports") or []:
        number = _number(port, pod)
        if number:
            yield port.get("name") or "", port.get("protocol") or "TCP", number, port.get("appProtocol") or ""


def _number(port: Form, pod: Form) -> int:
    """Return the target port's number in this pod; 0 where it has none of that name."""
    target = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    sidecars = [one for one in pod["spec"].get("initContainers") or [] if one.get("restartPolicy") == "Always"]
    for container in [*pod["spec"]["containers"], *sidecars]:
        for declared in container.get("ports") or []:
            if declared.get("name") == target and (declared.get("protocol") or "TCP") == (
                port.get("protocol") or "TCP"
            ):
                return int(declared["containerPort"])
    return 0


def _difference(found: Entry, wanted: Sequence[Entry]) -> str:
    """Say in which points a wrong entry differs from the one that was wanted at its address."""
    right = next((one for one in wanted if one.address == found.address), None)
    if right is None:
        return ""
    points = [name for name in ("uid", "node", "zone", "ready", "serving", "terminating", "ports")
              if getattr(found, name) != getattr(right, name)]  # fmt: skip
    said = (f"{name} is {getattr(found, name)!r}, wanted {getattr(right, name)!r}" for name in points)
    return f": {'; '.join(said)}"
