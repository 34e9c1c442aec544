"""The lab's programs, built once and kept."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from svcproof.providers.lab import building, store
from svcproof.providers.lab.families import Family, choose
from svcproof.providers.lab.progress import Report
from svcproof.providers.lab.toolchain import Go, ensure_go

_SPACE_BYTES = 3 * 1024**3  # the largest family: its programs, and Go's own cache of what they are made of


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


def ensure_programs(kubernetes: str, add_ons: Sequence[str], *, cache: Path, report: Report) -> Programs:
    """Return the programs of a lab, after building those that *cache* lacks or holds damaged.

    A build takes minutes and needs the Go module proxy; none costs one `go env` and a few file stats.
    Raises SetupProblem for no Go, no module, no space, and for what the compiler says.
    """
    wanted = choose(kubernetes, add_ons)
    go = ensure_go([family.directory / "go.mod" for family in wanted], cache=cache, report=report)
    entries = {family.folder: cache / "programs" / f"{family.folder}-{family.key(go.version)}" for family in wanted}
    missing = [family for family in wanted if not store.is_whole(entries[family.folder])]
    if missing:
        _build(missing, go, entries, report)
    paths = {name: entries[family.folder] / name for family in wanted for name in (*family.programs, *family.manifests)}
    return Programs(entries, paths)


def _build(missing: Sequence[Family], go: Go, entries: Mapping[str, Path], report: Report) -> None:
    with building.fetching(missing, go) as fetches:
        for family in missing:
            store.keep(
                entries[family.folder],
                partial(_build_one, family, go, fetches[family.folder], report),
                waiting=partial(report.step, f"wait for another build of {family.folder}"),
            )


def _build_one(family: Family, go: Go, fetch: building.Fetch, report: Report, folder: Path) -> None:
    if shutil.disk_usage(folder).free < _SPACE_BYTES:
        raise store.no_space(folder.parent)
    with report.step(f"build {family.folder}") as step:
        building.build(family, go, fetch, folder, step)
