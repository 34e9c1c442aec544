"""The prover's own pods and Services: what a fault is looked at with, apart from the suite's scenarios."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svcproof.cluster.api import ClusterApi, NotFound, Object
from svcproof.cluster.waiting import Deadline, Rounds, Sighting, await_state
from svcproof.faults.looking import PROGRAM
from svcproof.providers.lab import Lab

NAMESPACE = "svcproof-prove"
LABELS = {"svcproof.dev/prove": "trial"}
PATIENCE = 60.0
DOMAIN = "svc.cluster.local"

PORTS = [
    {"name": "first", "port": 80, "targetPort": 8080, "protocol": "TCP"},
    {"name": "second", "port": 81, "targetPort": 8081, "protocol": "TCP"},
    {"name": "datagram", "port": 80, "targetPort": 8080, "protocol": "UDP"},
]


@dataclass
class Trial:
    """One answering pod on each node, and Services in front of them that are made when they are first asked for."""

    lab: Lab
    api: ClusterApi
    _services: dict[str, Object] = field(default_factory=dict)
    _processes: dict[str, int] = field(default_factory=dict)

    def make(self) -> None:
        """Make namespace and pods, unless they are there; wait until they are ready."""
        await_state(f"namespace {NAMESPACE} free of its predecessor", self._free, Deadline(PATIENCE), Rounds(0.5))
        self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": LABELS}})
        source = {"looker.py": PROGRAM.read_text()}
        self.api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": self._called("looker"), "data": source})
        self.api.apply(self._pods())
        await_state("a trial pod on every node", self._ready, Deadline(PATIENCE), Rounds(0.2))
        for node in self.lab.nodes:
            self.process(node.name)

    def remove(self) -> None:
        """Delete all of it; does not wait for the end."""
        self.api.delete("Namespace", NAMESPACE)
        self._services.clear()
        self._processes.clear()

    def forget(self) -> None:
        """Have Services made anew when they are next asked for: a healed lab shall not know the old ones."""
        for name in list(self._services):
            self.api.delete("Service", name, NAMESPACE)
        self._services.clear()

    def service(self, name: str = "trial", labels: Mapping[str, str] = LABELS, **spec: Any) -> Object:
        """Return the Service of this name, made with *spec* over the default (NodePort, all pods, three ports)."""
        if name not in self._services:
            metadata = {**self._called(name), "labels": dict(labels)}
            whole = {"type": "NodePort", "selector": LABELS, "ports": PORTS, **spec}
            body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": whole}
            self._services[name] = self.api.apply(body)
        return self._services[name]

    def balanced(self, service: Object) -> str:
        """Return the address a load balancer gave a Service; empty as long as it has none."""
        now = self.api.get("Service", service["metadata"]["name"], NAMESPACE)
        given = now.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
        return str(given[0].get("ip", ""))

    @contextmanager
    def fresh(self, kind: str, api_version: str, **content: Any) -> Iterator[Object]:
        """An object that is made anew and deleted again; yields it as the API server has it."""
        name = f"fresh-{os.urandom(3).hex()}"
        metadata = {
            "name": name,
            "namespace": NAMESPACE,
        }  # the trial pods' label would have a pod taken for one of them
        body = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
        try:
            yield self.api.create(body)
        finally:
            self.api.delete(kind, name, NAMESPACE, grace_seconds=0)

    def slices(self, service: str) -> list[Object]:
        """Return the EndpointSlices of a Service once they list an address each, or at once after two seconds."""
        labels = f"kubernetes.io/service-name={service}"

        def look() -> Sighting[list[Object]]:
            found = self.api.list("EndpointSlice", NAMESPACE, labels=labels)
            return Sighting(f"{len(found)} slices", found if found and all(s.get("endpoints") for s in found) else None)

        try:
            return await_state("endpoints", look, Deadline(2.0), Rounds(0.1))
        except Exception:  # noqa: BLE001 - none is an answer, too
            return self.api.list("EndpointSlice", NAMESPACE, labels=labels)

    # where it answers: what may stand in the "to" of a look

    def cluster_ip(self, service: Object, port: str = "first") -> Mapping[str, Any]:
        """A look at a Service's address."""
        entry = _port(service, port)
        return {"to": [service["spec"]["clusterIP"], entry["port"]], "protocol": entry["protocol"].lower()}

    def node_port(self, service: Object, node: str, port: str = "first") -> Mapping[str, Any]:
        """A look at a Service's port on a node."""
        entry = _port(service, port)
        address = self.lab.node(node).addresses[0]
        return {"to": [address, entry["nodePort"]], "protocol": entry["protocol"].lower()}

    def pod(self, node: str, port: int = 8080, protocol: str = "tcp") -> Mapping[str, Any]:
        """A look at the trial pod of a node itself."""
        return {"to": [self.pod_address(node), port], "protocol": protocol}

    def pod_address(self, node: str) -> str:
        """The address of the trial pod on a node."""
        (found,) = self._running(node)
        return str(found["status"]["podIP"])

    def pod_name(self, node: str) -> str:
        """The name of the trial pod on a node."""
        (found,) = self._running(node)
        return str(found["metadata"]["name"])

    def process(self, node: str) -> int:
        """Return the pid of the trial pod's program on a node; its namespaces are the pod's."""
        pid = self._processes.get(node, 0)
        if not pid or not _is_trial(pid, node):
            wanted = f"the trial pod's process on {node}"
            pid = await_state(wanted, lambda: _find(node, self.lab.name), Deadline(10), Rounds(0.1))
            self._processes[node] = pid
        return pid

    def _free(self) -> Sighting[bool]:
        try:
            there = self.api.get("Namespace", NAMESPACE)
        except NotFound:
            return Sighting("gone", value=True)
        going = "deletionTimestamp" in there["metadata"]
        return Sighting("on its way out" if going else "there", None if going else True)

    def _running(self, node: str) -> list[Object]:
        found = self.api.list("Pod", NAMESPACE, labels="svcproof.dev/prove=trial")
        alive = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return [pod for pod in alive if pod["spec"].get("nodeName") == node and pod.get("status", {}).get("podIP")]

    def _ready(self) -> Sighting[bool]:
        try:
            status = self.api.get("DaemonSet", "trial", NAMESPACE).get("status", {})
        except NotFound:
            return Sighting("no DaemonSet")
        ready, wanted = status.get("numberReady", 0), len(self.lab.nodes)
        return Sighting(f"{ready} of {wanted} ready", (ready == wanted) or None)

    def _called(self, name: str) -> Object:
        return {"name": name, "namespace": NAMESPACE, "labels": LABELS}

    def _pods(self) -> Object:
        environment = [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            {"name": "SVCPROOF_TRIAL", "value": self.lab.name},
        ]
        container = {
            "name": "answerer",
            "image": self.lab.images["python"],
            "imagePullPolicy": "Never",
            "command": ["python3", "-IS", "/looker/looker.py", "answer"],
            "env": environment,
            "readinessProbe": {"httpGet": {"path": "/", "port": 8082}, "periodSeconds": 1, "failureThreshold": 1},
            "volumeMounts": [{"name": "looker", "mountPath": "/looker"}],
            "securityContext": {"runAsUser": 65534, "runAsNonRoot": True, "allowPrivilegeEscalation": False},
        }
        spec = {
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
            "volumes": [{"name": "looker", "configMap": {"name": "looker"}}],
        }
        template = {"metadata": {"labels": LABELS}, "spec": spec}
        return {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": self._called("trial"),
            "spec": {"selector": {"matchLabels": LABELS}, "template": template},
        }


def _port(service: Object, name: str) -> Object:
    found: Object = next(port for port in service["spec"]["ports"] if port["name"] == name)
    return found


def _find(node: str, lab: str) -> Sighting[int]:
    """Find the program by what it was started with: the kernel tells, and needs no API server."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_trial(int(entry.name), node, lab):
            return Sighting(f"process {entry.name}", int(entry.name))
    return Sighting("no such process")


def _is_trial(pid: int, node: str, lab: str = "") -> bool:
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended while we looked
        return False
    right = f"NODE_NAME={node}".encode() in words and (not lab or f"SVCPROOF_TRIAL={lab}".encode() in words)
    return right and b"looker.py" in command
