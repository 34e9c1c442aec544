"""What a colleague would look at first: the sandbox as it stands at the moment something went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from svcproof.cluster.api import ApiTrouble, ClusterApi, Object
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.services import is_ready
from svcproof.cluster.workloads import why_not_ready

KINDS = ("Service", "EndpointSlice", "Deployment", "Pod", "NetworkPolicy", "Ingress")
LOG_LINES = 60
MOST_LOGS = 12


@dataclass(frozen=True)
class Evidence:
    """One piece: a name for people, and the text."""

    name: str
    media_type: str
    content: str


def gather(sandbox: Sandbox) -> Iterator[Evidence]:
    """Yield the evidence of every namespace of a sandbox; what cannot be read says so instead of being left out."""
    if sandbox.applied:
        yield Evidence("objects as applied", "application/yaml", _yaml(sandbox.applied))
    for namespace in sandbox.namespaces:
        yield from _namespace(sandbox.api, namespace)
    yield Evidence("nodes", "text/plain", _or_why(lambda: _nodes(sandbox.api)))


def _namespace(api: ClusterApi, namespace: str) -> Iterator[Evidence]:
    yield Evidence(f"events of {namespace}", "text/plain", _or_why(lambda: _events(api, namespace)))
    yield Evidence(f"pods of {namespace}", "text/plain", _or_why(lambda: _pods(api, namespace)))
    for kind in KINDS:
        text = _or_why(lambda kind=kind: _yaml(api.list(kind, namespace)))  # type: ignore[misc]
        if text:
            yield Evidence(f"{kind} of {namespace}", "application/yaml", text)
    yield from _logs(api, namespace)


def _logs(api: ClusterApi, namespace: str) -> Iterator[Evidence]:
    try:
        pods = api.list("Pod", namespace)
    except ApiTrouble:
        return  # the list of pods says so already
    for pod in pods[:MOST_LOGS]:
        name = pod["metadata"]["name"]
        for container in pod["spec"]["containers"]:
            tail = _or_why(lambda: api.logs(namespace, name, container["name"], lines=LOG_LINES))  # noqa: B023 - called at once
            if tail.strip():
                yield Evidence(f"log of {name}, {container['name']}", "text/plain", tail)


def _events(api: ClusterApi, namespace: str) -> str:
    events = sorted(api.list("Event", namespace), key=_when)
    return "\n".join(
        f"{_when(event)} {event.get('type', ''):8} {event['involvedObject'].get('kind')}/"
        f"{event['involvedObject'].get('name')} {event.get('reason')}: {event.get('message')}"
        for event in events
    )


def _when(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


def _pods(api: ClusterApi, namespace: str) -> str:
    lines = []
    for pod in api.list("Pod", namespace):
        status = pod.get("status", {})
        state = "ready" if is_ready(pod) else why_not_ready(pod)
        node = pod["spec"].get("nodeName", "no node")
        lines.append(f"{pod['metadata']['name']}  {status.get('podIP', 'no address')}  {node}  {state}")
    return "\n".join(lines)


def _nodes(api: ClusterApi) -> str:
    return "\n".join(
        f"{node['metadata']['name']}  {'ready' if is_ready(node) else 'not ready'}  "
        f"{json.dumps([entry['address'] for entry in node['status'].get('addresses') or []])}"
        for node in api.list("Node")
    )


def _yaml(objects: list[Object]) -> str:
    for item in objects:
        item["metadata"].pop("managedFields", None)
    return yaml.safe_dump_all(objects, sort_keys=False) if objects else ""


def _or_why(read: Callable[[], str]) -> str:
    try:
        return read()
    except ApiTrouble as trouble:
        return f"not to be had: {trouble}"
