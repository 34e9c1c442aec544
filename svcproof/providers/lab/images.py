"""The lab's container images: made here, from Debian's packages and the built programs."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
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
_FOR_INSTALLING = "adduser cdebconf debconf dpkg init-system-helpers lsb-base passwd perl perl-base sysvinit-utils tar"
_FOR_OTHERS = (
    "gcc-12-base iproute2 libdb5.3 libelogind0 libncursesw6 libnsl2 libreadline8 libsqlite3-0 libtinfo6 libtirpc3 "
    "mailcap media-types mime-support"
)
_NOT_AT_RUN_TIME = frozenset((*_FOR_INSTALLING.split(), *_FOR_OTHERS.split()))
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
    missing = [ROLES[name] for name in roles if not store.is_whole(entries[name])]
    with _material(missing, report) as material:
        for role in missing:
            store.keep(entries[role.name], _Workshop(role, programs, material, report).make)
    return {name: _read(entry) for name, entry in entries.items()}


@contextmanager
def _material(roles: Sequence[Role], report: Report) -> Iterator[Mapping[str, Sequence[Path]]]:
    """Role → the files of Debian's packages that it is made of, for as long as the block lasts."""
    roots = {package for role in roles for package in role.packages}
    if not roots:
        yield {}
        return
    with TemporaryDirectory(prefix="svcproof-packages-") as folder:
        with report.step("download Debian's packages for the images"):
            needs = debian.resolve(roots)
            chosen = {
                role.name: debian.closure(role.packages, needs, without=_NOT_AT_RUN_TIME)
                for role in roles
                if role.packages
            }
            files = debian.download(frozenset().union(*chosen.values()), Path(folder))
        yield {name: [files[package] for package in sorted(packages)] for name, packages in chosen.items()}


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
    material: Mapping[str, Sequence[Path]]
    report: Report

    def make(self, folder: Path) -> None:
        try:
            self._make(folder)
        except shell.CommandFailed as failed:
            raise SetupProblem(
                f"the {self.role.name} image cannot be made: {failed}",
                f"see that {folder.parent} has some hundred megabytes free, then run the same command again",
            ) from failed

    def _make(self, folder: Path) -> None:
        with self.report.step(f"make the {self.role.name} image"):
            root = folder / "root"
            root.mkdir()
            packages = self.material.get(self.role.name, ())
            self._unpack(packages, root)
            self._furnish(root)
            if packages:
                _link_applets(root)
                _compile_python(root)
            config = self._config()
            reference = archive.write_archive(
                root, folder / _ARCHIVE, repository=f"{_REGISTRY}/{self.role.name}", config=config
            )
            made_of = [package.name for package in packages]  # their names say their versions
            (folder / _DESCRIPTION).write_text(json.dumps({"reference": reference, "packages": made_of}, indent=1))
            shutil.rmtree(root)

    def _unpack(self, packages: Sequence[Path], root: Path) -> None:
        for package in packages:
            debian.unpack(package, root)
        for pattern in _UNUSED:
            for path in root.glob(pattern):
                shutil.rmtree(path)
        debian.merge_usr(root)

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
        library_path = library.relative_to(root)
        flags = ("-q", "--invalidation-mode", "unchecked-hash", "-p", "/")
        _run_inside(root, interpreter, "-m", "compileall", *flags, str(library_path))


def _run_inside(root: Path, program: str, *arguments: str) -> str:
    """Run a program of the image with the image's own libraries; needs no root, unlike chroot."""
    (loader,) = (path.relative_to(root) for path in root.glob("usr/lib/*-linux-*/ld-linux-*.so.*"))
    command = (str(loader), "--library-path", str(loader.parent), program, *arguments)
    # Nothing that a program sees may differ from one making to the next, the folder's own name included.
    environment = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONHOME": "usr"}
    return shell.run(command, cwd=root, env=environment, timeout=300).stdout
