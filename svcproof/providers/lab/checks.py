"""Looks, before anything is made, whether this machine can carry a lab."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab import cgroups, network, state
from svcproof.providers.lab.plan import DATA, LABS, LabPlan, block_4, block_6

SPACE = 2 * 1024**3
"""Bytes that a lab of five nodes with all images takes at most."""

CAP_SYS_RESOURCE = 24

SECONDS = 30.0
"""Bounds one trial."""

KERNEL_TRIALS = {
    "veth": "ip link add one type veth peer name two",
    "bridge": "ip link add one type bridge",
    "nf_tables with NAT": "nft 'add table inet one; add chain inet one two { type nat hook postrouting priority 100; };"
    " add rule inet one two masquerade'",
}
"""What the kernel must have → a command that tells, in a network namespace of its own."""

PROXY_TRIALS = {
    "iptables": "iptables -t nat -N ONE; iptables -t nat -A ONE -m comment --comment two -m addrtype --dst-type LOCAL"
    " -m statistic --mode random --probability 0.5 -m mark --mark 0x4000/0x4000 -j MASQUERADE --random-fully;"
    " iptables -A FORWARD -m conntrack --ctstate INVALID -j REJECT",
    "nftables": "nft 'add table ip one; add chain ip one two { type nat hook prerouting priority -100; };"
    " add rule ip one two fib daddr type local numgen random mod 2 vmap { 0 : accept, 1 : drop };"
    " add chain ip one three { type filter hook input priority 0; }; add rule ip one three ct state invalid reject'",
}
"""Proxy mode → a command with the kinds of rules that its proxies write."""

MEMORY = 1024**3
"""Bytes: the control plane and two nodes take about so much, without what runs in their pods."""


def require_root() -> None:
    """Raise SetupProblem unless we may make namespaces and cgroups."""
    if sys.platform != "linux":
        raise SetupProblem(
            "a lab needs Linux, its namespaces and its cgroups", "use a kind cluster: ci/conformance --kind"
        )
    if os.geteuid() != 0:
        raise SetupProblem(
            "a lab needs root: it makes namespaces, cgroups and links", "run it with sudo, or use --kind"
        )


def require_machine(plan: LabPlan) -> None:
    """Raise SetupProblem unless the kernel has what this lab needs; found by trying, in about 50 ms."""
    require_root()
    for what, command in {**KERNEL_TRIALS, f"{plan.proxy_mode} rules": PROXY_TRIALS[plan.proxy_mode]}.items():
        tried = _in_own_network(command)
        if not tried.ok:
            raise SetupProblem(
                f"the kernel lacks {what}, or does not let us use it: {tried.stderr.strip()}",
                f"load the module, or take a kernel built with it; tried: unshare --net sh -c {shlex.quote(command)}",
            )
    if plan.ip_family == "dual" and not Path("/proc/sys/net/ipv6").exists():
        raise SetupProblem("a dual-stack lab needs IPv6, and this kernel runs without", "take --ip-family ipv4")
    _require_overlay()
    if not cgroups.hierarchies():
        raise SetupProblem("no cgroups are mounted", "mount -t cgroup2 none /sys/fs/cgroup")


def has_netem() -> bool:
    """Whether the kernel can hold packets back; found by trying, in about 10 ms."""
    return _in_own_network("tc qdisc replace dev lo root netem delay 1ms").ok


def _in_own_network(command: str) -> shell.Completed:
    return shell.run(["unshare", "--net", "sh", "-ec", command], timeout=SECONDS, check=False)


def _require_overlay() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    trial = DATA / f"trial-{os.getpid()}"
    for part in ("lower", "upper", "work", "all"):
        (trial / part).mkdir(parents=True)
    options = f"lowerdir={trial}/lower,upperdir={trial}/upper,workdir={trial}/work"
    command = ["mount", "-t", "overlay", "overlay", "-o", options, str(trial / "all")]
    try:
        tried = shell.run(["unshare", "--mount", *command], timeout=SECONDS, check=False)
    finally:
        shutil.rmtree(trial)
    if not tried.ok:
        raise SetupProblem(
            f"{DATA} cannot carry overlay mounts, which containers are made of: {tried.stderr.strip()}",
            f"mount an ext4, xfs or tmpfs file system at {DATA}",
        )


def require_space() -> None:
    """Raise SetupProblem unless the lab's data fits."""
    DATA.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(DATA).free
    if free < SPACE:
        raise SetupProblem(
            f"{DATA} has {free / 1024**3:.1f} GiB free and a lab wants {SPACE / 1024**3:.0f}",
            f"make room there, or mount a larger file system at {DATA}",
        )


def require_memory() -> None:
    """Raise SetupProblem unless the programs of a lab fit."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    if available < MEMORY:
        raise SetupProblem(
            f"{available / 1024**3:.1f} GiB of memory are free and a lab wants {MEMORY / 1024**3:.0f}",
            "end something else, for instance another lab: svcproof lab down --name NAME",
        )


def lowers_oom_score() -> bool:
    """Whether processes may be made dearer to the kernel (CAP_SYS_RESOURCE); some sandboxes take that away."""
    status = Path("/proc/self/status").read_text().splitlines()
    effective = next(line.split()[1] for line in status if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> CAP_SYS_RESOURCE & 1)


def free_index(*, dual: bool) -> int:
    """The first address block that neither another lab nor the machine uses. Raises SetupProblem where none is free."""
    taken = {other.plan.index for name in state.names() if (other := state.State.read(name))}
    used = network.networks_in_use()
    for index in set(range(LABS)) - taken:
        wanted = [block_4(index).everything] + ([block_6(index).everything] if dual else [])
        if not any(one.version == two.version and one.overlaps(two) for one in wanted for two in used):
            return index
    raise SetupProblem(
        f"every address block for a lab is in use: {', '.join(sorted(map(str, used)))}",
        "take a lab down (`svcproof lab down --name NAME`), or free a part of 198.18.0.0/15",
    )
