"""Fetches and compiles a program family with Go, and says how far it is and what is in the way."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab.families import Family
from svcproof.providers.lab.progress import Step
from svcproof.providers.lab.toolchain import Go

_SECONDS = 3600.0


@dataclass
class Fetch:
    """The fetching of one family's modules, which goes on in the background."""

    packages: Future[int]
    """How many packages the family is made of, once all are there."""

    modules: int = 0
    """How many modules were fetched so far."""


@contextmanager
def fetching(families: Sequence[Family], go: Go) -> Iterator[Mapping[str, Fetch]]:
    """Fetch the modules of *families* one after the other while the block compiles; leaving the block ends it."""
    stopped = threading.Event()
    fetches = {family.folder: Fetch(Future()) for family in families}

    def fetch_all() -> None:
        for family in families:
            if not stopped.is_set():
                _fetch(family, go, fetches[family.folder], stopped)

    # A daemon: whoever presses Ctrl-C does not wait for a module proxy that is slow to answer.
    threading.Thread(target=fetch_all, name="fetch modules", daemon=True).start()
    try:
        yield fetches
    finally:
        stopped.set()


def _fetch(family: Family, go: Go, fetch: Fetch, stopped: threading.Event) -> None:
    packages = 0
    try:
        for line in _go([go.program, "list", "-deps", *family.tag_flags, family.target], go, family):
            if stopped.is_set():
                return
            if line.startswith("go: "):
                fetch.modules += 1
            else:
                packages += 1
    except BaseException as broken:  # noqa: BLE001 - it is raised again where the result is asked for
        fetch.packages.set_exception(broken)
    else:
        fetch.packages.set_result(packages)


def build(family: Family, go: Go, fetch: Fetch, folder: Path, step: Step) -> None:
    """Build *family* into *folder*, after its modules are there."""
    total = _await_fetch(fetch, step)
    began = time.monotonic()
    compiled = 0
    for line in _go([go.program, "build", "-v", *family.flags, "-o", f"{folder}/", family.target], go, family):
        compiled += not line.startswith("go: ")
        step.update(f"{compiled} of at most {total} packages, {time.monotonic() - began:.0f} s")
    for name, built in family.programs.items():
        (folder / built).rename(folder / name)
    if family.manifests:
        _copy_manifests(family, go, folder)


def _await_fetch(fetch: Fetch, step: Step) -> int:
    while True:
        try:
            return fetch.packages.result(timeout=0.5)
        except NotYet:
            step.update(f"{fetch.modules} modules fetched")


def _copy_manifests(family: Family, go: Go, folder: Path) -> None:
    *_, module = _go([go.program, "list", "-m", "-f", "{{.Dir}}", family.module], go, family)
    for name, path in family.manifests.items():
        (folder / name).write_bytes((Path(module) / path).read_bytes())


def _go(command: Sequence[str | Path], go: Go, family: Family) -> Iterable[str]:
    try:
        yield from shell.stream(command, timeout=_SECONDS, env=go.environment, cwd=family.directory)
    except shell.CommandFailed as failed:
        raise explain(failed, family) from failed


_REASONS = (
    (r"no space left on device", "free some gigabytes where Go keeps its cache (go env GOCACHE GOMODCACHE)"),
    (
        r"no such host|dial tcp|i/o timeout|connection refused|TLS handshake|lookup disabled|: (?:4\d\d|5\d\d) [A-Z]",
        "let Go reach its module proxy (go env GOPROXY), then run the same command again: what is fetched stays",
    ),
    (r"checksum mismatch|missing go\.sum entry", "restore go.mod and go.sum of this family from the repository"),
    (r"signal: killed", "free some memory (linking takes up to 2 GiB), then run the same command again"),
)


def explain(failed: shell.CommandFailed, family: Family) -> SetupProblem:
    """Say what stands in the way of *family*'s build, with the compiler's last lines and the cure."""
    cure = "read the last lines above; run the same command again once the cause is gone"
    for pattern, known in _REASONS:
        if re.search(pattern, failed.output):
            cure = known
            break
    return SetupProblem(f"{family.folder} does not build: in {family.directory}, {failed}", cure)
