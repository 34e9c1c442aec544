"""What the parent finds out once for all workers: the cluster's facts and its capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svcproof.run.conducting import Journal


def settle(api: Any, settings: Mapping[str, Any], journal: Journal) -> dict[str, Any]:
    """Tell the journal what cluster this is; return the settings that carry it to the workers."""
    journal.tell({"is": "cluster", "facts": _facts(api)})
    return {}


def _facts(api: Any) -> dict[str, Any]:
    version = api.version()
    nodes = [
        {
            "name": node["metadata"]["name"],
            "kubelet": node["status"]["nodeInfo"]["kubeletVersion"],
            "system": node["status"]["nodeInfo"]["osImage"],
            "kernel": node["status"]["nodeInfo"]["kernelVersion"],
            "runtime": node["status"]["nodeInfo"]["containerRuntimeVersion"],
            "architecture": node["status"]["nodeInfo"]["architecture"],
        }
        for node in api.list("Node")
    ]
    return {"server": api.server, "Kubernetes": version["gitVersion"], "nodes": nodes}
