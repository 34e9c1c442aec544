"""The system packages that a lab needs beside its own programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from types import MappingProxyType

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab.debian import refresh_lists
from svcproof.providers.lab.progress import Report

NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "conntrack": ("conntrack",),
        "crun": ("crun",),
        "iproute2": ("ip",),
        "iptables": ("iptables", "ip6tables", "iptables-restore", "ip6tables-restore"),
        "kmod": ("modprobe",),
        "mount": ("mount", "umount"),
        "nftables": ("nft",),
        "util-linux": ("nsenter", "unshare"),
    }
)
"""Debian's package → the programs that the lab takes from it. None of them starts a daemon."""

_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
_INSTALL_SECONDS = 600.0


def missing_packages() -> tuple[str, ...]:
    """The packages of which a program is not on this machine, sorted."""
    return tuple(
        package
        for package, programs in sorted(NEEDED.items())
        if not all(shutil.which(program, path=_PATH) for program in programs)
    )


def ensure_system_packages(*, may_install: bool, report: Report) -> None:
    """Install what is missing where that is allowed and possible.

    Costs a few file look-ups when all is there. Raises SetupProblem, which names every missing package, elsewhere.
    """
    missing = missing_packages()
    if not missing:
        return
    command = ("apt-get", "install", "--yes", "--no-install-recommends", *missing)
    if not may_install or os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupProblem(f"the lab needs {_listed(missing)} on this machine", f"run as root: {' '.join(command)}")
    with report.step(f"install {_listed(missing)}"):
        _install(command)
    if still := missing_packages():
        raise SetupProblem(
            f"{_listed(still)} are installed, yet their programs are not on PATH", "put /usr/sbin on PATH"
        )


def _install(command: tuple[str, ...]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
    patient = (*command, "--option", "DPkg::Lock::Timeout=120")
    first = shell.run(patient, env=environment, timeout=_INSTALL_SECONDS, check=False)
    if first.ok:
        return
    refresh_lists()  # a package list that is missing or old names files that are no longer there
    try:
        shell.run(patient, env=environment, timeout=_INSTALL_SECONDS)
    except shell.CommandFailed as failed:
        raise SetupProblem(
            f"the packages that the lab needs cannot be installed: {failed}", f"run as root: {' '.join(command)}"
        ) from failed


def _listed(packages: tuple[str, ...]) -> str:
    *others, last = packages
    return f"{', '.join(others)} and {last}" if others else last
