"""The cluster's first objects, and what tells that objects are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from svcproof.providers.lab.plan import NodePlan


def collection_path(found: dict[str, Any]) -> str:
    """Where the API server creates an object: its URL path, by the rules that its kinds' names follow."""
    group = found["apiVersion"]
    root = f"/apis/{group}" if "/" in group else f"/api/{group}"
    kind = found["kind"].lower()
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    namespace = found["metadata"].get("namespace")
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def node_is_ready(node: dict[str, Any]) -> bool:
    """Whether the kubelet says Ready and nothing keeps pods off the node any more."""
    conditions = {condition["type"]: condition["status"] for condition in node["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")


def is_rolled_out(workload: dict[str, Any]) -> bool:
    """Whether every replica of a Deployment, or every pod of a DaemonSet, is ready."""
    status = workload.get("status", {})
    wanted = workload["spec"].get("replicas", status.get("desiredNumberScheduled", 0))
    ready = status.get("readyReplicas", status.get("numberReady", 0))
    return bool(ready == wanted > 0)


def node_object(node: NodePlan) -> dict[str, Any]:
    """A node, made before its kubelet registers: its pod range is the one that the lab's routes lead to."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {"kubernetes.io/hostname": node.name, "topology.kubernetes.io/zone": node.zone},
        },
        "spec": {"podCIDR": str(node.pod_ranges[0]), "podCIDRs": [str(pods) for pods in node.pod_ranges]},
    }


KUBELET_ADMIN = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "svcproof:kube-apiserver-kubelet-admin"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:kubelet-api-admin"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "kube-apiserver-kubelet-client"}],
}
"""Logs and exec: the API server may ask the kubelets for everything."""
