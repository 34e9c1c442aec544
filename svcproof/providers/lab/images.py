"""The lab's container images: made here, from Debian's packages and the built programs."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from svcproof.adapters import shell
from svcproof.providers.lab import archive, debian, store
from svcproof.providers.lab.image_roles import ACCOUNTS, ROLES, Role
from svcproof.providers.lab.programs import Programs
from svcproof.providers.lab.progress import Report

_REGISTRY = "svcproof.lab"
_ARCHIVE = "image.tar"
_DESCRIPTION = "image.json"

_UNUSED = (
    "etc/init.d",
    "etc/logrotate.d",
    "usr/lib/*-linux-*/gconv",
    "usr/lib/*-linux-*/perl*",
    "usr/lib/python3*/distutils",
    "usr/lib/python3*/ensurepip",
    "usr/lib/python3*/idlelib",
    "usr/lib/python3*/lib2to3",
    "usr/lib/python3*/pydoc_data",
    "usr/lib/python3*/test",
    "usr/lib/systemd",
    "usr/share/bash-completion",
    "usr/share/bug",
    "usr/share/doc",
    "usr/share/gcc",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/perl*",
    "usr/share/vim",
)
_NOT_AT_RUN_TIME = (
    frozenset(
        ("adduser", "cdebconf", "debconf", "dpkg", "init-system-helpers", "lsb-base", "passwd", "sysvinit-utils", "tar")
    )
    | frozenset(
        (
            "gcc-12-base",
            "iproute2",
            "libdb5.3",
            "libelogind0",
            "libncursesw6",
            "libnsl2",
            "libreadline8",
            "libsqlite3-0",
        )
    )
    | frozenset(
        ("libtinfo6", "libtirpc3", "mailcap", "media-types", "mime-support", "perl", "perl-base", "perl-modules-5.36")
    )
)
"""What packages need for being installed, or for what no image of ours does."""


@dataclass(frozen=True)
class Image:
    """An image that can be imported: `ctr images import ARCHIVE` makes *reference* known."""

    reference: str
    archive: Path


def ensure_images(programs: Programs, roles: Sequence[str], *, cache: Path, report: Report) -> dict[str, Image]:
    """Return the image of each of *roles*, after making those that *cache* lacks or holds damaged.

    Making one takes a second or two and fetches Debian's packages; none costs a few file stats.
    Raises SetupProblem where Debian's packages cannot be had.
    """
    entries = {name: cache / "images" / f"{name}-{key_of(ROLES[name], programs)}" for name in roles}
    for name, entry in entries.items():
        store.keep(entry, _Workshop(ROLES[name], programs, report).make)
    return {name: _read(entry) for name, entry in entries.items()}


def key_of(role: Role, programs: Programs) -> str:
    """A digest of what decides the image of *role*: its recipe, this code, the programs in it, the distribution."""
    own_code = [Path(file).read_bytes() for file in (__file__, archive.__file__, debian.__file__)]
    built = [programs.key(program) for program in role.programs]
    facts = (role, built, _distribution(), platform.machine())
    return sha256(repr(facts).encode() + b"".join(own_code)).hexdigest()[:16]


def _distribution() -> str:
    try:
        facts = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    return f"{facts.get('ID')} {facts.get('VERSION_ID')}"


def _read(entry: Path) -> Image:
    return Image(json.loads((entry / _DESCRIPTION).read_bytes())["reference"], entry / _ARCHIVE)


@dataclass(frozen=True)
class _Workshop:
    """Where one image is made."""

    role: Role
    programs: Programs
    report: Report

    def make(self, folder: Path) -> None:
        with self.report.step(f"make the {self.role.name} image"):
            root = folder / "root"
            root.mkdir()
            packages = self._unpack_packages(folder / "packages", root)
            debian.merge_usr(root)
            self._furnish(root)
            if packages:
                _link_applets(root)
                _compile_python(root)
            config = self._config()
            reference = archive.write_archive(
                root, folder / _ARCHIVE, repository=f"{_REGISTRY}/{self.role.name}", config=config
            )
            (folder / _DESCRIPTION).write_text(json.dumps({"reference": reference, "packages": packages}, indent=1))
            shutil.rmtree(root)

    def _unpack_packages(self, folder: Path, root: Path) -> list[str]:
        """Unpack what the role is made of; returns the file names of the packages, which say their versions."""
        if not self.role.packages:
            return []
        folder.mkdir()
        files = debian.download(debian.closure(self.role.packages, without=_NOT_AT_RUN_TIME), folder)
        for file in files.values():
            debian.unpack(file, root)
        for pattern in _UNUSED:
            for path in root.glob(pattern):
                shutil.rmtree(path)
        names = sorted(file.name for file in files.values())
        shutil.rmtree(folder)
        return names

    def _furnish(self, root: Path) -> None:
        for path, mode in {"tmp": 0o1777, "run": 0o755, **self.role.folders}.items():
            (root / path).mkdir(parents=True, exist_ok=True)
            (root / path).chmod(mode)
        for path, content in {**ACCOUNTS, **self.role.files}.items():
            _place(root / path).write_text(content)
            (root / path).chmod(0o755 if content.startswith("#!") else 0o644)
        for path, target in self.role.links.items():
            _place(root / path).symlink_to(target)
        for program, path in self.role.programs.items():
            shutil.copyfile(self.programs.path(program), _place(root / path))
            (root / path).chmod(0o755)

    def _config(self) -> Mapping[str, Any]:
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"Env": [path, *self.role.environment], "WorkingDir": "/", **self.role.config}


def _place(path: Path) -> Path:
    """Make way for a file at *path*: its folder is there, and nothing else is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


def _link_applets(root: Path) -> None:
    """Give every busybox applet its name, where no other package brings a program of that name."""
    for applet in _run_inside(root, "usr/bin/busybox", "--list").split():
        path = root / "usr" / "bin" / applet
        if not path.exists() and not path.is_symlink():
            path.symlink_to("busybox")


def _compile_python(root: Path) -> None:
    """Compile the standard library once, here, with the image's own Python; never checked against its sources again."""
    for library in root.glob("usr/lib/python3.*"):
        interpreter = f"usr/bin/{library.name}"
        flags = ("-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/")
        _run_inside(root, interpreter, "-m", "compileall", *flags, str(library))


def _run_inside(root: Path, program: str, *arguments: str) -> str:
    """Run a program of the image with the image's own libraries; needs no root, unlike chroot."""
    loader = next(root.glob("usr/lib/*-linux-*/ld-linux-*.so.*"))
    libraries = ":".join(str(path) for path in root.glob("usr/lib/*-linux-*"))
    command: Sequence[str | Path] = (loader, "--library-path", libraries, root / program, *arguments)
    environment = {"PATH": "/nonexistent", "PYTHONHOME": str(root / "usr"), "LANG": "C.UTF-8"}
    return shell.run(command, env=environment, timeout=300).stdout
