"""The lab's program families: what one Go module of ours pins and builds together."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from svcproof.problems import SetupProblem
from svcproof.resources import fixtures

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Family:
    """Programs that one Go module of ours pins together, in fixtures/lab/*folder*."""

    folder: str
    programs: Mapping[str, str]
    """Our name of each program → the name that Go gives it."""

    module: str = ""
    """The module whose version the stamps carry."""

    stamps: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """Linker variable → value; {version}, {major} and {minor} stand for the module's."""

    tags: tuple[str, ...] = ()
    target: str = "tool"
    manifests: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """Our name of a file kept beside the programs → its path inside *module*."""

    @property
    def directory(self) -> Path:
        return fixtures() / "lab" / self.folder

    @property
    def version(self) -> str:
        """The version of *module* as go.mod pins it, without the v; empty where none is named."""
        pins = (self.directory / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.module)} v(\S+)", pins, re.MULTILINE)
        return found[1] if self.module and found else ""

    @property
    def tag_flags(self) -> tuple[str, ...]:
        return (f"-tags={','.join(self.tags)}",) if self.tags else ()

    @property
    def flags(self) -> tuple[str, ...]:
        """What `go build` is told.

        Nobody debugs these programs: leaving DWARF out saves a fifth of the compiling, the symbol table a third of the
        size.
        """
        version = self.version
        major, minor, *_ = (*version.split("."), "", "")
        stamps = [
            f"-X {variable}={value.format(version=version, major=major, minor=minor)}"
            for variable, value in sorted(self.stamps.items())
        ]
        linking = f"-ldflags={' '.join(['-s', '-w', *stamps])}"
        return ("-trimpath", "-gcflags=all=-dwarf=false", linking, *self.tag_flags)

    def key(self, go_version: str) -> str:
        """A digest of all that decides the bytes of the programs: sources, pins, flags, toolchain, machine."""
        digest = sha256()
        for path in sorted(self.directory.iterdir()):
            if path.suffix in (".mod", ".sum", ".go"):
                digest.update(f"{path.name}\n".encode() + path.read_bytes())
        recipe = (self.flags, self.target, tuple(self.programs.items()), tuple(self.manifests.items()))
        digest.update(repr((go_version, platform.machine(), recipe)).encode())
        return digest.hexdigest()[:16]


def _kubernetes(minor: str) -> Family:
    variable = "k8s.io/component-base/version."
    names = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet")
    stamps = {f"{variable}gitVersion": "v{version}", f"{variable}gitMajor": "{major}", f"{variable}gitMinor": "{minor}"}
    return Family(f"kubernetes-{minor}", {name: name for name in names}, "k8s.io/kubernetes", stamps)


_ETCD = Family("etcd", {"etcd": "server"}, "go.etcd.io/etcd/server/v3")
_COREDNS = Family("coredns", {"coredns": "coredns"}, "github.com/coredns/coredns", target=".")
_PAUSE = Family("pause", {"pause": "pause"}, target=".")
_CONTAINERD = Family(
    "containerd",
    {
        name: name
        for name in (
            "containerd",
            "containerd-shim-runc-v2",
            "ctr",
            "host-local",
            "ptp",
        )
    },
    "github.com/containerd/containerd/v2",
    {"github.com/containerd/containerd/v2/version.Version": "v{version}"},
    ("no_btrfs", "no_devmapper", "no_zfs"),
)
_METALLB = Family(
    "metallb",
    {"metallb-controller": "controller", "metallb-speaker": "speaker"},
    "go.universe.tf/metallb",
    manifests={"metallb-native.yaml": "config/manifests/metallb-native.yaml"},
)
_TRAEFIK = Family(
    "traefik",
    {"traefik": "traefik"},
    "github.com/traefik/traefik/v3",
    {"github.com/traefik/traefik/v3/pkg/version.Version": "{version}"},
)
_ADD_ONS: dict[str, tuple[Family, ...]] = {
    "metallb": (_METALLB,),
    "policies": (),  # svcproof.providers.lab.policy_guard: nothing to build
    "traefik": (_TRAEFIK,),
}


def offered() -> tuple[str, ...]:
    """The Kubernetes minors that are pinned, newest first: "1.36", "1.35" …"""
    minors = [folder.name.removeprefix("kubernetes-") for folder in (fixtures() / "lab").glob("kubernetes-*")]
    return tuple(sorted(minors, key=lambda minor: [int(part) for part in minor.split(".")], reverse=True))


def choose(kubernetes: str, add_ons: Sequence[str]) -> list[Family]:
    """The families that a lab of *kubernetes* with *add_ons* needs, in the order of building."""
    if kubernetes not in offered():
        raise SetupProblem(f"Kubernetes {kubernetes} is not pinned", f"take one of {', '.join(offered())}")
    if strangers := [name for name in add_ons if name not in _ADD_ONS]:
        raise SetupProblem(f"there is no add-on {strangers[0]}", f"take one of {', '.join(_ADD_ONS)}")
    chosen = [family for name in sorted(set(add_ons), reverse=True) for family in _ADD_ONS[name]]
    return [_PAUSE, _kubernetes(kubernetes), _CONTAINERD, _ETCD, _COREDNS, *chosen]
