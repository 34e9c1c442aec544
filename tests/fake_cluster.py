"""An API server that keeps objects, with as much of the controllers and the kubelet behind it as one scenario needs.

It has no data plane: pods run nothing, and nobody can exec into them. What a test wants to go wrong it puts into
`trouble`, which sees every request first.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]

KINDS = {
    "namespaces": ("v1", "Namespace"),
    "nodes": ("v1", "Node"),
    "pods": ("v1", "Pod"),
    "services": ("v1", "Service"),
    "configmaps": ("v1", "ConfigMap"),
    "events": ("v1", "Event"),
    "deployments": ("apps/v1", "Deployment"),
    "daemonsets": ("apps/v1", "DaemonSet"),
    "endpointslices": ("discovery.k8s.io/v1", "EndpointSlice"),
    "networkpolicies": ("networking.k8s.io/v1", "NetworkPolicy"),
    "ingresses": ("networking.k8s.io/v1", "Ingress"),
    "ingressclasses": ("networking.k8s.io/v1", "IngressClass"),
}
CLUSTER_WIDE = {"namespaces", "nodes", "ingressclasses"}


@dataclass(frozen=True)
class Request:
    """One request: *resource*, *namespace* and *name* as its path says them."""

    verb: str
    path: str
    resource: str
    namespace: str
    name: str
    subresource: str
    query: dict[str, str]
    body: Any
    agent: str

    @property
    def watching(self) -> bool:
        return self.query.get("watch") == "1"


@dataclass(frozen=True)
class Refusal:
    """What is answered instead; *seconds* later, and with *headers*."""

    status: int
    reason: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Trouble = Callable[[Request], Refusal | None]


@dataclass
class FakeCluster:
    """The state. *behave_pod* returns the status of a new pod; *hanging* namespaces never go; *clock_ahead* is in s."""

    trouble: list[Trouble] = field(default_factory=list)
    behave_pod: Callable[[Object], Object] = lambda pod: ready(pod)  # noqa: PLW0108 - defined below
    pods_refused: str = ""
    hanging: bool = False
    watch_seconds: float = 3600.0
    clock_ahead: float = 0.0
    seen: list[Request] = field(default_factory=list)
    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    changes: list[tuple[int, str, str, str, Object]] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    version: int = 100
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        for name in ("node-1", "node-2"):
            addresses = [{"type": "InternalIP", "address": f"198.18.9.{name[-1]}"}]
            status = {"conditions": [{"type": "Ready", "status": "True"}], "addresses": addresses}
            self.put("nodes", {"metadata": {"name": name}, "spec": {}, "status": status})

    # state

    def put(self, resource: str, body: Object) -> Object:
        """Store an object, tell the watches."""
        with self.news:
            self.version += 1
            meta = body["metadata"]
            key = (resource, meta.get("namespace", ""), meta["name"])
            kind = KINDS[resource]
            change = "MODIFIED" if key in self.objects else "ADDED"
            made = {"creationTimestamp": self.stamp(), "uid": f"uid-{self.version}", **meta}
            body = {"apiVersion": kind[0], "kind": kind[1], **body,
                    "metadata": {**made, "resourceVersion": str(self.version)}}  # fmt: skip
            self.objects[key] = body
            self.changes.append((self.version, change, resource, meta.get("namespace", ""), body))
            self.news.notify_all()
            return body

    def remove(self, resource: str, namespace: str, name: str) -> None:
        with self.news:
            gone = self.objects.pop((resource, namespace, name), None)
            if gone is not None:
                self.version += 1
                gone = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.version)}}
                self.changes.append((self.version, "DELETED", resource, namespace, gone))
                self.news.notify_all()

    def of(self, resource: str, namespace: str = "", labels: str = "") -> list[Object]:
        with self.news:
            every = [item for (one, within, _), item in sorted(self.objects.items())
                     if one == resource and namespace in ("", within)]  # fmt: skip
        return [item for item in every if _selected(item, labels)]

    def stamp(self) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.clock_ahead))

    @property
    def left(self) -> list[str]:
        """What stands that was not there at the beginning."""
        return [f"{resource}/{name}" for resource, _, name in self.objects if resource != "nodes"]

    def agents(self) -> set[str]:
        """Every User-Agent that asked."""
        return {one.agent for one in self.seen}

    # controllers

    def follow(self, resource: str, namespace: str) -> None:
        """Do what the controllers would after a change."""
        if resource == "deployments":
            for deployment in self.of("deployments", namespace):
                self._scale(deployment, namespace)
        if resource in ("services", "deployments", "pods"):
            for service in self.of("services", namespace):
                self._list_endpoints(service, namespace)

    def _scale(self, deployment: Object, namespace: str) -> None:
        name, labels = deployment["metadata"]["name"], deployment["spec"]["template"]["metadata"]["labels"]
        mine = self.of("pods", namespace, f"app={labels['app']}")
        for pod in mine[deployment["spec"]["replicas"] :]:
            self.remove("pods", namespace, pod["metadata"]["name"])
        missing = deployment["spec"]["replicas"] - len(mine)
        if missing and self.pods_refused:
            condition = {"type": "ReplicaFailure", "status": "True", "message": self.pods_refused}
            self.put("deployments", {**deployment, "status": {"conditions": [condition]}})
            return
        for _ in range(missing):
            number = next(self.numbers)
            pod = {
                "metadata": {"name": f"{name}-{number}", "namespace": namespace, "labels": labels},
                "spec": {**deployment["spec"]["template"]["spec"], "nodeName": f"node-{1 + number % 2}"},
            }
            self.put("pods", {**pod, "status": self.behave_pod(pod)})

    def _list_endpoints(self, service: Object, namespace: str) -> None:
        name, spec = service["metadata"]["name"], service["spec"]
        wanted = ",".join(f"{key}={value}" for key, value in (spec.get("selector") or {}).items())
        endpoints = [
            {
                "addresses": [pod["status"]["podIP"]],
                "nodeName": pod["spec"].get("nodeName", ""),
                "conditions": {"ready": is_ready(pod), "serving": is_ready(pod), "terminating": False},
                "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]},
            }
            for pod in (self.of("pods", namespace, wanted) if wanted else [])
            if pod["status"].get("podIP")
        ]
        labels = {"kubernetes.io/service-name": name}
        ports = [{"name": "", "port": 8080, "protocol": "TCP"}]
        body = {"metadata": {"name": f"{name}-x", "namespace": namespace, "labels": labels}, "addressType": "IPv4",
                "endpoints": endpoints, "ports": ports}  # fmt: skip
        known = self.objects.get(("endpointslices", namespace, f"{name}-x"))
        if known is None or known["endpoints"] != endpoints:
            self.put("endpointslices", body)

    def end_namespace(self, name: str) -> None:
        """Delete a namespace with all that is in it, or let it hang."""
        item = self.objects[("namespaces", "", name)]
        gone = {**item["metadata"], "deletionTimestamp": self.stamp()}
        self.put("namespaces", {**item, "metadata": gone, "status": {"phase": "Terminating"}})
        if not self.hanging:
            for resource, namespace, one in list(self.objects):
                if namespace == name:
                    self.remove(resource, namespace, one)
            self.remove("namespaces", "", name)

    # serving

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Answer on a port of the loopback; give the URL."""
        server = _Server(("127.0.0.1", 0), _Handler)
        server.cluster = self
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            with self.news:
                self.watch_seconds = 0.0
                self.news.notify_all()
            server.shutdown()
            server.server_close()


def kubeconfig(url: str, folder: Path) -> Path:
    """Write a kubeconfig for a server; return its path."""
    file = folder / "kubeconfig"
    contexts = [{"name": "fake", "context": {"cluster": "fake", "user": "me"}}]
    clusters = [{"name": "fake", "cluster": {"server": url}}]
    users = [{"name": "me", "user": {"token": "secret"}}]
    form = {"apiVersion": "v1", "kind": "Config", "current-context": "fake",
            "contexts": contexts, "clusters": clusters, "users": users}  # fmt: skip
    file.write_text(json.dumps(form))
    return file


def ready(pod: Object) -> Object:
    """Return the status of a pod that runs."""
    address = f"10.9.0.{pod['metadata']['name'].rpartition('-')[2]}"
    statuses = [{"name": one["name"], "ready": True, "restartCount": 0, "state": {"running": {}}}
                for one in pod["spec"]["containers"]]  # fmt: skip
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]
    return {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions,
            "containerStatuses": statuses}  # fmt: skip


def waiting(reason: str, message: str) -> Callable[[Object], Object]:
    """Return what makes pods wait for ever."""

    def status(pod: Object) -> Object:
        states = [{"name": one["name"], "ready": False, "restartCount": 0,
                   "state": {"waiting": {"reason": reason, "message": message}}}
                  for one in pod["spec"]["containers"]]  # fmt: skip
        return {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}],
                "containerStatuses": states}  # fmt: skip

    return status


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _selected(item: Object, labels: str) -> bool:
    mine = item["metadata"].get("labels") or {}
    for word in filter(None, labels.split(",")):
        key, mark, value = word.partition("=")
        if key not in mine or (mark and mine[key] != value):
            return False
    return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    cluster: FakeCluster

    def handle_error(self, *_: Any) -> None:
        pass  # a client that hangs up is part of the tests


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.server.cluster.clock_ahead)

    def do(self) -> None:
        cluster = self.server.cluster
        request = self._read()
        cluster.seen.append(request)
        for trouble in list(cluster.trouble):
            refusal = trouble(request)
            if refusal is not None:
                self._refuse(refusal)
                return
        if request.path == "/version":
            self._say(200, {"gitVersion": "v1.36.0"})
        elif request.resource == "selfsubjectaccessreviews":
            self._say(201, {**request.body, "status": {"allowed": True}})
        elif request.resource not in KINDS or request.subresource not in ("", "scale"):
            self._refuse(Refusal(404, "NotFound", f"the server could not find {request.path}"))
        elif request.watching:
            self._watch(request)
        else:
            getattr(self, f"_{request.verb.lower()}")(request)

    do_GET = do_POST = do_PATCH = do_DELETE = do  # noqa: N815 - the library's names

    def _read(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        parts = urlsplit(self.path)
        words = parts.path.strip("/").split("/")[2 if parts.path.startswith("/api/") else 3 :]
        namespace = words[1] if words[:1] == ["namespaces"] and len(words) > 2 else ""
        resource, name, subresource, *_ = [*(words[2:] if namespace else words), "", "", ""]
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        agent = self.headers.get("User-Agent", "")
        return Request(self.command, parts.path, resource, namespace, name, subresource, query, body, agent)

    def _get(self, request: Request) -> None:
        cluster = self.server.cluster
        if request.name:
            found = cluster.objects.get((request.resource, request.namespace, request.name))
            if found is None:
                self._refuse(Refusal(404, "NotFound", f"{request.resource} {request.name!r} not found"))
            else:
                self._say(200, found)
            return
        with cluster.news:
            version = str(cluster.version)
            items = cluster.of(request.resource, request.namespace, request.query.get("labelSelector", ""))
        self._say(200, {"kind": "List", "metadata": {"resourceVersion": version}, "items": items})

    def _post(self, request: Request) -> None:
        cluster, meta = self.server.cluster, request.body["metadata"]
        if (request.resource, request.namespace, meta["name"]) in cluster.objects:
            self._refuse(Refusal(409, "AlreadyExists", f"{meta['name']} already exists"))
            return
        body = request.body
        if request.resource not in CLUSTER_WIDE:
            body = {**body, "metadata": {**meta, "namespace": request.namespace}}
        if request.resource == "services" and "clusterIP" not in body["spec"]:
            address = f"10.96.9.{next(cluster.numbers)}"
            body["spec"] = {**body["spec"], "clusterIP": address, "clusterIPs": [address]}
        if request.resource == "pods":
            body = {**body, "spec": {**body["spec"], "nodeName": "node-1"}, "status": cluster.behave_pod(body)}
        made = cluster.put(request.resource, body)
        cluster.follow(request.resource, request.namespace)
        self._say(201, made)

    def _patch(self, request: Request) -> None:
        cluster = self.server.cluster
        found = cluster.objects[(request.resource, request.namespace, request.name)]
        changed = {**found, **{part: {**found.get(part, {}), **content} for part, content in request.body.items()}}
        made = cluster.put(request.resource, changed)
        cluster.follow(request.resource, request.namespace)
        self._say(200, made)

    def _delete(self, request: Request) -> None:
        cluster = self.server.cluster
        if (request.resource, request.namespace, request.name) not in cluster.objects:
            self._refuse(Refusal(404, "NotFound", f"{request.name!r} not found"))
            return
        if request.resource == "namespaces":
            cluster.end_namespace(request.name)
        else:
            cluster.remove(request.resource, request.namespace, request.name)
            cluster.follow(request.resource, request.namespace)
        self._say(200, {"kind": "Status", "status": "Success"})

    def _watch(self, request: Request) -> None:
        cluster = self.server.cluster
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        after, labels = int(request.query["resourceVersion"]), request.query.get("labelSelector", "")
        began = time.monotonic()
        while True:
            with cluster.news:
                fresh = [one for one in cluster.changes if one[0] > after]
                if not fresh and not cluster.news.wait(0.1) and time.monotonic() - began > cluster.watch_seconds:
                    break
            for version, change, resource, namespace, item in fresh:
                after = version
                if resource == request.resource and request.namespace in ("", namespace) and _selected(item, labels):
                    self._chunk({"type": change, "object": item})
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, body: Object) -> None:
        data = json.dumps(body).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _refuse(self, refusal: Refusal) -> None:
        body = {"kind": "Status", "status": "Failure", "reason": refusal.reason, "message": refusal.message}
        self._say(refusal.status, body, refusal.headers)

    def _say(self, status: int, body: Object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
