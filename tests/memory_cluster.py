"""A cluster in memory: as much of the port as the verbs on a sandbox need."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

from svcproof.cluster.api import ApiTrouble, Change, Conflict, NotFound, Object


class MemoryWatch:
    def __init__(self) -> None:
        self.changes: queue.Queue[Change | None] = queue.Queue()

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        change = self.changes.get()
        if change is None:
            raise StopIteration
        return change

    def close(self) -> None:
        self.changes.put(None)


class MemoryCluster:
    server = "https://memory:6443"
    requests_made = 0
    silence = math.inf

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.watches: list[tuple[str, str, MemoryWatch]] = []
        self.trouble_on: dict[str, ApiTrouble] = {}
        self._lock = threading.Lock()

    def silent_ago(self) -> float:
        return self.silence

    def now(self) -> float:
        return time.time()

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        try:
            return self.objects[kind, namespace, name]
        except KeyError:
            raise NotFound(f"{kind} {name}") from None

    def list(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "") -> Any:
        key, _, value = labels.partition("=")
        return [
            item
            for (one, within, _), item in sorted(self.objects.items())
            if one == kind
            and (not namespace or within == namespace)
            and (not key or (item["metadata"].get("labels") or {}).get(key, None) in ({value} if value else _ANY))
        ]

    def create(self, body: Object) -> Object:
        if body["kind"] in self.trouble_on:
            raise self.trouble_on[body["kind"]]
        meta = body["metadata"]
        key = (body["kind"], meta.get("namespace", ""), meta["name"])
        if key in self.objects:
            raise Conflict(f"{key} exists")
        self.put(body)
        return body

    def put(self, body: Object) -> None:
        meta = body["metadata"]
        key = (body["kind"], meta.get("namespace", ""), meta["name"])
        with self._lock:
            change = "MODIFIED" if key in self.objects else "ADDED"
            self.objects[key] = body
            self._tell(key, Change(change, body))

    def patch(self, kind: str, name: str, namespace: str, patch: Any, *, subresource: str = "") -> Object:
        body = self.get(kind, name, namespace)
        body["spec"].update(patch["spec"])
        return body

    def delete(self, kind: str, name: str, namespace: str = "", *, grace_seconds: int | None = None) -> None:
        if f"delete {kind}" in self.trouble_on:
            raise self.trouble_on[f"delete {kind}"]
        key = (kind, namespace, name)
        with self._lock:
            gone = self.objects.pop(key, None)
            if gone is not None:
                self._tell(key, Change("DELETED", gone))

    def delete_pods(self, namespace: str, *, grace_seconds: int) -> None:
        if "delete pods" in self.trouble_on:
            raise self.trouble_on["delete pods"]
        for pod in self.list("Pod", namespace):
            self.delete("Pod", pod["metadata"]["name"], namespace, grace_seconds=grace_seconds)

    def watch(self, kind: str, namespace: str = "", *, labels: str = "", until: float = 0.0) -> MemoryWatch:
        watch = MemoryWatch()
        with self._lock:
            for item in self.list(kind, namespace):
                watch.changes.put(Change("RELISTED", item))
            watch.changes.put(Change("LISTED", {}))
            self.watches.append((kind, namespace, watch))
        return watch

    def _tell(self, key: tuple[str, str, str], change: Change) -> None:
        for kind, namespace, watch in self.watches:
            if kind == key[0] and namespace in ("", key[1]):
                watch.changes.put(change)


class _Anything:
    def __contains__(self, value: object) -> bool:
        return value is not None


_ANY: Any = _Anything()


def pod(name: str, *, app: str = "web", ready: bool = True, node: str = "node-1", ip: str = "10.0.0.1") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", "labels": {"app": app}},
        "spec": {"nodeName": node, "containers": []},
        "status": {
            "podIP": ip,
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def endpoint(pod_name: str, address: str, *, node: str = "node-1", **conditions: bool) -> Object:
    return {
        "addresses": [address],
        "nodeName": node,
        "conditions": conditions,
        "targetRef": {"kind": "Pod", "name": pod_name},
    }


def endpoint_slice(*entries: Object, service: str = "web", name: str = "web-1") -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": service}},
        "endpoints": list(entries) or None,
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
    }
