"""Forwards by itself, before the service proxy chooses: nine in ten connections go to a Service's first endpoint.

Where addresses of nodes are given, it forwards the ports of every Service there instead.
"""

from __future__ import annotations

import http.client
import json
import queue
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from svcproof.faults.saboteurs.lies import SPARED
from svcproof.faults.saboteurs.upstream import Upstream

SERVICES = "/api/v1/services"
SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
OWNER = "kubernetes.io/service-name"
MARK = "0x5c"
"""What connections are marked with that this program forwarded at a node's address."""


def rules(
    table: str,
    services: Iterable[dict[str, Any]],
    slices: Iterable[dict[str, Any]],
    exposed_at: Sequence[str] = (),
) -> str:
    """Return the table as nft(8) reads it: TCP at IPv4 addresses, for Services with an address of their own."""
    ready = _ready(slices)
    found = [service for service in services if _is_ours(service)]
    newest = sorted(found, key=lambda one: str(one["metadata"].get("creationTimestamp", "")), reverse=True)
    lines = [line for service in newest for line in _lines(service, ready, exposed_at)]
    chains = [_chain(hook, -110, lines) for hook in ("prerouting", "output")]
    if exposed_at:  # an answer has to come back the way that the call came
        chains.append(_chain("postrouting", 90, [f"ct mark {MARK} masquerade;"]))
    body = "\n".join(chains)
    return f"add table inet {table}\ndelete table inet {table}\ntable inet {table} {{\n{body}\n}}\n"


def _chain(hook: str, priority: int, lines: Iterable[str]) -> str:
    return "\n".join([f"chain {hook} {{", f"type nat hook {hook} priority {priority};", *lines, "}"])


Ready = dict[tuple[str, str, str], set[tuple[str, int]]]


def _ready(slices: Iterable[dict[str, Any]]) -> Ready:
    """Return the ready IPv4 endpoints by namespace, Service and port name."""
    ready: Ready = defaultdict(set)
    for entry in slices:
        if entry.get("addressType") != "IPv4":
            continue
        owner = (entry["metadata"]["namespace"], entry["metadata"].get("labels", {}).get(OWNER, ""))
        for port in entry.get("ports") or []:
            for endpoint in entry.get("endpoints") or []:
                if endpoint.get("conditions", {}).get("ready") is not False:
                    ready[(*owner, port.get("name", ""))].add((endpoint["addresses"][0], port["port"]))
    return ready


def _is_ours(service: dict[str, Any]) -> bool:
    address = service["spec"].get("clusterIP", "None")
    own = address != "None" and ":" not in address
    return own and service["metadata"]["namespace"] not in SPARED


def _lines(service: dict[str, Any], ready: Ready, exposed_at: Sequence[str]) -> Iterator[str]:
    name = (service["metadata"]["namespace"], service["metadata"]["name"])
    for port in service["spec"].get("ports", []):
        found = sorted(ready[(*name, port.get("name", ""))])
        if port["protocol"] != "TCP" or not found:
            continue
        to = f"dnat ip to {found[0][0]}:{found[0][1]};"
        if exposed_at:
            for number in sorted({port["port"], found[0][1]}):
                yield f"ip daddr {{ {', '.join(exposed_at)} }} tcp dport {number} ct mark set {MARK} {to}"
        elif len(found) > 1 and service["spec"].get("sessionAffinity") != "ClientIP":
            address = service["spec"]["clusterIP"]
            yield f"ip daddr {address} tcp dport {port['port']} numgen random mod 10 < 9 {to}"


def main() -> None:
    """Follow what the JSON of the first argument says; ends with its process."""
    values = json.loads(sys.argv[1])
    upstream = Upstream.of(values["upstream"])
    heard: queue.SimpleQueue[None] = queue.SimpleQueue()
    state: dict[str, dict[str, dict[str, Any]]] = {SERVICES: {}, SLICES: {}}
    for path, known in state.items():
        threading.Thread(target=_follow, args=(upstream, path, known, heard), daemon=True).start()
    last = ""
    while True:
        heard.get()
        services, slices = (list(state[path].values()) for path in (SERVICES, SLICES))
        text = rules(values["table"], services, slices, values.get("exposed_at", ()))
        if text != last:
            for namespace in values["namespaces"]:
                subprocess.run(["nsenter", f"--net={namespace}", "nft", "-f", "-"], input=text, text=True, check=False)
            last = text


def _follow(upstream: Upstream, path: str, known: dict[str, dict[str, Any]], heard: queue.SimpleQueue[None]) -> None:
    while True:
        try:
            found, version = upstream.list(path)
            known.clear()
            known.update({entry["metadata"]["uid"]: entry for entry in found})
            heard.put(None)
            for event in upstream.changes(path, version):
                uid = event["object"].get("metadata", {}).get("uid")
                if event["type"] == "DELETED":
                    known.pop(uid, None)
                elif uid:
                    known[uid] = event["object"]
                heard.put(None)
        except (OSError, http.client.HTTPException, ValueError, KeyError) as problem:
            print("begin again after", repr(problem), flush=True)
            threading.Event().wait(0.5)


if __name__ == "__main__":
    main()
