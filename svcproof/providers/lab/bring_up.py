"""Brings a lab up from what a person asks for: makes what is missing, clears what is left, undoes a broken start."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from svcproof.adapters.shell import CommandFailed
from svcproof.problems import SetupProblem
from svcproof.providers.lab import checks, machine, state, take_down
from svcproof.providers.lab.image_store import ensure_store
from svcproof.providers.lab.images import Image, ensure_images
from svcproof.providers.lab.packages import ensure_system_packages
from svcproof.providers.lab.plan import LabPlan
from svcproof.providers.lab.programs import Programs, ensure_programs
from svcproof.providers.lab.start import Start

if TYPE_CHECKING:
    from svcproof.providers.lab.progress import Report

IMAGES = ("pause", "coredns", "nginx", "busybox", "python", "redis")
ADD_ON_IMAGES = {"metallb": ("metallb-controller", "metallb-speaker"), "policies": (), "traefik": ("traefik",)}


@dataclass(frozen=True)
class Wanted:
    """What a person asks of a lab."""

    name: str
    nodes: int
    kubernetes: str
    proxy_mode: str
    ip_family: str
    add_ons: tuple[str, ...]

    def plan(self, index: int) -> LabPlan:
        return LabPlan(
            self.name, index, self.nodes, self.kubernetes, self.proxy_mode, self.ip_family, tuple(sorted(self.add_ons))
        )


def cache_directory() -> Path:
    """Where built programs and made images are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "svcproof"


def build(wanted: Wanted, report: Report) -> None:
    """Make all that `bring_up` would make first, so that it takes seconds; the nodes' image store only as root."""
    programs, images = prepare(wanted.plan(0), report)
    if os.geteuid() == 0:
        ensure_store(programs, images, cache=cache_directory(), report=report)


def prepare(plan: LabPlan, report: Report) -> tuple[Programs, dict[str, Image]]:
    """Make what is missing of what outlives a lab: system packages, programs, images. Minutes once, then nothing."""
    ensure_system_packages(may_install=True, report=report)
    cache = cache_directory()
    programs = ensure_programs(plan.kubernetes, plan.add_ons, cache=cache, report=report)
    roles = (*IMAGES, *(image for add_on in plan.add_ons for image in ADD_ON_IMAGES[add_on]))
    return programs, ensure_images(programs, roles, cache=cache, report=report)


def bring_up(wanted: Wanted, report: Report) -> LabPlan:
    """Bring a lab up and return its plan; what a broken start made is removed again, also on Ctrl-C.

    The lab's remains, if any, are cleared first. Raises SetupProblem, saying what is in the way, before anything is
    built where that can be known. The caller holds the lab (state.one_at_a_time).
    """
    first = wanted.plan(0)
    ensure_system_packages(may_install=True, report=report)
    checks.require_machine(first)
    take_down.take_down(wanted.name, report)
    checks.free_index(dual=wanted.ip_family == "dual")
    checks.require_space()
    checks.require_memory()
    programs, images = prepare(first, report)
    store = ensure_store(programs, images, cache=cache_directory(), report=report)
    began = time.monotonic()
    with state.one_at_a_time(".addresses", patience=10):
        record = state.State.begin(wanted.plan(checks.free_index(dual=wanted.ip_family == "dual")))
        machine.raise_limits()
    try:
        Start(record.plan, record, programs, images, store, report).run()
    except BaseException as broken:
        report.say("the start broke off: what it made is removed")
        take_down.take_down(wanted.name, report)
        if isinstance(broken, CommandFailed):
            raise SetupProblem(f"lab {wanted.name!r} cannot be brought up: {broken}") from broken
        raise
    record.put(phase="up", seconds=round(time.monotonic() - began, 1))
    return record.plan
