"""What a colleague would look at first: the sandbox as it stands at the moment something went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from svcproof import as_yaml
from svcproof.cluster import layers
from svcproof.cluster.api import ApiTrouble, ClusterApi, Object, Unreachable
from svcproof.cluster.layers import Glance
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.second_look import SecondLook
from svcproof.cluster.services import is_ready
from svcproof.cluster.workloads import why_not_ready
from svcproof.model.layers import cause, table

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
    """Yield the evidence of every namespace of a sandbox; what cannot be read says so instead of being left out.

    An API server that gives no answer at all is asked once: raises Unreachable then.
    """
    if sandbox.applied:
        applied = [_without_bytes(one) for one in sandbox.applied]
        yield Evidence("objects as applied", "application/yaml", _yaml(applied))
    yield Evidence("nodes", "text/plain", _or_why(lambda: _nodes(sandbox.api)))
    for namespace in sandbox.namespaces:
        yield from _namespace(sandbox.api, namespace)


def blame(look: SecondLook, law: str = "") -> tuple[list[Evidence], str]:
    """Return what a second look shows, and the one line that says which layer is to blame for a broken law.

    The line is empty where no layer is. Raises Unreachable where the API server gives no answer.
    """
    scene = look.scene()
    findings = layers.read(scene)
    line = cause(findings, law)
    evidence = [Evidence(f"proxy rules of {node}", "text/plain", text) for node, text in look.rules_text.items()]
    if scene.at_names or scene.at_resolvers:
        said = [_dns_answers(one) for one in (*scene.at_names, *scene.at_resolvers)]
        evidence.append(Evidence("DNS answers", "text/plain", "\n".join(said)))
    unseen = "".join(f"not seen: {why}\n" for why in look.unseen)
    told = f"\ncause: {line}\n" if line else ""
    evidence.append(Evidence("layers", "text/plain", f"{table(findings)}{unseen}{told}"))
    return evidence, line


def _dns_answers(glance: Glance) -> str:
    answers = "\n".join(
        f"  {one.outcome.value}  {one.detail}  {', '.join(one.answers)}".rstrip() for one in glance.exchanges
    )
    return f"{glance.subject or glance.address} at {glance.address}, asked from {glance.start}\n{answers}"


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
    except Unreachable:
        raise
    except ApiTrouble:
        return  # the list of pods says so already
    silent: set[str] = set()  # a kubelet that is gone is asked once
    for pod in pods[:MOST_LOGS]:
        name, node = pod["metadata"]["name"], pod["spec"].get("nodeName", "")
        for container in pod["spec"]["containers"]:
            if node in silent:
                continue
            try:
                tail = api.logs(namespace, name, container["name"], lines=LOG_LINES)
            except ApiTrouble as trouble:
                silent |= {node} if isinstance(trouble, Unreachable) else set()
                tail = f"not to be had: {trouble}"
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
    return as_yaml.dump(*objects) if objects else ""


def _without_bytes(body: Object) -> Object:
    """Return an object with the length of its binary data instead of the data: nobody reads that."""
    if "binaryData" not in body:
        return body
    lengths = {name: f"({len(data)} characters of base64)" for name, data in body["binaryData"].items()}
    return {**body, "binaryData": lengths}


def _or_why(read: Callable[[], str]) -> str:
    try:
        return read()
    except Unreachable:
        raise
    except ApiTrouble as trouble:
        return f"not to be had: {trouble}"
