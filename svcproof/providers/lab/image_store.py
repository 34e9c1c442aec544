"""Keeps the images as containerd has them on disk, unpacked: a node starts with them instead of importing each."""

from __future__ import annotations

import os
import shutil
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab import store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from svcproof.providers.lab.images import Image
    from svcproof.providers.lab.programs import Programs
    from svcproof.providers.lab.progress import Report, Step

KEPT = 4
"""So many sets of images are kept, those used last; each takes about 300 MB."""

_SECONDS = 600.0
_LAYOUT = 1
"""Goes up when a store made by an older version of this file can no longer be used."""

_CONFIGURATION = """version = 4
root = '{folder}/root'
state = '{folder}/state'
disabled_plugins = ['io.containerd.grpc.v1.cri', 'io.containerd.nri.v1.nri']

[plugins.'io.containerd.server.v1.grpc']
  address = '{folder}/socket'

[plugins.'io.containerd.server.v1.ttrpc']
  address = '{folder}/socket.ttrpc'
"""

_IMPORT = """
containerd --config "$1/config.toml" > "$1/log" 2>&1 &
runtime=$!
until ctr --address "$1/socket" version > /dev/null 2>&1; do
  kill -0 $runtime || { cat "$1/log"; exit 1; }
  sleep 0.1
done
folder=$1
shift
for archive; do
  echo "$archive"
  ctr --address "$folder/socket" --namespace k8s.io images import "$archive"
done
kill $runtime
wait $runtime
"""
"""Starts a containerd for the images alone; it ends with its process namespace, whatever becomes of us."""


def ensure_store(programs: Programs, images: Mapping[str, Image], *, cache: Path, report: Report) -> Path:
    """Return a folder with *images* in it that can be a containerd's root once it is copied; root only.

    Making it takes some seconds; afterwards it costs a file stat.
    """
    facts = (_LAYOUT, programs.key("containerd"), sorted(str(image.archive.parent.name) for image in images.values()))
    entry = cache / "stores" / sha256(repr(facts).encode()).hexdigest()[:16]
    if not store.is_whole(entry):
        with report.step("unpack the images for the nodes") as step:
            store.keep(entry, partial(_make, programs, images, step))
        _forget_old(entry.parent)
    os.utime(entry)  # the least recently used are forgotten first
    return entry / "root"


def _make(programs: Programs, images: Mapping[str, Image], step: Step, folder: Path) -> None:
    (folder / "config.toml").write_text(_CONFIGURATION.format(folder=folder))
    apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    archives = [image.archive for image in images.values()]
    path = f"PATH={programs.path('containerd').parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    argv: list[str | Path] = [*apart, "env", path, "sh", "-ec", _IMPORT, "sh", folder, *archives]
    try:
        for line in shell.stream(argv, timeout=_SECONDS):
            step.update(line)
    except shell.CommandFailed as failed:
        raise SetupProblem(f"the images cannot be unpacked: {failed}") from failed
    shutil.rmtree(folder / "state", ignore_errors=True)
    for leaving in (*folder.glob("socket*"), folder / "log"):
        leaving.unlink(missing_ok=True)


def _forget_old(stores: Path) -> None:
    """Keep those used last; a lab does not need the store that it was made from any more."""
    entries = [path for path in stores.iterdir() if path.is_dir() and not path.name.startswith(".")]
    for entry in sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(entry)


def copy_store(root: Path, target: Path) -> None:
    """Make *target* a containerd root with the images of *root*.

    On one file system the files are shared by hard links: containers never write to image layers, which are the lower
    parts of their overlays. The databases are written to, so they are copied.
    """
    if shell.run(["cp", "--archive", "--link", root, target], timeout=_SECONDS, check=False).ok:
        for database in root.rglob("*.db"):
            own = target / database.relative_to(root)
            own.unlink()
            shutil.copy2(database, own)
    else:  # another file system
        shutil.rmtree(target, ignore_errors=True)
        shell.run(["cp", "--archive", root, target], timeout=_SECONDS)
