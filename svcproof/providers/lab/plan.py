"""What a lab is to be: every name, path and address follows from its plan."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal

from svcproof.problems import SetupProblem

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

KUBERNETES = ("1.36", "1.35", "1.34")
"""The releases that fixtures/lab pins, newest first."""

PROXY_MODES = ("iptables", "nftables")
IP_FAMILIES = ("ipv4", "dual")
ADD_ONS = ("metallb", "policies", "traefik")

LAB_NETWORK = IPv4Network("198.18.0.0/15")
"""RFC 2544 keeps these addresses for isolated test networks: no machine routes them."""

LAB_NETWORK_6 = IPv6Network("fd53:7670::/32")
"""A unique local range (RFC 4193): "S", "v", "p" in ASCII."""

LABS = 16
"""So many labs fit side by side: one /19 each."""

CONTROL_PLANE = "control-plane"
FABRIC = "fabric"
"""The namespace that holds the bridge: the machine's own firewall never sees what crosses it."""

CGROUPS = "svcproof"
"""The cgroup of all labs, below the root of every hierarchy."""

RUN = Path("/run/svcproof")
DATA = Path("/var/lib/svcproof")

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?")


@dataclass(frozen=True)
class Block:
    """The addresses of one IP family in one lab."""

    everything: Network
    nodes: Network
    load_balancers: Network
    services: Network
    pods: Network
    node_prefix: int
    """The length of one node's part of the pod range."""

    @property
    def version(self) -> Literal[4, 6]:
        return self.everything.version

    @property
    def host(self) -> Address:
        """The machine itself, seen from the lab: the outside."""
        return self.nodes[1]

    @property
    def control_plane(self) -> Address:
        return self.nodes[2]

    @property
    def void(self) -> Address:
        """The lab's default router, which forwards nothing: what goes astray is lost in silence, inside the lab."""
        return self.nodes[254]

    @property
    def api_service(self) -> Address:
        return self.services[1]

    @property
    def dns_service(self) -> Address:
        return self.services[10]

    def node(self, number: int) -> Address:
        """The address of node *number*, counted from 1."""
        return self.nodes[10 + number]

    def pod_range(self, number: int) -> Network:
        """The pod addresses of node *number*, counted from 1."""
        size = 1 << (self.pods.max_prefixlen - self.node_prefix)
        return ip_network((self.pods[(number - 1) * size], self.node_prefix))


@dataclass(frozen=True)
class NodePlan:
    """One node of a lab."""

    name: str
    number: int
    zone: str
    addresses: tuple[Address, ...]
    pod_ranges: tuple[Network, ...]


@dataclass(frozen=True)
class LabPlan:
    """One lab. *index* picks its address block; it is unique among the labs of a machine."""

    name: str
    index: int
    nodes: int = 2
    kubernetes: str = KUBERNETES[0]
    proxy_mode: str = PROXY_MODES[0]
    ip_family: str = IP_FAMILIES[0]
    add_ons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_name(self.name)
        _require("nodes", self.nodes, range(1, 6))
        _require("index", self.index, range(LABS))
        _require("kubernetes", self.kubernetes, KUBERNETES)
        _require("proxy mode", self.proxy_mode, PROXY_MODES)
        _require("ip family", self.ip_family, IP_FAMILIES)
        for add_on in self.add_ons:
            _require("add-on", add_on, ADD_ONS)

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON can carry it; `from_dict` is its inverse."""
        return {**asdict(self), "add_ons": list(self.add_ons)}

    @staticmethod
    def from_dict(values: dict[str, Any]) -> LabPlan:
        return LabPlan(**{**values, "add_ons": tuple(values["add_ons"])})

    def asks_the_same_as(self, other: LabPlan) -> bool:
        """Whether both differ in nothing but their address block."""
        return {**self.as_dict(), "index": 0} == {**other.as_dict(), "index": 0}

    # where things lie

    @property
    def directory(self) -> Path:
        """State, configuration, certificates, logs, sockets."""
        return run_directory(self.name)

    @property
    def data(self) -> Path:
        """What takes space: images, containers, etcd."""
        return data_directory(self.name)

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def namespaces(self) -> Path:
        return self.directory / "namespaces"

    def network_namespace(self, place: str) -> Path:
        return self.namespaces / f"{place}.net"

    def mount_namespace(self, place: str) -> Path:
        return self.namespaces / f"{place}.mnt"

    def node_data(self, node: str) -> Path:
        return self.data / node

    def containerd_socket(self, node: str) -> Path:
        return self.directory / node / "containerd.sock"

    @property
    def cgroup(self) -> str:
        """The lab's cgroup below the root of every hierarchy."""
        return f"{CGROUPS}/{self.name}"

    @property
    def host_link(self) -> str:
        """The machine's one interface into the lab."""
        return f"svcproof{self.index}"

    @property
    def guard_table(self) -> str:
        """The machine's nftables table that keeps the lab off every other interface."""
        return f"svcproof-{self.name}"

    # addresses

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """One block for each IP family, IPv4 first."""
        return (block_4(self.index),) if self.ip_family == "ipv4" else (block_4(self.index), block_6(self.index))

    @cached_property
    def node_plans(self) -> tuple[NodePlan, ...]:
        return tuple(
            NodePlan(
                name=f"node-{number}",
                number=number,
                zone=f"zone-{'abcde'[number - 1]}",
                addresses=tuple(block.node(number) for block in self.blocks),
                pod_ranges=tuple(block.pod_range(number) for block in self.blocks),
            )
            for number in range(1, self.nodes + 1)
        )

    @property
    def places(self) -> tuple[str, ...]:
        """Every network namespace on the bridge."""
        return (CONTROL_PLANE, *(node.name for node in self.node_plans))

    def addresses(self, place: str) -> tuple[Address, ...]:
        """The addresses of a node or of the control plane on the bridge."""
        if place == CONTROL_PLANE:
            return tuple(block.control_plane for block in self.blocks)
        return next(node.addresses for node in self.node_plans if node.name == place)

    @property
    def api_address(self) -> str:
        """The URL of the API server, for the host, the nodes and the pods alike."""
        return f"https://{self.blocks[0].control_plane}:6443"


def require_name(name: str) -> None:
    """Raise SetupProblem unless *name* can name a lab."""
    if not _NAME.fullmatch(name):
        raise SetupProblem(
            f"a lab cannot be named {name!r}",
            "take a name of 1 to 20 small letters, digits and dashes that begins with a letter and ends without a dash",
        )


def run_directory(name: str) -> Path:
    return RUN / "labs" / name


def data_directory(name: str) -> Path:
    return DATA / "labs" / name


def block_4(index: int) -> Block:
    """The IPv4 addresses of the lab at *index*: a /19 out of 198.18.0.0/15."""
    base = int(LAB_NETWORK.network_address) + (index << 13)
    return Block(
        everything=IPv4Network((base, 19)),
        nodes=IPv4Network((base, 24)),
        load_balancers=IPv4Network((base + (1 << 8), 24)),
        services=IPv4Network((base + (8 << 8), 21)),
        pods=IPv4Network((base + (16 << 8), 20)),
        node_prefix=24,
    )


def block_6(index: int) -> Block:
    """The IPv6 addresses of the lab at *index*: a /48 out of fd53:7670::/32."""
    base = int(LAB_NETWORK_6.network_address) + (index << 80)
    return Block(
        everything=IPv6Network((base, 48)),
        nodes=IPv6Network((base, 64)),
        load_balancers=IPv6Network((base + (1 << 64), 64)),
        services=IPv6Network((base + (8 << 64), 108)),
        pods=IPv6Network((base + (0x100 << 64), 56)),
        node_prefix=64,
    )


def _require(what: str, value: object, known: range | tuple[str, ...]) -> None:
    if value not in known:
        shown = f"{known[0]} to {known[-1]}" if isinstance(known, range) else ", ".join(known)
        raise SetupProblem(f"{what} {value!r} is not known", f"take one of: {shown}")
