"""Debian's packages as material: resolved, downloaded and unpacked, never installed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from svcproof.adapters import shell
from svcproof.problems import SetupProblem

_DEPENDS = re.compile(r"^ (?P<more>[ |])(?:Pre)?Depends: (?P<name>\S+)")
_FETCH_SECONDS = 300.0
_USR_FOLDERS = ("bin", "sbin", "lib", "lib64")


Needs = Mapping[str, frozenset[str]]


def resolve(roots: Iterable[str]) -> Needs:
    """What each package needs, for *roots* and all that they lead to; one question to apt, about a second."""
    recursively = ("--recurse", "--important", "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances")
    return parse_needs(_apt("apt-cache", "depends", *recursively, *sorted(set(roots))))


def parse_needs(answer: str) -> Needs:
    """Read `apt-cache depends`: of alternatives the first counts, of virtual packages none."""
    needs: dict[str, set[str]] = {}
    package = ""
    taken = False
    for line in answer.splitlines():
        if found := _DEPENDS.match(line):
            if not taken and not found["name"].startswith("<"):
                taken = True
                needs[package].add(found["name"])
            if found["more"] != "|":
                taken = False
        elif not line.startswith(" "):
            package = line.strip()
            needs.setdefault(package, set())
    return {name: frozenset(others) for name, others in needs.items()}


def closure(roots: Iterable[str], needs: Needs, *, without: Collection[str]) -> frozenset[str]:
    """The packages that *roots* need, themselves included; *without* and what only they need stay out."""
    known: set[str] = set()
    ask = set(roots)
    while ask:
        known |= ask
        ask = {need for package in ask for need in needs.get(package, ())} - known - set(without)
    return frozenset(known)


def download(packages: Collection[str], folder: Path) -> Mapping[str, Path]:
    """Download *packages* into *folder*; returns where each lies. Refreshes apt's lists once if they are stale."""
    command = ("apt-get", "download", "--quiet", "--option", "APT::Sandbox::User=root", *sorted(packages))
    try:
        shell.run(command, cwd=folder, timeout=_FETCH_SECONDS)
    except shell.CommandFailed:
        refresh_lists()
        try:
            shell.run(command, cwd=folder, timeout=_FETCH_SECONDS)
        except shell.CommandFailed as failed:
            raise SetupProblem(
                f"Debian's packages for the images cannot be had: {failed}",
                "let apt-get reach its package source, then run the same command again",
            ) from failed
    return {path.name.split("_")[0]: path for path in folder.glob("*.deb")}


def refresh_lists() -> None:
    """Run `apt-get update`; SetupProblem when it may not be run or reaches nothing."""
    if os.geteuid() != 0:
        raise SetupProblem("apt's package lists are missing or out of date", "run: sudo apt-get update")
    try:
        shell.run(("apt-get", "update", "--quiet"), timeout=_FETCH_SECONDS)
    except shell.CommandFailed as failed:
        raise SetupProblem(f"apt's package lists cannot be fetched: {failed}", "run: apt-get update") from failed


def unpack(package: Path, root: Path) -> None:
    """Unpack *package* into *root*; its scripts do not run."""
    shell.run(("dpkg-deb", "--extract", package, root), timeout=120)


def merge_usr(root: Path) -> None:
    """Move /bin, /lib and their like into /usr and leave links, as every Debian since 12 has them.

    Done after unpacking, because `dpkg-deb` puts a folder in the place of such a link.
    """
    for name in _USR_FOLDERS:
        if (root / name).is_dir():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")


def _apt(*command: str) -> str:
    if shutil.which(command[0]) is None:
        raise SetupProblem(f"{command[0]} is missing: the lab's images are made from Debian's packages", "use Debian")
    answer = shell.run(command, timeout=60, check=False)
    if answer.ok:
        return answer.stdout
    refresh_lists()
    try:
        return shell.run(command, timeout=60).stdout
    except shell.CommandFailed as failed:
        raise SetupProblem(
            f"this distribution lacks a package of the lab's images: {failed}", "use Debian 12 or newer"
        ) from failed
