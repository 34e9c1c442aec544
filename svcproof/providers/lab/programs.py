"""The lab's programs, built from pinned Go modules and kept."""

from __future__ import annotations

import platform
import re
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab import store
from svcproof.providers.lab.progress import Report, Step
from svcproof.providers.lab.toolchain import Go, ensure_go
from svcproof.resources import fixtures

_BUILD_SECONDS = 3600.0
_SPACE_BYTES = 3 * 1024**3  # the largest family: its programs, and Go's own cache of what they are made of
_NEVER: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Family:
    """Programs that one Go module of ours pins together, in fixtures/lab/*folder*."""

    folder: str
    programs: Mapping[str, str]
    """Our name of each program → the name that Go gives it."""

    module: str = ""
    """The module whose version the stamps carry."""

    stamps: Mapping[str, str] = field(default_factory=lambda: _NEVER)
    """Linker variable → value; {version}, {major} and {minor} stand for the module's."""

    tags: tuple[str, ...] = ()
    target: str = "tool"
    manifests: Mapping[str, str] = field(default_factory=lambda: _NEVER)
    """Our name of a file kept beside the programs → its path inside *module*."""

    @property
    def directory(self) -> Path:
        return fixtures() / "lab" / self.folder


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
            "bridge",
            "host-local",
            "loopback",
            "portmap",
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
_ADD_ONS = {"metallb": _METALLB, "traefik": _TRAEFIK}


@dataclass(frozen=True)
class Programs:
    """Built programs, by their names."""

    directories: Mapping[str, Path]
    """Family → the folder of its programs; the folder's name carries the key of the build."""

    paths: Mapping[str, Path]

    def path(self, name: str) -> Path:
        """Where "kubelet", "bridge" … or "metallb-native.yaml" lies; KeyError for what was not asked for."""
        return self.paths[name]

    def key(self, name: str) -> str:
        """What decides the bytes of program *name*."""
        return self.paths[name].parent.name


def offered() -> tuple[str, ...]:
    """The Kubernetes minors that are pinned, newest first: "1.36", "1.35" …"""
    minors = [folder.name.removeprefix("kubernetes-") for folder in (fixtures() / "lab").glob("kubernetes-*")]
    return tuple(sorted(minors, key=lambda minor: [int(part) for part in minor.split(".")], reverse=True))


def families(kubernetes: str, add_ons: Sequence[str]) -> tuple[str, ...]:
    """The families that a lab of *kubernetes* with *add_ons* needs, in the order of building."""
    return tuple(family.folder for family in _families(kubernetes, add_ons))


def _families(kubernetes: str, add_ons: Sequence[str]) -> list[Family]:
    if kubernetes not in offered():
        raise SetupProblem(f"Kubernetes {kubernetes} is not pinned", f"take one of {', '.join(offered())}")
    if strangers := [name for name in add_ons if name not in _ADD_ONS]:
        raise SetupProblem(f"there is no add-on {strangers[0]}", f"take one of {', '.join(_ADD_ONS)}")
    chosen = [_ADD_ONS[name] for name in sorted(set(add_ons), reverse=True)]
    return [_PAUSE, _kubernetes(kubernetes), _CONTAINERD, _ETCD, _COREDNS, *chosen]


def ensure_programs(kubernetes: str, add_ons: Sequence[str], *, cache: Path, report: Report) -> Programs:
    """Return the programs of a lab, after building those that *cache* lacks or holds damaged.

    A build takes minutes and needs the Go module proxy; none costs one `go env` and a few file stats.
    Raises SetupProblem for no Go, no module, no space, and for what the compiler says.
    """
    wanted = _families(kubernetes, add_ons)
    go = ensure_go([family.directory / "go.mod" for family in wanted], cache=cache, report=report)
    entries = {family.folder: _ensure(family, go, cache=cache, report=report) for family in wanted}
    paths = {name: entries[family.folder] / name for family in wanted for name in (*family.programs, *family.manifests)}
    return Programs(entries, paths)


def _ensure(family: Family, go: Go, *, cache: Path, report: Report) -> Path:
    entry = cache / "programs" / f"{family.folder}-{key_of(family, go.version)}"

    def make(folder: Path) -> None:
        if shutil.disk_usage(folder).free < _SPACE_BYTES:
            raise store.no_space(folder.parent)
        with report.step(f"build {family.folder}") as step:
            _build(family, go, folder, step)

    return store.keep(entry, make, waiting=lambda: report.step(f"wait for another build of {family.folder}"))


def key_of(family: Family, go_version: str) -> str:
    """A digest of all that decides the bytes of *family*'s programs: sources, pins, flags, toolchain, machine."""
    digest = sha256()
    for path in sorted(family.directory.iterdir()):
        if path.suffix in (".mod", ".sum", ".go"):
            digest.update(f"{path.name}\n".encode() + path.read_bytes())
    flags = (*_flags(family), family.target, *family.programs.items(), *family.manifests.items())
    digest.update(repr((go_version, platform.machine(), flags)).encode())
    return digest.hexdigest()[:16]


def _flags(family: Family) -> list[str]:
    version = _version(family)
    major, minor, *_ = (*version.split("."), "", "")
    stamps = [
        f"-X {variable}={value.format(version=version, major=major, minor=minor)}"
        for variable, value in sorted(family.stamps.items())
    ]
    # Nobody debugs these: leaving DWARF out saves a fifth of the compiling, the symbol table a third of the size.
    flags = ["-trimpath", "-gcflags=all=-dwarf=false", f"-ldflags={' '.join(['-s', '-w', *stamps])}"]
    return [*flags, f"-tags={','.join(family.tags)}"] if family.tags else flags


def _version(family: Family) -> str:
    """The version of the family's main module, as its go.mod pins it, without the v."""
    found = re.search(rf"^\s*(?:require )?{re.escape(family.module)} v(\S+)", _go_mod(family), re.MULTILINE)
    return found[1] if family.module and found else ""


def _go_mod(family: Family) -> str:
    return (family.directory / "go.mod").read_text()


def _build(family: Family, go: Go, folder: Path, step: Step) -> None:
    started = time.monotonic()
    total = _count_packages(family, go, step)
    command: list[str | Path] = [go.program, "build", "-v", *_flags(family), "-o", f"{folder}/", family.target]
    compiled = 0
    for line in _go(command, go, family):
        if not line.startswith("go: "):
            compiled += 1
        step.update(f"{compiled} of at most {total} packages, {time.monotonic() - started:.0f} s")
    for name, built in family.programs.items():
        (folder / built).rename(folder / name)
    if family.manifests:
        _copy_manifests(family, go, folder)


def _count_packages(family: Family, go: Go, step: Step) -> int:
    fetched = total = 0
    for line in _go([go.program, "list", "-deps", *_flags(family)[3:], family.target], go, family):
        if line.startswith("go: "):
            fetched += 1
            step.update(f"{fetched} modules fetched")
        else:
            total += 1
    return total


def _copy_manifests(family: Family, go: Go, folder: Path) -> None:
    module = [line for line in _go([go.program, "list", "-m", "-f", "{{.Dir}}", family.module], go, family) if line]
    for name, path in family.manifests.items():
        (folder / name).write_bytes((Path(module[-1]) / path).read_bytes())


def _go(command: Sequence[str | Path], go: Go, family: Family) -> Iterable[str]:
    try:
        yield from shell.stream(command, timeout=_BUILD_SECONDS, env=go.environment, cwd=family.directory)
    except shell.CommandFailed as failed:
        raise _explain(failed, family) from failed


_REASONS = (
    (r"no space left on device", "free some gigabytes where Go keeps its cache (go env GOCACHE GOMODCACHE)"),
    (
        r"no such host|dial tcp|i/o timeout|connection refused|TLS handshake|lookup disabled|: (?:4\d\d|5\d\d) [A-Z]",
        "let Go reach its module proxy (go env GOPROXY), then run the same command again: what is fetched stays",
    ),
    (r"checksum mismatch|missing go\.sum entry", "restore go.mod and go.sum of this family from the repository"),
    (r"signal: killed", "free some memory (linking takes up to 2 GiB), then run the same command again"),
)


def _explain(failed: shell.CommandFailed, family: Family) -> SetupProblem:
    cure = "read the last lines above; run the same command again once the cause is gone"
    for pattern, known in _REASONS:
        if re.search(pattern, failed.output):
            cure = known
            break
    return SetupProblem(f"{family.folder} does not build: in {family.directory}, {failed}", cure)
