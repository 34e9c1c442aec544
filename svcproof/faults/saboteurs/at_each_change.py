"""Disturbs forwarding for a moment whenever endpoints change: by an element of a set that expires by itself."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from typing import Any

from svcproof.faults.saboteurs.lies import SPARED
from svcproof.faults.saboteurs.upstream import Upstream

PATH = "/apis/discovery.k8s.io/v1/endpointslices"


def main() -> None:
    """Follow what the JSON of the first argument says; ends with its process."""
    values = json.loads(sys.argv[1])
    upstream = Upstream.of(values["upstream"])
    print("following", flush=True)
    while True:
        try:
            follow(upstream, values)
        except (OSError, http.client.HTTPException, ValueError, KeyError) as problem:
            print("begin again after", repr(problem), flush=True)
            threading.Event().wait(0.5)


def follow(upstream: Upstream, values: dict[str, Any]) -> None:
    """Disturb at each change until the watch ends."""
    known, version = upstream.list(PATH)
    last = {entry["metadata"]["uid"]: facts(entry) for entry in known}
    for event in upstream.changes(PATH, version):
        body = event["object"]
        metadata = body.get("metadata", {})
        if event["type"] == "BOOKMARK" or metadata.get("namespace") in SPARED:
            continue
        now = {} if event["type"] == "DELETED" else facts(body)
        if now != last.get(metadata.get("uid"), {}):
            disturb(values)
            print(f"{time.time():.3f}", event["type"], metadata.get("namespace"), metadata.get("name"), flush=True)
        last[metadata.get("uid")] = now


def facts(body: dict[str, Any]) -> dict[str, Any]:
    """What a proxy would have to act on."""
    return {entry["addresses"][0]: entry.get("conditions", {}) for entry in body.get("endpoints") or []}


def disturb(values: dict[str, Any]) -> None:
    """Add the element in every namespace, all at once."""
    command = [
        "nft",
        "add",
        "element",
        "inet",
        values["table"],
        "moment",
        f"{{ tcp timeout {values['milliseconds']}ms }}",
    ]
    started = [
        subprocess.Popen(["nsenter", f"--net={namespace}", *command], stderr=subprocess.DEVNULL)
        for namespace in values["namespaces"]
    ]
    for one in started:
        one.wait()


if __name__ == "__main__":
    main()
