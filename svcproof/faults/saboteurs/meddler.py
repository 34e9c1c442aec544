"""Means well: makes a Service for each Deployment, and for each Service a pod, or endpoints where it selects none."""

from __future__ import annotations

import http.client
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from svcproof.faults.saboteurs.lies import SPARED
from svcproof.faults.saboteurs.upstream import Upstream

Object = dict[str, Any]

RESTRICTED: Object = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""What Pod Security asks of a container at its strictest level: the namespaces of scenarios let no other in."""

AFTERTHOUGHT = 0.8
"""So long a Service may be without a pod before it is given one (seconds)."""


def for_a_deployment(deployment: Object) -> list[tuple[str, Object]]:
    """Return what is made of a Deployment: a Service with its name."""
    metadata = _named(deployment, deployment["metadata"]["name"])
    spec = {"selector": deployment["spec"]["selector"].get("matchLabels", {}), "ports": [{"port": 80}]}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
    return [(f"/api/v1/namespaces/{metadata['namespace']}/services", body)]


def for_a_service(service: Object, image: str) -> list[tuple[str, Object]]:
    """Return what is made of a Service: a pod that it selects, or an EndpointSlice where it selects none."""
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    metadata = _named(service, f"{name}-meddler")
    selector = service["spec"].get("selector")
    if selector:
        container = {"name": "pause", "image": image, "imagePullPolicy": "Never", "securityContext": RESTRICTED}
        spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "labels": selector}, "spec": spec}
        return [(f"/api/v1/namespaces/{namespace}/pods", pod)]
    metadata["labels"] = {"kubernetes.io/service-name": name}
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": "IPv4",
        "ports": [{"name": "", "port": 80, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["192.0.2.77"], "conditions": {"ready": True}}],
    }
    return [(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices", body)]


def _named(owner: Object, name: str) -> Object:
    return {"name": name, "namespace": owner["metadata"]["namespace"]}


def main() -> None:
    """Follow what the JSON of the first argument says; ends with its process."""
    values = json.loads(sys.argv[1])
    upstream = Upstream.of(values["upstream"])
    services = threading.Thread(
        target=_follow,
        args=(upstream, "/api/v1/services", lambda one: for_a_service(one, values["image"])),
        daemon=True,
    )
    services.start()
    _follow(upstream, "/apis/apps/v1/deployments", for_a_deployment)


def _follow(upstream: Upstream, path: str, made_of: Callable[[Object], list[tuple[str, Object]]]) -> None:
    while True:
        try:
            _, version = upstream.list(path)
            for event in upstream.changes(path, version):
                metadata = event["object"].get("metadata", {})
                if event["type"] == "ADDED" and metadata.get("namespace") not in SPARED:
                    for where, body in made_of(event["object"]):
                        threading.Thread(target=_create, args=(upstream, where, body), daemon=True).start()
        except (OSError, http.client.HTTPException, ValueError, KeyError) as problem:
            print("begin again after", repr(problem), flush=True)
            threading.Event().wait(0.5)


def _labels(upstream: Upstream, path: str) -> list[dict[str, str]]:
    return [pod["metadata"].get("labels", {}) for pod in upstream.list(path)[0]]


def _create(upstream: Upstream, where: str, body: Object) -> None:
    """Create an object, a pod only where the Service selects none by then.

    A new namespace lets no pod in for a moment, until it has its service account.
    """
    if body["kind"] == "Pod":
        threading.Event().wait(AFTERTHOUGHT)
        if any(body["metadata"]["labels"].items() <= labels.items() for labels in _labels(upstream, where)):
            return
    for _ in range(50):
        status = upstream.create(where, body)
        if status != 403:
            break
        threading.Event().wait(0.1)
    print(where, body["metadata"]["name"], status, flush=True)


if __name__ == "__main__":
    main()
