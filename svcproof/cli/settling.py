"""What the parent finds out once for all workers: the cluster's facts, and the capabilities that scenarios need."""

from __future__ import annotations

import atexit
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from svcproof.cluster import sandbox
from svcproof.cluster.api import ApiTrouble, ClusterApi, NotFound
from svcproof.cluster.detect import detect_in_turn
from svcproof.cluster.node_control import NodeControl
from svcproof.cluster.settings import read
from svcproof.files import write_file
from svcproof.model.capability import OFFERS, Capability
from svcproof.run.conducting import Journal
from svcproof.run.detecting import detection_alone

NETWORKS = (
    "antrea", "calico", "canal", "cilium", "flannel", "kindnet", "kube-ovn", "kube-router", "multus", "ovn", "weave",
)  # fmt: skip
"""What the DaemonSets of network plug-ins are named after."""


def settle(api: ClusterApi, journal: Journal, told: Mapping[str, Any]) -> None:
    """Delete what dead runs left, tell the journal what cluster this is.

    *told* is the run's settings as its workers read them. Raises SetupProblem where credentials cannot run the suite.
    """
    sandbox.require_permission(api)
    sandbox.reap(api)
    journal.tell({"is": "cluster", "facts": {**facts(api), **_of_the_lab(told)}})


def rehearse(
    api: ClusterApi,
    needs: Iterable[str],
    journal: Journal,
    node_control: NodeControl | None,
    told: Mapping[str, Any],
) -> Iterator[str]:
    """Find out which of the needed capabilities there are, and yield the name of each as it is found.

    By then the journal has been told of it, and it stands in the file that workers know of.
    """
    known: list[dict[str, Any]] = []
    with detection_alone(api, read(told, {}), node_control) as using:
        for capability in detect_in_turn(needs, using):
            offer = OFFERS.get(capability.name)
            journal.tell({"is": "capability", **_plain(capability), "cure": offer.get if offer else ""})
            known.append(asdict(capability))
            write_file(Path(told["capabilities"]), json.dumps(known))
            yield capability.name


def _plain(capability: Capability) -> dict[str, Any]:
    return {"name": capability.name, "present": capability.present, "because": capability.because}


def file_for_workers() -> str:
    """Make the file in which workers will find the capabilities; it goes when this process ends."""
    descriptor, name = tempfile.mkstemp(prefix="svcproof-capabilities-", suffix=".json")
    os.close(descriptor)
    atexit.register(Path(name).unlink, missing_ok=True)
    return name


def facts(api: ClusterApi) -> dict[str, Any]:
    """Return the fingerprint of a cluster: versions, nodes, network, how Services are proxied."""
    told: dict[str, Any] = {"server": api.server, "Kubernetes": api.version().get("gitVersion", "unknown")}
    if mode := _proxy_mode(api):
        told["proxy mode"] = mode
    if network := _network(api):
        told["network"] = network
    told["nodes"] = [_node(node) for node in api.list("Node")]
    return told


def _of_the_lab(told: Mapping[str, Any]) -> dict[str, str]:
    """Return what a lab knows of itself and no object of its API tells; nothing of other clusters."""
    from svcproof.providers.lab import find_lab

    kind, _, name = str(told.get("node_control", "")).partition(":")
    lab = find_lab(name) if kind == "lab" else None
    if lab is None:
        return {}
    plan = lab.plan
    return {
        "proxy mode": plan.proxy_mode,
        "network": "bridge and routes of a svcproof lab",
        "IP families": plan.ip_family,
        **({"add-ons": ", ".join(plan.add_ons)} if plan.add_ons else {}),
    }


def _node(node: Mapping[str, Any]) -> dict[str, str]:
    info = node.get("status", {}).get("nodeInfo", {})
    names = {
        "kubelet": "kubeletVersion",
        "runtime": "containerRuntimeVersion",
        "system": "osImage",
        "kernel": "kernelVersion",
        "architecture": "architecture",
    }
    return {"name": node["metadata"]["name"], **{name: str(info.get(key, "")) for name, key in names.items()}}


def _proxy_mode(api: ClusterApi) -> str:
    """Return what kube-proxy's ConfigMap says; empty where there is none: a fact more or less, no verdict."""
    try:
        config = api.get("ConfigMap", "kube-proxy", "kube-system")
    except NotFound:
        return ""
    except ApiTrouble:
        return "not to be had"
    for text in (config.get("data") or {}).values():
        for line in str(text).splitlines():
            name, colon, value = line.partition(":")
            if name.strip() == "mode" and colon:
                return value.strip().strip("\"'") or "iptables (the default)"
    return ""


def _network(api: ClusterApi) -> str:
    try:
        sets = [item["metadata"]["name"] for item in api.list("DaemonSet")]
    except ApiTrouble:
        return "not to be had"
    return ", ".join(sorted({name for name in NETWORKS for item in sets if name in item}))
