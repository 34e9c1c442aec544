"""A folder becomes a container image: one layer, the same bytes from the same files."""

from __future__ import annotations

import io
import json
import os
import platform
import stat
import tarfile
from collections.abc import Iterator, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

_EPOCH = "1970-01-01T00:00:00Z"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def write_archive(root: Path, archive: Path, *, repository: str, config: Mapping[str, Any]) -> str:
    """Write *root* as the docker-archive *archive*; return the image's reference, whose tag says its content.

    Owners become root and times the epoch, so that only names, modes and bytes decide the reference.
    *config* is the image's "config": Entrypoint, Cmd, User, Env … Source: the OCI image specification.
    """
    layer = archive.with_name(f"{archive.name}.layer")
    _write_layer(root, layer)
    with layer.open("rb") as opened:
        layer_digest = file_digest(opened, "sha256").hexdigest()
    description = _text(
        {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "config": config,
            "created": _EPOCH,
            "history": [{"created": _EPOCH, "created_by": "svcproof"}],
            "os": "linux",
            "rootfs": {"diff_ids": [f"sha256:{layer_digest}"], "type": "layers"},
        }
    )
    image_digest = sha256(description).hexdigest()
    reference = f"{repository}:{image_digest[:12]}"
    names = {"Config": f"{image_digest}.json", "Layers": [f"{layer_digest}.tar"], "RepoTags": [reference]}
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as opened_archive:
        _add(opened_archive, "manifest.json", _text([names]))
        _add(opened_archive, f"{image_digest}.json", description)
        entry = _entry(f"{layer_digest}.tar", 0o644)
        entry.size = layer.stat().st_size
        with layer.open("rb") as opened:
            opened_archive.addfile(entry, opened)
    layer.unlink()
    return reference


def _write_layer(root: Path, layer: Path) -> None:
    with tarfile.open(layer, "w", format=tarfile.GNU_FORMAT) as opened_layer:
        for path in _walk(root):
            _add_path(opened_layer, path, path.relative_to(root).as_posix())


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)


def _add_path(layer: tarfile.TarFile, path: Path, name: str) -> None:
    status = path.lstat()
    entry = _entry(name, stat.S_IMODE(status.st_mode) & ~(stat.S_ISUID | stat.S_ISGID))
    if path.is_symlink():
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, os.readlink(path), 0o777  # noqa: PTH115 - as written
        layer.addfile(entry)
    elif path.is_dir():
        entry.type = tarfile.DIRTYPE
        layer.addfile(entry)
    else:
        entry.size = status.st_size
        with path.open("rb") as opened:
            layer.addfile(entry, opened)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = _entry(name, 0o644)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _entry(name: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode = mode
    entry.mtime = 0
    return entry


def _text(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
