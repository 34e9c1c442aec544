"""Says how each program of a lab is started: its arguments, and its configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from svcproof.providers.lab import cgroups
from svcproof.providers.lab.certificates import certificates, kubeconfig
from svcproof.providers.lab.plan import CONTROL_PLANE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from svcproof.providers.lab.plan import LabPlan, NodePlan

ETCD = "http://127.0.0.1:2379"

NODE_GRACE = 16
"""Seconds without a lease renewal until a node counts as lost; Kubernetes' own default is 50.

A lost node is one of the contract's events: the lab shows it in affordable time. Leases are renewed every 4 seconds.
"""

CONTROL_PLANE_COMPONENTS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
)
NODE_COMPONENTS = ("containerd", "kubelet", "kube-proxy")


@dataclass(frozen=True)
class Recipe:
    """How one program of the lab is started."""

    name: str
    place: str
    arguments: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    """Name in the component's folder → text."""

    own_mounts: bool = False
    """Whether it runs in its node's mount namespace."""


def folder(plan: LabPlan, place: str, name: str) -> Path:
    """Where a component's command, configuration, log and process are kept."""
    return plan.directory / place / name


def control_plane_recipes(plan: LabPlan) -> dict[str, Recipe]:
    """The control plane's programs, in the order of their start."""
    makers: tuple[Callable[[LabPlan], Recipe], ...] = (_etcd, _api_server, _controller_manager, _scheduler, _api_proxy)
    return {recipe.name: recipe for recipe in (make(plan) for make in makers)}


def node_recipes(
    plan: LabPlan, node: NodePlan, *, plugins: Path, pause: str, lowers_oom_score: bool
) -> dict[str, Recipe]:
    """One node's programs. *plugins* holds the CNI plugins; *pause* is the image of every pod's sandbox.

    *lowers_oom_score* says whether this machine lets us make processes dearer to the kernel (CAP_SYS_RESOURCE).
    """
    recipes = (
        _containerd(plan, node, plugins, pause, lowers_oom_score=lowers_oom_score),
        _kubelet(plan, node),
        _proxy(plan, node.name, node=node.name),
    )
    return {recipe.name: recipe for recipe in recipes}


def _etcd(plan: LabPlan) -> Recipe:
    return Recipe(
        "etcd",
        CONTROL_PLANE,
        (
            f"--data-dir={plan.data / 'etcd'}",
            f"--listen-client-urls={ETCD}",
            f"--advertise-client-urls={ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380",
            "--initial-cluster=default=http://127.0.0.1:2380",
            "--unsafe-no-fsync",  # a lab that loses its machine is thrown away
            "--log-level=warn",
        ),
    )


def _api_server(plan: LabPlan) -> Recipe:
    issued = certificates(plan)
    return Recipe(
        "kube-apiserver",
        CONTROL_PLANE,
        (
            f"--etcd-servers={ETCD}",
            f"--advertise-address={plan.blocks[0].control_plane}",
            "--secure-port=6443",
            f"--service-cluster-ip-range={_comma(block.services for block in plan.blocks)}",
            "--allow-privileged=true",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--client-ca-file={issued / 'ca.crt'}",
            f"--tls-cert-file={issued / 'kube-apiserver.crt'}",
            f"--tls-private-key-file={issued / 'kube-apiserver.key'}",
            f"--kubelet-certificate-authority={issued / 'ca.crt'}",
            f"--kubelet-client-certificate={issued / 'kube-apiserver-kubelet-client.crt'}",
            f"--kubelet-client-key={issued / 'kube-apiserver-kubelet-client.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={issued / 'service-account.pub'}",
            f"--service-account-signing-key-file={issued / 'service-account.key'}",
            f"--requestheader-client-ca-file={issued / 'front-proxy-ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={issued / 'front-proxy-client.crt'}",
            f"--proxy-client-key-file={issued / 'front-proxy-client.key'}",
        ),
    )


def _controller_manager(plan: LabPlan) -> Recipe:
    issued = certificates(plan)
    user = kubeconfig(plan, "kube-controller-manager")
    return Recipe(
        "kube-controller-manager",
        CONTROL_PLANE,
        (
            f"--kubeconfig={user}",
            f"--authentication-kubeconfig={user}",
            f"--authorization-kubeconfig={user}",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={issued / 'service-account.key'}",
            f"--root-ca-file={issued / 'ca.crt'}",
            f"--cluster-signing-cert-file={issued / 'ca.crt'}",
            f"--cluster-signing-key-file={issued / 'ca.key'}",
            f"--requestheader-client-ca-file={issued / 'front-proxy-ca.crt'}",
            "--allocate-node-cidrs=false",  # the lab's routes are laid before the nodes register: see Node objects
            f"--service-cluster-ip-range={_comma(block.services for block in plan.blocks)}",
            f"--node-monitor-grace-period={NODE_GRACE}s",
            "--node-monitor-period=2s",
            # each controller fetches a token first: at the usual 20 requests a second they queue for seconds
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ),
    )


def _scheduler(plan: LabPlan) -> Recipe:
    user = kubeconfig(plan, "kube-scheduler")
    config = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {"kubeconfig": str(user)},
        "leaderElection": {"leaderElect": False},
    }
    return Recipe(
        "kube-scheduler",
        CONTROL_PLANE,
        (
            f"--config={folder(plan, CONTROL_PLANE, 'kube-scheduler') / 'config.json'}",
            f"--authentication-kubeconfig={user}",
            f"--authorization-kubeconfig={user}",
        ),
        {"config.json": _json(config)},
    )


def _api_proxy(plan: LabPlan) -> Recipe:
    """The proxy beside the API server: webhooks and aggregated APIs are reached through their Services.

    It goes by the first node's name: under a name that no Node has, it would wait half a minute before its first rule.
    """
    return _proxy(plan, CONTROL_PLANE, node=plan.node_plans[0].name)


def _proxy(plan: LabPlan, place: str, *, node: str) -> Recipe:
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig(plan, "kube-proxy"))},
        "mode": plan.proxy_mode,
        "hostnameOverride": node,
        "clusterCIDR": _comma(block.pods for block in plan.blocks),
        "detectLocalMode": "ClusterCIDR",
        # the machine's connection tracking is not the lab's to size
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
    if place == CONTROL_PLANE:
        config["bindAddress"] = str(plan.blocks[0].control_plane)  # not that of the node it is named after
    return Recipe(
        "kube-proxy",
        place,
        (f"--config={folder(plan, place, 'kube-proxy') / 'config.json'}",),
        {"config.json": _json(config)},
    )


OCI_RUNTIME = """\
#!/bin/sh
# crun starts a container sooner than runc. Debian's knows version 1.0 of the runtime specification and refuses any
# other by its number; what containerd asks for is within 1.0.
before=
for word; do
    case $before in --bundle) sed -i 's/"ociVersion":"1\\.[1-9][^"]*"/"ociVersion":"1.0.2"/' "$word/config.json" ;; esac
    before=$word
done
exec crun "$@"
"""


def oci_runtime(plan: LabPlan) -> Path:
    """Where the lab keeps OCI_RUNTIME, which starts its containers; not in /run, which may forbid programs."""
    return plan.data / "oci-runtime"


def _containerd(plan: LabPlan, node: NodePlan, plugins: Path, pause: str, *, lowers_oom_score: bool) -> Recipe:
    own = folder(plan, node.name, "containerd")
    data = plan.node_data(node.name)
    settings = f"""version = 4
root = '{data / "containerd"}'
state = '{data / "containerd-state"}'

[plugins.'io.containerd.server.v1.grpc']
  address = '{plan.containerd_socket(node.name)}'

[plugins.'io.containerd.server.v1.ttrpc']
  address = '{plan.containerd_socket(node.name)}.ttrpc'

[plugins.'io.containerd.metadata.v1.bolt']
  no_sync = true

[plugins.'io.containerd.snapshotter.v1.overlayfs']
  mount_options = ['volatile']

[plugins.'io.containerd.nri.v1.nri']
  disable = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '{pause}'

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = {str(not lowers_oom_score).lower()}
  netns_mounts_under_state_dir = true
  enable_criu = false
stats_collect_period = '1m'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '{oci_runtime(plan)}'
  SystemdCgroup = false

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['{plugins}']
  conf_dir = '{own / "cni"}'
  use_internal_loopback = true
"""
    return Recipe(
        "containerd",
        node.name,
        (f"--config={own / 'config.toml'}",),
        {"config.toml": settings, "cni/10-svcproof.conflist": _json(_pod_network(plan, node))},
        own_mounts=True,
    )


def _pod_network(plan: LabPlan, node: NodePlan) -> dict[str, Any]:
    """Each pod has a link and a route of its own on its node: all pod traffic is routed, on one node too."""
    anywhere = {4: "0.0.0.0/0", 6: "::/0"}
    return {
        "cniVersion": "1.0.0",
        "name": "svcproof",
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(plan.node_data(node.name) / "pod-addresses"),
                    "ranges": [[{"subnet": str(pods)}] for pods in node.pod_ranges],
                    "routes": [{"dst": anywhere[block.version]} for block in plan.blocks],
                },
            },
        ],
    }


def _kubelet(plan: LabPlan, node: NodePlan) -> Recipe:
    issued = certificates(plan)
    own = folder(plan, node.name, "kubelet")
    config: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(issued / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(issued / f"kubelet-{node.name}.crt"),
        "tlsPrivateKeyFile": str(issued / f"kubelet-{node.name}.key"),
        "readOnlyPort": 0,
        "containerRuntimeEndpoint": f"unix://{plan.containerd_socket(node.name)}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{plan.cgroup}/{node.name}",
        "failSwapOn": False,
        "clusterDNS": [str(block.dns_service) for block in plan.blocks],
        "clusterDomain": "cluster.local",
        "resolvConf": str(own / "resolv.conf"),
        "serializeImagePulls": False,
        "nodeLeaseDurationSeconds": NODE_GRACE,
        # a full disk of the machine is no reason to turn the lab's pods out
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        "volumePluginDir": str(plan.node_data(node.name) / "volume-plugins"),
    }
    if cgroups.is_version_1():
        config["failCgroupV1"] = False
    return Recipe(
        "kubelet",
        node.name,
        (
            f"--config={own / 'config.json'}",
            f"--kubeconfig={kubeconfig(plan, f'kubelet-{node.name}')}",
            f"--root-dir={plan.node_data(node.name) / 'kubelet'}",
            f"--hostname-override={node.name}",
            f"--node-ip={_comma(node.addresses)}",
            "--housekeeping-interval=1m",  # nobody reads a lab's container metrics
        ),
        {
            "config.json": _json(config),
            # names outside the cluster are asked of the machine's lab address, where nobody answers: refused at once
            "resolv.conf": "".join(f"nameserver {block.host}\n" for block in plan.blocks),
        },
        own_mounts=True,
    )


def _comma(values: Iterable[object]) -> str:
    return ",".join(map(str, values))


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=1) + "\n"
