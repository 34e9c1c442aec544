"""Wires a lab: a namespace for each node, all on one bridge, and no way out."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import TYPE_CHECKING

from svcproof.adapters import shell
from svcproof.providers.lab.plan import CONTROL_PLANE, FABRIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from svcproof.providers.lab.plan import Address, LabPlan, Network
    from svcproof.providers.lab.state import State

BRIDGE = "bridge"
NODE_LINK = "eth0"
HOST = "host"
"""The bridge's end of the host's link."""

SECONDS = 30.0
"""Bounds one call of a system program."""

WIDE = 8
"""Networks with a shorter prefix than this stand for "everything"."""

COUNTERS = ("forwarded", "leaked")

HYBRID = "/sys/fs/cgroup/unified"
"""Where a machine whose controllers are in cgroup v1 trees mounts version 2 beside them."""

QUIET_BRIDGE = """for switch in iptables ip6tables arptables; do
  file=/proc/sys/net/bridge/bridge-nf-call-$switch
  if test -e $file; then echo 0 > $file; fi
done"""
"""Frames on the bridge pass no packet filter, where the kernel would send them through one."""


def make_namespaces(plan: LabPlan, state: State) -> None:
    """Make one network namespace for each place and for the bridge, and one mount namespace for each node.

    A file in the lab's directory holds each of them. The folder is a private mount: that is what lets a mount
    namespace be held by a file (unshare(1)), and keeps the files out of the nodes' own view.
    """
    folder = plan.namespaces
    folder.mkdir()
    state.note("mount", folder)
    shell.run(["mount", "--bind", folder, folder], timeout=SECONDS)
    shell.run(["mount", "--make-private", folder], timeout=SECONDS)
    for node in plan.node_plans:
        held = plan.mount_namespace(node.name)
        _hold(state, held, ["--mount=" + str(held), "--propagation", "slave"], _private_folders(plan, node.name))
    for place in (FABRIC, *plan.places):
        held = plan.network_namespace(place)
        _hold(state, held, ["--net=" + str(held)], "true")


def _hold(state: State, held: Path, unshare: list[str], script: str) -> None:
    held.touch()
    state.note("mount", held)
    shell.run(["unshare", *unshare, "sh", "-ec", script], timeout=SECONDS)


def _private_folders(plan: LabPlan, node: str) -> str:
    """Give a node its own /run, /var/lib and /var/log: two runtimes would meet there, and leave things behind."""
    own = plan.node_data(node) / "own"
    lines = ["mount --make-rshared /"]
    for folder, kept in (("/run", plan.directory.parent.parent), ("/var/lib", plan.data.parent.parent)):
        mine = own / folder.strip("/").replace("/", "-")
        inside = mine / kept.name
        lines += [
            f"mkdir -p {inside}",
            f"mount --rbind {kept} {inside}",
            f"mount --rbind {mine} {folder}",
        ]
    log = own / "var-log"
    lines += [f"mkdir -p {log}", f"mount --bind {log} /var/log", "mount --make-rshared /"]
    # crun takes no mixture of both versions of cgroups: without this one it sees version 1 alone
    lines.append(f"if mountpoint -q {HYBRID}; then umount --lazy {HYBRID}; fi")
    return "\n".join(lines)


def wire(plan: LabPlan, state: State) -> None:
    """Make the bridge, a link to each place, the host's own link, every address and route, and the guard."""
    fabric = plan.network_namespace(FABRIC)
    _in_namespace(fabric, ["sh", "-ec", QUIET_BRIDGE])
    _batch(fabric, _fabric_lines(plan))
    for place in plan.places:
        namespace = plan.network_namespace(place)
        _in_namespace(namespace, ["sh", "-ec", _settings(plan)])
        _batch(namespace, _place_lines(plan, place))
        if place != CONTROL_PLANE:
            _in_namespace(namespace, ["nft", "-f", "-"], _masquerade(plan))
    state.note("table", plan.guard_table)
    shell.run(["nft", "-f", "-"], input=_guard(plan), timeout=SECONDS)
    state.note("link", plan.host_link)
    for block in plan.blocks:
        for hidden in (block.services, block.pods):
            state.note("route", f"blackhole {hidden}")
    _batch(None, _host_lines(plan))
    _batch(fabric, [f"link set {HOST} master {BRIDGE} up"])


def _fabric_lines(plan: LabPlan) -> Iterator[str]:
    yield "link set lo up"
    yield f"link add {BRIDGE} type bridge mcast_snooping 0"
    yield f"link set {BRIDGE} up"
    for block in plan.blocks:
        yield f"addr add {block.void}/{block.nodes.prefixlen} dev {BRIDGE}{_at_once(block.void)}"
    for place in plan.places:
        yield f"link add {place} type veth peer name {NODE_LINK} netns {plan.network_namespace(place)}"
        yield f"link set {place} master {BRIDGE} up"


def _place_lines(plan: LabPlan, place: str) -> Iterator[str]:
    yield "link set lo up"
    yield f"link set {NODE_LINK} up"
    for block, address in zip(plan.blocks, plan.addresses(place), strict=True):
        yield f"addr add {address}/{block.nodes.prefixlen} dev {NODE_LINK}{_at_once(address)}"
    yield from route_lines(plan, place)


def route_lines(plan: LabPlan, place: str) -> Iterator[str]:
    """The routes of a place, as ip(8) takes them; a link that went down has lost them."""
    for number, block in enumerate(plan.blocks):
        yield f"route replace default via {block.void} dev {NODE_LINK}"
        yield f"route replace {block.load_balancers} dev {NODE_LINK}"
        for node in plan.node_plans:
            if node.name != place:
                yield f"route replace {node.pod_ranges[number]} via {node.addresses[number]} dev {NODE_LINK}"


def _host_lines(plan: LabPlan) -> Iterator[str]:
    yield f"link add {plan.host_link} type veth peer name {HOST} netns {plan.network_namespace(FABRIC)}"
    for block in plan.blocks:
        yield f"addr add {block.host}/{block.nodes.prefixlen} dev {plan.host_link}{_at_once(block.host)}"
    yield f"link set {plan.host_link} up"
    for block in plan.blocks:
        yield f"route add {block.load_balancers} dev {plan.host_link}"
        yield f"route add blackhole {block.services}"
        yield f"route add blackhole {block.pods}"


def _at_once(address: Address) -> str:
    """IPv6 waits about a second for its duplicate address detection; the addresses here are ours alone."""
    return " nodad" if address.version == 6 else ""


def _settings(plan: LabPlan) -> str:
    lines = ["echo 1 > /proc/sys/net/ipv4/ip_forward"]
    lines += [f"echo 0 > /proc/sys/net/ipv4/conf/{link}/rp_filter" for link in ("all", "default", NODE_LINK)]
    if plan.ip_family == "dual":
        lines += ["echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"]
    return "\n".join(lines)


def _masquerade(plan: LabPlan) -> str:
    """Pods keep their address among pods and Services; towards anything else they take their node's."""
    rules = []
    for block in plan.blocks:
        family = "ip" if block.version == 4 else "ip6"
        inside = f"{{ {block.pods}, {block.services}, {block.load_balancers} }}"
        rules.append(f"{family} saddr {block.pods} {family} daddr != {inside} oifname {NODE_LINK} masquerade")
    return _table(
        "svcproof", {"leaving_the_pods": ("type nat hook postrouting priority srcnat - 1; policy accept;", rules)}
    )


def _guard(plan: LabPlan) -> str:
    """The machine forwards nothing for the lab, and sends nothing of the lab's through another interface."""
    ours = f'"{plan.host_link}"'
    leaks = [f'oifname {{ {ours}, "lo" }} accept']
    for block in plan.blocks:
        family = "ip" if block.version == 4 else "ip6"
        leaks += [f"{family} {end} {block.everything} counter name leaked drop" for end in ("saddr", "daddr")]
    forwards = [f"{way} {ours} counter name forwarded drop" for way in ("iifname", "oifname")]
    return _table(
        plan.guard_table,
        {
            "forwarding": ("type filter hook forward priority -300; policy accept;", forwards),
            "sending": ("type filter hook postrouting priority 300; policy accept;", leaks),
        },
        counters=COUNTERS,
    )


def _table(name: str, chains: dict[str, tuple[str, list[str]]], counters: Iterable[str] = ()) -> str:
    lines = [f"add table inet {name}", *(f"add counter inet {name} {counter}" for counter in counters)]
    for chain, (hook, rules) in chains.items():
        lines.append(f"add chain inet {name} {chain} {{ {hook} }}")
        lines += [f"add rule inet {name} {chain} {rule}" for rule in rules]
    return "\n".join(lines) + "\n"


def strayed_packets(plan: LabPlan) -> dict[str, int]:
    """Packets of the lab that the machine stopped, by their way.

    `forwarded`: between the lab and another interface; `leaked`: sent by the machine itself. Both are 0 as long
    as nothing of the lab tries to reach the machine's network.
    """
    listing = shell.run(["nft", "-j", "list", "counters", "table", "inet", plan.guard_table], timeout=SECONDS).stdout
    listed = json.loads(listing)["nftables"]
    counters = [item["counter"] for item in listed if "counter" in item]
    return {counter["name"]: counter["packets"] for counter in counters}


def cut(plan: LabPlan, place: str) -> None:
    """Take a place off the bridge, as if its cable were drawn: both sides lose what they send."""
    _batch(plan.network_namespace(FABRIC), [f"link set {place} down"])


def heal(plan: LabPlan, place: str) -> None:
    """Put a place back on the bridge, with every route it had."""
    _batch(plan.network_namespace(FABRIC), [f"link set {place} up"])
    _batch(plan.network_namespace(place), route_lines(plan, place))


def networks_in_use() -> set[Network]:
    """Every network that the machine has an address or a route in.

    Default routes are left out, and what stands for one: a VPN routes both halves of the Internet. The lab's own routes
    are narrower, and the kernel takes the narrowest.
    """
    used: set[Network] = set()
    for family in ("-4", "-6"):
        for link in json.loads(shell.run(["ip", family, "-j", "addr", "show"], timeout=SECONDS).stdout or "[]"):
            used |= {
                ip_network(f"{found['local']}/{found['prefixlen']}", strict=False)
                for found in link.get("addr_info", [])
                if "local" in found
            }
        routes = shell.run(["ip", family, "-j", "route", "show", "table", "all"], timeout=SECONDS).stdout
        used |= {
            ip_network(route["dst"], strict=False)
            for route in json.loads(routes or "[]")
            if route.get("dst", "default") != "default" and route.get("type") not in ("multicast", "broadcast")
        }
    return {network for network in used if network.prefixlen >= WIDE}


def _batch(namespace: Path | None, lines: Iterable[str]) -> None:
    """Run ip(8) lines in a namespace, in the machine's own for None."""
    argv = ["ip", "-batch", "-"]
    text = "\n".join(lines) + "\n"
    if namespace is None:
        shell.run(argv, input=text, timeout=SECONDS)
    else:
        _in_namespace(namespace, argv, text)


def _in_namespace(namespace: Path, argv: list[str], given: str | None = None) -> None:
    shell.run(["nsenter", f"--net={namespace}", *argv], input=given, timeout=SECONDS)
